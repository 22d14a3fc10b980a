"""`auto`: picks a method and its settings by a backtest on the catalog, never on the launch itself, and says why."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.adaptation.members import Panel, PanelMethod
from recsys_core.adaptation.method import Method
from recsys_core.adaptation.prototype import Prototype
from recsys_core.adaptation.registry import AUTO, METHODS, method_named
from recsys_core.adaptation.tasks import Tasks, tasks
from recsys_core.adaptation.zero_shot import ZeroShot
from recsys_core.dataset import Launch
from recsys_core.errors import Cancelled, CannotRun, InvalidSetting
from recsys_core.evaluation.bootstrap import Redraws, interval
from recsys_core.evaluation.metrics import no_worse
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext
from recsys_core.selection.tuning import tuned

MAX_SHOTS = 10
TIE = 0.002
"""A simpler method (one that stands earlier in the registry) is taken if it is worse by less than this share, or by less than
two standard errors of the difference: so much is chance. To go by content alone, though, is no simpler way of using first sales:
it is taken only if no other is as good."""
DRAWS = 200
BUDGET = 120.0
"""Seconds for trying methods, on the sample shop and two CPU cores enough for all."""


@dataclass(frozen=True)
class Choice:
    method: str
    reason: str
    """One plain sentence."""
    table: list[dict[str, Any]]
    """One row a method: method, ndcg (mean), low, high (95 % bootstrap interval), seconds; or method, note: why it couldn't be
    tried."""
    shots: int
    products: int
    """How many products were replayed."""
    settings: dict[str, Any]
    """Those that aren't the method's usual ones."""


class Budget:
    """Time that is used up at a moment; a run that is asked whether to stop says yes from then on."""

    def __init__(self, seconds: float):
        self.ends = time.monotonic() + seconds

    def left(self) -> float:
        return self.ends - time.monotonic()

    def limited(self, run: RunContext) -> RunContext:
        """The same run, silent, and told to stop when the time is over; nothing of it is kept."""
        return RunContext(run.device, run.seed, stop_asked=lambda: run.stop_asked() or self.left() <= 0)


def choose_method(
    source: SourceModel, launch: Launch, *, run: RunContext, budget: float = BUDGET
) -> tuple[Method, Choice]:
    """The method that does best on tasks by which nothing in the source model was chosen, with as many first sales as the
    launch's products have; it has learned what the catalog teaches it.

    budget: seconds after which no further method is tried (the first two always are).
    """
    support = launch.support_weights(source.customer_ids_)
    sold = np.diff(support.tocsc().indptr)
    if not support.nnz:
        reason = "There are no first sales by known customers yet, so only content can speak."
        return ZeroShot().fit(source, run=run), Choice(ZeroShot.name, reason, [], 0, 0, {})
    shots = int(np.clip(np.median(sold[sold > 0]), 1, MAX_SHOTS))
    judged = tasks(source, source.judging(), tuple(sorted({k for k in (1, 2, 5, shots) if k <= shots})))
    if judged is None:
        reason = (
            "The catalog is too small to replay a launch, so the method that mixes content and first sales was taken."
        )
        return Prototype().fit(source, run=run), Choice(Prototype.name, reason, [], shots, 0, {})
    return _best(source, judged, run, Budget(budget))


def _best(source: SourceModel, judged: Tasks, run: RunContext, budget: Budget) -> tuple[Method, Choice]:
    shots = max(judged.new)
    products = len(judged.new[shots])
    table: list[dict[str, Any]] = []
    tried: dict[str, tuple[Method, np.ndarray]] = {}
    panel: Panel | None = None
    for name in run.track(METHODS, "Choosing a method", len(METHODS)):
        started = time.monotonic()
        limited = budget.limited(run) if len(table) > 1 else replace(run, report=lambda _: None, checkpoints=None)
        method = method_named(name)
        try:
            if isinstance(method, PanelMethod):
                # What was fitted to be tried needn't be fitted again to be a member.
                singles = {other: fitted for other, (fitted, _) in tried.items() if fitted.single}
                panel = panel or Panel.of(None, source, limited, singles)
                method.fit_panel(panel, limited)
            else:
                method.fit(source, run=limited)
            figures = _figures(method, judged, shots, limited)
        except (CannotRun, Cancelled) as error:
            run.check()
            note = str(error) if isinstance(error, CannotRun) else "There was no time left to try it."
            table.append({"method": name, "note": note})
            continue
        tried[name] = method, figures
        low, high = interval(Redraws.of(len(figures), run.seed, DRAWS).means(figures))
        row = {"ndcg": float(figures.mean()), "low": low, "high": high, "seconds": time.monotonic() - started}
        table.append({"method": name} | {what: round(value, 4) for what, value in row.items()})
        run.log(f"{name}: ndcg@20 {figures.mean():.4f} on {products} replayed products")
    judged_rows = [row for row in table if "ndcg" in row]
    best = max(tried.values(), key=lambda pair: pair[1].mean())[1]
    by_content, *by_sales = judged_rows
    chosen = next(row for row in (*by_sales, by_content) if _as_good(tried[row["method"]][1], best))
    taken, figures = tried[chosen["method"]]
    found = "found buyers best" if figures is best else "is the simplest of those that found buyers best"
    reason = (
        f"With {shots} first sales each, {chosen['method']} {found} on {products} replayed products of this shop"
        f"{_gain(chosen, by_content)}."
    )
    method = tuned(taken, source, chosen["seconds"], budget.left(), run)
    settings = method.settings.model_dump(mode="json", exclude_defaults=True)
    if settings:
        figures = _figures(method, judged, shots, run)
        reason += f" With settings tuned on other replayed products: ndcg@20 {figures.mean():.4f}."
        if figures.mean() < chosen["ndcg"]:
            reason, settings, method = reason + " The usual settings stay.", {}, taken
    return method, Choice(chosen["method"], reason, table, shots, products, settings)


def _as_good(figures: np.ndarray, best: np.ndarray) -> bool:
    """See `TIE`."""
    return bool(figures.mean() >= (1 - TIE) * best.mean()) or no_worse(figures, best, errors=2)


def _figures(method: Method, judged: Tasks, shots: int, run: RunContext) -> np.ndarray:
    adapter = method.place(judged.scorer, judged.new[shots], run=run)[0]
    return judged.ndcg(adapter.side(judged.scorer, judged.new[shots]), shots)


def _gain(chosen: dict[str, Any], zero: dict[str, Any]) -> str:
    if chosen is zero or not zero["ndcg"]:
        return ""
    return f", {chosen['ndcg'] / zero['ndcg'] - 1:+.0%} against going by content alone"


def adapt(
    source: SourceModel,
    launch: Launch,
    method: str,
    *,
    run: RunContext,
    settings: dict[str, Any] | None = None,
    budget: float = BUDGET,
) -> tuple[AdaptedModel, Choice | None]:
    """The launch adapted by the method of that name with those settings, or by the one that `auto` picks.

    Raises InvalidSetting, and CannotRun where the method lacks what it needs.
    """
    if method != AUTO:
        return method_named(method, settings).adapt(source, launch, run=run), None
    if settings:
        raise InvalidSetting("auto chooses the settings itself. Name a method to set them by hand.")
    chosen, choice = choose_method(source, launch, run=run, budget=budget)
    run.log(choice.reason)
    return chosen.adapt_fitted(source, launch, run=run), choice
