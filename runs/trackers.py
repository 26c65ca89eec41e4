"""Experiment trackers behind one protocol: TensorBoard files, Weights & Biases, Trackio.

Each is an optional package, imported when a run that asked for it begins. W&B and Trackio take the
same calls. TensorBoard's own package writes the events, so that this process needs no torch.
"""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from programs.errors import InputError

Setting = bool | int | float | str


class Tracker(Protocol):
    """Take in one run; any method may raise whatever its library raises."""

    def begin(self, run: str, settings: Mapping[str, Setting]) -> None:
        """Open the run under its id, or go on with it, and note its hyperparameters."""
        ...

    def numbers(self, values: Mapping[str, float], step: int) -> None:
        """Note some numbers; steps never fall."""
        ...

    def text(self, name: str, text: str, step: int) -> None:
        """Note a text whose lines and spaces matter."""
        ...

    def end(self) -> None:
        """Write out what is left."""
        ...


class TensorBoard:
    """Write a folder of event files a run, which `tensorboard --logdir` shows side by side."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.writer: Any = None

    def begin(self, run: str, settings: Mapping[str, Setting]) -> None:
        """Open the run's folder."""
        files = import_module("tensorboard.summary.writer.event_file_writer")
        hparams = import_module("tensorboard.plugins.hparams.summary_v2")
        self.writer = files.EventFileWriter(str(self.folder / run))
        # `hparams_pb` comes as TensorFlow's own message type where TensorFlow is installed.
        self._write(hparams.hparams_pb(dict(settings), trial_id=run).SerializeToString(), 0)

    def numbers(self, values: Mapping[str, float], step: int) -> None:
        """Write an event of several scalars."""
        protocol = import_module("tensorboard.compat.proto.summary_pb2")
        points = [protocol.Summary.Value(tag=k, simple_value=v) for k, v in values.items()]
        self._write(protocol.Summary(value=points).SerializeToString(), step)

    def text(self, name: str, text: str, step: int) -> None:
        """Write the text as Markdown that keeps it as it is."""
        protocol = import_module("tensorboard.compat.proto.summary_pb2")
        tensors = import_module("tensorboard.compat.proto.tensor_pb2")
        types = import_module("tensorboard.compat.proto.types_pb2")
        metadata = import_module("tensorboard.plugins.text.metadata")
        about = metadata.create_summary_metadata(display_name=name, description="")
        indented = "\n".join(f"    {line}" for line in text.splitlines())
        tensor = tensors.TensorProto(dtype=types.DT_STRING, string_val=[indented.encode()])
        value = protocol.Summary.Value(tag=name, metadata=about, tensor=tensor)
        self._write(protocol.Summary(value=[value]).SerializeToString(), step)

    def end(self) -> None:
        """Close the file."""
        if self.writer is not None:
            self.writer.close()

    def _write(self, summary: bytes, step: int) -> None:
        events = import_module("tensorboard.compat.proto.event_pb2")
        event = events.Event(wall_time=time.time(), step=step)
        event.summary.ParseFromString(summary)
        self.writer.add_event(event)


class Logged:
    """Log to a project of W&B, or of Trackio, which stands in for it call by call."""

    def __init__(self, package: str, project: str) -> None:
        self.package, self.project = package, project
        self.client: Any = None

    def begin(self, run: str, settings: Mapping[str, Setting]) -> None:
        """Open the run, or the one of an earlier sitting."""
        # W&B tells runs by their ids, Trackio by their names.
        more = {"id": run} if self.package == "wandb" else {}
        with _talk_apart():
            client = import_module(self.package)
            client.init(
                project=self.project, name=run, config=dict(settings), resume="allow", **more
            )
        self.client = client

    def numbers(self, values: Mapping[str, float], step: int) -> None:
        """Log the numbers of a step."""
        with _talk_apart():
            self.client.log(dict(values), step=step)

    def text(self, name: str, text: str, step: int) -> None:
        """Log the text so that it is shown as it is."""
        with _talk_apart():
            if self.package == "wandb":
                shown = self.client.Html(f"<pre>{html.escape(text)}</pre>", inject=False)
            else:
                shown = self.client.Markdown(f"```python\n{text}\n```")
            self.client.log({name: shown}, step=step)

    def end(self) -> None:
        """Send what is left."""
        if self.client is not None:
            with _talk_apart():
                self.client.finish()


def tracker_named(track: str | None) -> Tracker | None:
    """Return the tracker of `tensorboard:FOLDER`, `wandb:PROJECT` or `trackio:PROJECT`, or none.

    `InputError` says what to install.
    """
    if track is None:
        return None
    package, _, where = track.partition(":")
    if find_spec(package) is None:
        raise InputError(
            f"`{track}` needs the package {package}, which is not installed: "
            f"pip install 'cambrian[{package}]'."
        )
    return TensorBoard(where) if package == "tensorboard" else Logged(package, where)


@contextmanager
def _talk_apart() -> Iterator[None]:
    """Send what a library prints to stderr: stdout is for results."""
    with redirect_stdout(sys.stderr):
        yield
