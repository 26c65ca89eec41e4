"""The line to an asker: questions go out from any thread, several at once, answers come as futures.

The asker is asynchronous and lives on an event loop in a thread of its own, which starts with the
first question; a run that asks nothing has neither.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

from agent.question import Answer, Asker, Question

CLOSING = 5.0
"""Seconds that letting go may take."""


class Line:
    """An asker on an event loop in a thread of its own, which starts with the first question."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def ask(self, model: str, question: Question) -> Future[Answer]:
        """Put a question; the answer comes later."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=_serve, args=(self._loop,), name="models", daemon=True
            )
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(self.asker.answer(model, question), self._loop)

    def close(self) -> None:
        """Cancel what is in flight, and let go."""
        if self._loop is None or self._thread is None:
            return
        loop, self._loop = self._loop, None
        asyncio.run_coroutine_threadsafe(self._end(), loop).result(2 * CLOSING)
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join(CLOSING)

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.wait_for(self.asker.close(), CLOSING)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
