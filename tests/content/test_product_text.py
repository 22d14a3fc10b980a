from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_core.content.product_text import DESCRIPTION_LENGTH, product_text


def test_title_brand_description_and_tags_but_not_the_category() -> None:
    products = pd.DataFrame(
        {
            "product_id": ["1"],
            "title": ["Red mug "],
            "description": ["For tea. " + "x" * DESCRIPTION_LENGTH],
            "category": ["Kitchen > Mugs"],
            "brand": ["Acme"],
            "tags": [["gift", "new"]],
        }
    )
    start = "For tea. " + "x" * (DESCRIPTION_LENGTH - 9)
    assert product_text(products) == [f"Red mug. Acme. {start}. gift, new"]


def test_what_is_missing_leaves_no_trace() -> None:
    nothing = [None, np.nan, pd.NA, ""]
    products = pd.DataFrame(
        {"title": ["Mug", "Mug", "Mug", " ! "], "brand": nothing, "tags": [[], None, "a|b", np.nan]}
    )
    assert product_text(products) == ["Mug", "Mug", "Mug. a, b", ""]
    assert product_text(pd.DataFrame({"product_id": ["1", "2"]})) == ["", ""]
    assert product_text(pd.DataFrame({"title": []})) == []
    typed = pd.DataFrame({"title": pd.Series(["纯棉", None], dtype="str")})
    assert product_text(typed) == ["纯棉", ""]
