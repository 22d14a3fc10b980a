"""What of the backtests is looked at: which one, which cut, method, first sales and figure. All of it is in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from recsys_core.evaluation.metric_words import METRICS
from recsys_core.evaluation.pseudo_launch import MIN_QUERIES
from recsys_core.selection.backtests.compared import first_sales_gain
from recsys_core.selection.backtests.figures import ALL_CUTS
from recsys_core.selection.backtests.names import BASELINES
from recsys_core.selection.backtests.replayed import Said, Stage
from recsys_core.selection.backtests.result import load_figures, load_said, load_stage
from recsys_core.selection.backtests.words import best_method, curve, headline, methods_of, sales
from recsys_core.ui.launch_choice import linked_choice
from recsys_core.ui.numbers import moment, number, percent
from recsys_core.ui.plain import one_line, plain
from recsys_core.ui.session import workspace
from recsys_core.workspace.backtests import backtest_folder
from recsys_core.workspace.records import BacktestRecord

SHARES = {"recall", "precision", "f1", "accuracy", "hit_rate", "capture", "coverage", "served", "ece"}
"""Figures that are told in percent."""
USUAL_SHOTS = 5
"""So many first sales are looked at unless others are chosen."""
OF_LISTS = ("recall", "ndcg", "hit_rate", "precision", "f1", "map", "mrr", "auc", "accuracy")
OF_AUDIENCES = ("capture", "lift")
BEYOND = ("coverage", "novelty", "diversity", "popularity", "gini", "ece")


# Shared by all sessions and never changed.
@st.cache_resource(max_entries=8, show_spinner="Opening the backtest …")
def opened(backtest_id: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Its table of figures, and its facts."""
    return load_figures(backtest_folder(workspace(), backtest_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def stage(backtest_id: str, cut: int) -> Stage:
    return load_stage(backtest_folder(workspace(), backtest_id), cut)


@st.cache_resource(max_entries=48, show_spinner=False)
def said(backtest_id: str, cut: int, way: str) -> Said:
    return load_said(backtest_folder(workspace(), backtest_id), cut, way)


@dataclass(frozen=True)
class Chosen:
    record: BacktestRecord
    metrics: pd.DataFrame
    facts: dict[str, Any]
    cut: str
    """Name of a cut, or ALL_CUTS."""
    method: str
    k: int
    metric: str

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def top(self) -> int:
        return int(self.facts["top"])

    @property
    def cuts(self) -> list[tuple[int, dict[str, Any]]]:
        """Number and facts of the cuts that are looked at."""
        return [
            (number, cut)
            for number, cut in enumerate(self.facts["cuts"])
            if self.cut in (ALL_CUTS, cut["name"]) and self.k in cut["shots"] and self.method in cut["ways"]
        ]

    def ways(self) -> list[str]:
        """All that was replayed, methods first."""
        names = list(dict.fromkeys(curve(self.metrics, "ndcg", self.cut)["method"]))
        return [name for name in names if name not in BASELINES] + [name for name in names if name in BASELINES]

    @property
    def first_buyers(self) -> int:
        """So many are known at the most; what is told of buyers is told of those after them."""
        return max((max(cut["shots"]) for _, cut in self.cuts), default=0)

    def sell_better(self) -> str:
        """That replayed products aren't like every new one, in a sentence."""
        few, all_new = (sum(cut[what] for _, cut in self.cuts) for what in ("few", "products"))
        return (
            f"Replayed are the {few:,} of {all_new:,} new products that came to {self.first_buyers + MIN_QUERIES} or more buyers, so that "
            "all first sales could be tried; a new product that sells less has fewer."
        )

    @property
    def methods(self) -> list[str]:
        """All of them: a method has the same colour in all pictures."""
        return methods_of(self.metrics)

    def file(self, what: str) -> str:
        return f"backtest-{self.record.created:%Y-%m-%d}-{what}"


def choose_backtest(records: Sequence[BacktestRecord], newest_catalog: str) -> BacktestRecord:
    """Which of them; newest first."""
    by_id = {record.id: record for record in records}

    def name(record_id: str) -> str:
        record = by_id[record_id]
        older = "" if record.catalog_version == newest_catalog else " · of an older catalog"
        cuts = record.summary["cuts"]
        return f"{moment(record.created)} · {one_line('; '.join(cut['name'] for cut in cuts), 60)}{older}"

    return by_id[linked_choice("Backtest", list(by_id), name, "backtest")]


def choice(record: BacktestRecord) -> Chosen:
    """The controls under it."""
    metrics, facts = opened(record.id)
    first, second, third, fourth = st.columns([1.6, 1.3, 1, 1.3], vertical_alignment="bottom")
    names = [cut["name"] for cut in facts["cuts"]]
    with first:
        options = [ALL_CUTS, *names] if len(names) > 1 else names
        cut = linked_choice("Launches", options, lambda name: "All cuts" if name == ALL_CUTS else name, "cut")
    rows = curve(metrics, "ndcg", cut)
    shots = sorted(set(rows["k"]))
    with third:
        usual = max((k for k in shots if k <= USUAL_SHOTS), default=shots[0])
        k = int(linked_choice("First sales", [str(k) for k in shots], str, "shots", usual=str(usual)))
    best = best_method(metrics, k, cut)
    methods = sorted(methods_of(metrics), key=lambda name: name != best) + list(BASELINES)
    there = set(rows["method"])
    with second:
        method = linked_choice(
            "Method",
            [name for name in methods if name in there],
            lambda name: f"{name.capitalize()} (best)" if name == best else name.capitalize(),
            "method",
            help=f"“Best” has the highest ndcg with {sales(k)}.",
        )
    with fourth:
        known = [name for name in (*OF_LISTS, *OF_AUDIENCES, *BEYOND) if (metrics["metric"] == name).any()]
        metric = linked_choice("Figure", known, lambda name: METRICS[name].label, "figure")
    explained(metric)
    return Chosen(record, metrics, facts, cut, method, k, metric)


def words(chosen: Chosen) -> list[tuple[str, str]]:
    """Three figures, each with a sentence."""
    parts = [(stage(chosen.id, number), said(chosen.id, number, chosen.method)) for number, _ in chosen.cuts]
    then = chosen.k or max((shots for _, cut in chosen.cuts for shots in cut["shots"]), default=0)
    gain = first_sales_gain(parts, then, top=chosen.top, seed=chosen.facts["seed"])
    return headline(chosen.metrics, chosen.top, chosen.method, chosen.k, chosen.cut, gain)


def shown(metric: str, value: float | None, signed: bool = False) -> str:
    """A figure as people read it."""
    if value is None or pd.isna(value):
        return number(None)
    if metric in SHARES:
        return f"{value:+.1%}" if signed else percent(value, 1)
    return f"{value:+.3f}" if signed else number(value, 3)


def shown_range(metric: str, rows: pd.DataFrame) -> list[str]:
    """value of each row as people read it, with low and high where they are known."""
    return [
        shown(metric, value) + ("" if pd.isna(low) else f" ({shown(metric, low)}–{shown(metric, high)})")
        for value, low, high in rows[["value", "low", "high"]].to_numpy()
    ]


def explained(metric: str) -> None:
    """What a figure means, and which direction is good."""
    better = "Higher is better" if METRICS[metric].higher_is_better else "Lower is better"
    st.caption(f"**{METRICS[metric].label}**: {METRICS[metric].sentence} {better}.")


def is_replayed(chosen: Chosen) -> bool:
    """Whether the chosen method was, with that number of first sales; if not it says so."""
    if not chosen.cuts:
        st.info(f"{plain(chosen.method)} wasn't replayed with {sales(chosen.k)} here.", icon=":material/info:")
    return bool(chosen.cuts)


def methods_only() -> bool:
    """Whether baselines are left out, so that methods that lie close together can be told apart."""
    return st.toggle(
        "Methods only",
        key="methods-only",
        bind="query-params",
        help="Leaves the baselines out and comes closer; the scale then doesn't begin at 0.",
    )
