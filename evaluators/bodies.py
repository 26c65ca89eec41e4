"""A task on which the body of a network is searched; stem, read-out and training are the task's.

    TASK = Bodies(
        name="mqar",
        goal="Recall the values that go with keys seen earlier in a sequence.",
        data=load,                                   # a function that returns `Data`
        spec=Spec("sequence", (16, 24), outputs=24, causal=True),
        stem=embedding(24, 24),
        pooled=False,
        steps=400,
    )

Every body gets the same stem, read-out, recipe, sweep of learning rates, seeds and steps. It is
judged by minus the cross-entropy (or bits) of predictions that the parent compares with labels;
what it costs (parameters, FLOPs, memory, latency) is noted beside the score.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from evaluators.data.splits import Data
from evaluators.fitting import Place, fitted
from evaluators.harness.labels import UNASKED
from evaluators.pareto import Direction
from evaluators.scores import SCORES, WATCHED, demand_known, refuse_claims
from evaluators.task import Measurement, Rung, Trial
from programs.errors import Fault
from programs.genome import Genome
from programs.kind import Kind
from programs.kinds.architecture import at
from programs.kinds.networks.features import Feature
from programs.kinds.networks.plan import recipe
from programs.load import library
from programs.program import Program
from programs.spec import Spec
from sandbox.base import MIB, Limits, Payload, seen_as

RATES = (3e-3, 1e-2, 3e-2, 1e-1)

OBJECTIVES: Mapping[str, Direction] = {
    "score": "up",
    "parameters": "down",
    "flops": "down",
    "memory_mib": "down",
    "latency_ms": "down",
}
"""What a network should have much or little of; the last is measured and differs by machine."""

Stem = Mapping[str, Any]
"""How inputs become what a body takes: a sort and its settings, as JSON holds them."""


def embedding(tokens: int, width: int) -> Stem:
    """Describe a learned vector for each token: `[length]` to a sequence `[length, width]`."""
    return {"sort": "embedding", "num_embeddings": tokens, "embedding_dim": width}


def linear(channels: int, width: int, size: int = 1, image: bool = False) -> Stem:
    """Describe a linear map of the channels at every place, or in every patch of `size` places.

    Inputs are `[channels, length]`, which become a sequence, or `[channels, height, width]`.
    """
    return {"sort": "linear", "channels": channels, "width": width, "size": size, "image": image}


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a whole network has: trained numbers, and FLOPs of one example's forward pass."""

    parameters: int
    flops: int


