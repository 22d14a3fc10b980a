from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recsys_core.categories import category_net
from recsys_core.categories.calibration import Calibration
from recsys_core.categories.candidates import Candidates, Evidence
from recsys_core.categories.placement import ERROR_RATE, place, threshold_for
from recsys_core.content.pretrained import PretrainedEncoder
from recsys_core.errors import InvalidSetting, NotThere
from recsys_core.run_context import RunContext

KINDS = {"Home > Mugs": "mug", "Garden > Spades": "spade", "Toys > Dolls": "doll", "服装 > 上衣": "上衣"}
COLOURS = ("red", "blue", "green", "white", "large", "small", "old", "new")


def catalog(per_category: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [
        (f"{category}-{number}", f"{rng.choice(COLOURS)} {word} {rng.choice(COLOURS)}", category)
        for category, word in KINDS.items()
        for number in range(per_category)
    ]
    return pd.DataFrame(rows, columns=["product_id", "title", "category"])


def partly_vague() -> pd.DataFrame:
    """A quarter of the titles name no kind of thing."""
    rng = np.random.default_rng(5)
    shop = catalog(130)
    vague = rng.random(len(shop)) < 0.25
    shop["title"] = shop["title"].where(~vague, [f"{a} {b}" for a, b in rng.choice(COLOURS, (len(shop), 2))])
    return shop


def new(*titles: str | None) -> pd.DataFrame:
    return pd.DataFrame({"product_id": [f"n{n}" for n in range(len(titles))], "title": list(titles)})


def test_products_go_where_their_words_are_and_a_foreign_category_does_not_count() -> None:
    products = new("green mug", "old doll", "白色短袖上衣").assign(category="Garden > Spades")
    placed, trust = place(catalog(), products, run=RunContext())
    assert list(placed) == ["product_id", "rank", "category", "probability", "known"]
    first = placed[placed["rank"] == 1]
    assert first["category"].tolist() == ["Home > Mugs", "Toys > Dolls", "服装 > 上衣"]
    assert first["known"].all()
    assert placed["rank"].tolist() == [1, 2, 3] * 3
    assert (
        placed.groupby("product_id")["probability"].agg(lambda p: p.is_monotonic_decreasing and p.sum() <= 1.0001).all()
    )
    assert trust.first == trust.answered == trust.first_of_answered == 1
    assert trust.products == 32


def test_what_is_like_nothing_here_is_not_known() -> None:
    rng = np.random.default_rng(1)
    shop = catalog()
    # A quarter of the titles name no kind of thing: those can't be told, and the shop's own products show it.
    vague = rng.random(len(shop)) < 0.4
    shop["title"] = shop["title"].where(~vague, [f"{a} {b}" for a, b in rng.choice(COLOURS, (len(shop), 2))])
    placed, trust = place(shop, new("red spade", "quite another thing", None, "blue large"), run=RunContext())
    assert placed.loc[placed["rank"] == 1, "known"].tolist() == [True, False, False, False]
    assert trust.first_of_answered is not None
    assert trust.first < trust.first_of_answered
    assert trust.answered < 1


def test_the_network_places_too() -> None:
    products = new("green mug", "old doll", "白色短袖上衣", None)
    placed, trust = place(catalog(30), products, thorough=True, run=RunContext())
    first = placed[placed["rank"] == 1]
    assert first["category"].tolist()[:3] == ["Home > Mugs", "Toys > Dolls", "服装 > 上衣"]
    assert first["known"].tolist()[3] is False
    assert trust.first == 1


def test_of_many_products_thorough_placing_learns_what_speaks_for_a_category(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = partly_vague()
    stages: list[str] = []
    run = RunContext(report=lambda values: stages.append(values.get("stage", "")))
    products = new("green mug", "old doll", "白色短袖上衣", None)
    seen = Evidence.candidates

    def watched(self: Evidence, rows: np.ndarray, *said: np.ndarray, run: RunContext) -> Candidates:
        assert not len(np.intersect1d(rows, said[2])), "a product's own category speaks for it"
        return seen(self, rows, *said, run=run)

    monkeypatch.setattr(Evidence, "candidates", watched)
    placed, trust = place(shop, products, thorough=True, run=run)
    assert placed.loc[placed["rank"] == 1, "category"].tolist()[:3] == ["Home > Mugs", "Toys > Dolls", "服装 > 上衣"]
    assert placed.loc[placed["rank"] == 1, "known"].tolist() == [True, True, True, False]
    assert trust.products == len(shop) - len(shop) // 10
    assert {"Learning the categories (5 of 5)", "Choosing among the likeliest categories"} <= set(stages)


def test_the_mean_of_five_is_made_surer_by_what_none_of_them_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(category_net, "STEPS", (20, 20))
    shop, asked = partly_vague(), []

    def sure(factor: float) -> np.ndarray:
        def sharper(self: Calibration, margins: np.ndarray, sureness: float) -> float:
            asked.append(len(margins))
            return factor

        monkeypatch.setattr(Calibration, "sharper", sharper)
        placed, _ = place(shop, new("red large", "blue mug"), thorough=True, run=RunContext())
        return placed.loc[placed["rank"] == 1, "probability"].to_numpy()

    assert (sure(2.0) > sure(1.0)).all()
    assert asked == [52, 52]


def test_equally_likely_ones_are_answered_all_or_none() -> None:
    chances, truth = np.tile([0.3, 0.2], (100, 1)), np.repeat([0, 1], [30, 70])
    assert threshold_for(chances, truth, ERROR_RATE) == np.inf
    assert threshold_for(chances, truth, 0.7) == pytest.approx(0.3)


def test_the_threshold_keeps_to_the_error_rate() -> None:
    rng = np.random.default_rng(2)
    sure = rng.random(4000)
    chances = np.column_stack([0.5 + sure / 2, 0.5 - sure / 2])
    truth = (rng.random(4000) > chances[:, 0]).astype(int)
    threshold = threshold_for(chances, truth, ERROR_RATE)
    answered = chances[:, 0] >= threshold
    assert truth[answered].mean() <= ERROR_RATE
    assert truth[answered].mean() == pytest.approx(ERROR_RATE, abs=0.02)
    assert threshold_for(chances, np.full(4000, 5), ERROR_RATE) == np.inf


def test_the_pretrained_encoder_places_by_meaning() -> None:
    shop = catalog()
    shop = shop[shop["category"] != "服装 > 上衣"]
    products = new("drinking vessel for tea", "shovel to dig soil")
    by_words, _ = place(shop, products, run=RunContext())
    placed, _ = place(shop, products, PretrainedEncoder(), run=RunContext())
    assert placed.loc[placed["rank"] == 1, "category"].tolist() == ["Home > Mugs", "Garden > Spades"]
    assert not by_words["known"].any(), "no word is shared"


def test_too_little_to_learn_from_is_said() -> None:
    with pytest.raises(NotThere, match="1 and 40"):
        place(catalog()[:40], new("mug"), run=RunContext())
    with pytest.raises(NotThere, match="4 and 20"):
        place(catalog(5), new("mug"), run=RunContext())
    with pytest.raises(InvalidSetting, match="top 0"):
        place(catalog(), new("mug"), top=0, run=RunContext())
    with pytest.raises(InvalidSetting, match="between 0 and 1"):
        place(catalog(), new("mug"), error_rate=10, run=RunContext())


def test_titles_without_words_teach_nothing() -> None:
    with pytest.raises(NotThere, match="no words"):
        place(catalog().assign(title="1"), new("2"), run=RunContext())
