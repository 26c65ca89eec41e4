"""An exported architecture computes what the built network does, and is plain PyTorch."""

from __future__ import annotations

import ast
import copy
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from programs.errors import Fault, InputError
from programs.export import export
from programs.export.evidence import Evidence
from programs.kinds.architecture import at
from programs.kinds.networks.build import Network, build
from programs.kinds.networks.plan import Recipe, recipe
from programs.load import library, read_program, unreadable
from programs.spec import Spec
from tests.programs.export.networks import (
    SPECS,
    assert_same,
    copy_weights,
    exported,
    genome,
    program,
    twins,
)
from tests.programs.test_architectures import IMAGES
from tests.programs.test_layers import CASES
from tests.programs.test_layers import SPECS as SORTS

GOLDEN = Path(__file__).parents[2] / "golden"
EVIDENCE = Evidence(("score: 0.912 ± 0.004 (95 %)", "task: digits"))
NAMES = sorted(library("architecture"))

ALONE = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("programs", "agent", "evaluators", "sandbox", "runs"):
            raise ImportError(f"{name} must not be needed")

sys.meta_path.insert(0, Refuse())
sys.path.insert(0, ".")
import importlib, pathlib, torch

torch.set_num_threads(1)
for file in sorted(pathlib.Path(".").glob("exported_*.py")):
    torch.manual_seed(0)
    shape = [int(n) for n in file.stem.split("__")[1].split("_")]
    net = importlib.import_module(file.stem).Network()
    x, y = torch.randn(16, *shape), None
    opt = torch.optim.Adam(net.parameters(), lr=2e-2)
    losses = []
    for _ in range(12):
        out = net(x)
        y = torch.randn_like(out) if y is None else y
        loss = torch.nn.functional.mse_loss(out, y.detach())
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    assert losses[-1] < 0.95 * losses[0], (file, losses)
print("trained")
"""


def fitting(name: str) -> Iterator[Spec]:
    """Yield the inputs a library program fits."""
    for spec in SPECS:
        if name in IMAGES and spec.input != "image":
            continue
        if isinstance(recipe(genome(library("architecture")[name]), at(spec)), Recipe):
            yield spec


@pytest.mark.parametrize("name", NAMES)
def test_library_agrees_with_the_built_network(name: str) -> None:
    specs = list(fitting(name))
    assert specs
    for spec in specs:
        built, ours = twins(library("architecture")[name], spec)
        counts = [sum(p.numel() for p in n.parameters()) for n in (built, ours)]
        assert counts[0] == counts[1]
        x = torch.randn(4, *spec.shape)
        assert_same(built, ours, x)
        assert_same(built.eval(), ours.eval(), x)


@pytest.mark.parametrize(("call", "sort"), CASES)
def test_every_layer_agrees_and_begins_alike(call: str, sort: str) -> None:
    made = read_program(f"def network(x):\n    return {call}\n", at(SORTS[sort]))
    if isinstance(made, Fault):
        return
    spec = SORTS[sort]
    torch.manual_seed(1)
    built = build(genome(made), spec)
    ours = exported(made, spec).Network()
    assert isinstance(built, Network)
    wanted, found = (by_last_name(n) for n in (built, ours))
    assert wanted.keys() == found.keys()
    for name, weight in wanted.items():
        assert found[name].shape == weight.shape
        if weight.numel() > 1:
            spread = 1e-6 + 6 * float(weight.std()) / weight.numel() ** 0.5
            assert float(found[name].mean()) == pytest.approx(float(weight.mean()), abs=spread)
            assert float(found[name].std()) == pytest.approx(float(weight.std()), abs=spread)
    copy_weights(built, ours, torch.randn(3, *spec.shape))
    assert_same(built, ours, torch.randn(3, *spec.shape))


def by_last_name(network: nn.Module) -> dict[str, Tensor]:
    """Return the weights of a network of one layer by their own names."""
    return {name.rpartition(".")[2]: w for name, w in network.state_dict().items()}


def test_a_vector_meets_a_sequence_and_an_image() -> None:
    source = "def gate(x):\n    return x * sigmoid(linear(mean_pool(x))) + mean_pool(x)\n\n"
    made = program(source + "def network(x):\n    return repeat(gate, 2, x)\n")
    for spec in SPECS[1:3]:
        built, ours = twins(made, spec)
        assert_same(built, ours, torch.randn(3, *spec.shape))


@pytest.mark.parametrize("name", ["llama", "densenet", "universal"])
def test_copies_pickles_and_states_go_round(name: str) -> None:
    made, spec = library("architecture")[name], SPECS[1]
    module = exported(made, spec)
    first = module.Network().eval()
    x = torch.randn(2, *spec.shape)
    for other in (copy.deepcopy(first), pickle.loads(pickle.dumps(first)), module.Network()):
        other.load_state_dict(first.state_dict())
        torch.testing.assert_close(other.eval()(x), first(x))


@pytest.mark.parametrize("name", ["fnet", "hyena", "llama"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_types_of_half_the_width_and_empty_batches_will_do(name: str, dtype: torch.dtype) -> None:
    made = library("architecture")[name]
    for spec in fitting(name):
        network = exported(made, spec).Network()
        x = torch.randn(2, *spec.shape)
        wanted = network.eval()(x)
        half = copy.deepcopy(network).to(dtype)
        found = half(x.to(dtype))
        assert found.dtype == dtype
        torch.testing.assert_close(found.float(), wanted, rtol=0.1, atol=0.1)
        found.float().sum().backward()
        assert half(x[:0].to(dtype)).shape == (0, *wanted.shape[1:])


@pytest.mark.parametrize("name", ["llama", "densenet"])
def test_it_compiles(name: str) -> None:
    network = exported(library("architecture")[name], SPECS[1]).Network().eval()
    x = torch.randn(2, *SPECS[1].shape)
    torch.compiler.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's compiler warns about torch
        found = torch.compile(network, backend="eager", fullgraph=True)(x)
    torch.testing.assert_close(found, network(x))


def test_some_train_in_a_process_without_our_packages(tmp_path: Path) -> None:
    for name in ("llama", "moe", "gru", "mlp"):
        text = export(library("architecture")[name], spec=SPECS[3 if name == "mlp" else 1])
        shape = "8" if name == "mlp" else "8_8"
        (tmp_path / f"exported_{name}__{shape}.py").write_text(text, "utf-8")
    (tmp_path / "alone.py").write_text(ALONE, "utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "alone.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.strip() == "trained", done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_torch_is_the_only_import(name: str) -> None:
    tree = ast.parse(export(library("architecture")[name]))
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    known = {"import math", "import torch", "import torch.nn.functional as F"}
    assert {ast.unparse(n) for n in nodes} <= known | {
        "from torch import nn",
        "from torch import Tensor, nn",
    }


def test_the_text_is_as_it_was_read_and_approved() -> None:
    spec = Spec("sequence", (32, 64), 10, causal=True)
    text = export(library("architecture")["llama"], "py", EVIDENCE, spec)
    file = GOLDEN / "export_llama.py.txt"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def test_what_cannot_be_exported_is_said() -> None:
    with pytest.raises(InputError, match="does not fit this input"):
        export(library("architecture")["vit"], spec=SPECS[3])
    with pytest.raises(InputError, match="free-form Python"):
        export(unreadable("def build(spec): ...", "architecture"))
    with pytest.raises(InputError, match="as latex yet"):
        export(library("architecture")["vit"], "latex")
