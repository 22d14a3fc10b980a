from __future__ import annotations

import re

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer

from recsys_core.content.prices import PriceLevels
from recsys_core.content.words import WordCounts, product_tokens, readable


def table(**columns: list) -> pd.DataFrame:
    titles = columns.pop("title")
    return pd.DataFrame({"product_id": [str(i) for i in range(len(titles))], "title": titles, **columns})


def test_categories_brands_and_tags_are_whole_tokens() -> None:
    products = table(
        title=["Red mug", None],
        category=["Kitchen > Mugs & cups", None],
        brand=["Acme Ltd", None],
        tags=[["gift set", "new"], []],
    )
    bags = product_tokens(products, [])
    assert bags[0] == [
        "red",
        "mug",
        "category=kitchen",
        "category=mugs & cups",
        "brand=acme ltd",
        "tag=gift set",
        "tag=new",
    ]
    assert bags[1] == []
    assert readable("category=mugs & cups") == "category: mugs & cups"


def test_tfidf_equals_scikit_learns() -> None:
    titles = ["red mug red", "blue mug", "red plate", "green lamp", "blue lamp shade"]
    expected = TfidfVectorizer(sublinear_tf=True, min_df=2, token_pattern=r"(?u)\b\w[\w&\-]+\b").fit_transform(titles)
    counts = WordCounts.of(table(title=titles))
    ours = pd.DataFrame(counts.tfidf().toarray(), columns=counts.vocabulary)
    ours = ours.loc[:, ours.any()]
    np.testing.assert_allclose(ours.to_numpy(), expected.toarray(), rtol=1e-6)


def test_a_launch_brings_its_own_words_and_counts() -> None:
    catalog = WordCounts.of(table(title=["red mug", "red lamp"]))
    both = catalog.with_products(table(title=["teapot lid", "teapot"]))
    assert both.vocabulary[: len(catalog.vocabulary)] == catalog.vocabulary
    tfidf = pd.DataFrame(both.tfidf().toarray(), columns=both.vocabulary)
    assert (tfidf["teapot"] > 0).tolist() == [False, False, True, True]
    assert not tfidf["lid"].any(), "a word of one product alone can't compare it with another"


def test_extra_columns_count_unless_they_are_ids() -> None:
    products = table(title=["a"] * 6, colour=["red", "blue"] * 3, code=list("uvwxyz"))
    counts = WordCounts.of(products)
    assert counts.attributes == ["colour"]
    assert "colour=red" in counts.vocabulary


def test_texts_that_say_nothing_give_rows_of_zeros() -> None:
    tfidf = WordCounts.of(table(title=[None, "", "!!"])).tfidf()
    assert tfidf.shape[0] == 3
    assert tfidf.nnz == 0


def test_prices_lie_between_levels_and_missing_ones_nowhere() -> None:
    levels = PriceLevels.of(table(title=["x"] * 50, price=list(np.linspace(1, 100, 50))))
    encoded = levels.encode(table(title=["a", "b", "c"], price=[1e9, 20.0, np.nan]))
    np.testing.assert_allclose(encoded.sum(axis=1), [1, 1, 0], rtol=1e-6)
    assert encoded[0, -1] == 1
    assert (encoded[1] > 0).sum() == 2
    assert PriceLevels.of(table(title=["x"])).encode(table(title=["a"])).shape == (1, 0)


def test_chinese_titles_are_compared_by_their_characters() -> None:
    titles = [
        "纯棉短袖上衣",
        "纯棉长袖上衣",
        "女士高跟鞋",
        "男士运动鞋",
        "不锈钢保温杯",
        "陶瓷马克杯",
        "短袖连衣裙",
        "长袖衬衫",
    ]
    tfidf = WordCounts.of(table(title=titles)).tfidf()
    likeness = (tfidf @ tfidf.T).toarray()
    assert likeness[0, 1] > 0.5
    assert likeness[0, 1] > 1.2 * likeness[0, 2:].max()
    assert likeness[2, 3] > likeness[2, [0, 1, 4, 5, 6, 7]].max(), "two pairs of shoes"


def test_each_run_of_characters_chooses_by_itself() -> None:
    products = table(
        title=["iPhone手机壳 red-blue", "红色T恤", "XL码", "锅"],
        category=["手机配件 > 手机壳", None, None, None],
        brand=["华为", None, None, None],
        tags=[["新款 上市"], [], [], []],
    )
    assert product_tokens(products, []) == [
        [
            "iphone",
            "red-blue",
            "手",
            "机",
            "壳",
            "手机",
            "机壳",
            "category=手机配件",
            "category=手机壳",
            "brand=华为",
            "tag=新款 上市",
        ],
        ["红", "色", "t", "恤", "红色", "色t", "t恤"],
        ["xl", "码"],
        ["锅"],
    ]


def test_japanese_and_korean_are_cut_too_and_widths_do_not_matter() -> None:
    bags = product_tokens(table(title=["シャツ・コート", "ｼｬﾂ", "Ｔシャツ", "셔츠 컵", "𠮷野"]), [])
    assert bags[0] == ["シ", "ャ", "ツ", "シャ", "ャツ", "コ", "ー", "ト", "コー", "ート"]
    assert bags[1] == bags[0][:5]
    assert bags[2] == ["t", *bags[0][:3], "tシ", *bags[0][3:5]]
    assert bags[3] == ["셔", "츠", "셔츠", "컵"]
    assert bags[4] == ["𠮷", "野", "𠮷野"]


def test_other_scripts_stay_words_as_they_were() -> None:
    titles = ["Red-blue M&S mug, 2nd", "Café “crème” naïve", "Тёплый шарф", "Ünlü çanta ﬁn ½ Ｔ-shirt", "ผ้าไหม", "קערה"]
    word = re.compile(r"\b\w[\w&\-]+\b")
    assert product_tokens(table(title=titles), []) == [word.findall((title + " ").lower()) for title in titles]
