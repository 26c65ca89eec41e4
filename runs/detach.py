"""Let a command go on without its terminal: the parent returns once the run can be watched."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from programs.errors import CambrianError

Ready = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Detached:
    """A run that goes on by itself, and where it writes what it has to say."""

    run: str
    log: Path


class _Teller:
    """Says one thing to the parent, the first time only: the pipe's number may be used again."""

    def __init__(self, pipe: int) -> None:
        self._pipe: int | None = pipe

    def __call__(self, said: dict[str, object]) -> None:
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            with suppress(OSError):
                os.write(pipe, json.dumps(said).encode())
            os.close(pipe)


def detach(work: Callable[[Ready], int], database: Path) -> Detached:
    """Start `work` in a session of its own; it must call what it is given with the run's id.

    To be called before any thread exists. Everything the work prints goes to a log beside the
    database, named for the run. Where the work ends before it is ready, its complaint is raised.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    hearing, telling = os.pipe()
    log = database.absolute().with_name(f"{database.stem}-starting-{os.getpid()}.log")
    child = os.fork()
    if child == 0:
        os.close(hearing)
        _begin(work, log, _Teller(telling))
    os.close(telling)
    with os.fdopen(hearing) as pipe:
        heard = pipe.read()
    os.waitpid(child, 0)
    return _reported(heard, log)


def _begin(work: Callable[[Ready], int], log: Path, tell: _Teller) -> None:
    """Leave the terminal, fork once more so that nobody is our parent, and work; never return."""
    code = 1
    try:
        os.setsid()
        if os.fork() > 0:
            os._exit(0)
        _redirect(log)
        code = _work(work, log, tell)
    except BaseException as error:
        traceback.print_exc()
        tell({"error": f"{type(error).__name__}: {error}", "code": 1})
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _work(work: Callable[[Ready], int], log: Path, tell: _Teller) -> int:
    def ready(run: str) -> None:
        # A resumed run goes on in the log it has.
        kept = log.with_name(f"{log.stem.rpartition('-starting-')[0]}-{run}.log")
        with kept.open("a") as file:
            file.write(log.read_text())
        log.unlink()
        _redirect(kept)
        tell({"run": run, "log": str(kept)})

    try:
        return work(ready)
    except KeyboardInterrupt:
        return 130
    except CambrianError as error:
        print(f"Error: {error}", file=sys.stderr)
        tell({"error": str(error), "code": error.exit_code})
        return error.exit_code


def _redirect(log: Path) -> None:
    nowhere = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(nowhere, 0)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.close(nowhere)
    os.close(written)


def _reported(heard: str, log: Path) -> Detached:
    said = json.loads(heard) if heard else {"error": "it ended without a word", "code": 1}
    if "run" in said:
        return Detached(said["run"], Path(said["log"]))
    log.unlink(missing_ok=True)
    error = CambrianError(said["error"])
    error.exit_code = said["code"]
    raise error
