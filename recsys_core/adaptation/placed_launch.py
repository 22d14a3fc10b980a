"""A launch beside the catalog: its content in the catalog's space, its support among the catalog's customers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from recsys_core.dataset import Launch
from recsys_core.models.content_space import ContentVectors
from recsys_core.models.head import NewProducts, Scorer
from recsys_core.models.source_model import SourceModel


@dataclass(frozen=True)
class PlacedLaunch:
    source: SourceModel
    launch: Launch
    vocabulary: list[str]
    """The words of catalog and launch: column → token."""
    scorer: Scorer
    content: ContentVectors
    """Of the launch's products."""
    price_levels: np.ndarray
    support: sp.csr_matrix
    """(n_customers, n): who bought what already; unknown customers are left out."""

    @classmethod
    def of(cls, source: SourceModel, launch: Launch) -> PlacedLaunch:
        vocabulary, catalog, content = source.space_.with_launch(launch.products)
        return cls(
            source,
            launch,
            vocabulary,
            source.scorer(catalog),
            content,
            source.space_.prices.encode(launch.products),
            launch.support_weights(source.customer_ids_),
        )

    @cached_property
    def new(self) -> NewProducts:
        """The launch's products as a method sees them; looked up among the catalog's when first asked for."""
        return self.scorer.new_products(self.content, self.support.T.tocsr())
