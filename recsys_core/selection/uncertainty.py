"""What an adapted model needs to say how sure it is: probabilities instead of scores, and what more first sales would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.dataset import Dataset
from recsys_core.errors import CannotRun
from recsys_core.run_context import RunContext
from recsys_core.selection.calibration import calibrate
from recsys_core.selection.certainty import Certainty, certainty


def with_uncertainty(
    adapted: AdaptedModel, catalog: Dataset | None = None, *, run: RunContext
) -> tuple[AdaptedModel, dict[str, Any]]:
    """The model with probabilities, and as JSON what is known of them; catalog: what the source model was trained on.

    calibration: see `Calibration.report`; certainty: the fields of `Certainty`, and by_first_sales: `Certainty.of` each number
    of first sales that products of the launch have, and how many do. Either is {"note": why it isn't known} where the catalog
    is too small.
    """
    known: dict[str, Any] = {}
    try:
        calibration = calibrate(adapted.source, adapted.adapter, catalog=catalog, run=run)
        adapted, known["calibration"] = replace(adapted, probability=calibration.probability), calibration.report
    except CannotRun as error:
        known["calibration"] = {"note": str(error)}
    try:
        curve = certainty(adapted.source, adapted.adapter, run=run)
        shots, products = np.unique(adapted.shots, return_counts=True)
        rows = [curve.of(int(k)) | {"products": int(count)} for k, count in zip(shots, products, strict=True)]
        known["certainty"] = curve.as_dict() | {"by_first_sales": rows}
    except CannotRun as error:
        known["certainty"] = {"note": str(error)}
    return adapted, known


def lacking(rows: Sequence[dict[str, Any]]) -> str:
    """How many products of a launch would gain from more first sales, and from how many; rows: `by_first_sales`."""
    more = [row for row in rows if row["more_sales"]]
    products, everything = (sum(row["products"] for row in some) for some in (more, rows))
    if not more:
        return "Your new products have all the first sales that help."
    counts = sorted({row["more_sales"] for row in more})
    needed = f"{counts[0]} to {counts[-1]} more" if len(counts) > 1 else f"{counts[0]} more"
    return f"{products:,} of your {everything:,} new products would gain from {needed}."


def sentences(known: dict[str, Any]) -> list[str]:
    """What `with_uncertainty` found out, a line each."""
    calibration, certain = known["calibration"], known["certainty"]
    said = [part["note"] for part in (calibration, certain) if "note" in part]
    if "note" not in calibration:
        order, days = ("in" if calibration["in_time"] else "out of"), calibration["days"]
        said.append(
            f"Probabilities: off by {100 * calibration['ece']:.2f} percentage points in the mean (ECE) on "
            f"{calibration['products']:,} products replayed {order} time; of their pairs in top-{calibration['top']} lists "
            f"{calibration['base_rate']:.2%} were bought{'' if days is None else f' within {days:.0f} days or so'}."
        )
    if "note" not in certain:
        said.append(f"{Certainty.of_dict(certain).worth()} {lacking(certain['by_first_sales'])}")
    return said