@dataclass(frozen=True)
class Bodies:
    """A task for architectures: `data` is called once, when the task is first used.

    `spec` is where the body stands. If `pooled`, the read-out sees the mean over all places and
    labels are `[n]`; otherwise it sees every position, and labels are `[n, length]` with `UNASKED`
    where nothing is judged (as many places in every judged example). `recipe` changes how networks
    are trained. A network above `most_parameters` or `most_flops` is refused.
    `held_out` names the tasks on which a verdict judges what was found here, `funnel` those on
    which a funnel of meta-validation does, the cheaper first; no task should be in both.
    """

    name: str
    goal: str
    data: Callable[[], Data]
    spec: Spec
    stem: Stem
    baselines: tuple[str, ...]
    steps: int
    pooled: bool = True
    batch: int = 32
    score: str = "-cross-entropy"
    learning_rates: tuple[float, ...] = RATES
    seeds: int = 2
    recipe: Mapping[str, float] = field(default_factory=dict)
    most_parameters: int = 100_000
    most_flops: int = 10_000_000
    seconds: float = 120.0
    memory: int = 1024 * MIB
    further: tuple[Rung, ...] = ()
    held_out: tuple[str, ...] = ()
    funnel: tuple[str, ...] = ()
    kind: str = "architecture"
    harness: str = "evaluators.harness.architecture:train"
    objectives: Mapping[str, Direction] = field(default_factory=lambda: OBJECTIVES)

    def __post_init__(self) -> None:
        demand_known(self.name, self.score)

    @property
    def score_name(self) -> str:
        """Return the name of the score."""
        return self.score

    @property
    def training(self) -> str:
        """Say what a body is trained with."""
        return "AdamW under warm-up and cosine annealing"

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """Return the search's rung and those after it."""
        limits = Limits(self.seconds, self.memory)
        return (
            Rung("search", self.steps, self.learning_rates, self.seeds, limits),
            *self.further,
        )

    @cached_property
    def splits(self) -> Data:
        """Load the data, once."""
        return self.load()

    def load(self) -> Data:
        """Load the data, in the types that the stem and the score need."""
        tokens, shape = self.stem.get("num_embeddings"), _taken(self.stem, self.spec.shape)
        return fitted(self.data, Place(self.name, shape, tokens, self.spec.outputs, classes=True))

    @cached_property
    def language(self) -> Kind:
        """Return the kind of program whose input is this task's."""
        return at(self.spec)

    @property
    def checksum(self) -> str:
        """Hash the data, and what is trained on it."""
        return self._checksum

    @cached_property
    def _checksum(self) -> str:
        place = [asdict(self.spec), dict(self.stem), self.pooled, dict(self.recipe)]
        facts = [self.splits.checksum, *place, self.batch, self.score]
        text = json.dumps(facts, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def refusal(self, genome: Genome) -> str:
        """Say why a program that type-checks is too large for this task, or nothing."""
        found = self.sizes(genome)
        return f"not valid: {found}" if isinstance(found, Fault) else self.excess(found)

    def excess(self, found: Sizes) -> str:
        """Say why a network of this size is too large for this task, or nothing."""
        for what, is_, most in (
            ("parameters", found.parameters, self.most_parameters),
            ("FLOPs an example", found.flops, self.most_flops),
        ):
            if is_ > most:
                return f"too large: {is_:,} {what}, {self.name} allows {most:,}"
        return ""

    def sizes(self, genome: Genome) -> Sizes | Fault:
        """Add up a program's network, stem and read-out included, without running it."""
        plan = recipe(genome, self.language)
        if isinstance(plan, Fault):
            return plan
        body = Sizes(plan.parameters, plan.flops)
        return self.with_ends(body, plan.gives.positions, plan.gives.width)

    def with_ends(self, body: Sizes, positions: int, width: int) -> Sizes:
        """Add the stem and the read-out to a body that gives so many positions of that width."""
        outputs, given = self.spec.outputs, Feature(self.spec.input, self.spec.shape)
        places = 1 if self.pooled else positions
        stem, stem_flops = _stem_sizes(self.stem, given)
        return Sizes(
            body.parameters + stem + (width + 1) * outputs,
            body.flops + stem_flops + 2 * places * width * outputs,
        )

    def payload(self, program: Program, trial: Trial) -> Payload:
        """Give the child training examples with labels, and the judged inputs without.

        Of the judged labels it gets to know where there are any, not what they are.
        """
        sizes = None if program.genome is None else self.sizes(program.genome)
        train_x, train_y = self.splits.train
        judged, labels = self.splits.held_out(trial.split)
        data = {
            "source": program.source,
            "spec": {**asdict(self.spec), "shape": list(self.spec.shape)},
            "stem": dict(self.stem),
            "pooled": self.pooled,
            "recipe": dict(self.recipe),
            "sizes": asdict(sizes) if isinstance(sizes, Sizes) else None,
            "batch": self.batch,
            "steps": trial.steps,
            "learning_rates": list(trial.learning_rates),
            "seeds": list(trial.seeds),
            "device": seen_as(trial.device),
        }
        arrays = {"train_x": train_x, "train_y": train_y, "eval_x": judged}
        if not self.pooled:
            arrays["asked"] = (labels != UNASKED).astype(np.uint8)
        return Payload(data, arrays)

    def measure(self, result: Payload, trial: Trial) -> Measurement:
        """Score predictions; `ValueError` where their shape is not what was owed."""
        refuse_claims(result)
        labels = self.splits.held_out(trial.split)[1]
        answers = labels[labels != UNASKED]
        found = np.asarray(result.arrays["predictions"], dtype=np.float64)
        owed = self._owed(trial, answers)
        if found.shape != owed:
            raise ValueError(f"expected predictions of shape {owed}, found {found.shape}")
        measured = SCORES[self.score].measure(found, answers)
        costs = {str(k): float(v) for k, v in dict(result.data["costs"]).items()}
        each = measured.examples.reshape(*owed[:2], len(labels), -1).mean(-1)
        metrics = {name: np.full(owed[:2], cost) for name, cost in costs.items()}
        return replace(measured, examples=each, metrics={**measured.metrics, **metrics})

    def _owed(self, trial: Trial, answers: np.ndarray) -> tuple[int, ...]:
        return (len(trial.learning_rates), len(trial.seeds), len(answers), self.spec.outputs)

    def work(self, trial: Trial) -> float:
        """Return the cost of a trial of the reference in multiply-adds; back costs twice forth."""
        genome = library(self.kind)[self.baselines[0]].genome
        assert genome is not None
        found = self.sizes(genome)
        if isinstance(found, Fault):
            raise ValueError(f"the baseline {self.baselines[0]} does not fit {self.name}: {found}")
        replicas = len(trial.learning_rates) * len(trial.seeds)
        return 3.0 * found.flops / 2 * self.batch * trial.steps * replicas

    def watched(self, payload: Payload, trial: Trial, marks: Sequence[int]) -> Payload:
        """Ask for predictions at certain steps too, on the first examples of validation."""
        x, labels = (part[: self.watch_size(trial, len(marks))] for part in self.splits.validation)
        arrays = {**payload.arrays, "curve_x": x}
        if not self.pooled:
            arrays["curve_asked"] = (labels != UNASKED).astype(np.uint8)
        return Payload({**payload.data, "marks": list(marks)}, arrays)

    def curve(self, result: Payload, trial: Trial, marks: Sequence[int]) -> np.ndarray:
        """Score what `watched` asked for: `[marks, learning rates, seeds]`."""
        refuse_claims(result)
        labels = self.splits.validation[1][: self.watch_size(trial, len(marks))]
        answers = labels[labels != UNASKED]
        found = np.asarray(result.arrays["curve"], dtype=np.float64)
        owed = (len(marks), *self._owed(trial, answers))
        if found.shape != owed:
            raise ValueError(f"expected a curve of shape {owed}, found {found.shape}")
        return np.stack([SCORES[self.score].measure(point, answers).score for point in found])

    def watch_size(self, trial: Trial, marks: int) -> int:
        """Return how many examples are watched, so that the answer stays within `WATCHED`."""
        labels = self.splits.validation[1]
        places = int((labels != UNASKED).sum()) // len(labels)
        each = 4 * places * self.spec.outputs * len(trial.learning_rates) * len(trial.seeds) * marks
        return min(len(labels), max(1, WATCHED // each))


def _taken(stem: Stem, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of one example that a stem turns into a feature of `shape`."""
    if stem["sort"] == "embedding":
        return shape[:1]
    places = shape[1:] if stem["image"] else shape[:1]
    return (stem["channels"], *(n * stem["size"] for n in places))


def _stem_sizes(stem: Stem, given: Feature) -> tuple[int, int]:
    """Return a stem's trained numbers and its FLOPs for one example."""
    if stem["sort"] == "embedding":
        return stem["num_embeddings"] * stem["embedding_dim"], 0
    inputs = stem["channels"] * stem["size"] ** (2 if stem["image"] else 1)
    return (inputs + 1) * stem["width"], 2 * given.positions * inputs * stem["width"]
