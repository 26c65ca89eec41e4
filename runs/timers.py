"""Put a schedule into the hands of systemd, or of cron where there is no systemd.

Both are told to start `cambrian schedule run NAME --due`, at the due times and when the machine
comes up; whether there is anything to do is for that command to find out.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from programs.errors import CambrianError, InputError
from runs.roster import Schedule

PATIENCE = 60.0


class Keeper(Protocol):
    """A clock that starts schedules."""

    name: str

    def text(self, schedule: Schedule, database: Path) -> str:
        """Return all that would be written, for people to read."""
        ...

    def install(self, schedule: Schedule, database: Path) -> None:
        """Have the schedule started from now on; `InputError` if the name is another's."""
        ...

    def pause(self, name: str) -> None:
        """Start it no more until `resume`."""
        ...

    def resume(self, schedule: Schedule, database: Path) -> None:
        """Start it again."""
        ...

    def remove(self, name: str) -> None:
        """Forget it."""
        ...

    def log(self, name: str, database: Path, lines: int) -> str:
        """Return the last lines that its runs wrote."""
        ...


class Systemd:
    """A user service and its timer."""

    name = "systemd"

    def text(self, schedule: Schedule, database: Path) -> str:
        """Return both units under their paths."""
        units = self._units(schedule, database)
        return "\n".join(f"# {path}\n{text}" for path, text in units.items())

    def install(self, schedule: Schedule, database: Path) -> None:
        """Write both units and start the timer."""
        units = self._units(schedule, database)
        if there := [path for path in units if path.exists()]:
            raise InputError(f"{there[0]} is there already, for another database: use another name")
        for path, text in units.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        try:
            _told("systemctl", "--user", "daemon-reload")
            self.resume(schedule, database)
        except CambrianError:
            for path in units:
                path.unlink()
            raise

    def pause(self, name: str) -> None:
        """Stop the timer."""
        _told("systemctl", "--user", "disable", "--now", f"{_unit(name)}.timer")

    def resume(self, schedule: Schedule, database: Path) -> None:
        """Start the timer."""
        _told("systemctl", "--user", "enable", "--now", f"{_unit(schedule.name)}.timer")

    def remove(self, name: str) -> None:
        """Stop the timer and delete both units."""
        if _unit_path(name, "timer").exists():
            self.pause(name)
        for suffix in ("service", "timer"):
            _unit_path(name, suffix).unlink(missing_ok=True)
        _told("systemctl", "--user", "daemon-reload")

    def log(self, name: str, database: Path, lines: int) -> str:
        """Return the end of the journal."""
        unit = f"{_unit(name)}.service"
        return _told("journalctl", "--user", "--no-pager", "-n", str(lines), "-u", unit)

    def _units(self, schedule: Schedule, database: Path) -> dict[Path, str]:
        command = " ".join(_quoted(word) for word in _command(schedule.name, database))
        folder = schedule.folder.replace("%", "%%")
        service = _SERVICE.format(name=schedule.name, folder=folder, command=command)
        timer = _TIMER.format(name=schedule.name, calendar=schedule.rhythm.systemd)
        return {
            _unit_path(schedule.name, "service"): service,
            _unit_path(schedule.name, "timer"): timer,
        }


# Only the run itself hears SIGTERM: it ends its workers when what they have in hand is saved. That
# it stopped when told to (130), and that another shift is at work (75), are no failures.
_SERVICE = """\
[Unit]
Description=Cambrian: {name}

[Service]
Type=oneshot
WorkingDirectory={folder}
EnvironmentFile=-%h/.config/cambrian/environment
ExecStart={command}
SuccessExitStatus=130 75
KillMode=mixed
TimeoutStopSec=5min
"""

_TIMER = """\
[Unit]
Description=Cambrian: {name}

[Timer]
OnCalendar={calendar}
OnStartupSec=1min
Persistent=true

[Install]
WantedBy=timers.target
"""


