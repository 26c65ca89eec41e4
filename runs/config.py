"""What a run was asked to do: read from the command line or a stored run, checked in one place."""

from __future__ import annotations

import os
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from programs.errors import InputError

DEFAULT_EVALS = 200


class RunConfig(BaseModel):
    """The settings of a run; they are stored with it, so that resuming needs no flag.

    `evals` counts distinct behaviours judged, `hours` wall-clock time. `lookahead` is how many
    proposals may be ahead of the oldest unfinished one: proposal `i` sees the results of those
    before `i - lookahead + 1` and no others, which makes a lineage independent of timing.
    `recall` lets scores from earlier runs in the same database stand in for training; `forget` and
    `aggregate` are the noise modes of the functional cache.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: str
    evals: int | None = Field(default=None, ge=1)
    hours: float | None = Field(default=None, gt=0)
    workers: int = Field(default_factory=lambda: default_workers(), ge=1, le=256)
    device: str = Field(default="cpu", pattern=r"^(cpu|cuda(:\d+)?)$")
    seed: int = Field(default=0, ge=0)
    proposers: dict[str, float] = Field(default_factory=lambda: {"evolution": 1.0})
    warm_start: tuple[str, ...] = ("adamw",)
    lookahead: int = Field(default=0, ge=0)
    recall: bool = True
    forget: float = Field(default=0.0, ge=0, le=1)
    aggregate: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.evals is None and self.hours is None:
            object.__setattr__(self, "evals", DEFAULT_EVALS)
        if self.lookahead == 0:
            object.__setattr__(self, "lookahead", max(16, 4 * self.workers))
        if not self.proposers or any(not w > 0 for w in self.proposers.values()):
            raise ValueError("every proposer needs a weight above 0")
        return self


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
        where = ".".join(map(str, first["loc"])) or "settings"
        raise InputError(f"The setting `{where}` is wrong: {first['msg']}.") from None


def parse_proposers(given: tuple[str, ...]) -> dict[str, float]:
    """Read `NAME` or `NAME:WEIGHT`, several times."""
    weights: dict[str, float] = {}
    for text in given:
        name, colon, weight = text.rpartition(":")
        name, weight = (name, weight) if colon else (text, "1")
        try:
            weights[name] = float(weight)
        except ValueError:
            raise InputError(f"Expected `--proposer NAME:WEIGHT`, found `{text}`.") from None
    return weights
