"""A run to be killed: `python -m tests.agent.killed DATABASE API_BASE`, with one proposer."""

from __future__ import annotations

import sys

from runs.progress import Silent
from runs.start import perform, prepare
from runs.store import Store
from sandbox.memory import MemorySandbox
from tests.agent.test_calls import settings

if __name__ == "__main__":
    with Store.open(sys.argv[1]) as store:
        perform(prepare(store, settings(sys.argv[2]), MemorySandbox()), Silent())
