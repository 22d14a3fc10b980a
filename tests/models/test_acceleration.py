"""What a GPU gains from must leave a CPU as it is, and fall back cleanly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys_core.models import acceleration
from recsys_core.models.acceleration import COMPILING_PAYS, compiled, half_wide, moved_to
from recsys_core.models.training import one_core_left

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def twice(x: torch.Tensor) -> torch.Tensor:
    return 2 * x


def test_on_a_cpu_nothing_is_half_wide_or_compiled() -> None:
    left = moved_to(CPU, np.ones((2, 2), dtype=np.float32))
    with half_wide(CPU):
        assert (left @ left).dtype == torch.float32
    assert compiled(twice, CPU, COMPILING_PAYS) is twice
    assert compiled(twice, CUDA, COMPILING_PAYS - 1) is twice


def test_what_cannot_be_compiled_is_computed_all_the_same(monkeypatch, caplog) -> None:
    asked = []

    def broken(function, dynamic):
        def call(x):
            asked.append(x)
            raise RuntimeError("no compiler")

        return call

    monkeypatch.setattr(acceleration.torch, "compile", broken)
    function = compiled(twice, CUDA, COMPILING_PAYS)
    assert [float(function(torch.tensor(x))) for x in (1.0, 3.0)] == [2.0, 6.0]
    assert len(asked) == 1
    assert "uncompiled" in caplog.text


def test_a_core_is_left_for_the_next_batch_and_given_back() -> None:
    before = torch.get_num_threads()
    with one_core_left():
        assert torch.get_num_threads() == max(1, before - 1)
    assert torch.get_num_threads() == before


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_products_of_matrices_are_half_wide() -> None:
    left = moved_to(CUDA, np.ones((2, 2), dtype=np.float32))
    with half_wide(CUDA):
        assert (left @ left).dtype == torch.bfloat16
    assert float(compiled(twice, CUDA, COMPILING_PAYS)(left).sum()) == 8.0
