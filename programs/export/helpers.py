"""The functions an exported file may carry: each on its own, and only where it is called.

What the vocabulary defines is taken from there, so that it is written once.
"""

from __future__ import annotations

from collections.abc import Iterable

from programs.kind import Kind

_OWN = {
    "as_tensor": '''
def as_tensor(x, like):
    """Put a number beside a tensor."""
    if isinstance(x, torch.Tensor):
        return x
    return torch.full((), x, dtype=like.dtype, device=like.device)
''',
    "cosine": '''
def cosine(a, b):
    """Return the cosine of the angle between two tensors."""
    return divide(torch.sum(a * b), torch.sqrt(torch.sum(a * a) * torch.sum(b * b)))
''',
    "shrinkage": '''
def shrinkage(limit, norm):
    """Return the factor that brings a norm down to a limit."""
    return torch.clamp(divide(abs(limit), norm), 0.0, 1.0)
''',
    "add_": '''
def add_(into, x, scale):
    """Add `scale * x` to lists of tensors."""
    if isinstance(scale, torch.Tensor):
        torch._foreach_add_(into, torch._foreach_mul(x, scale))
    else:
        torch._foreach_add_(into, x, alpha=scale)
''',
    "addcmul_": '''
def addcmul_(into, x, y, scale):
    """Add `scale * x * y` to lists of tensors."""
    if isinstance(scale, torch.Tensor):
        torch._foreach_addcmul_(into, torch._foreach_mul(x, scale), y)
    else:
        torch._foreach_addcmul_(into, x, y, value=scale)
''',
    "addcdiv_": '''
def addcdiv_(into, x, y, scale):
    """Add `scale * x / y` to lists of tensors."""
    if isinstance(scale, torch.Tensor):
        torch._foreach_addcdiv_(into, torch._foreach_mul(x, scale), y)
    else:
        torch._foreach_addcdiv_(into, x, y, value=scale)
''',
    "by_step": '''
def by_step(steps, tensors):
    """Bring together what takes a step of the same number."""
    found = {}
    for step, row in zip(steps, tensors):
        found.setdefault(step, []).append(row)
    return found.items()
''',
    "by_type": '''
def by_type(tensors):
    """Turn weights, gradients and states into lists that share a device and a type."""
    found = {}
    for row in tensors:
        found.setdefault((row[0].device, row[0].dtype), []).append(row)
    return [tuple(map(list, zip(*rows))) for rows in found.values()]
''',
    "beside": '''
def beside(values, w):
    """Give values that are tensors the device and, but for whole ones, the type of a weight."""
    return [
        x.to(w if x.is_floating_point() else w.device) if isinstance(x, torch.Tensor) else x
        for x in values
    ]
''',
    "matrix": '''
def matrix(x):
    """View a tensor as its first dimension × all the others, a vector as a column."""
    return x.flatten(1) if x.ndim > 1 else x.reshape(-1, 1)
''',
    "as_lists": '''
def as_lists(group):
    """Tell whether to update whole lists at once: as was asked, else unless some are on a CPU."""
    if group["foreach"] is None:
        return all(p.device.type != "cpu" for p in group["params"])
    return group["foreach"]
''',
    "copy_back": '''
def copy_back(pairs):
    """Store what changed in matrices that are copies: those of tensors with other strides."""
    for (w, _, *states), (view, _, *others) in pairs:
        for x, y in zip((w, *states), (view, *others)):
            if not x.is_contiguous():
                x.copy_(y.reshape(x.shape))
''',
    "answered": '''
def answered(asked):
    """Put the norm of all tensors asked for before what each update reads later."""
    parts = [torch.linalg.vector_norm(x) for tensors, _ in asked for x in tensors]
    norm = torch.linalg.vector_norm(torch.stack([p.to(parts[0].device) for p in parts]))
    return [(norm.to(tensors[0]), *kept) for tensors, kept in asked]
''',
    "whole": '''
def whole(key):
    """Return the row of the table of noise that a number stands for, in double precision."""
    if not isinstance(key, torch.Tensor):
        return key
    key = torch.nan_to_num(key.to(torch.float64))
    return torch.floor(torch.clamp(key, -1e9, 1e9)).to(torch.int64)
''',
    "noise": '''
def noise(x, key, start):
    """Return standard normal numbers, a function of `key` and of the places from `start` alone."""
    if not isinstance(key, torch.Tensor):
        key = torch.full((), key, dtype=torch.float64, device=x.device)
    row = whole(key).to(x.device)
    place = torch.arange(start, start + x.numel(), device=x.device).view(x.shape)
    bits = scrambled(scrambled(place + 1) + scrambled(row + 0x9E3779B9))
    radius = torch.sqrt(-2.0 * torch.log(share(bits)))
    angle = 6.283185307179586 * share(scrambled(bits + 0x7F4A7C15))
    return (radius * torch.cos(angle)).to(x.dtype)
''',
}


def helper_functions(needed: Iterable[str], kind: Kind) -> str:
    """Return the text of the functions, in a fixed order."""
    ours = {name: text.strip() for name, text in _OWN.items()}
    theirs = {name: text.replace("xp.", "torch.").strip() for name, text in kind.helpers.items()}
    known = {**theirs, **ours}
    return "\n\n\n".join(text for name, text in known.items() if name in set(needed))
