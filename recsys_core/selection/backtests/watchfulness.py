"""Where the figures of a backtest can't be trusted, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from recsys_core.selection.backtests.groups import TWIN
from recsys_core.selection.backtests.replayed import Replayed, Stage

FEW_PRODUCTS, FEW_CUSTOMERS = 30, 200
TWINS = 0.1
"""From this share on, variants of known products make a launch look easier than it is."""
HEAD = 10
COLLAPSED = 0.5
"""HEAD products fill this share of all places, though there are far more."""
UNLIKE = 1.5
"""First buyers had bought so many times as much as later ones, or the other way round."""
REACHED = 0.5


def warnings(parts: Sequence[Replayed]) -> list[str]:
    """A plain sentence each."""
    found = [line for part in parts for line in _of_stage(part.stage)]
    return found + [line for part in parts for line in _of_lists(part)]


def _of_stage(stage: Stage) -> Iterator[str]:
    products, customers = len(stage.few), len(stage.queries.asked)
    if products < FEW_PRODUCTS or customers < FEW_CUSTOMERS:
        yield (
            f"{stage.name}: few launches to learn from: {products:,} products and {customers:,} customers who bought them later. "
            "Differences between methods are mostly chance; look at the intervals."
        )
    twins = (stage.products["twin_likeness"].to_numpy()[stage.few] >= TWIN).mean()
    if twins >= TWINS:
        example = stage.products.iloc[stage.few].nlargest(1, "twin_likeness").iloc[0]
        yield (
            f"{stage.name}: {twins:.0%} of the “new” products are variants of known ones, such as “{example['title']}” "
            f"of “{example['twin']}”. They are easier to place than what is really new; see the figures by products."
        )
    bought = stage.customers["bought"].to_numpy()
    later = bought[stage.queries.asked[stage.queries.customer]].mean()
    who = stage.support[stage.support >= 0]
    first = bought[who].mean() if len(who) else later
    if max(first, later) >= UNLIKE * min(first, later):
        yield (
            f"{stage.name}: first buyers aren't like the rest: they had bought {first:.0f} products before, later buyers "
            f"{later:.0f}. What first sales teach may not hold for everybody."
        )
    if stage.reached < REACHED:
        yield (
            f"{stage.name}: only {stage.reached:.0%} of those who bought the new products had a history here. The figures speak of "
            "these alone."
        )


def _of_lists(part: Replayed) -> Iterator[str]:
    """Methods with which everybody gets the same few products."""
    stage, fallen = part.stage, []
    if len(stage.few) < 2 * HEAD:
        return
    for said in part.said:
        shown = np.bincount(said.lists[-1][said.lists[-1] >= 0], minlength=len(stage.few))
        share = np.sort(shown)[-HEAD:].sum() / max(shown.sum(), 1)
        fair = min(1.0, HEAD / len(stage.few))
        if share >= COLLAPSED and share >= 2 * fair:
            fallen.append(f"{said.way} ({share:.0%})")
    if fallen:
        yield (
            f"{stage.name}: nearly everybody gets the same: {HEAD} of {len(stage.few):,} products fill at least half of all places "
            f"in the lists of {', '.join(fallen)}."
        )