class Cron:
    """Two lines of the user's crontab: one for the due times, one for when the machine comes up."""

    name = "cron"

    def text(self, schedule: Schedule, database: Path) -> str:
        """Return the lines."""
        command = shlex.join(_command(schedule.name, database))
        log = shlex.quote(str(_log(schedule.name, database)))
        does = f"cd {shlex.quote(schedule.folder)} && {command} >> {log} 2>&1"
        does = f"{does.replace('%', chr(92) + '%')} {_mark(schedule.name)}"
        return f"{schedule.rhythm.cron} {does}\n@reboot {does}\n"

    def install(self, schedule: Schedule, database: Path) -> None:
        """Add the lines."""
        before = _crontab()
        if any(line.rstrip().endswith(_mark(schedule.name)) for line in before):
            raise InputError(
                f"The crontab has a schedule `{schedule.name}` of another database: "
                "use another name"
            )
        _told("crontab", "-", given="".join(before) + self.text(schedule, database))

    def pause(self, name: str) -> None:
        """Take the lines away."""
        self.remove(name)

    def resume(self, schedule: Schedule, database: Path) -> None:
        """Put the lines back."""
        self.remove(schedule.name)
        self.install(schedule, database)

    def remove(self, name: str) -> None:
        """Take the lines away and leave all others as they are."""
        before = _crontab()
        kept = [line for line in before if not line.rstrip().endswith(_mark(name))]
        if kept != before:
            _told("crontab", "-", given="".join(kept))

    def log(self, name: str, database: Path, lines: int) -> str:
        """Return the end of the log beside the database."""
        log = _log(name, database)
        text = log.read_text(errors="replace") if log.exists() else ""
        return "".join(text.splitlines(keepends=True)[-lines:])


KEEPERS: dict[str, Keeper] = {keeper.name: keeper for keeper in (Systemd(), Cron())}


def keeper_here() -> Keeper:
    """Return the clock this machine has; `CambrianError` where it has none."""
    if shutil.which("systemctl") and _answers("systemctl", "--user", "show-environment"):
        return KEEPERS["systemd"]
    if shutil.which("crontab"):
        return KEEPERS["cron"]
    raise CambrianError(
        "Nothing here can start a scheduled run: expected `systemctl --user` to answer or a "
        "`crontab` command. `--print` shows what would be written."
    )


def keeper_for_print() -> Keeper:
    """Return the clock this machine has, or systemd, of which anyone can make use elsewhere."""
    try:
        return keeper_here()
    except CambrianError:
        return KEEPERS["systemd"]


def lingers() -> bool:
    """Tell whether the user's services run while nobody is logged in."""
    return (Path("/var/lib/systemd/linger") / _user()).exists()


def _user() -> str:
    return os.environ.get("USER") or Path.home().name


def _unit(name: str) -> str:
    return f"cambrian-{name}"


def _unit_path(name: str, suffix: str) -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "systemd" / "user" / f"{_unit(name)}.{suffix}"


def _mark(name: str) -> str:
    return f"# cambrian {name}"


def _log(name: str, database: Path) -> Path:
    return database.absolute().with_name(f"{database.stem}-{name}.log")


def _command(name: str, database: Path) -> list[str]:
    ours = Path(sys.executable).with_name("cambrian")
    begin = [str(ours)] if ours.exists() else [sys.executable, "-P", "-m", "runs.cli"]
    return [*begin, "schedule", "run", name, "--due", "--db", str(database.absolute())]


def _quoted(word: str) -> str:
    """Write a word of a command as systemd reads it."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if set(escaped) & set(" \t;'\"\\") else escaped


def _crontab() -> list[str]:
    """Return the user's crontab by line; without one, none."""
    done = subprocess.run(
        ["crontab", "-l"], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    if done.returncode != 0 and "no crontab" not in done.stderr:
        raise CambrianError(f"`crontab -l` failed: {done.stderr.strip()}")
    lines = done.stdout.splitlines() if done.returncode == 0 else []
    return [f"{line}\n" for line in lines]


def _answers(*command: str) -> bool:
    done = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE)
    return done.returncode == 0


def _told(*command: str, given: str | None = None) -> str:
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    if done.returncode != 0:
        words: Sequence[str] = command
        raise CambrianError(f"`{shlex.join(words)}` failed: {done.stderr.strip()}")
    return done.stdout
