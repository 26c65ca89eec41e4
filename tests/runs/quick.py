"""The `cambrian` command with jobs judged in its own process: it starts in no time.

`python -m tests.runs.quick run …` is for tests of what surrounds the judging.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUICK = [sys.executable, "-m", "tests.runs.quick"]
ENV = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}


def main() -> None:
    """Run the command line."""
    from runs import cli, discover
    from sandbox.memory import MemorySandbox

    @contextmanager
    def here(*_: object):
        with MemorySandbox() as sandbox:
            yield sandbox

    discover.sandbox_for = here
    discover.promise = str
    cli.main()


if __name__ == "__main__":
    main()
