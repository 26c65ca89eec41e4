"""A spare: a fresh process with a card's context open, that waits to be handed exactly one job.

A context takes seconds to make and cannot be forked, so it is made before there is a job for it,
while another runs. The spare gives up its privileges, imports, opens its card, locks itself in (its
driver's threads too), and tries the doors. Whoever is handed the job is so behind the same cage as
any other child, and nobody was there before or comes after.

Started by `sandbox.spares` as `python -m sandbox.spare CONTROL TIER SEAT ZYGOTE MODULE…`. It says
that it is ready, or why not; answers an empty message by how it is; and takes any other as a job.
"""

from __future__ import annotations

import importlib
import os
import resource
import socket
import sys

from sandbox import channel, isolation, kernel, link, selftest, wire
from sandbox.base import Payload
from sandbox.call import call
from sandbox.device import Card, DeviceError, Seat, driver_of, unpack
from sandbox.errors import IsolationError
from sandbox.isolation import Cage
from sandbox.messages import HEAD_LIMIT, unpack_head
from sandbox.worker import ANSWER, Place, serve

_FILES = 7  # an answer's, a log's and a payload's; where there is a guest, the four of the link


def main(control: int, tier: str, seat: Seat, zygote: int, preload: list[str]) -> None:
    """Get ready, say so, and serve one job."""
    while os.open(os.devnull, os.O_RDONLY) < ANSWER:  # before a driver takes the numbers
        continue
    os.setsid()
    kernel.die_with(zygote)
    kernel.prefer_as_victim()
    with socket.socket(fileno=control) as sock:
        sock.set_inheritable(False)
        try:
            card = _prepare(tier, seat, zygote, preload)
        except (DeviceError, IsolationError) as error:
            channel.send(sock, wire.encode(Payload({"unavailable": str(error)})))
            os._exit(1)
        channel.send(sock, wire.encode(Payload({"ready": True})))
        while not (head := channel.receive(sock, HEAD_LIMIT)):
            channel.send(sock, wire.encode(Payload(_condition(card))))
        job = unpack_head(head)
        files = channel.receive_files(sock, _FILES if job.guest else _FILES - 4)
    answer, log, data, *shared = files
    serve(job, Place(Cage(tier), zygote, answer, log, data), link.adopt(shared), card)


def _prepare(tier: str, seat: Seat, zygote: int, preload: list[str]) -> Card:
    """Come to hold an open card, behind a cage that was seen to hold."""
    isolation.shed(tier, zygote)  # before there is a thread that would keep what it has
    for module in [importlib.import_module(name) for name in preload]:
        if warm_up := getattr(module, "warm_up", None):
            warm_up()
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    card: Card = driver_of(seat)()
    card.open(seat)
    isolation.wait(tier)
    if tier in selftest.CARDED:
        found = call(selftest.job(tier, on_card=True))
        selftest.demand(found)
    card.check()
    return card


def _condition(card: Card) -> dict[str, object]:
    """Say how the card is at this moment, and what processor time was spent on getting ready."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    used = spent.ru_utime + spent.ru_stime
    try:
        card.check()
    except DeviceError as error:
        return {"sick": str(error), "processor": used}
    return {"sick": "", "processor": used}


if __name__ == "__main__":
    place = unpack(sys.argv[3])
    assert place is not None, "a spare is for a card"
    main(int(sys.argv[1]), sys.argv[2], place, int(sys.argv[4]), sys.argv[5:])
