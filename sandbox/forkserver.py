"""The supervisor's hold on one zygote: start it, ask it, and end it with all it started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from programs.errors import SandboxUnavailable
from sandbox import channel, kernel, wire
from sandbox.device import Seat
from sandbox.messages import Packed
from sandbox.text import plain

# Which devices and libraries there are; everything else in our environment stays with us.
PASSED_ON = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "LD_LIBRARY_PATH")
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_READY_LIMIT = 64 * 1024
_SAID = 1500
LONGEST = 10  # times the patience with a start that gets on
KILLED = 128  # plus the signal: the exit code of a guard whose zygote was killed


class ServerGoneError(Exception):
    """Raise when the zygote cannot answer; `received` says whether it had taken the job."""

    def __init__(self, why: str, received: bool) -> None:
        super().__init__(why)
        self.received = received


class TierUnavailableError(SandboxUnavailable):
    """Raise when the zygote could not isolate itself, or saw an open door; `why` says which."""

    def __init__(self, tier: str, why: str) -> None:
        super().__init__(f"The isolation tier `{tier}` is not to be had here: {why}")
        self.why = why


class CardUnavailableError(SandboxUnavailable):
    """Raise when a worker cannot use the card that it was given."""


class ForkServer:
    """One zygote, from its start to its end. `kill` may be called from any thread."""

    def __init__(self, preload: Sequence[str], tier: str, seat: Seat | None = None) -> None:
        """Start the process without waiting for it."""
        self._seat = seat.pack() if seat else ""
        self._tier = tier
        self.versions: Mapping[str, Any] = {}
        self._preload = tuple(preload)
        self._using = threading.Lock()
        self._ending = threading.Lock()
        self._killed = False
        with contextlib.ExitStack() as undo:
            try:
                self._open(undo)
            except OSError as error:
                raise SandboxUnavailable(f"expected to start a process, saw {error}") from error
            self._held = undo.pop_all()

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def processor(self) -> float:
        """Return the processor seconds that it and all its jobs have used."""
        return sum(map(kernel.processor_used, [self.pid, *kernel.children(self.pid)]))

    def alive(self) -> bool:
        """Say whether the process can be asked."""
        return not self._killed and self._process.poll() is None

    def was_killed(self) -> bool:
        """Say whether a signal ended the process, or the zygote that it guards."""
        code = self._process.poll()
        return code is not None and (code < 0 or code > KILLED)

    def await_ready(self, patience: float) -> None:
        """Wait until it serves; raise `SandboxUnavailable` where it does not.

        It may take `patience` seconds, and as many again while it gets on: on a busy machine a
        start takes long, and is none the worse for it. `LONGEST` times that is the end of it.
        """
        with self._using:
            if self.versions:
                return
            try:
                deadline = self._first_word(patience)
                ready = wire.decode(channel.receive(self._socket, _READY_LIMIT, deadline))
            except (OSError, wire.WireError) as error:
                raise SandboxUnavailable(self._complaint(error)) from error
            if why := ready.data.get("unavailable"):
                raise TierUnavailableError(self._tier, str(why))
            self.versions = ready.data

    def ask(
        self, job: Packed, limit: int, seconds: float, grace: float, taking: float
    ) -> bytearray:
        """Send a job and return the report of at most `limit` bytes.

        The server has `taking` seconds to take the job, and `seconds` and `grace` to do it; it may
        have no card for it, which raises `CardUnavailableError`.
        """
        received = False
        with self._using:
            try:
                with _as_files(job.bodies) as files:
                    channel.send(self._socket, job.head, after(grace))
                    channel.send_files(self._socket, files, after(grace))
                refusal = channel.receive(self._socket, _READY_LIMIT, after(taking))
                if refusal:
                    raise CardUnavailableError(str(wire.decode(refusal).data["unavailable"]))
                received = True
                return channel.receive(self._socket, limit, after(seconds + grace))
            except TimeoutError as error:
                why = "its fork server gave no answer, long after the limit"
                raise ServerGoneError(why, received) from error
            except OSError as error:
                raise ServerGoneError("its fork server ended under it", received) from error

    def kill(self) -> None:
        """End the process and all below it, and release what it held; harmless when repeated."""
        with self._ending:
            if self._killed:
                return
            self._killed = True
            self._end()
        with self._using:  # whoever waits for an answer has just been told that none will come
            self._held.close()

    def _first_word(self, patience: float) -> float:
        """Wait for it to say anything; return when it must have said it all."""
        self._socket.settimeout(patience)
        worked = 0.0
        for _ in range(LONGEST):
            try:
                self._socket.recv(1, socket.MSG_PEEK)
                return after(patience)
            except TimeoutError:
                before, worked = worked, self.processor()
            if worked <= before:
                raise TimeoutError(f"it do nothing for {patience:g} s")
        raise TimeoutError(f"it still busy after {LONGEST * patience:g} s")

    def _open(self, held: contextlib.ExitStack) -> None:
        self._scratch = tempfile.mkdtemp(prefix="cambrian-")
        held.callback(shutil.rmtree, self._scratch, ignore_errors=True)
        self._words = held.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        self._socket, far = socket.socketpair()
        held.enter_context(self._socket)
        with far:
            self._process = self._spawn(far.fileno())

    def _spawn(self, control: int) -> subprocess.Popen[bytes]:
        # -s and -P as in -I: neither the user's packages nor the working directory can shadow.
        # -I itself would also ignore PYTHONHASHSEED, and sets of text would differ by zygote.
        module = [sys.executable, "-s", "-P", "-m", "sandbox.zygote", str(control)]
        return subprocess.Popen(
            [*module, self._tier, self._seat, *self._preload],
            pass_fds=(control,),
            cwd=self._scratch,
            env=self._environment(),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=self._words,
            stderr=self._words,
        )

    def _environment(self) -> dict[str, str]:
        own = {"HOME": self._scratch, "TMPDIR": self._scratch, "LANG": "C.UTF-8"}
        torch = {"PYTORCH_NVML_BASED_CUDA_CHECK": "1", **dict.fromkeys(_ONE_THREAD, "1")}
        passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return {**own, **torch, "PYTHONHASHSEED": "0", **passed}

    def _end(self) -> None:
        """Stop it first, so that it starts nothing more and still inherits orphans; then kill."""
        if kernel.LINUX:
            self._signal(signal.SIGSTOP)
            kernel.kill_below(self.pid, seconds=2.0)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if not kernel.LINUX:  # only the zygote itself can find its child there
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=1.0)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def _complaint(self, error: Exception) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=0.5)
        code = self._process.poll()
        seen = f"saw {error}" if code is None else f"saw it end with exit code {code}"
        wanted = f" with {', '.join(self._preload)} loaded" if self._preload else ""
        todo = (
            f"Check that cambrian is installed in {sys.prefix} (not only in the working "
            "directory) and that these modules can be imported."
        )
        if isinstance(error, TimeoutError):
            todo = "If the machine is very busy, try again later, or with fewer workers."
        return (
            f"expected a warm Python process{wanted} to report that it is ready, {seen}. {todo} "
            f"Its last words: {self._said()}"
        )

    def _said(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            size = os.fstat(self._words.fileno()).st_size
            said = os.pread(self._words.fileno(), _SAID, max(size - _SAID, 0))
            return plain(said.decode("utf-8", "replace").strip(), _SAID) or "(none)"
        return "(none)"


@contextlib.contextmanager
def _as_files(frames: Sequence[Sequence[wire.Part]]) -> Iterator[list[int]]:
    """Write each frame to a file that has no name and lies in memory where that is possible."""
    with contextlib.ExitStack() as held:
        files: list[int] = []
        for frame in frames:
            if hasattr(os, "memfd_create"):
                file = held.enter_context(open(os.memfd_create("data"), "wb"))
            else:
                file = held.enter_context(tempfile.TemporaryFile())
            file.writelines(frame)
            file.flush()
            files.append(file.fileno())
        yield files


def after(seconds: float) -> float:
    """Return the deadline that is so many seconds from now."""
    return time.monotonic() + seconds
