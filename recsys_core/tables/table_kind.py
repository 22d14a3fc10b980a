"""Which of the three tables a file is, by the names of its columns."""

from __future__ import annotations

import pyarrow as pa

from recsys_core.tables.candidates import File
from recsys_core.tables.columns import COLUMNS, CUSTOMER, PRODUCT, REQUIRED, Kind, plain_name
from recsys_core.tables.header_words import key, meanings
from recsys_core.tables.other_names import of_orders, of_people
from recsys_core.tables.suggestion import choose_by_names


def guess_kind(sample: pa.Table) -> Kind | None:
    """Which of the three tables a file most likely is; None if that is unclear."""
    points = {kind: _points(File(sample, kind)) for kind in COLUMNS}
    best, second = sorted(points, key=lambda kind: points[kind], reverse=True)[:2]
    return best if points[best] >= 3 and points[best] > points[second] else None


def _points(file: File) -> float:
    """How much speaks for a file's being a table of its kind."""
    chosen, _ = choose_by_names(file)
    found = {ours: 1.0 if candidate.strong else 0.5 for ours, candidate in chosen.items()}
    keys = {key(name) for name in file.names}
    of_order = bool(keys & of_orders())
    people = len(keys & of_people())
    if file.kind == "interactions":
        if CUSTOMER not in found or PRODUCT not in found:
            return 0.0
        # An order names its buyer and its product; nothing else does.
        events = sum(found.get(ours, 0.0) for ours in ("timestamp", "quantity", "rating", "event_type", "unit_price"))
        sure = found[CUSTOMER] + found[PRODUCT]
        return (4 * sure if sure == 2 else 2 * sure) + events + of_order
    if file.kind == "products":
        if of_order or (PRODUCT not in found and "title" not in found):
            return 0.0
        rest = sum(found[ours] for ours in found if ours not in REQUIRED["products"])
        return 2 * found.get(PRODUCT, 0.0) + 1.5 * found.get("title", 0.0) + rest - people
    if CUSTOMER not in found or file.looks[chosen[CUSTOMER].at].repeats:
        return 0.0
    said = 3 * found[CUSTOMER] if chosen[CUSTOMER].strong and plain_name(file.names[chosen[CUSTOMER].at]) != "id" else 1
    others = {PRODUCT, "price", "category", "quantity", "rating", "event_type", "unit_price"}
    foreign = {m.ours for name in keys - of_people() for k in COLUMNS for m in meanings(k).get(name, ()) if m.strong}
    return said + people - 2 * len(foreign & others if people < 2 else ()) - 2 * of_order
