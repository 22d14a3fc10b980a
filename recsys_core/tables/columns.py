"""The column names of the three tables, once."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["products", "interactions", "customers"]
Type = Literal["id", "text", "category", "number", "price", "time", "planned", "tags"]

KINDS: tuple[Kind, ...] = ("products", "interactions", "customers")

PRODUCT = "product_id"
CUSTOMER = "customer_id"

COLUMNS: dict[Kind, dict[str, Type]] = {
    "products": {
        PRODUCT: "id",
        "title": "text",
        "description": "text",
        "category": "category",
        "brand": "text",
        "price": "price",
        "tags": "tags",
        "image_url": "text",
        "launched_at": "planned",
    },
    "interactions": {
        CUSTOMER: "id",
        PRODUCT: "id",
        "event_type": "text",
        "quantity": "number",
        "unit_price": "price",
        "rating": "number",
        "timestamp": "time",
    },
    "customers": {CUSTOMER: "id"},
}
"""Known columns of each table and how each is read. Any other column is kept as text: an attribute."""

REQUIRED: dict[Kind, tuple[str, ...]] = {
    "products": (PRODUCT, "title"),
    "interactions": (CUSTOMER, PRODUCT),
    "customers": (CUSTOMER,),
}

MAX_COLUMNS = 5_000
"""How many columns a file may have."""

UNIQUE: dict[Kind, str | None] = {"products": PRODUCT, "interactions": None, "customers": CUSTOMER}
"""The column of each table whose values may occur once only."""

RETURN = "return"
"""The event_type of a return; returns, and rows with a quantity of zero or less, don't count as interest."""

PLACED_BY = "placed_by"
"""Column of a launch's products: who put one into another category than it came with; missing where nobody did."""
PERSON, MODEL = "person", "model"
PLACE = "place"
"""Column of a launch's products: where one was placed, whether or not recommendations go by it."""
CATEGORY_SEPARATOR = " > "
TAG_SEPARATOR = "|"


def plain_name(name: str) -> str:
    """A header name as it is compared: "Product ID " and "product-id" are both "product_id"."""
    return re.sub(r"[\s\-_]+", "_", name.strip().casefold())
