"""The untrusted side of a training: answers each step's gradients with updates.

This process is forked for one program. It holds the program's text and what is on the board:
weights, gradients, learning rates and the step's number; no data, labels, model or loss.
"""

from __future__ import annotations

import torch

from evaluators.harness.freeform.batch import Batch
from evaluators.harness.freeform.board import BEGIN, DONE, FAILED, Board, complain, opened
from evaluators.harness.freeform.text import ProgramError, rule
from sandbox.base import Payload
from sandbox.link import GuestEnd


@torch.no_grad()
def serve(payload: Payload, end: GuestEnd) -> None:
    """Serve the program `source` of form `form` until the trainer has gone."""
    server = _Server(payload, end)
    while (number := end.wait()) is not None:
        try:
            server.turn(number)
            code = DONE
        except ProgramError as error:
            complain(end.mine, str(error))
            code = FAILED
        except Exception as error:
            complain(end.mine, f"{type(error).__name__}: {error}")
            code = FAILED
        end.answer(number, code)


class _Server:
    def __init__(self, payload: Payload, end: GuestEnd) -> None:
        self.payload, self.end = payload, end
        self.board: Board | None = None
        self.batch: Batch | None = None
        self.alive = torch.zeros(0, dtype=torch.int64)

    def turn(self, number: int) -> None:
        """Get ready, or answer one step."""
        if number == BEGIN:
            data = self.payload.data
            self.board = opened(self.end.theirs, self.end.mine)
            self.batch = Batch(rule(data["source"], data["form"]))
            self.alive = torch.arange(self.board.replicas)
            return
        assert self.board is not None
        assert self.batch is not None
        self._drop()
        count = len(self.alive)
        given = (self.board.weights[:count], self.board.gradients[:count])
        params, grads = (self.board.split(rows) for rows in given)
        rates = self.board.rates[:count].clone()
        deltas = self.batch.step(params, grads, rates, number, self.board.total)
        for place, delta in zip(self.board.places(count), deltas, strict=True):
            place.copy_(delta.reshape(place.shape))

    def _drop(self) -> None:
        """Follow the trainer in dropping replicas."""
        assert self.board is not None
        assert self.batch is not None
        count = int(self.board.alive[0])
        if count < len(self.alive):
            living = self.board.alive[1 : 1 + count].clone()
            self.batch.keep(torch.searchsorted(self.alive, living))
            self.alive = living
