"""The verbs on frames, as in a notebook."""

from __future__ import annotations

import pandas as pd
from planted import planted_shop

import recsys_core
from recsys_core.models.source_model import SourceModelConfig


def test_from_frames_to_lists_without_a_workspace(tmp_path) -> None:
    catalog, launch, love, theme = planted_shop(words_tell=False)
    catalog.products.to_csv(tmp_path / "products.csv", index=False)
    products = recsys_core.read(tmp_path / "products.csv", "products")
    stages: set[str] = set()
    config = SourceModelConfig(content_dimensions=16, taste_dimensions=8, epochs=1, batch_size=128)
    source = recsys_core.train(
        products, catalog.interactions, config=config, report=lambda values: stages.add(values.get("stage", ""))
    )
    adapted = recsys_core.launch(source, launch.products, launch.interactions)
    lists = recsys_core.recommend(adapted, top=4)
    assert (theme[lists["product_id"]].to_numpy() == love[lists["customer_id"]].to_numpy()).mean() > 0.7
    assert adapted.method != "zero-shot"
    audience = recsys_core.audience(adapted, top=10)
    assert isinstance(audience, pd.DataFrame)
    assert len(audience) == 10 * len(launch.product_ids)
    assert "Training" in stages


def test_a_backtest_on_frames_is_the_table_of_figures() -> None:
    catalog, _, _, _ = planted_shop(words_tell=True)
    table = recsys_core.backtest(
        catalog.products, catalog.interactions, methods=["zero-shot"], shots=(0, 2), cuts=1, by="product"
    )
    assert list(table) == ["method", "k", "cut", "group", "metric", "value", "low", "high", "n"]
    ndcg = table[(table["metric"] == "ndcg") & (table["group"] == "new products") & (table["cut"] == "all")]
    at_once = ndcg[ndcg["k"] == 0].set_index("method")["value"]
    assert at_once["zero-shot"] > 2 * at_once["random"]
