"""The same sandbox on many machines: every job runs in a warm worker somewhere on a Ray cluster.

    RaySandbox("auto", workers=64)      # as many keepers (`sandbox.keeper`), one processor each

Ray finds the place and tells of deaths. A job travels as our own bytes to a keeper that is free and
comes back as an outcome; one whose machine died goes to another. Nothing waits in a queue
elsewhere, and nothing but the caller of `run` counts results, so none is lost or counted twice.
"""

from __future__ import annotations

import importlib
import os
import platform
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from programs.errors import InputError, SandboxUnavailable
from sandbox import tiers
from sandbox.base import Ending, Job, Outcome
from sandbox.closing import Closing
from sandbox.device import DRIVER
from sandbox.keeper import Keeper
from sandbox.messages import Packed, pack_job, unpack_outcome
from sandbox.turns import Turns

DEATHS = 3  # of machines under one job, after which the job is given up
PATIENCE = 120.0  # seconds until some worker must be ready
_OVERTIME = 90.0  # seconds past a job's limit until its machine is given up
_HEARING = 30.0  # seconds in which a machine that lives answers
_CLOSED = Outcome(Ending.CANCELLED, message="the sandbox was closed")
_WEAKER = (*tiers.SAFE, "process", "unsafe")
_CONNECTING = threading.Lock()


def room(address: str, device: str) -> int:
    """Return how many workers the cluster has room for: one a GPU, or one a processor."""
    what = "CPU" if device == "cpu" else "GPU"
    count = int(connect(address).cluster_resources().get(what, 0))
    if not count:
        raise InputError(f"The Ray cluster at `{address}` has no {what}.")
    return count


