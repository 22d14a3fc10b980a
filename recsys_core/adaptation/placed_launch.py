"""A launch beside the catalog: its content in the catalog's space, its support among the catalog's customers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from recsys_core.dataset import Launch
from recsys_core.models.category_lift import CategoryLift, numbered
from recsys_core.models.content_space import ContentSpace, ContentVectors
from recsys_core.models.head import NewProducts, Scorer
from recsys_core.models.known_customers import KnownCustomers
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext
from recsys_core.tables.columns import MODEL, PLACE, PLACED_BY, PRODUCT


@dataclass(frozen=True)
class PlacedLaunch:
    source: SourceModel
    launch: Launch
    space: ContentSpace
    """Of catalog and launch: their words, and what these mean."""
    scorer: Scorer
    content: ContentVectors
    """Of the launch's products."""
    support: sp.csr_matrix
    """(n_customers, n): who bought what already; unknown customers are left out."""
    customers: KnownCustomers
    """The catalog's, as the scorer sees them."""

    @classmethod
    def of(
        cls,
        source: SourceModel,
        launch: Launch,
        new_words: np.ndarray | None = None,
        *,
        run: RunContext = RunContext(),
    ) -> PlacedLaunch:
        """new_words: what words mean that the catalog doesn't have (see `new_words`); else they are read."""
        space = source.space_.with_launch(launch.products, new_words, run=run)
        catalog, content = space.catalog().split(len(source.product_ids_))
        scorer = source.scorer(catalog)
        support = launch.support_weights(source.customer_ids_)
        return cls(source, launch, space, scorer, content, support, KnownCustomers(scorer))

    @property
    def new_words(self) -> np.ndarray:
        """(n_new_words, m) what the words mean that the catalog doesn't have."""
        return self.space.meanings.vectors[len(self.source.space_.counts.vocabulary) :]

    @property
    def price_levels(self) -> np.ndarray:
        """(n, n_levels) of the launch's products."""
        return self.space.price_levels[len(self.source.product_ids_) :]

    @cached_property
    def new(self) -> NewProducts:
        """The launch's products as a method sees them; looked up among the catalog's when first asked for."""
        everyone = np.arange(len(self.launch.product_ids))
        new = self.scorer.new_products(self.content, self.support.T.tocsr(), self.launch.pace)
        return self.through_places(new, everyone)

    def through_places(self, new: NewProducts, products: np.ndarray) -> NewProducts:
        """Those products with what the categories say where the model placed them; products: (n,) position of each in the launch."""
        places = self._places[products]
        if (places < 0).all():
            return new
        spread = self.scorer.head.mixture.spread["together"]
        return replace(new, placement=self._lift.added_to(new.placement, places, spread))

    @cached_property
    def _numbers(self) -> tuple[np.ndarray, int]:
        """(n_catalog + n,) number of each product's category, the launch's being those where the model placed them; how many."""
        table = self.launch.products
        place = table[PLACE].where(table[PLACED_BY] == MODEL)
        return numbered(self.source.space_.counts.with_products(table[[PRODUCT]].assign(category=place)))

    @cached_property
    def _places(self) -> np.ndarray:
        """(n,) number of the category where the model placed each product; -1: nowhere, or recommendations don't go by it."""
        table = self.launch.products
        if PLACE not in table or not (table[PLACED_BY] == MODEL).any():
            return np.full(len(table), -1)
        return self._numbers[0][-len(table) :]

    @cached_property
    def _lift(self) -> CategoryLift:
        numbers, count = self._numbers
        return CategoryLift.of(self.scorer.weights, numbers[: self.scorer.weights.shape[1]], count)
