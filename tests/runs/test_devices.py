import pytest

from recsys_core.errors import InvalidSetting
from recsys_core.runs.devices import GIB, Device, describe_device, find_devices, resolve_device


def has_cuda() -> bool:
    import torch

    return bool(torch.cuda.is_available())


def test_auto_takes_the_gpu_where_there_is_one() -> None:
    assert resolve_device("cpu") == "cpu"
    assert resolve_device("auto") == ("cuda" if has_cuda() else "cpu")
    assert [device.id for device in find_devices()] == (["cuda", "cpu"] if has_cuda() else ["cpu"])


def test_a_gpu_that_is_not_there_is_said_plainly() -> None:
    if has_cuda():
        assert resolve_device("cuda") == "cuda"
    else:
        with pytest.raises(InvalidSetting, match="no GPU"):
            resolve_device("cuda")
    with pytest.raises(InvalidSetting, match="tpu"):
        resolve_device("tpu")


def test_labels() -> None:
    assert Device("cuda", "NVIDIA H200", 141 * GIB).label == "NVIDIA H200 (141 GB)"
    assert Device("cpu", "CPU", 24 * GIB, 2).label == "CPU (2 cores, 24 GB)"
    cpu = describe_device("cpu")
    assert cpu.cores
    assert 0 < cpu.memory < 2**50
