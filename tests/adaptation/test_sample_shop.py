"""The methods on the real sample shop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recsys_core.adaptation.registry import METHODS, method_named
from recsys_core.dataset import Dataset, Launch
from recsys_core.models.source_model import SourceModel, SourceModelConfig
from recsys_core.run_context import RunContext
from recsys_core.tables.checking import read_table
from recsys_core.tables.columns import Kind

FOLDER = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="module")
def adapted() -> dict:
    def table(name: str, kind: Kind):
        return read_table(FOLDER / name, kind, name=name).frame

    catalog = Dataset(table("products.csv", "products"), table("interactions.csv.gz", "interactions"))
    launch = Launch("August", table("new_products.csv", "products"), table("first_sales.csv", "interactions"))
    config = SourceModelConfig(epochs=1, content_dimensions=64, taste_dimensions=64, judged_customers=500)
    source = SourceModel(config).fit(catalog, run=RunContext())
    return {name: method_named(name).adapt(source, launch, run=RunContext()) for name in METHODS}


def test_each_methods_lists_differ_from_zero_shots(adapted: dict) -> None:
    zero = adapted["zero-shot"].recommend(top=10)["product_id"].to_numpy()
    for name in METHODS:
        if name != "zero-shot":
            other = adapted[name].recommend(top=10)["product_id"].to_numpy()
            assert np.mean(zero != other) > 0.1, name


def test_what_fine_tuning_tunes_has_moved(adapted: dict) -> None:
    tuned = adapted["fine-tune"]
    assert not np.array_equal(tuned.adapter.product_tower, tuned.source.head_.product_tower)
    sold = np.asarray(tuned.support.sum(axis=0)).ravel() > 0
    assert (np.abs(tuned.side.terms[0].theta).sum(axis=1)[sold] > 0).all()


def test_a_replayed_figure_is_there_for_each_number_of_first_sales(adapted: dict) -> None:
    replayed = adapted["zero-shot"].source.replayed_
    assert set(replayed) == {"0", "1", "2", "5", "10"}
    assert replayed["0"] > 0.2
