"""A module to preload that never gets ready and does nothing about it."""

import time


def warm_up() -> None:
    time.sleep(60)
