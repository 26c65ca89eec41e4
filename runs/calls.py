"""The record of calls to models, kept by the thread that makes them.

The store of the run belongs to the loop's thread; this one opens the file for itself, so that no
call is made before it is written down at what it may cost. A process that is killed meanwhile
leaves the row as it is: the money counts as spent, and the question is asked anew.
"""

from __future__ import annotations

from pathlib import Path

from agent.question import Call
from agent.replay import request, written
from runs.store import Store


class CallBook:
    """Write calls down, each before and after; call it in one thread.

    `last` is what the latest finished one cost.
    """

    def __init__(self, path: Path, run: str) -> None:
        self.path, self.run = path, run
        self.last = 0.0
        self._open: dict[int, int] = {}

    def __call__(self, call: Call) -> None:
        """Write one call; what was written of it before is replaced."""
        answer = call.answer
        with Store.open(self.path, create=False) as store:
            row = store.llm_call(
                self.run,
                model=call.model,
                purpose=call.question.purpose,
                messages=request(call.question),
                reply=written(answer),
                prompt_tokens=answer.prompt_tokens,
                completion_tokens=answer.completion_tokens,
                usd=answer.usd,
                seconds=answer.seconds,
                error=answer.error,
                over=self._open.pop(call.ticket, None),
            )
        if not call.in_flight:
            self.last = answer.usd
        else:
            self._open[call.ticket] = row
