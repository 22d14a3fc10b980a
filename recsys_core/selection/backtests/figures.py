"""Replayed splits → one long table of figures with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recsys_core.evaluation.audiences import capture, lift
from recsys_core.evaluation.beyond_accuracy import coverage, diversity, gini, novelty, popularity
from recsys_core.evaluation.bootstrap import Redraws, interval
from recsys_core.evaluation.metrics import auc, hits, list_metrics
from recsys_core.evaluation.reliability import calibration_error
from recsys_core.run_context import RunContext
from recsys_core.selection.backtests.groups import Group, Grouping
from recsys_core.selection.backtests.replayed import Replayed, Said, Stage

COLUMNS = ["method", "k", "cut", "group", "metric", "value", "low", "high", "n"]
ALL_CUTS = "all"
NEW, EVERYTHING = "new products", "new products, all of them"
KNOWN, TOGETHER = "known products", "known and new together"
KNOWN_TOGETHER, NEW_TOGETHER = "known ones, in lists of both", "new ones, in lists of both"
ANY = "any"
"""The method of a figure that is the same whatever recommends."""
AUDIENCE = 0.05
"""The share of all customers that an audience has."""
OF_GROUPS = ("recall", "ndcg", "hit_rate")
DRAWS = 500

Cells = dict[tuple[str, str], np.ndarray]
"""(group, metric) → (n,) figures, nan where there is none."""


@dataclass(frozen=True)
class Row:
    """A figure of one cut with its redraws (none: no interval is known)."""

    key: tuple[str, int, str, str]
    """method, k, group, metric."""
    value: float
    n: int
    draws: np.ndarray | None


def of_customers(stage: Stage, said: Said, at: int, top: int) -> dict[str, np.ndarray]:
    """metric → (n,) for the customers of `stage.queries`; at: which of `stage.shots`."""
    lists, pairs = said.lists[at], stage.queries
    # A product isn't asked for again by its first buyers.
    left = len(stage.few) - np.bincount(stage.support.ravel() + 1, minlength=len(stage.customers) + 1)
    candidates = left[1:][pairs.asked]
    figures = list_metrics(hits(lists, pairs.relevant), pairs.counts, candidates, top)
    figures["auc"] = auc(pairs.customer, said.in_list[at], candidates, len(pairs.asked))
    buyers = stage.products["buyers"].to_numpy()[stage.few]
    return figures | {
        "novelty": novelty(lists, buyers, stage.whole),
        "popularity": popularity(lists, buyers),
        "diversity": diversity(lists, stage.content),
    }


def of_products(stage: Stage, said: Said, at: int) -> dict[str, np.ndarray]:
    """metric → (n_e,) for the products of `stage.few`."""
    size = max(1, int(len(stage.customers) * AUDIENCE))
    captured = capture(stage.queries.product, said.in_audience[at], size, len(stage.few))
    return {"capture": captured, "lift": lift(captured, AUDIENCE)}


def _of_groups(stage: Stage, said: Said, at: int, groups: Sequence[Group], top: int) -> Cells:
    """OF_GROUPS of the same lists, where only the group's products are to be found, or only its customers are asked."""
    pairs, lists, cells = stage.queries, said.lists[at], {}
    found = hits(lists, pairs.relevant)
    everywhere = list_metrics(found, pairs.counts, k=top)
    for group in groups:
        figures = everywhere
        if group.products is not None:
            inside = np.append(group.products, False)
            counts = np.bincount(pairs.customer[inside[pairs.product]], minlength=len(pairs.asked))
            figures = list_metrics(found & inside[lists], counts, k=top)
        for metric in OF_GROUPS:
            values = figures[metric]
            cells[group.label, metric] = (
                values if group.customers is None else np.where(group.customers, values, np.nan)
            )
    return cells


def figures(parts: Sequence[Replayed], *, top: int, seed: int, run: RunContext) -> pd.DataFrame:
    """COLUMNS: a row for each method, number of first sales, cut (and `all`: their mean), group and metric.

    value is nan where a figure is undefined, low and high where no interval is known; n is of customers, for capture and lift
    of products. Intervals: 95 %, bootstrap over customers (or products), the same redraws for all methods.
    """
    grouping = Grouping.of([part.stage for part in parts])
    rows: list[dict[str, Any]] = []
    by_key: dict[tuple[str, int, str, str], list[Row]] = {}
    for part in parts:
        steps = run.track(part.said, f"Counting: {part.stage.name}", len(part.said))
        for row in _rows(part, steps, grouping, top, seed):
            by_key.setdefault(row.key, []).append(row)
            rows.append(_told(row, part.stage.name))
    for key, same in by_key.items():
        # Of everything a mean over cuts is told only where all of them have the figure; a group may be there in some alone.
        needed = len(parts) if key[2] in (NEW, EVERYTHING, KNOWN, TOGETHER, KNOWN_TOGETHER, NEW_TOGETHER) else 1
        rows.append(_told(_mean(key, same, needed), ALL_CUTS))
    return pd.DataFrame(rows, columns=COLUMNS)


