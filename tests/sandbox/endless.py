"""A module to preload that is at work for ever."""


def warm_up() -> None:
    while True:
        pass
