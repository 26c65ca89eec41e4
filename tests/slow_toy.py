"""The toy task with a pause, so that a run can be interrupted."""

from tests.toy import Toy


class SlowToy(Toy):
    name = "slow-toy"
    pause = 0.05


TASK = SlowToy()
