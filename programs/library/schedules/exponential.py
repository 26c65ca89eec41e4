"""Exponential decay from 1 to a hundredth (Li & Arora 2020, on why such schedules work)."""


def schedule(step, total):
    return 0.01 ** (step / total)
