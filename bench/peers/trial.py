"""One trial: a rival at work on the problem, in a place of its own, watched from outside it.

Trial    what is asked of the rival, what the stub answers, and when it is killed
Report   what was seen: the evaluator's log, the tree's memory, who survived, what got out
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from bench.peers import log, processes, programs
from bench.peers.peer import Known, Peer, Setup
from bench.peers.private import privately
from bench.peers.server import Stub, answering

GIB = 1024**3
LOOK = 0.1  # seconds between two looks at the processes
WEIGH = 0.5  # seconds between two looks at their memory
LINGER = 3.0  # seconds that processes may take to follow the one that was started
PRINTED = 20_000  # characters of what a rival prints that are kept

Answer = Callable[[int, programs.Ways], str]


@dataclass(frozen=True, slots=True)
class Trial:
    """What is asked of a rival.

    `answer` gives the stub's n-th program. `kill_after` is the number of finished evaluations and
    a random delay in seconds, after which the rival's main process is killed. `memory` caps the
    address space of every process. With `enough`, the rival is ended once the stub has answered so
    often and nothing was evaluated for `quiet` seconds; with `window`, so many seconds after the
    first evaluation, if three are finished. `seconds` bounds all.
    """

    answer: Answer
    proposals: int
    workers: int = 1
    training: bool = False
    limit: int = 10
    seed: int = 1
    memory: int = 0
    kill_after: tuple[int, float] | None = None
    enough: int = 0
    quiet: float = 45.0
    window: float = 0.0
    seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Report:
    """What was seen in a trial.

    `ended` is the main process's exit code, `None` where it never ended by itself. Times are of one
    clock. `memory` is the tree's peak, `each` the processor seconds that one more evaluation took.
    `leaked` names what a nosy program got out: "home", "socket", "key".
    """

    log: log.Log
    known: Known
    started: float
    ended: int | None
    killed: float | None = None
    cut_off: bool = False
    survivors: tuple[str, ...] = ()
    memory: int = 0
    each: float | None = None
    leaked: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    printed: str = ""
    load: float = 0.0

    @property
    def to_first(self) -> float | None:
        """Return the seconds from the start to the first evaluation."""
        return None if self.log.first is None else self.log.first - self.started

    @property
    def lines_after_kill(self) -> int:
        """Return how many lines the evaluator logged after the main process was dead."""
        return sum(line.at > self.killed for line in self.log.lines) if self.killed else 0


@dataclass
class _Seen:
    """What the first process of the place notes; crosses to the benchmark as JSON."""

    started: float = 0.0
    ended: int | None = None
    killed: float | None = None
    cut_off: bool = False
    survivors: list[str] = field(default_factory=list)
    memory: int = 0
    reaped: float = 0.0
    costs: list[tuple[int, float]] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    first: float = 0.0
    told: str = ""


def run(peer: Peer, trial: Trial, python: Path, room: Path) -> Report:
    """Run a trial in the folder `room`, which is emptied first."""
    shutil.rmtree(room, ignore_errors=True)
    work, home = room / "work", room / "home"
    work.mkdir(parents=True)
    home.mkdir()
    setup = Setup(work, "", trial.proposals, trial.workers, trial.training, trial.limit, trial.seed)
    load = os.getloadavg()[0]
    seen = privately(
        lambda: asdict(_watched(peer, trial, setup, python, home)), trial.seconds + 60.0
    )
    printed = (room / "printed.txt").read_text("utf-8", "replace")[-PRINTED:]
    answers = seen["answers"]
    found = log.read(work, lambda logged: peer.number(logged, answers))
    facts = {name: seen[name] for name in ("started", "ended", "killed", "cut_off")}
    return Report(
        log=found,
        known=peer.known(setup, answers, printed),
        survivors=tuple(seen["survivors"]),
        memory=seen["memory"],
        each=_each(seen["costs"]),
        leaked=_leaked(home, seen["told"]),
        prompts=tuple(seen["prompts"]),
        answers=tuple(answers),
        printed=printed,
        load=load,
        **facts,
    )


def _watched(peer: Peer, trial: Trial, setup: Setup, python: Path, home: Path) -> _Seen:
    """Start the rival and watch it to its end; runs as the first process of the place."""
    seen, told = _Seen(), bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_listen, args=(listener, told), daemon=True).start()
        ways = programs.Ways(home, listener.getsockname()[1])

        def answer(place: int) -> str:
            text = trial.answer(place, ways)
            seen.answers.append(text)
            return text

        with answering(answer) as stub:
            command = peer.command(replace(setup, base=stub.base), python)
            _follow(_start(command, setup, trial, home), trial, setup, stub, seen)
            seen.prompts = list(stub.prompts)
    seen.told = told.decode("utf-8", "replace")
    return seen


def _start(command: list[str], setup: Setup, trial: Trial, home: Path) -> int:
    """Start the rival with an environment that holds nothing of ours; return its number."""
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "OMP_NUM_THREADS": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # there is no network to fetch one from
        "OPENAI_API_KEY": programs.KEY,
        programs.KEY_NAME: programs.KEY,
    }

    with (setup.folder.parent / "printed.txt").open("wb") as printed:
        started = subprocess.Popen(
            command,
            cwd=setup.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            start_new_session=True,
        )
    if trial.memory:
        resource.prlimit(started.pid, resource.RLIMIT_AS, (trial.memory, trial.memory))
    started.returncode = 0  # it is collected here, with whatever it leaves behind
    return started.pid


def _follow(pid: int, trial: Trial, setup: Setup, stub: Stub, seen: _Seen) -> None:
    """Look at the processes until the main one has ended, or must be ended."""
    ended: dict[int, int] = {}
    seen.started = time.monotonic()
    deadline, weighed = seen.started + trial.seconds, 0.0
    kill_at = None
    while pid not in ended:
        now, count = time.monotonic(), _count(setup)
        # Also once the first is judged, or a short trial would end before it was ever weighed.
        if now - weighed > WEIGH or (count and not seen.first):
            weighed, seen.memory = now, max(seen.memory, processes.held())
            seen.costs.append((count, seen.reaped + processes.spent()))
        seen.cut_off = now > deadline
        if seen.cut_off or _idle(trial, setup, stub) or _over(trial, seen, count, now):
            break
        if trial.kill_after and kill_at is None and count >= trial.kill_after[0]:
            kill_at = now + trial.kill_after[1]
        if kill_at is not None and now >= kill_at and not seen.killed:
            os.kill(pid, signal.SIGKILL)
            seen.killed = time.monotonic()
        if count and not seen.first:
            seen.first = now
        time.sleep(0.02 if trial.kill_after else LOOK)
        seen.reaped += processes.reap(ended)
    seen.ended = ended.get(pid)
    if seen.ended is not None:
        _wait_for_the_others(ended, seen)
        seen.survivors = [alive.name for alive in processes.others()]
    _end_all(ended, seen)


def _wait_for_the_others(ended: dict[int, int], seen: _Seen) -> None:
    patience = time.monotonic() + LINGER
    while processes.others() and time.monotonic() < patience:
        time.sleep(LOOK)
        seen.reaped += processes.reap(ended)


def _end_all(ended: dict[int, int], seen: _Seen) -> None:
    """End whatever is left, so that nothing writes after the trial."""
    for _ in range(100):
        left = processes.others()
        if not left:
            break
        for alive in left:
            os.kill(alive.pid, signal.SIGKILL)
        time.sleep(0.02)
        seen.reaped += processes.reap(ended)


def _over(trial: Trial, seen: _Seen, count: int, now: float) -> bool:
    return bool(trial.window and count >= 3 and now > seen.first + trial.window)


def _idle(trial: Trial, setup: Setup, stub: Stub) -> bool:
    """Say whether a rival got all that it may ask for, and has done nothing with it for long."""
    if not trial.enough or len(stub.prompts) < trial.enough:
        return False
    path = setup.folder / log.FILE
    logged = path.stat().st_mtime if path.exists() else 0.0
    return time.time() - max(logged, stub.asked) > trial.quiet


def _count(setup: Setup) -> int:
    path = setup.folder / log.FILE
    return path.read_bytes().count(b'"event": "end"') if path.exists() else 0


def _listen(listener: socket.socket, told: bytearray) -> None:
    while True:
        try:
            line, _ = listener.accept()
        except OSError:
            return
        with line:
            line.settimeout(2.0)
            try:
                told += line.recv(1 << 16)
            except OSError:
                continue


def _each(costs: list[tuple[int, float]]) -> float | None:
    """Return the processor seconds per evaluation between the first and the last look."""
    begun = [(count, spent) for count, spent in costs if count]
    if not begun or begun[-1][0] == begun[0][0]:
        return None
    return (begun[-1][1] - begun[0][1]) / (begun[-1][0] - begun[0][0])


def _leaked(home: Path, told: str) -> tuple[str, ...]:
    """Name what a nosy program got out, by what is found outside it."""
    path = home / programs.MARK
    left = path.read_text("utf-8", "replace") if path.exists() else None
    found = []
    if left is not None:
        found.append("home")
    if "nosy" in told:
        found.append("socket")
    if programs.KEY in told or programs.KEY in (left or ""):
        found.append("key")
    return tuple(found)
