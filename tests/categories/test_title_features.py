from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_core.categories.similarity import product_words
from recsys_core.categories.title_features import title_features


def features(*titles: str | None):
    products = pd.DataFrame({"title": list(titles)})
    return title_features(products, product_words(products), seed=0)


def test_heads_are_what_ends_the_first_phrase() -> None:
    found = features(
        "coconut body lotion for hair",
        "rose body lotion, 8 oz",
        "lotion with body oil",
        "body oil",
        "短袖上衣",
        "长袖上衣",
    )
    same = (found.heads @ found.heads.T).toarray() > 0.1
    assert same[0, 1]
    assert same[4, 5], "上衣 is the last pair of characters of both"
    assert same[0, 2], "the last word alone is lotion in both"
    assert not same[0, 3]
    assert (found.pairs @ found.pairs.T).toarray()[2, 3] > 0, "body oil"


def test_alike_spellings_have_alike_meanings() -> None:
    meaning = features("moisturizer", "moisturizers", "shampoo", "shampoos", "perfume").meaning
    assert meaning[0] @ meaning[1] > 0.5 > abs(meaning[0] @ meaning[2])


def test_titles_that_say_nothing_have_no_features() -> None:
    found = features(None, None)
    assert found.pairs.shape[0] == found.heads.shape[0] == len(found.meaning) == 2
    assert not found.meaning.any()
    assert np.isfinite(features("mug", None, "mug").meaning).all()
