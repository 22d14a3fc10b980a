"""A backtest to take away: all figures as CSV, and one HTML file to send to a colleague."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from recsys_core.charts.audience_figures import gain_figure
from recsys_core.charts.backtest_figures import groups_heatmap, shots_curve, sides_figure, trade_off
from recsys_core.charts.report import Section, report
from recsys_core.charts.uncertainty_figures import reliability_figure
from recsys_core.evaluation.metric_words import METRICS
from recsys_core.selection.backtests.figures import ALL_CUTS, AUDIENCE
from recsys_core.selection.backtests.names import BASELINES, CONTENT
from recsys_core.selection.backtests.words import curve, sales
from recsys_core.ui.metrics_audience import SHARES as GAIN_SHARES
from recsys_core.ui.metrics_audience import gain_curves
from recsys_core.ui.metrics_balance import SIDES, points, sides
from recsys_core.ui.metrics_choice import SHARES, Chosen, said, shown, words
from recsys_core.ui.metrics_curve import against, when
from recsys_core.ui.metrics_groups import LEAST, grouped
from recsys_core.ui.plain import for_html
from recsys_core.ui.session import workspace
from recsys_core.ui.table_files import table_buttons
from recsys_core.workspace.exports import metrics_csv

IN_TABLE = ("recall", "precision", "f1", "ndcg", "map", "mrr", "hit_rate", "auc", "accuracy", "capture", "lift")
IN_TABLE_TOO = ("coverage", "gini", "novelty", "diversity", "popularity", "ece")


def downloads(chosen: Chosen) -> None:
    with st.popover("Take away", icon=":material/download:"):
        table_buttons(
            "All figures",
            chosen.file("figures"),
            "figures",
            lambda: chosen.metrics,
            csv=metrics_csv,
            help="Every method, number of first sales, cut, group and figure, with intervals.",
        )
        st.download_button(
            "Report (HTML)",
            lambda: html_report(chosen),
            f"{chosen.file('report')}.html",
            "text/html",
            key="html-report",
            on_click="ignore",
            icon=":material/description:",
            help="One file with the pictures and tables of what is chosen here, to send to a colleague. It opens without a network.",
        )


def html_report(chosen: Chosen) -> bytes:
    """The choices that are made on the page, in one file."""
    settings, facts = chosen.record.settings, chosen.facts
    launches = "all cuts" if chosen.cut == ALL_CUTS else chosen.cut
    made = (
        f"{workspace().folder.name} · {launches} · {chosen.method} with {sales(chosen.k)} · replayed "
        f"{chosen.record.created:%Y-%m-%d %H:%M} UTC · data version {chosen.record.catalog_version} · seed {settings['seed']} · "
        f"Launchdesk {chosen.record.summary['code']}"
    )
    figures = words(chosen)
    sections = [_replayed(chosen), _curve(chosen), _sides(chosen), _groups(chosen), _trade_off(chosen)]
    if chosen.cuts:
        sections += [_audience(chosen), *_chances(chosen)]
    if warned := [*facts["warnings"], *facts["notes"]]:
        sections.insert(1, Section("Read with care", warned))
    return report("What launches of the past would have found", made, figures, [*sections, _everything(chosen)])


def _replayed(chosen: Chosen) -> Section:
    return Section(
        "What was replayed",
        [
            f"{cut['name']}: {cut['few']:,} of {cut['products']:,} new products, with up to {max(cut['shots'])} first sales; "
            f"{cut['asked']:,} of {cut['customers']:,} customers bought them later."
            for cut in chosen.facts["cuts"]
        ],
    )


def _curve(chosen: Chosen) -> Section:
    rows = curve(chosen.metrics, chosen.metric, chosen.cut)
    metric = METRICS[chosen.metric]
    found = against(chosen, CONTENT) if chosen.method != CONTENT and chosen.cuts else None
    said_so = [] if found is None else [found.sentence(chosen.method, CONTENT, when(chosen))]
    figure = shots_curve(
        rows,
        list(BASELINES),
        y_title=metric.label,
        percent=chosen.metric in SHARES,
        bands=[chosen.method],
        methods=chosen.methods,
    )
    return Section(f"{metric.label}, with more and more first sales", [metric.sentence, *said_so], figure)


def _sides(chosen: Chosen) -> Section:
    rows = sides(chosen, "ndcg")
    wide = rows.assign(text=rows["value"].map("{:.3f}".format)).pivot(index="method", columns="side", values="text")
    wide = (
        wide[[side for side in SIDES.values() if side in wide]]
        .reindex(chosen.ways())
        .fillna("n/a")
        .rename_axis("method")
    )
    figure = sides_figure(rows[rows["side"].isin(list(SIDES.values())[:3])], list(BASELINES), methods=chosen.methods)
    return Section("New products, known ones, and both in one list", [METRICS["ndcg"].sentence], figure, wide)


def _groups(chosen: Chosen) -> Section:
    values, counts = grouped(chosen, "ndcg", None)
    labels = [for_html(group, 60) for group in values.index]
    figure = groups_heatmap(values.set_axis(labels), counts.set_axis(labels), percent=False, least=LEAST)
    return Section("By group (ndcg)", [f"A star marks groups of fewer than {LEAST} customers."], figure)


def _trade_off(chosen: Chosen) -> Section:
    x, y = "coverage", "ndcg"
    figure = trade_off(
        points(chosen, x, y),
        list(BASELINES),
        x_title=METRICS[x].label,
        y_title=METRICS[y].label,
        x_percent=True,
        y_percent=False,
        methods=chosen.methods,
    )
    return Section("Accuracy and variety", [METRICS[x].sentence], figure)


def _audience(chosen: Chosen) -> Section:
    figure = gain_figure(GAIN_SHARES, gain_curves(chosen), list(BASELINES), AUDIENCE, methods=chosen.methods)
    return Section("Audiences", [METRICS["capture"].sentence], figure)


def _chances(chosen: Chosen) -> list[Section]:
    sections = []
    for number, cut in chosen.cuts:
        rows = [row for row in said(chosen.id, number, chosen.method).chances if row["shots"] == chosen.k]
        if rows:
            sections.append(
                Section(f"Chances, {cut['name']}", [METRICS["ece"].sentence], reliability_figure(pd.DataFrame(rows)))
            )
    return sections


def _everything(chosen: Chosen) -> Section:
    columns = {
        METRICS[name].label: curve(chosen.metrics, name, chosen.cut, k=chosen.k)
        .set_index("method")["value"]
        .map(lambda value, name=name: shown(name, value))
        for name in (*IN_TABLE, *IN_TABLE_TOO)
    }
    table = pd.DataFrame(columns).reindex(chosen.ways()).fillna("n/a").rename_axis("method")
    unknown = [metric for metric in METRICS.values() if metric.label in table and (table[metric.label] == "n/a").any()]
    why = [f"{metric.label}, n/a: {metric.undefined}, or that method couldn't be replayed." for metric in unknown]
    return Section(f"All figures, with {sales(chosen.k)}", why, None, table)
