"""Whether what stands in a column goes with what its name says."""

from __future__ import annotations

import re
from collections.abc import Callable

from recsys_core.tables.cell_looks import Look
from recsys_core.tables.columns import CUSTOMER, PRODUCT, Kind

BAD, DOUBTFUL = -15.0, -8.0
"""How much weaker cells that go badly with a name make it."""
_EMPTY = -60.0


def surely_not(ours: str, look: Look) -> bool:
    """Whether a column with our own name can't be it: no digit where there should be numbers or dates."""
    return (
        look.count >= 3 and not look.digits and ours in ("price", "unit_price", "quantity", "timestamp", "launched_at")
    )


def cell_fit(ours: str, kind: Kind, look: Look, strong: bool) -> float | None:
    """How well a column's cells go with what its name says: 0 or more is well, None not at all."""
    return _FITS[ours](look, kind, strong) if look.count else _EMPTY


def _fit_id(look: Look, kind: Kind, strong: bool) -> float | None:
    if look.dates >= 0.8 or look.urls >= 0.8 or look.currencies >= 0.5 or look.length > 80:
        return None
    if look.decimals >= 0.5 and look.decimals == look.numbers:
        return None
    if look.flags == 1 and look.count >= 3 and look.distinct < 1 and (kind != "interactions" or look.letters):
        return None
    if kind == "products" and look.digits < 0.1 and look.distinct < 0.8:  # the material it is made of, say
        return None
    fit = 3.0 if look.coded >= 0.8 else 0.0
    if look.coded < 0.3 and look.emails < 0.5:
        fit += DOUBTFUL
    if look.phrases >= 0.5:
        fit += DOUBTFUL
    if kind != "interactions":
        return fit + BAD * (1 - look.distinct)
    if not strong and look.counts_up and float(look.cells[0]) <= 1:
        return None
    if not strong and look.distinct == 1 and look.emails < 0.9:  # rather the row's or the order's
        fit += BAD
    return fit


def _fit_title(look: Look, kind: Kind, strong: bool) -> float | None:
    if not look.letters or look.dates >= 0.8 or look.urls >= 0.5 or look.flags == 1 or look.currencies >= 0.8:
        return None
    fit = 3.0 if look.phrases >= 0.5 else 0.0
    if look.coded >= 0.7:
        fit += BAD
    if look.count >= 6 and look.distinct < 0.5:
        fit += DOUBTFUL
    return fit + (DOUBTFUL if look.length > 150 else 0)


def _fit_text(look: Look, kind: Kind, strong: bool) -> float | None:
    if not look.letters or look.dates >= 0.8 or look.urls >= 0.8 or look.flags == 1:
        return None
    return 0.0


def _fit_category(look: Look, kind: Kind, strong: bool) -> float | None:
    if look.urls >= 0.5 or look.dates >= 0.8 or look.decimals >= 0.5 or look.currencies >= 0.5 or look.length > 250:
        return None
    if look.flags == 1 and look.letters:
        return None
    fit = 0.0
    if look.numbers >= 0.8:
        fit += BAD
    if look.count >= 15 and look.distinct > 0.95:
        fit += DOUBTFUL
    if sum("|" in cell and ">" not in cell for cell in look.cells) > look.count / 2:
        fit += BAD
    return fit


def _fit_brand(look: Look, kind: Kind, strong: bool) -> float | None:
    if look.urls >= 0.8 or look.dates >= 0.8 or look.decimals >= 0.5 or look.currencies >= 0.5 or look.length > 100:
        return None
    return BAD if look.numbers >= 0.8 or look.flags == 1 else 0.0


def _fit_tags(look: Look, kind: Kind, strong: bool) -> float | None:
    if not look.letters or look.dates >= 0.8 or look.urls >= 0.5 or look.flags == 1:
        return None
    return 0.0


def _fit_image(look: Look, kind: Kind, strong: bool) -> float | None:
    return 0.0 if look.pictures >= 0.5 else None


def _fit_price(look: Look, kind: Kind, strong: bool) -> float | None:
    if look.digits < 0.5 or look.dates >= 0.5 or look.urls >= 0.2 or look.length > 30:
        return None
    return 0.0 if look.prices >= 0.8 else BAD


def _fit_number(look: Look, kind: Kind, strong: bool) -> float | None:
    if look.digits < 0.5 or look.dates >= 0.5 or look.length > 20:
        return None
    return 0.0 if look.numbers >= 0.8 else BAD


def _fit_rating(look: Look, kind: Kind, strong: bool) -> float | None:
    return (
        0.0
        if look.cells and all(re.fullmatch("[★☆⭐]+", cell) for cell in look.cells)
        else _fit_number(look, kind, strong)
    )


def _fit_date(look: Look, kind: Kind, strong: bool) -> float | None:
    if look.dates + look.epochs + look.serials >= 0.5:
        return 0.0
    return BAD if kind == "products" and look.years >= 0.8 else None


def _fit_event(look: Look, kind: Kind, strong: bool) -> float | None:
    if look.events >= 0.5:
        return 3.0
    if not strong or look.dates >= 0.5 or look.decimals >= 0.5 or look.length > 40:
        return None
    return DOUBTFUL if look.count >= 10 and look.distinct > 0.5 else 0.0


_FITS: dict[str, Callable[[Look, Kind, bool], float | None]] = {
    PRODUCT: _fit_id,
    CUSTOMER: _fit_id,
    "title": _fit_title,
    "description": _fit_text,
    "category": _fit_category,
    "brand": _fit_brand,
    "price": _fit_price,
    "unit_price": _fit_price,
    "quantity": _fit_number,
    "rating": _fit_rating,
    "tags": _fit_tags,
    "image_url": _fit_image,
    "launched_at": _fit_date,
    "timestamp": _fit_date,
    "event_type": _fit_event,
}
