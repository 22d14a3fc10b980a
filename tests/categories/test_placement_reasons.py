from __future__ import annotations

import pandas as pd

from recsys_core.categories.placement_reasons import reasons

CATALOG = pd.DataFrame(
    {
        "product_id": ["m1", "m2", "m3", "s1", "s2"],
        "title": ["red mug", "blue mug", "blue tall mug", "red spade", "iron spade"],
        "category": ["Home > Mugs"] * 3 + ["Garden > Spades"] * 2,
    }
)


def test_shared_words_and_the_most_like_product() -> None:
    new = pd.DataFrame({"product_id": ["n1", "n2"], "title": ["blue mug with handle", None]})
    placed = pd.DataFrame(
        {"product_id": ["n1", "n1", "n2"], "category": ["Home > Mugs", "Garden > Spades", "Home > Mugs"]}
    )
    told = reasons(CATALOG, new, placed)
    assert told["words"].tolist() == ["mug, blue", "", ""]
    assert told["like"].tolist() == ["blue mug", "", ""]
