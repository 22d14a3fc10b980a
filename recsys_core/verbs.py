"""The verbs a data scientist calls, on frames and with no workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.dataset import Dataset, Launch
from recsys_core.evaluation.pseudo_launch import HeldOutBy
from recsys_core.models.source_model import SourceModel, SourceModelConfig
from recsys_core.run_context import Report, RunContext
from recsys_core.selection.auto import adapt
from recsys_core.selection.backtests.run import CUTS, SHOTS
from recsys_core.selection.backtests.run import backtest as replay
from recsys_core.selection.uncertainty import with_uncertainty
from recsys_core.tables.checking import read_table
from recsys_core.tables.columns import Kind
from recsys_core.tables.schema import valid


@dataclass(frozen=True)
class Trained:
    """A source model with the catalog it was trained on."""

    model: SourceModel
    catalog: Dataset


def read(path: Path | str, kind: Kind) -> pd.DataFrame:
    """The good rows of a file (CSV, TSV, Excel, Parquet), typed. Raises InvalidTable if the file can't be used."""
    return read_table(Path(path), kind, name=Path(path).name).frame


def train(
    products: pd.DataFrame,
    interactions: pd.DataFrame,
    customers: pd.DataFrame | None = None,
    *,
    config: SourceModelConfig = SourceModelConfig(),
    seed: int = 0,
    device: Literal["cpu", "cuda"] = "cpu",
    report: Report | None = None,
) -> Trained:
    """Trains a source model on typed tables (see `read`); `report` gets a dict for each step of progress."""
    catalog = _catalog(products, interactions, customers)
    return Trained(SourceModel(config).fit(catalog, run=_run(seed, device, report)), catalog)


def launch(
    trained: Trained,
    new_products: pd.DataFrame,
    first_sales: pd.DataFrame | None = None,
    *,
    name: str = "launch",
    method: str = "auto",
    seed: int = 0,
    device: Literal["cpu", "cuda"] = "cpu",
    report: Report | None = None,
) -> AdaptedModel:
    """Adapts a source model to new products and their first sales, and learns how probable a purchase is.

    Raises InvalidSetting for an unknown method.
    """
    valid(new_products, "products")
    batch = (
        Launch(name, new_products)
        if first_sales is None
        else Launch(name, new_products, valid(first_sales, "interactions"))
    )
    run = _run(seed, device, report)
    return with_uncertainty(adapt(trained.model, batch, method, run=run)[0], trained.catalog, run=run)[0]


def recommend(adapted: AdaptedModel, customers: Sequence[str] | None = None, top: int = 20) -> pd.DataFrame:
    """See `AdaptedModel.recommend`."""
    return adapted.recommend(customers, top)


def audience(
    adapted: AdaptedModel, products: Sequence[str] | None = None, top: int | None = None, share: float | None = None
) -> pd.DataFrame:
    """See `AdaptedModel.audience`."""
    return adapted.audience(products, top, share)


def backtest(
    products: pd.DataFrame,
    interactions: pd.DataFrame,
    *,
    methods: Sequence[str] | None = None,
    shots: Sequence[int] = SHOTS,
    cuts: int = CUTS,
    by: HeldOutBy | None = None,
    seed: int = 0,
    device: Literal["cpu", "cuda"] = "cpu",
    report: Report | None = None,
) -> pd.DataFrame:
    """Replays launches from the past of typed tables: method, k, cut, group, metric, value, low, high, n.

    See `selection.backtests.run.backtest`, and `figures` there. Raises CannotRun where there is too little to replay.
    """
    catalog = _catalog(products, interactions)
    run = _run(seed, device, report)
    return replay(catalog, methods=methods, shots=shots, cuts=cuts, by=by, run=run).metrics


def _catalog(products: pd.DataFrame, interactions: pd.DataFrame, customers: pd.DataFrame | None = None) -> Dataset:
    """Raises InvalidTable if a frame isn't what it is given as."""
    if customers is not None:
        valid(customers, "customers")
    return Dataset(valid(products, "products"), valid(interactions, "interactions"), customers)


def _run(seed: int, device: str, report: Report | None) -> RunContext:
    return RunContext(device, seed) if report is None else RunContext(device, seed, report)
