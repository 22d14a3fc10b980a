"""What every run can be told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class JobSettings(BaseModel):
    """What every run can be told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 0
    """The same seed on the same device gives the same result."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to compute; auto takes CUDA where there is one."""
