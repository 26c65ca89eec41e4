"""Ask, inside a sandbox child, whether a device is there."""

from __future__ import annotations

import torch

from sandbox.base import Payload


def device(payload: Payload) -> Payload:
    """Try the device named in `data["device"]` with a small sum; say what was found instead."""
    wanted = torch.device(str(payload.data["device"]))
    if not torch.cuda.is_available():
        return Payload({"there": False, "found": "PyTorch sees no CUDA device"})
    count = torch.cuda.device_count()
    if (wanted.index or 0) >= count:
        return Payload({"there": False, "found": f"PyTorch sees {count} CUDA device(s)"})
    there = float(torch.ones(4, device=wanted).sum()) == 4.0
    return Payload({"there": there, "found": torch.cuda.get_device_name(wanted)})
