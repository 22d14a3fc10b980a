"""What a product says of itself in words, as one text. Its category isn't in it: that is what texts are to tell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_core.tables.columns import TAG_SEPARATOR

DESCRIPTION_LENGTH = 500
"""Characters of the description that are read: the first sentences say what the product is, later ones repeat the shop."""


def text_of(value: object) -> str:
    """A cell's text; "" for a missing one."""
    return value if isinstance(value, str) else ""


def titles_of(products: pd.DataFrame) -> list[str]:
    """One a product; "" for none."""
    return [text_of(title) for title in products["title"]] if "title" in products else [""] * len(products)


def tags_of(value: object) -> list[str]:
    """Tags as a list: checked tables hold lists, a notebook's frames may hold text."""
    if isinstance(value, str):
        return value.split(TAG_SEPARATOR)
    return [str(tag) for tag in value] if isinstance(value, list | tuple | np.ndarray) else []


def product_text(products: pd.DataFrame) -> list[str]:
    """Title, brand, the start of the description, and tags as one text a product; "" where none has a letter or digit."""

    def column(name: str) -> list[object]:
        return products[name].tolist() if name in products else [None] * len(products)

    texts = []
    for title, brand, description, tags in zip(*map(column, ("title", "brand", "description", "tags")), strict=True):
        parts = [text_of(title), text_of(brand), text_of(description)[:DESCRIPTION_LENGTH], ", ".join(tags_of(tags))]
        texts.append(". ".join(part.strip() for part in parts if any(map(str.isalnum, part))))
    return texts