def connect(address: str) -> Any:
    """Join the cluster at `address` ("auto" for the one on this machine) and return Ray itself."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray = importlib.import_module("ray")
    except ImportError:
        raise InputError(
            "Many machines are reached by Ray, which is not installed here: "
            "`pip install 'cambrian[ray]'`."
        ) from None
    with _CONNECTING:
        if not ray.is_initialized():
            try:
                ray.init(address, logging_level="error", log_to_driver=False)
            except (OSError, RuntimeError, ValueError, AssertionError) as error:
                why = str(error).strip().splitlines()[0]
                raise InputError(
                    f"No Ray cluster answers at `{address}` ({why}). Start one with `ray start "
                    "--head`; it is `ray:auto` on that machine and `ray:HOST:6379` elsewhere."
                ) from None
    return ray


class _LostError(Exception):
    """Raise where a keeper died, or its machine, before it answered."""


class _ClosedError(Exception):
    """Raise instead of waiting for a keeper once the sandbox is closed."""


@dataclass(frozen=True, slots=True, eq=False)
class _Hand:
    """One keeper as seen from here: its Ray actor and what it said, or will say, of itself."""

    actor: Any
    greeting: Future[dict[str, Any]]


class RaySandbox(Closing):
    """Run up to `workers` jobs at a time on the cluster at `address`.

    `device` "cuda" gives every worker a GPU of its own, which `driver` drives. `tier` and `unsafe`
    hold on each machine as they do in a `ProcessSandbox`; every outcome says at which tier it was
    made. A machine with other versions of Python, numpy or torch than here is refused: it would
    compute other scores.
    """

    def __init__(
        self,
        address: str,
        workers: int,
        preload: Sequence[str] = (),
        device: str = "cpu",
        tier: str = "auto",
        unsafe: bool = False,
        driver: str = DRIVER,
    ) -> None:
        if device not in ("cpu", "cuda"):
            raise InputError(f"On a cluster Ray picks the GPU: use `cuda`, not `{device}`.")
        self._ray = connect(address)
        self._class = self._ray.remote(Keeper).options(
            num_cpus=1, num_gpus=int(device == "cuda"), max_restarts=0, max_task_retries=0
        )
        self._given = (tuple(preload), tier, unsafe, device, driver)
        self._lock = threading.Lock()
        self._idle = Turns[_Hand]()
        self._hands: set[_Hand] = set()
        self._tiers: set[str] = set()
        self._closed = False
        for _ in range(workers):
            self._hire()

    @property
    def tier(self) -> str:
        """Name the weakest isolation met on any machine so far; waits for the first."""
        if not self._tiers:
            try:
                self._idle.give(self._take(""))
            except _ClosedError:
                raise SandboxUnavailable("the sandbox was closed before it was started") from None
        return max(self._tiers, key=_WEAKER.index)

    def run(self, job: Job) -> Outcome:
        """Run one job somewhere; one whose machine died is run again elsewhere."""
        packed = pack_job(job)
        for deaths in range(DEATHS):
            try:
                hand = self._take(job.owner, sure=deaths > 0)
            except _ClosedError:
                return _CLOSED
            try:
                outcome = self._ask(hand, job, packed)
            except _LostError:
                self._replace(hand)
                continue
            except BaseException:  # Ctrl-C: its answer must not be taken for another job's
                self._replace(hand)
                raise
            self._idle.give(hand)
            return outcome
        if self._closed:
            return _CLOSED
        return Outcome(Ending.CRASHED, message=f"its machine died under it, {DEATHS} times")

    def close(self) -> None:
        """Kill what runs and release every worker; the cluster stays as it was."""
        with self._lock:
            self._closed = True
            hands, self._hands = self._hands, set()
        self._idle.close()
        for hand in hands:
            self._ray.kill(hand.actor)

    def _hire(self) -> None:
        """Ask for one more keeper; it is idle once it has greeted, whenever that is."""
        with self._lock:
            if self._closed:
                return
            actor = self._class.remote(*self._given)
            hand = _Hand(actor, actor.greet.remote().future())
            self._hands.add(hand)
        hand.greeting.add_done_callback(lambda _: self._idle.give(hand))

    def _replace(self, hand: _Hand) -> None:
        with self._lock:
            self._hands.discard(hand)
        self._ray.kill(hand.actor)
        self._hire()

    def _take(self, owner: str, sure: bool = False) -> _Hand:
        """Wait for a keeper that is free, in turn; refuse to go on with a machine that is not fit.

        If `sure` it has just been heard: one that died idle is no death under a job.
        """
        deadline = time.monotonic() + PATIENCE
        while not self._closed:
            hand = self._idle.take(owner, max(deadline - time.monotonic(), 1.0))
            if hand is None:
                if not self._closed and not self._at_work():
                    raise SandboxUnavailable(self._none_ready())
                deadline = time.monotonic() + PATIENCE
                continue
            died_early = isinstance(hand.greeting.exception(), self._ray.exceptions.RayError)
            if died_early or (sure and not self._hears(hand)):
                self._replace(hand)
                continue
            greeting = hand.greeting.result()
            _check(greeting)
            self._tiers.add(greeting["tier"])
            return hand
        raise _ClosedError

    def _hears(self, hand: _Hand) -> bool:
        try:
            return self._ray.get(hand.actor.hears.remote(), timeout=_HEARING)
        except self._ray.exceptions.RayError:
            return False

    def _at_work(self) -> bool:
        """Tell whether any keeper is ready: it is then busy, and will be free."""
        with self._lock:
            return any(hand.greeting.done() for hand in self._hands)

    def _none_ready(self) -> str:
        free = self._ray.available_resources()
        return (
            f"expected a worker of the Ray cluster to be ready within {PATIENCE:g} s, saw none; "
            f"free there: {free.get('CPU', 0):g} CPU, {free.get('GPU', 0):g} GPU"
        )

    def _ask(self, hand: _Hand, job: Job, packed: Packed) -> Outcome:
        frames = [b"".join(parts) for parts in (packed.head, *packed.bodies)]
        try:
            asked = hand.actor.run.remote(*frames)
            frame = self._ray.get(asked, timeout=job.limits.seconds + _OVERTIME)
        except self._ray.exceptions.RayTaskError:
            raise  # our own fault there, with its trace
        except self._ray.exceptions.RayError as error:
            raise _LostError from error
        return unpack_outcome(frame)


def _check(greeting: dict[str, Any]) -> None:
    """Refuse a machine that cannot run candidates, or would compute other scores than this one."""
    machine = greeting["machine"]
    if why := greeting.get("unavailable"):
        raise SandboxUnavailable(f"The machine {machine} of the Ray cluster cannot be used: {why}")
    for name, there in greeting["versions"].items():
        here = _version(name)
        if there.split("+")[0] != here.split("+")[0]:
            raise SandboxUnavailable(
                f"The machine {machine} of the Ray cluster has {name} {there}, this one {here}: "
                "scores would not compare. Install the same version on both."
            )


def _version(name: str) -> str:
    return platform.python_version() if name == "python" else metadata.version(name)
