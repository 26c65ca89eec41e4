"""What an attacker would like to reach, set out for the attacks: files, a process, listeners."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SECRET = "sk-a-secret-nobody-may-see"


@contextmanager
def laid_out(folder: Path) -> Iterator[dict[str, Any]]:
    """Lay out the bait in `folder`, and yield where everything is."""
    with ExitStack() as held:
        sklearn = find_spec("sklearn")
        assert sklearn is not None
        assert sklearn.origin is not None
        yield {
            "folder": str(folder),
            **_files(folder),
            "victim": _victim(held),
            **_listeners(folder, held),
            "digits": str(Path(sklearn.origin).parent / "datasets/data/digits.csv.gz"),
        }


def _files(folder: Path) -> dict[str, str]:
    folder.chmod(0o777)
    key, database, extra = folder / "id_ed25519", folder / "cambrian.db", folder / "extra"
    for path in (key, database, extra):
        path.write_text(SECRET)
        path.chmod(0o666)
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    fifo.chmod(0o666)
    return {"fifo": str(fifo), "key": str(key), "database": str(database), "extra": str(extra)}


def _victim(held: ExitStack) -> int:
    command = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(10**6)"]
    environment = {**os.environ, "OPENAI_API_KEY": SECRET}
    process = held.enter_context(
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True)
    )
    held.callback(process.kill)
    assert process.stdout is not None
    process.stdout.readline()
    return process.pid


def _listeners(folder: Path, held: ExitStack) -> dict[str, Any]:
    tcp, udp, local, abstract = (
        held.enter_context(socket.socket(family, kind))
        for family, kind in (
            (socket.AF_INET, socket.SOCK_STREAM),
            (socket.AF_INET, socket.SOCK_DGRAM),
            (socket.AF_UNIX, socket.SOCK_STREAM),
            (socket.AF_UNIX, socket.SOCK_STREAM),
        )
    )
    name = f"\0cambrian-bait-{os.getpid()}"
    tcp.bind(("127.0.0.1", 0))
    udp.bind(("127.0.0.1", 0))
    local.bind(str(folder / "socket"))
    abstract.bind(name)
    for listener in (tcp, local, abstract):
        listener.listen(64)
    return {
        "tcp": tcp.getsockname()[1],
        "udp": udp.getsockname()[1],
        "local": str(folder / "socket"),
        "abstract": name,
    }
