"""A module to preload that takes more than a second of processor time."""

import time


def warm_up() -> None:
    while time.process_time() < 1.2:
        pass
