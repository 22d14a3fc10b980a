"""The epoch loop, written once: progress, cancellation, early stopping, and a checkpoint per epoch to resume from."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recsys_core.artefacts import load_arrays, save_arrays
from recsys_core.errors import DamagedArtefact, RunFailed
from recsys_core.run_context import RunContext

CURVE_POINTS_PER_EPOCH = 5
"""Losses reported within an epoch, each the mean since the one before, so that the curve moves from the start."""


@dataclass(frozen=True)
class Schedule:
    epochs: int
    batches_per_epoch: int
    patience: int
    """Epochs without a better figure after which training ends."""
    at_least: int = 0
    """The best epoch is looked for from this one on."""


@contextmanager
def one_core_left() -> Iterator[None]:
    """Torch computes with a thread less meanwhile, for the core that makes the next batch: with more threads than cores each
    waits for the others."""
    threads = torch.get_num_threads()
    torch.set_num_threads(max(1, threads - 1))
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def train(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: Schedule,
    *,
    losses: Callable[[int], Iterable[Tensor]],
    evaluate: Callable[[], float] | None,
    run: RunContext,
    stage: str = "Training",
) -> list[dict[str, float]]:
    """Trains, leaves the best epoch's weights in `network`, and returns one dict an epoch (epoch, loss, ndcg, seconds).

    losses(epoch) yields the loss of one batch after another; evaluate() judges the network as it is, higher is better
    (None: the last epoch is the best). Epoch 0 is the untrained start; a fraction of an epoch is reported with its loss
    alone. What `run.checkpoints` holds is taken up: finished
    epochs aren't repeated, so `losses` must depend on nothing but the epoch and the seed.
    Raises Cancelled, or RunFailed if the loss is no longer a number.
    """
    total = schedule.epochs * schedule.batches_per_epoch

    def judged() -> dict[str, float]:
        return {"ndcg": evaluate()} if evaluate else {}

    state = _load(run.checkpoints, network, optimizer)
    if state is None:
        state, best = {"history": [{"epoch": 0, **judged()}], "best": 0}, _weights(network)
        _save(run.checkpoints, 0, network, optimizer, best, state)
        run.progress(stage, 0, total, **(state["history"][0] if evaluate else {}))
    else:
        best = state.pop("best_weights")
        run.log(f"Resumed after epoch {len(state['history']) - 1}")
    history: list[dict[str, float]] = state["history"]
    for epoch in range(len(history), schedule.epochs + 1):
        if epoch - 1 - state["best"] >= schedule.patience:
            break
        started = time.monotonic()
        record = {"epoch": epoch, "loss": _epoch(optimizer, losses(epoch), epoch, schedule, run, stage)} | judged()
        record["seconds"] = round(time.monotonic() - started, 3)
        first = state["best"] < min(schedule.at_least, epoch)
        if evaluate is None or first or record["ndcg"] > history[state["best"]]["ndcg"]:
            state["best"], best = epoch, _weights(network)
        history.append(record)
        _save(run.checkpoints, epoch, network, optimizer, best, state)
        run.progress(stage, epoch * schedule.batches_per_epoch, total, **record)
    network.load_state_dict({name: torch.as_tensor(value) for name, value in best.items()})
    return history


def _epoch(
    optimizer: torch.optim.Optimizer,
    losses: Iterable[Tensor],
    epoch: int,
    schedule: Schedule,
    run: RunContext,
    stage: str,
) -> float:
    """Takes one step per loss; returns their mean."""
    total = schedule.epochs * schedule.batches_per_epoch
    window = max(1, schedule.batches_per_epoch // CURVE_POINTS_PER_EPOCH)
    seen: list[float] = []
    for loss in losses:
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        seen.append(loss.item())
        if not np.isfinite(seen[-1]):
            raise RunFailed(
                f"Training failed in epoch {epoch}: the loss is no longer a number. "
                "Try a lower learning rate, or check the prices and quantities of the catalog."
            )
        done = (epoch - 1) * schedule.batches_per_epoch + len(seen)
        values = {}
        if len(seen) % window == 0 and len(seen) < schedule.batches_per_epoch:
            values = {"epoch": done / schedule.batches_per_epoch, "loss": float(np.mean(seen[-window:]))}
        run.progress(stage, done, total, **values)
    return float(np.mean(seen)) if seen else 0.0


def _weights(network: nn.Module) -> dict[str, np.ndarray]:
    return {name: value.detach().cpu().numpy().copy() for name, value in network.state_dict().items()}


def _save(
    folder: Path | None,
    epoch: int,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    best: dict[str, np.ndarray],
    state: dict[str, Any],
) -> None:
    if folder is None:
        return
    arrays = {f"now.{name}": value for name, value in _weights(network).items()}
    arrays |= {f"best.{name}": value for name, value in best.items()}
    for index, moments in optimizer.state_dict()["state"].items():
        arrays |= {f"optimizer.{index}.{name}": np.asarray(value.cpu()) for name, value in moments.items()}
    save_arrays(folder / f"epoch_{epoch:04d}", arrays, state)
    for older in sorted(folder.glob("epoch_*"))[:-2]:
        shutil.rmtree(older, ignore_errors=True)


def _load(folder: Path | None, network: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any] | None:
    """The newest checkpoint that is whole, put into network and optimizer; None if there is none."""
    for checkpoint in sorted(folder.glob("epoch_*"), reverse=True) if folder else []:
        try:
            arrays, state = load_arrays(checkpoint)
        except DamagedArtefact:
            continue
        network.load_state_dict({n[4:]: torch.as_tensor(v) for n, v in arrays.items() if n.startswith("now.")})
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in arrays.items():
            if name.startswith("optimizer."):
                _, index, moment = name.split(".")
                moments.setdefault(int(index), {})[moment] = torch.as_tensor(value)
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
        state["best_weights"] = {n[5:]: v for n, v in arrays.items() if n.startswith("best.")}
        return state
    return None
