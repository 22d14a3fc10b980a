"""The box on the Launch page that makes a model smaller."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from recsys_core.errors import InvalidSetting, NotThere
from recsys_core.run_context import RunContext
from recsys_core.runs.jobs import CompressSettings, LaunchSettings, adapt_launch, compress_launch
from recsys_core.tables.checking import read_table
from recsys_core.ui.launch_compress import in_words, proposed
from recsys_core.workspace import Workspace

SAMPLE = Path(__file__).parents[2] / "sample_data"


@pytest.fixture
def shop(with_model: Workspace) -> Workspace:
    products = read_table(SAMPLE / "new_products.csv", "products", name="new.csv").frame.iloc[:50]
    launch = with_model.create_launch("August", products)
    adapt_launch(with_model, LaunchSettings(launch=launch.id, method="zero-shot"), RunContext())
    return with_model


def lists(shop: Workspace) -> pd.DataFrame:
    return shop.load_adapted("August").recommend(top=10)


def test_a_variant_is_published_beside_nothing_else_and_given_back(shop: Workspace) -> None:
    before, record = lists(shop), shop.launch_record("August").adapted
    assert record is not None
    settings = CompressSettings(launch="August", by="distil+int8")
    result = compress_launch(shop, settings, RunContext())
    now = shop.launch_record("August").adapted
    assert now is not None
    assert (now.id, result["of"], now.model, now.method) == (result["adapted"], record.id, record.model, record.method)
    assert {name: now.summary[name] for name in record.summary} == record.summary
    assert [row["variant"] for row in result["rows"]] == ["none", "distil+int8"]
    assert not lists(shop).equals(before)
    again = compress_launch(shop, CompressSettings(launch="August", by="none"), RunContext())
    assert again["of"] == record.id
    assert lists(shop).equals(before)


def test_what_cant_be_done_is_said(shop: Workspace, with_model: Workspace) -> None:
    with pytest.raises(InvalidSetting, match="magic"):
        compress_launch(shop, CompressSettings(launch="August", by="magic"), RunContext())
    with_model.create_launch("Fresh", shop.load_launch("August").products)
    with pytest.raises(NotThere, match="no recommendations"):
        compress_launch(shop, CompressSettings(launch="Fresh"), RunContext())


def test_compare_starts_one_run(shop: Workspace, open_app) -> None:
    compress_launch(shop, CompressSettings(launch="August", by="int8"), RunContext())
    app = open_app(shop, "launch.py")
    assert "In use: 8-bit numbers." in [caption.value for caption in app.caption]
    app.button(key="compare").click().run()
    assert not app.exception
    # There is no worker in this test: the run waits, and a second one can't be asked for.
    assert app.button(key="compare").disabled
    assert any("Making the model smaller" in element.value for element in app.markdown)


WHOLE = {"variant": "none", "memory_bytes": 1000, "score_ms": 30.0, "ndcg": 0.5, "overlap": 1.0}
ROWS = [
    WHOLE,
    {"variant": "int8", "memory_bytes": 250, "score_ms": 20.0, "ndcg": 0.499, "overlap": 0.99},
    {"variant": "prune", "memory_bytes": 120, "score_ms": 60.0, "ndcg": 0.48, "overlap": 0.95},
    {"variant": "distil", "memory_bytes": 80, "score_ms": 30.0, "ndcg": 0.51, "overlap": 0.6},
]


def test_a_variant_in_plain_words() -> None:
    assert [in_words(row, WHOLE) for row in ROWS[1:]] == [
        "25% of the size, 1.5 times as fast; 99% of places are the same; ndcg@20 0.499 instead of 0.500",
        "12% of the size, slower; 95% of places are the same; ndcg@20 0.480 instead of 0.500",
        "8% of the size, as fast; 60% of places are the same; ndcg@20 0.510 instead of 0.500",
    ]


def test_proposed_is_the_smallest_that_is_nearly_as_good() -> None:
    assert proposed(ROWS) == "int8"
    assert proposed(ROWS[:1]) == "none"
    without_quality = [row | {"ndcg": None} for row in ROWS]
    assert proposed(without_quality) == "prune"
