"""`cambrian db`: look after the database file."""

from __future__ import annotations

from pathlib import Path

import click

from runs.commands.common import db_option, existing_store, json_option, out, print_json, talk


@click.group(name="db")
def command() -> None:
    """Look after the database file.

    Example: cambrian db check
    """


@command.command()
@db_option
@json_option
def check(db: Path, as_json: bool) -> None:
    """Check that the file is sound and keeps what we promise; exit 1 where it does not.

    Example: cambrian db check --db cambrian.db
    """
    from rich.table import Table
    from rich.text import Text

    from runs.care import check as look

    with existing_store(db) as store:
        found = list(look(store))
    kept = not any(finding.broken for finding in found)
    if as_json:
        print_json([{"promise": f.promise, "broken": list(f.broken)} for f in found])
    else:
        table = Table.grid(padding=(0, 2))
        for finding in found:
            mark = Text("FAIL", style="bold red") if finding.broken else Text("ok", style="green")
            table.add_row(mark, Text(finding.sentence))
        out().print(table)
    click.get_current_context().exit(0 if kept else 1)


@command.command()
@db_option
@json_option
def compact(db: Path, as_json: bool) -> None:
    """Make the file smaller: drop what can be made again, and give the room back.

    Example: cambrian db compact
    """
    from runs.care import compact as shrink

    with existing_store(db) as store:
        before, after = shrink(store)
    if as_json:
        print_json({"before": before, "after": after, "saved": before - after})
        return
    click.echo(f"{before - after:,} bytes saved: {before:,} became {after:,}.")


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--as", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True
)
@click.option("--run", metavar="RUN", help="Only this run.")
@db_option
@json_option
def export(folder: Path, form: str, run: str | None, db: Path, as_json: bool) -> None:
    """Write every table into FOLDER as a file of JSON lines or CSV.

    Example: cambrian db export backup/ --as csv
    """
    from runs.dump import dump

    with existing_store(db) as store:
        counts = dump(store, folder, form, run)
    if as_json:
        print_json(counts)
        return
    for table, count in counts.items():
        click.echo(f"{count:>9,} {folder / table}.{form}")


@command.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@db_option
@json_option
def merge(files: tuple[Path, ...], db: Path, as_json: bool) -> None:
    """Join the runs of FILEs, of other machines say, into the database.

    The FILEs stay as they are. A run that is here already is recognised, and only what it lacks
    is added; so merging twice is merging once.

    Example: cambrian db merge gpu1.db gpu2.db --db all.db
    """
    from dataclasses import asdict

    from runs.merge import merge as join
    from runs.store import Store

    # Each must be one of ours before anything is made.
    for path in files:
        Store.look(path).close()
    found = []
    with Store.open(db) as store:
        for path in files:
            merged = join(store, path)
            found.append(merged)
            if not as_json:
                click.echo(merged.sentence)
            for run in merged.held:
                talk().print(f"Run {run} is at work here and was left alone.")
    if as_json:
        print_json([{**asdict(merged), "path": str(merged.path)} for merged in found])


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a FILE that is there.")
@db_option
@json_option
def backup(file: Path, force: bool, db: Path, as_json: bool) -> None:
    """Copy the database to FILE as it is now, also while runs write to it.

    Example: cambrian db backup monday.db
    """
    from runs.care import backup as copy

    with existing_store(db) as store:
        size = copy(store, file, force)
    if as_json:
        print_json({"file": str(file), "bytes": size})
        return
    click.echo(f"Wrote {file}, {size:,} bytes.")
