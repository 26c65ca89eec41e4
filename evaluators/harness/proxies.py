"""Training-free scores: what a network's first weights say of the network it will become.

All are taken at initialisation from one batch, as in Abdelfattah et al. 2021 ("Zero-cost proxies
for lightweight NAS"); higher is meant to be better. With loss L, weights w, gradients g = ∂L/∂w:

    grad_norm   Σ ‖g‖ over the weight tensors
    snip        Σ |w · g|                                             (Lee et al. 2019)
    grasp       Σ -w · (H g), H the Hessian                           (Wang et al. 2020)
    fisher      ½ mean over examples of (Σ a · ∂L/∂a)², summed over channels of the activations
                a of all layers with weights                          (Turner et al. 2020)
    synflow     Σ |w · ∂R/∂w|, R the sum of the outputs for an input of ones with |w| for w
                                                                      (Tanaka et al. 2020)
    jacob_cov   spread of the examples' input gradients               (Mellor et al. 2020)
    naswot      log |K|, K how many units agree in sign for each pair of examples
                                                                      (Mellor et al. 2021)
    hidden_cov  spread of the last recurrent layer's states           (Serianni & Kalita 2023)
    parameters  the number of weights: the baseline that a proxy must beat

A spread is -Σ [log(λ + k) + 1 / (λ + k)] over the eigenvalues λ of the examples' correlation
matrix, k = 1e-5. Units of NASWOT are the outputs of all layers with weights, whatever activation
follows. Normalisation and attention stay as they are in synflow, which was made for plain ReLU
networks. A score that does not exist for a network is not-a-number.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from evaluators.harness.bodies.whole import Whole, whole
from evaluators.harness.labels import UNASKED
from programs.kinds.networks.build import Network, run
from programs.kinds.networks.plan import Call
from programs.kinds.networks.recurrent import RECURRENT
from sandbox.base import Payload

SPREAD = 1e-5
_RECURRENT = {layer.name for layer in RECURRENT if layer.name != "reverse"}


def measure(payload: Payload) -> Payload:
    """Return every proxy of the network that a task's payload describes, by name.

    Data and arrays in are those of `harness.architecture.train`; the first batch of the training
    examples and the first seed are used.
    """
    data = payload.data
    count = int(data["batch"])
    x, y = (torch.from_numpy(np.array(payload.arrays[n][:count])) for n in ("train_x", "train_y"))
    x = x if x.is_floating_point() else x.long()
    network = whole(data, x[:2], int(data["seeds"][0])).double()
    x = x.double() if x.is_floating_point() else x
    found = {name: _tried(proxy, network, x, y.long()) for name, proxy in PROXIES.items()}
    return Payload(found)


def warm_up() -> None:
    """Do nothing: what this needs is imported with it."""


def _tried(
    proxy: Callable[[Whole, Tensor, Tensor], float], network: Whole, x: Tensor, y: Tensor
) -> float | None:
    """Return a proxy of a copy of the network; `None` where it is not a finite number."""
    try:
        value = proxy(copy.deepcopy(network), x, y)
    except torch.linalg.LinAlgError:  # pyright: ignore[reportPrivateImportUsage]
        return None
    return value if np.isfinite(value) else None


def _loss(network: Whole, x: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(network(x).flatten(0, -2), y.flatten(), ignore_index=UNASKED)


def _gradients(network: Whole, loss: Tensor, create: bool = False) -> list[Tensor]:
    weights = list(network.parameters())
    return list(
        torch.autograd.grad(
            loss, weights, create_graph=create, allow_unused=True, materialize_grads=True
        )
    )


def _grad_norm(network: Whole, x: Tensor, y: Tensor) -> float:
    return float(sum(g.norm() for g in _gradients(network, _loss(network, x, y))))


def _snip(network: Whole, x: Tensor, y: Tensor) -> float:
    return _salience(network, _loss(network, x, y))


def _salience(network: Whole, loss: Tensor) -> float:
    pairs = zip(network.parameters(), _gradients(network, loss), strict=True)
    return float(sum((w.detach() * g).abs().sum() for w, g in pairs))


def _grasp(network: Whole, x: Tensor, y: Tensor) -> float:
    first = _gradients(network, _loss(network, x, y), create=True)
    square = 0.5 * sum((g.square().sum() for g in first), torch.zeros((), dtype=x.dtype))
    if not square.requires_grad:
        return float("nan")
    # The gradient of ½‖g‖² is H g.
    pairs = zip(network.parameters(), _gradients(network, square), strict=True)
    return float(-sum((w.detach() * hg).sum() for w, hg in pairs))


def _fisher(network: Whole, x: Tensor, y: Tensor) -> float:
    h, seen = _values(network, x, lambda call: call.layer.weighted)
    logits = network.readout(network.gathered(h)).flatten(0, -2)
    loss = F.cross_entropy(logits, y.flatten(), ignore_index=UNASKED)
    found = torch.autograd.grad(loss, seen, allow_unused=True) if seen else ()
    total = 0.0
    for a, g in zip(seen, found, strict=True):
        if g is not None:
            product = a.detach() * g
            places = product.flatten(2).sum(2) if a.dim() == 4 else product
            places = places.sum(1) if a.dim() == 3 else places
            total += float(0.5 * places.square().mean(0).sum())
    return total if seen else float("nan")


def _synflow(network: Whole, x: Tensor, y: Tensor) -> float:
    network.eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.abs_()
        shape = network.stem(x[:1]).shape
    h = network.body(torch.ones(shape, dtype=torch.float64))
    return _salience(network, network.readout(network.gathered(h)).sum())


def _jacob_cov(network: Whole, x: Tensor, y: Tensor) -> float:
    h = network.stem(x).detach().requires_grad_()
    out = network.readout(network.gathered(network.body(h)))
    (jacobian,) = torch.autograd.grad(out.sum(), h)
    return _spread(jacobian.flatten(1))


def _naswot(network: Whole, x: Tensor, y: Tensor) -> float:
    with torch.no_grad():
        _, seen = _values(network, x, lambda call: call.layer.weighted)
    if not seen:
        return float("nan")
    codes = torch.cat([(a > 0).flatten(1).double() for a in seen], 1)
    agree = codes @ codes.T + (1 - codes) @ (1 - codes).T
    return float(torch.linalg.slogdet(agree).logabsdet)


def _hidden_cov(network: Whole, x: Tensor, y: Tensor) -> float:
    with torch.no_grad():
        _, seen = _values(network, x, lambda call: call.layer.name in _RECURRENT)
    return _spread(seen[-1].flatten(1)) if seen else float("nan")


def _parameters(network: Whole, x: Tensor, y: Tensor) -> float:
    return float(sum(p.numel() for p in network.parameters()))


def _values(
    network: Whole, x: Tensor, wanted: Callable[[Call], bool]
) -> tuple[Tensor, list[Tensor]]:
    """Return the body's output for a batch, and the values of the calls wanted."""
    body = network.body
    assert isinstance(body, Network)
    weights = {p: {**w._parameters, **w._buffers} for p, w in body.weights.items()}
    found = run(body.recipe.calls, network.stem(x), lambda c, _: weights[c.path], body.training)
    seen = [found[call.target] for call in body.recipe.calls if wanted(call)]
    return found[body.recipe.result], seen


def _spread(rows: Tensor) -> float:
    correlation = torch.corrcoef(rows.double())
    if not torch.isfinite(correlation).all():
        return float("nan")
    values = torch.linalg.eigvalsh(correlation).clamp(min=0) + SPREAD
    return float(-(values.log() + 1 / values).sum())


PROXIES: dict[str, Callable[[Whole, Tensor, Tensor], float]] = {
    "grad_norm": _grad_norm,
    "snip": _snip,
    "grasp": _grasp,
    "fisher": _fisher,
    "synflow": _synflow,
    "jacob_cov": _jacob_cov,
    "naswot": _naswot,
    "hidden_cov": _hidden_cov,
    "parameters": _parameters,
}
