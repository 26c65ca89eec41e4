"""Stand-ins for a machine's systemctl, journalctl and crontab: they note what they are told."""

from __future__ import annotations

from pathlib import Path


def stand_in(programs: Path, record: Path) -> None:
    """Write the three programs into a new folder `programs`; what they are told goes to `record`.

    The crontab is kept in a file of the record's name with `.tab` behind it.
    """
    programs.mkdir()
    for name in ("systemctl", "journalctl"):
        script = f'#!/bin/sh\necho "{name} $*" >> {record}\necho said\n'
        (programs / name).write_text(script)
    (programs / "crontab").write_text(
        f'#!/bin/sh\nif [ "$1" = -l ]; then cat {record}.tab 2>/dev/null || '
        f'{{ echo "no crontab for me" >&2; exit 1; }}; else cat > {record}.tab; fi\n'
    )
    for program in programs.iterdir():
        program.chmod(0o755)