def _mean(key: tuple[str, int, str, str], rows: Sequence[Row], needed: int) -> Row:
    there = [row for row in rows if np.isfinite(row.value)]
    if len(there) < needed or not there:
        return Row(key, np.nan, sum(row.n for row in rows), None)
    draws = [row.draws for row in there if row.draws is not None]
    mean = np.mean(draws, axis=0) if len(draws) == len(there) else None
    return Row(key, float(np.mean([row.value for row in there])), sum(row.n for row in rows), mean)


def _told(row: Row, cut: str) -> dict[str, Any]:
    low, high = (np.nan, np.nan) if row.draws is None else interval(row.draws)
    method, k, group, metric = row.key
    return dict(zip(COLUMNS, (method, k, cut, group, metric, row.value, low, high, row.n), strict=True))


def _rows(part: Replayed, said: Iterator[Said], grouping: Grouping, top: int, seed: int) -> Iterator[Row]:
    stage = part.stage
    customers, products = Redraws.of(len(stage.queries.asked), seed, DRAWS), Redraws.of(len(stage.few), seed, DRAWS)
    everyone = Redraws.of(len(stage.everything.asked), seed, DRAWS)
    known = Redraws.of(len(stage.known_queries.asked), seed, DRAWS) if len(stage.known_queries.asked) else None
    groups = grouping.groups(stage)
    yield Row((ANY, 0, NEW, "served"), stage.reached, len(stage.customers), None)
    if known is not None:
        counts = stage.known_queries.counts
        yield from _drawn(ANY, 0, _listed(KNOWN, stage.known_found, counts, top), known)
    for one in said:
        found = hits(one.everything, stage.everything.relevant)
        whole = list_metrics(found, stage.everything.counts, k=top)
        yield from _drawn(one.way, 0, {(EVERYTHING, metric): values for metric, values in whole.items()}, everyone)
        for at, k in enumerate(stage.shots):
            cells: Cells = {(NEW, metric): values for metric, values in of_customers(stage, one, at, top).items()}
            yield from _drawn(one.way, k, cells | _of_groups(stage, one, at, groups, top), customers)
            cells = {(NEW, metric): values for metric, values in of_products(stage, one, at).items()}
            for group in groups:
                if group.products is not None:
                    cells[group.label, "capture"] = np.where(group.products, cells[NEW, "capture"], np.nan)
            yield from _drawn(one.way, k, cells, products)
            shown = {"coverage": coverage(one.lists[at], len(stage.few)), "gini": gini(one.lists[at], len(stage.few))}
            for metric, value in shown.items():
                yield Row((one.way, k, NEW, metric), value, len(stage.few), None)
            bins = [row for row in one.chances if row["shots"] == k]
            error = calibration_error(bins)["ece"] if bins else np.nan
            yield Row((one.way, k, NEW, "ece"), error, int(sum(row["pairs"] for row in bins)), None)
            if known is not None:
                yield from _drawn(one.way, k, _of_both(stage, one, at, top), known)


def _of_both(stage: Stage, said: Said, at: int, top: int) -> Cells:
    """Of the customers of `known_queries`: what lists of known and new products in one find."""
    asked, pairs = stage.known_queries.asked, stage.queries
    new = np.bincount(pairs.asked[pairs.customer], minlength=len(stage.customers))[asked]
    known, found = stage.known_queries.counts, said.together[at]
    return (
        _listed(TOGETHER, found > 0, known + new, top)
        | _listed(KNOWN_TOGETHER, found == 1, known, top)
        | _listed(NEW_TOGETHER, found == 2, new, top)
    )


def _listed(group: str, found: np.ndarray, counts: np.ndarray, top: int) -> Cells:
    of_lists = list_metrics(found, counts, k=top)
    return {(group, metric): of_lists[metric] for metric in OF_GROUPS}


def _drawn(method: str, k: int, cells: Cells, redraws: Redraws) -> Iterator[Row]:
    values = np.column_stack(list(cells.values()))
    draws = redraws.means(values)
    there = np.isfinite(values)
    for column, (group, metric) in enumerate(cells):
        n = int(there[:, column].sum())
        value = float(values[there[:, column], column].mean()) if n else np.nan
        yield Row((method, k, group, metric), value, n, draws[:, column] if n else None)
