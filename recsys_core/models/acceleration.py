"""What training gains on a GPU: half-wide matrix products, transfers from pinned memory, compiled functions.

On a CPU nothing of this happens, and nothing changes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

COMPILING_PAYS = 5_000
"""Steps from which on a compilation of half a minute is made up for: an estimate, to be measured on a GPU."""

Function = Callable[..., Tensor]


def moved_to(device: torch.device, array: np.ndarray) -> Tensor:
    """The array as a tensor there; to a GPU from pinned memory, so that the processor needn't wait for the copy."""
    tensor = torch.as_tensor(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor


def half_wide(device: torch.device) -> torch.autocast:
    """Within it matrices are multiplied as bfloat16 on a GPU; sums, losses and weights stay float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


def compiled(function: Function, device: torch.device, steps: int) -> Function:
    """The function compiled for a GPU, if so many steps make up for it; as it is where it can't be compiled."""
    if device.type != "cuda" or steps < COMPILING_PAYS:
        return function
    faster, failed = torch.compile(function, dynamic=True), False

    def call(*arguments: object) -> Tensor:
        nonlocal failed
        if not failed:
            try:
                return faster(*arguments)
            except Exception:
                # No compiler, or a kind of GPU that it doesn't know: slower, but as right.
                logging.getLogger(__name__).warning("Training goes on uncompiled", exc_info=True)
                failed = True
        return function(*arguments)

    return call
