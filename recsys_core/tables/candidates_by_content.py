"""Which columns of a file may be which of ours by what they hold, where no name told."""

from __future__ import annotations

from recsys_core.tables.candidates import Candidate, Chosen, File
from recsys_core.tables.cell_looks import Look
from recsys_core.tables.columns import COLUMNS, CUSTOMER, PRODUCT, REQUIRED, Kind
from recsys_core.tables.header_names import meaningless
from recsys_core.tables.header_words import key, meanings
from recsys_core.tables.other_names import not_ours

_IDS = {PRODUCT: "looks like product ids", CUSTOMER: "looks like customer ids"}


def by_content(file: File, chosen: Chosen) -> list[Candidate]:
    """For required columns, a price and a time."""
    found: list[Candidate] = []
    looks, nameless = file.looks, [meaningless(name) for name in file.names]
    free = [at for at in file.free(chosen) if looks[at].count >= 2 and _may_be_ours(file.names[at])]
    ids = [ours for ours in REQUIRED[file.kind] if ours in _IDS and ours not in chosen]
    if ids:
        found += _ids(file, ids, [at for at in free if _like_id(looks[at], file.kind, nameless[at])])
        free = [at for at in free if at not in {candidate.at for candidate in found}]
    if "title" in REQUIRED[file.kind] and "title" not in chosen:
        texts = [at for at in free if _like_title(looks[at], nameless[at])]
        if texts:
            longest = max(texts, key=lambda at: looks[at].length if looks[at].length <= 150 else 0)
            found.append(Candidate("title", longest, 1, "looks like product names", sure=False))
    for ours, type_ in COLUMNS[file.kind].items():
        if ours in chosen or type_ not in ("price", "time", "planned"):
            continue
        if type_ == "price":
            likely, why = [at for at in free if _like_price(looks[at], nameless[at])], "looks like prices"
        else:
            likely, why = [at for at in free if _like_date(looks[at], file.kind, nameless[at])], "looks like dates"
        # Of several sums of money or dates with names of their own nothing tells which it is.
        if likely and (len(likely) == 1 or all(nameless[at] for at in likely)):
            found.append(Candidate(ours, likely[0], 0, why, sure=False))
    return found


def _may_be_ours(name: str) -> bool:
    mine = key(name)
    return mine not in not_ours() and not any(mine in meanings(kind) for kind in COLUMNS)


def _ids(file: File, wanted: list[str], possible: list[int]) -> list[Candidate]:
    """Which of the columns that look like ids is which; where both are wanted, the buyer's mostly stands first."""
    looks = file.looks
    found: dict[str, int] = {}
    left = list(possible)
    if file.kind != "interactions":
        left.sort(key=lambda at: looks[at].counts_up)  # a row's number is the last choice
    for ours in wanted:
        at = next((at for at in left if looks[at].sort_of_id == ours), None)
        if at is not None:
            found[ours] = at
            left.remove(at)
    rest = [ours for ours in wanted if ours not in found]
    left = [at for at in left if looks[at].sort_of_id in (None, *rest)]
    if len(left) >= len(rest):
        found |= dict(zip(rest, left, strict=False))
    return [Candidate(ours, at, 2, _IDS[ours], sure=False) for ours, at in found.items()]


def _like_id(look: Look, kind: Kind, nameless: bool) -> bool:
    if look.length > 40:
        return False
    if kind != "products" and look.emails >= 0.9:
        return True
    if look.codes < 0.9 or look.digits < 0.7 or look.dates > 0.2 or look.decimals > 0.2 or look.urls > 0.2:
        return False
    if (look.counts_up or look.epochs > 0.8) if kind == "interactions" else look.distinct < 0.95:
        return False
    if look.integers > 0.9 and look.length < 5:  # ages, sizes and counts look like this too
        return nameless and not (look.largest < 30 and kind == "interactions")
    return True


def _like_title(look: Look, nameless: bool) -> bool:
    if look.distinct < 0.9 or look.letters < 0.9 or look.coded > 0.5 or look.length < 4:
        return False
    if look.urls > 0.1 or look.emails > 0.1 or look.dates > 0.2 or look.prices > 0.2:
        return False
    # Of a few rows any text is distinct, so a column with a name of its own needs more to be a title.
    return nameless or (look.count >= 5 and look.phrases >= 0.5)


def _like_price(look: Look, nameless: bool) -> bool:
    if look.prices < 0.9 or look.dates > 0.2:
        return False
    return look.currencies >= 0.5 or (nameless and look.cents >= 0.5)


def _like_date(look: Look, kind: Kind, nameless: bool) -> bool:
    if kind == "interactions":
        return look.dates >= 0.9 or (nameless and look.epochs >= 0.9)
    return nameless and look.dates >= 0.9
