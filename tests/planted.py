"""Small shops whose right answers are known: every customer loves one theme and buys within it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_core.dataset import Dataset, Launch
from recsys_core.models.source_model import SourceModelConfig

SMALL = SourceModelConfig(content_dimensions=16, taste_dimensions=8, epochs=2, batch_size=128, meaning_dimensions=0)
"""Large enough for the planted shops, and trained in seconds."""

THEMES = ("garden", "kitchen", "toys", "music", "travel")
NEW_PER_THEME = 4


def planted_shop(
    words_tell: bool, customers: int = 250, products_per_theme: int = 60, bought: int = 15, seed: int = 0
) -> tuple[Dataset, Launch, pd.Series, pd.Series]:
    """A catalog, a launch with 5 supporters a product, and the theme of each customer and of each product.

    words_tell: titles name the theme, and first sales are by anyone; else titles are noise, and first sales are by
    customers of the theme.
    """
    rng = np.random.default_rng(seed)
    ids = [f"p{theme}{number:02d}" for theme in range(len(THEMES)) for number in range(products_per_theme)]
    theme_of = pd.Series(np.repeat(np.arange(len(THEMES)), products_per_theme), index=ids)
    new_ids = [f"n{theme}{number}" for theme in range(len(THEMES)) for number in range(NEW_PER_THEME)]
    new_theme = pd.Series(np.repeat(np.arange(len(THEMES)), NEW_PER_THEME), index=new_ids)
    love = pd.Series(rng.integers(len(THEMES), size=customers), index=[f"c{number:03d}" for number in range(customers)])

    def titles(themes: pd.Series) -> list[str]:
        noise = [f"thing{word}" for word in rng.integers(30, size=len(themes))]
        words = [THEMES[theme] if words_tell else f"item{rng.integers(30)}" for theme in themes]
        return [f"{word} {other}" for word, other in zip(words, noise, strict=True)]

    # The first buyers of every product, catalog and launch alike, come early: by chance or of the theme.
    sales, first = [], []
    for product, theme in pd.concat([theme_of, new_theme]).items():
        buyers = love.index if words_tell else love.index[love == theme]
        early = [(customer, product, "2024-01-01") for customer in rng.choice(buyers, 5, replace=False)]
        (first if product in new_theme.index else sales).extend(early)
    for customer, theme in love.items():
        mine = rng.choice(theme_of.index[theme_of == theme], bought, replace=False)
        sales += [(customer, product, "2024-02-01") for product in mine]
    columns = ["customer_id", "product_id", "timestamp"]
    catalog = Dataset(
        pd.DataFrame({"product_id": ids, "title": titles(theme_of)}),
        pd.DataFrame(sales, columns=columns).astype({"timestamp": "datetime64[us]"}),
    )
    launch = Launch(
        "planted",
        pd.DataFrame({"product_id": new_ids, "title": titles(new_theme)}),
        pd.DataFrame(first, columns=columns).astype({"timestamp": "datetime64[us]"}),
    )
    return catalog, launch, love, pd.concat([theme_of, new_theme])
