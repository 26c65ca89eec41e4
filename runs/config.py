"""What a run was asked to do: read from the command line or a stored run, checked in one place."""

from __future__ import annotations

import math
import os
import re
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from agent.door import AT_ONCE
from evaluators.levels import ETA, MOST
from programs.errors import InputError

CLUSTER = "ray:"
"""What the address of a cluster begins with, where workers are asked for."""

DEFAULT_EVALS = 200
DEFAULT_USD = 1.0
REPLY_TIMEOUT = 90.0
DEFAULT_TEAM = {
    "evolution": 2.0,
    "llambo": 1.0,
    "rewrite": 1.0,
    "diff": 1.0,
    "crossover": 1.0,
    "iterate": 0.5,
    "target-line": 0.5,
    "explain": 0.5,
    "simplify": 0.5,
    "mend": 0.5,
}
"""Who proposes when a model is named and nobody else is."""


class RunConfig(BaseModel):
    """The settings of a run; they are stored with it, so that resuming needs no flag.

    `kind` is the kind of program searched for, `warm_start` the library programs a search begins
    with; left out, the task's first ones. `cluster` is where the `workers`
    are, if not here. `evals` counts distinct behaviours judged, `hours`
    wall-clock time. `lookahead` is how many proposals may be ahead of the oldest unfinished one:
    proposal `i` sees the results of those before `i - lookahead + 1` and no others, which makes a
    lineage independent of timing.
    `recall` lets scores from earlier runs in the same database stand in for training; `forget` and
    `aggregate` are the noise modes of the functional cache. With `rungs` above 1 candidates are
    judged on a ladder, from each rung of which the best one in `eta` climbs. `usd` is what models
    may cost; given without `evals` and `hours`, it alone ends the run. A model may take
    `reply_timeout` seconds to reply; then evolution fills the place. `in_flight` calls may be made
    at the same time. While answers are awaited and workers would be too, proposers that ask nobody
    fill in, `fill` places at most for each proposal asked for, or as many as it takes; `window` of
    these may be awaited.
    `replay` names a run whose recorded calls answer in the models' place. `onward` begins with the
    database's best as well; which candidates those were is kept as `ancestors`. `track` names an
    experiment tracker, and where it writes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: str
    kind: str | None = None
    evals: int | None = Field(default=None, ge=1)
    hours: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    workers: int = Field(default_factory=lambda: default_workers(), ge=1, le=4096)
    cluster: str | None = Field(default=None, pattern=r"^ray:\S+$")
    device: str = Field(default="cpu", pattern=r"^(cpu|cuda(:\d+(,\d+)*)?)$")
    seed: int = Field(default=0, ge=0)
    proposers: dict[str, float] = Field(default_factory=lambda: {"evolution": 1.0})
    warm_start: tuple[str, ...] = ()
    lookahead: int = Field(default=0, ge=0)
    recall: bool = True
    forget: float = Field(default=0.0, ge=0, le=1)
    aggregate: int = Field(default=1, ge=1)
    onward: bool = False
    ancestors: tuple[str, ...] = ()
    rungs: int = Field(default=1, ge=1, le=MOST)
    eta: int = Field(default=ETA, ge=2)
    models: dict[str, float] = Field(default_factory=dict)
    usd: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    api_base: str | None = Field(default=None, pattern=r"^https?://[^@?#\s]+$")
    reply_timeout: float = Field(default=REPLY_TIMEOUT, gt=0, allow_inf_nan=False)
    in_flight: int = Field(default=AT_ONCE, ge=1)
    fill: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    window: int = Field(default=0, ge=0)
    replay: str | None = None
    track: str | None = Field(default=None, pattern=r"^(tensorboard|wandb|trackio):.+$")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        paid = bool(self.models) and self.usd is not None
        if self.evals is None and self.hours is None and not paid:
            object.__setattr__(self, "evals", DEFAULT_EVALS)
        if self.lookahead == 0:
            # A model answers in seconds: its places must be asked for long before their turn.
            ahead = (16, 6) if self.models else (16, 4)
            object.__setattr__(self, "lookahead", max(ahead[0], ahead[1] * self.workers))
        if self.window == 0:
            awaited = self.in_flight + self.workers if self.fills else self.lookahead
            object.__setattr__(self, "window", min(awaited, self.lookahead))
        if self.models and "proposers" not in self.model_fields_set:
            object.__setattr__(self, "proposers", dict(DEFAULT_TEAM))
        weights = [*self.proposers.values(), *self.models.values()]
        if not self.proposers or any(not 0 < w < math.inf for w in weights):
            raise ValueError("every proposer and model needs a finite weight above 0")
        return self

    @property
    def fills(self) -> bool:
        """Tell whether places may be filled in while models answer."""
        return bool(self.models) and self.fill != 0

    @property
    def dollars(self) -> float:
        """Return what models may cost."""
        return DEFAULT_USD if self.usd is None else self.usd


def default_workers() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_config(**settings: object) -> RunConfig:
    """Check settings; `InputError` names the first one that is wrong."""
    try:
        return RunConfig.model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            raise InputError(f"The settings are wrong: {plainly(first)}.") from None
        where = ".".join(map(str, first["loc"]))
        seen = f"{plainly(first)}, not {first['input']!r}"
        raise InputError(f"The setting `{where}` is wrong: {seen}.") from None


def plainly(wrong: ErrorDetails) -> str:
    """Say what is wrong with a setting in words for people."""
    expected = _EXPECTED.get(str(wrong["loc"][-1]) if wrong["loc"] else "")
    if wrong["type"] == "string_pattern_mismatch" and expected:
        return f"it is {expected}"
    return wrong["msg"].removeprefix("Value error, ")


_EXPECTED = {
    "device": "`cpu`, `cuda`, or cards by number such as `cuda:1` or `cuda:0,1`",
    "api_base": "the address of a server, `http://…` or `https://…`, without a key or a query",
    "track": "`tensorboard:FOLDER`, `wandb:PROJECT` or `trackio:PROJECT`",
}


def parse_proposers(given: tuple[str, ...]) -> dict[str, float]:
    """Read `NAME`, `NAME:WEIGHT` or `NAME:OPTION,…:WEIGHT`, several times."""
    weights: dict[str, float] = {}
    for text in given:
        name, colon, weight = text.rpartition(":")
        try:
            weights[name if colon else text] = float(weight) if colon else 1.0
        except ValueError:
            # What follows is no weight: an option, which the proposer itself will judge.
            weights[text] = 1.0
    return weights


def parse_models(given: tuple[str, ...]) -> dict[str, float]:
    """Read `NAME` or `NAME:WEIGHT`; a weight has a decimal point, as names may end in `:8b`."""
    weights: dict[str, float] = {}
    for text in given:
        found = re.fullmatch(r"(.+):(\d*\.\d+)", text)
        weights[found[1] if found else text] = float(found[2]) if found else 1.0
    return weights
