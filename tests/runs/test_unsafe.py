"""Where nothing isolates, free-form Python runs only if the user insists, and is marked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from runs.commands.eval import command
from sandbox import tiers
from sandbox.tiers import Finding

SMALL = str(Path(__file__).parents[1] / "agent" / "small.py")
FREE = """import torch

def update(w, g, lr, step):
    if step < 0:
        raise ValueError
    return lr * torch.sign(g)
"""


def test_free_form_python_is_refused_unless_the_user_insists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiers, "probe", lambda tier: Finding(tier, False, "not on this machine"))
    file = tmp_path / "free.py"
    file.write_text(FREE)
    words = [str(file), "--task", SMALL, "--json"]
    refused = CliRunner().invoke(command, words)
    answer = json.loads(refused.stdout)
    assert (answer["status"], answer["score"]) == ("invalid", None)
    assert "refused at tier process" in answer["message"]
    insisted = CliRunner().invoke(command, [*words, "--unsafe-no-sandbox"])
    assert insisted.exit_code == 0, insisted.output
    answer = json.loads(insisted.stdout)
    assert (answer["status"], answer["tier"]) == ("scored", "unsafe")
    assert answer["fingerprint"].startswith("unsafe-")
    assert "NOT ISOLATED" in insisted.stderr
