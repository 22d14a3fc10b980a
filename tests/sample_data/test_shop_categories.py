"""The keyword table: what it covers, and whether a person who reads the title agrees."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from shop_categories import Categories, plain

JUDGED = Path(__file__).with_name("judged_titles.csv")


@pytest.fixture(scope="module")
def categories() -> Categories:
    return Categories()


def test_a_hundred_titles_get_the_leaf_that_was_judged_and_at_least_ninety_are_right(categories: Categories) -> None:
    with JUDGED.open(encoding="utf-8", newline="") as file:
        judged = list(csv.DictReader(file))
    assert len({row["title"] for row in judged}) == 100
    assert {row["right"] for row in judged} <= {"yes", "no"}
    changed = [
        (row["title"], categories.of(row["title"])) for row in judged if categories.of(row["title"]) != row["leaf"]
    ]
    assert changed == [], "judge these again"
    assert sum(row["right"] == "yes" for row in judged) >= 90


@pytest.mark.parametrize(
    ("title", "category"),
    [
        ("Ceramic mug", "Kitchen > Mugs & cups"),
        ("CERAMIC MUGS", "Kitchen > Mugs & cups"),
        ("Smug cat", ""),  # whole words only
        ("Grow your own basil in enamel mug", "Garden > Gardening"),  # the rule that comes first
        ("Card holder gingham heart", "Furniture & storage > Memo boards & letter racks"),
        ("Children's apron dolly girl", "Kitchen > Aprons, tea towels & cosies"),
        ('Flower glass garland neckl.36" blue', "Jewellery > Necklaces & jewellery sets"),
        ("White tall porcelain T-light holder", "Candles & fragrance > T-light & candle holders"),
        ("Packing charge", ""),
    ],
)
def test_a_title_finds_its_category(categories: Categories, title: str, category: str) -> None:
    assert categories.of(title) == category


def test_plus_joins_words_that_stand_apart(tmp_path: Path) -> None:
    table = tmp_path / "categories.csv"
    table.write_text("category,phrases\nA > B,red + tray; blue *cup\n", encoding="utf-8")
    categories = Categories(table)
    assert categories.of("Tray, round, red") == "A > B"
    assert categories.of("Blue teacup") == "A > B"
    assert categories.of("Red cup") == ""


def test_an_empty_phrase_is_refused_since_it_would_match_everything(tmp_path: Path) -> None:
    table = tmp_path / "categories.csv"
    table.write_text("category,phrases\nA > B,red; \n", encoding="utf-8")
    with pytest.raises(ValueError, match="empty phrase"):
        Categories(table)


def test_every_phrase_of_the_table_places_some_product(categories: Categories) -> None:
    titles = []
    for name in ("products.csv", "new_products.csv"):
        with (JUDGED.parents[2] / "sample_data" / name).open(encoding="utf-8", newline="") as file:
            titles += [plain(row["title"]) for row in csv.DictReader(file)]
    idle = []
    for category, phrases in categories.rules:
        placed = [title for title in titles if any(phrase.within(title) for phrase in phrases)]
        idle += [(category, p.text) for p in phrases if not any(p.within(title) for title in placed)]
        titles = [title for title in titles if title not in placed]
    assert idle == []
