"""What every estimator promises, whatever it learns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted import SMALL

from recsys_core.adaptation.zero_shot import ZeroShot
from recsys_core.dataset import Dataset, Launch
from recsys_core.errors import Cancelled, DamagedArtefact, UnknownProduct
from recsys_core.models.content_neighbours import ContentNeighbours
from recsys_core.models.popularity import CustomerActivity, Popularity
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

Score = Callable[[pd.Index, pd.DataFrame], np.ndarray]


class Case:
    """One estimator: how to make it, and its scores (n_customers, n_products) for rows of a product table."""

    def __init__(self, make: Callable, score: Callable[[object], Score]):
        self.make, self.score = make, score


def by_ids(model) -> Score:
    return lambda customers, products: model.score(customers, pd.Index(products["product_id"]))


def by_launch(model: SourceModel) -> Score:
    def score(customers: pd.Index, products: pd.DataFrame) -> np.ndarray:
        adapted = ZeroShot().adapt(model, Launch("asked", products), run=RunContext())
        return adapted.score(model.customer_ids_.get_indexer(customers))

    return score


CASES = {
    "popularity": Case(Popularity, by_ids),
    "activity": Case(CustomerActivity, by_ids),
    "content neighbours": Case(ContentNeighbours, lambda model: model.score),
    "source model": Case(lambda: SourceModel(SMALL), by_launch),
}
every_estimator = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
WHO = pd.Index(["c000", "c001", "c002"])


@every_estimator
def test_saved_and_loaded_it_says_the_same(case: Case, word_shop, tmp_path: Path) -> None:
    catalog = word_shop[0]
    model = case.make().fit(catalog, run=RunContext())
    model.save(tmp_path / "model")
    loaded = type(model).load(tmp_path / "model")
    some = catalog.products.head(7)
    np.testing.assert_array_equal(case.score(loaded)(WHO, some), case.score(model)(WHO, some))
    (tmp_path / "model" / "settings.json").write_text("{}}")
    with pytest.raises(DamagedArtefact):
        type(model).load(tmp_path / "model")


@every_estimator
def test_the_same_seed_gives_the_same_scores(case: Case, word_shop) -> None:
    catalog = word_shop[0]
    one, other = (case.make().fit(catalog, run=RunContext(seed=2)) for _ in range(2))
    some = catalog.products.head(7)
    scores = case.score(one)(WHO, some)
    assert scores.shape == (3, 7)
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores, case.score(other)(WHO, some))


@every_estimator
def test_an_unknown_customer_is_served_if_declared_and_scores_nothing_of_its_own(case: Case, word_shop) -> None:
    catalog = word_shop[0]
    model = case.make().fit(catalog, run=RunContext())
    scores = case.score(model)(pd.Index(["nobody", "no one"]), catalog.products.head(4))
    np.testing.assert_array_equal(scores[0], scores[1])
    if not model.serves_new_customers:
        assert not scores.any()


@every_estimator
def test_an_unknown_product_is_scored_if_declared_and_else_refused(case: Case, word_shop) -> None:
    model = case.make().fit(word_shop[0], run=RunContext())
    new = pd.DataFrame({"product_id": ["new", "silent"], "title": pd.Series(["garden thing1", None], dtype="str")})
    if model.serves_new_products:
        assert np.isfinite(case.score(model)(WHO, new)).all()
    else:
        with pytest.raises(UnknownProduct, match="new"):
            case.score(model)(WHO, new)


@every_estimator
def test_it_stops_when_told_to(case: Case, word_shop) -> None:
    with pytest.raises(Cancelled):
        case.make().fit(word_shop[0], run=RunContext(stop_asked=lambda: True))


@every_estimator
def test_a_shop_of_one_product_and_one_customer(case: Case) -> None:
    products = pd.DataFrame({"product_id": ["only"], "title": ["red mug"]})
    sales = pd.DataFrame({"customer_id": ["c"], "product_id": ["only"]})
    model = case.make().fit(Dataset(products, sales), run=RunContext())
    assert np.isfinite(case.score(model)(pd.Index(["c"]), products)).all()
