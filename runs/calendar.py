"""When a scheduled run is due, in our own arithmetic, systemd's words and cron's.

Only rhythms that both clocks can keep exactly are taken: a number of minutes or hours that divides
the hour or the day, every day, every week.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from programs.errors import InputError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Every `minutes` minutes, counted from `at` minutes after midnight (of `day`, for weeks)."""

    minutes: int
    at: int
    day: int = 0

    def last(self, now: datetime) -> datetime:
        """Return the latest moment up to `now`, in local time, at which a run was due."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        start = midnight + timedelta(minutes=self.at)
        if self.minutes == WEEK:
            start -= timedelta(days=(now.weekday() - self.day) % 7)
        step = timedelta(minutes=self.minutes)
        # Shorter rhythms begin anew every day, as the clocks of others have it.
        return start + step * ((now - start) // step)

    def next(self, now: datetime) -> datetime:
        """Return the first moment after `now` at which a run will be due."""
        return self.last(now) + timedelta(minutes=self.minutes)

    @property
    def systemd(self) -> str:
        """Return the rhythm as systemd's `OnCalendar`."""
        hour, minute = divmod(self.at, 60)
        if self.minutes < HOUR:
            return f"*-*-* *:{minute % self.minutes:02}/{self.minutes}:00"
        if self.minutes < DAY:
            hours = self.minutes // HOUR
            return f"*-*-* {hour % hours:02}/{hours}:{minute:02}:00"
        day = "" if self.minutes == DAY else f"{DAYS[self.day].capitalize()} "
        return f"{day}*-*-* {hour:02}:{minute:02}:00"

    @property
    def cron(self) -> str:
        """Return the rhythm as the first five words of a crontab line."""
        hour, minute = divmod(self.at, 60)
        if self.minutes < HOUR:
            return f"{_listed(minute, self.minutes, HOUR)} * * * *"
        if self.minutes < DAY:
            return f"{minute} {_listed(hour, self.minutes // HOUR, 24)} * * *"
        return f"{minute} {hour} * * " + ("*" if self.minutes == DAY else str((self.day + 1) % 7))


HOUR, DAY, WEEK = 60, 24 * 60, 7 * 24 * 60
_UNITS = {"m": 1, "h": HOUR, "d": DAY, "w": WEEK}


def read_rhythm(every: str, at: str) -> Rhythm:
    """Read `30m`, `6h`, `1d` or `1w`, and `02:00` or, for weeks, `mon 02:00`."""
    minutes = _minutes(every)
    day, _, time = at.strip().lower().rpartition(" ")
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", time)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise InputError(f"`--at {at}` is no time of day: give e.g. `02:00`, or `mon 02:00`.")
    if day and (day[:3] not in DAYS or minutes != WEEK):
        raise InputError(
            f"`--at {at}` names a day, which needs `--every 1w` and {', '.join(DAYS)}."
        )
    weekday = DAYS.index(day[:3]) if day else 0
    return Rhythm(minutes, 60 * int(found[1]) + int(found[2]), weekday)


def _minutes(every: str) -> int:
    found = re.fullmatch(r"([1-9]\d*)([mhdw])", every.strip().lower())
    if not found:
        raise InputError(f"`--every {every}` is no rhythm: give e.g. 30m, 6h, 1d or 1w.")
    minutes = int(found[1]) * _UNITS[found[2]]
    longer = {"m": HOUR, "h": DAY, "d": DAY, "w": WEEK}[found[2]]
    if longer % minutes or minutes < 5:
        raise InputError(
            f"No clock keeps `--every {every}` exactly: take minutes from 5 that divide the hour, "
            "hours that divide the day, 1d or 1w."
        )
    return minutes


def _listed(first: int, step: int, end: int) -> str:
    return ",".join(str(n) for n in range(first % step, end, step))
