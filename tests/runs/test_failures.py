import errno

import pytest

from recsys_core.errors import Cancelled, InvalidTable
from recsys_core.runs.failures import plain_message


def out_of_gpu_memory() -> Exception:
    import torch

    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (InvalidTable("The file is empty."), "The file is empty."),
        (Cancelled(), "Stopped as asked"),
        (out_of_gpu_memory(), "memory of the GPU ran out"),
        (MemoryError(), "Memory ran out"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk of the workspace is full"),
        (KeyError("secret"), "unexpected error"),
    ],
)
def test_every_failure_has_a_sentence(error: Exception, expected: str) -> None:
    message = plain_message(error)
    assert expected in message
    assert "secret" not in message
    assert "allocate" not in message
    assert message.endswith(".")
