"""What a run can compute on. Only the worker and the shell verbs ask torch; the web process reads what they found."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from recsys_core.errors import InvalidSetting

GIB = 2**30


@dataclass(frozen=True)
class Device:
    """One device of the machine that the worker runs on."""

    id: str
    """As torch calls it: cpu, cuda."""
    name: str
    memory: int
    """In bytes."""
    cores: int | None = None
    """CPU cores that the process may use; None for a GPU."""

    @property
    def label(self) -> str:
        """Name and memory, to show."""
        size = f"{self.memory / GIB:.0f} GB"
        return f"{self.name} ({size})" if self.cores is None else f"{self.name} ({self.cores} cores, {size})"


def resolve_device(choice: str) -> str:
    """The device for "auto", "cpu" or "cuda". Raises InvalidSetting if it isn't there."""
    if choice == "cpu":
        return "cpu"
    if choice not in ("auto", "cuda"):
        raise InvalidSetting(f"There is no device “{choice}”. Choose auto, cpu or cuda.")
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if choice == "cuda":
        raise InvalidSetting("This machine has no GPU that can be used (CUDA). Choose “auto” or “cpu”.")
    return "cpu"


def describe_device(device: str) -> Device:
    """Name and memory of a device that `resolve_device` gave."""
    if device == "cpu":
        return Device("cpu", "CPU", _main_memory(), _cores())
    import torch

    properties = torch.cuda.get_device_properties(device)
    return Device(device, properties.name, properties.total_memory)


def find_devices() -> list[Device]:
    """The devices of this machine, the one that "auto" takes first. Imports torch."""
    best = resolve_device("auto")
    return [describe_device(device) for device in dict.fromkeys([best, "cpu"])]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _main_memory() -> int:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    # In a container the machine's memory isn't what a process may use.
    text = limit.read_text().strip() if limit.is_file() else "max"
    return min(memory, int(text)) if text.isdigit() else memory


if __name__ == "__main__":
    print(json.dumps([asdict(device) for device in find_devices()]))
