"""Methods × first sales on cases of new products, beside simple references; one Markdown table out.

    python -m benchmarks.quality CASE [CASE ...] [--methods auto,prototype] [--seeds 3] [--shell] [--keep FOLDER] [--out FILE]

A case is a folder as `benchmarks/cases.py` tells. Figures are ndcg@20 (mean over customers) and the lift of audiences (the
first 5 % of customers, mean over products), means over the seeds; in brackets the ratio to the reference (`content` for k=0,
`content+co` after, the best of three lines for audiences) with its 95 % interval, by a paired bootstrap over customers (products
for audiences) and seeds. --shell adds `auto` as a user would run it, with the memory it took. --keep stores each run's figures
in a folder and takes those it finds there: empty it when the code changes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.cases import SHOTS, Case
from benchmarks.intervals import Bootstrap, interval
from benchmarks.markdown import Table, row
from benchmarks.methods import (
    ALL_NEW,
    AUDIENCE_COLUMN,
    COLUMNS,
    FEW,
    Judge,
    Run,
    Source,
    through_shell,
    through_verbs,
)
from benchmarks.references import References
from recsys_core.adaptation.registry import AUTO, METHODS

HEADER = ("case", "method", *COLUMNS, "rises with k", "took (k=1, 5, 10)", "seconds (k=0, 10)", "peak GB")
TAKEN = ("k=1", "k=5", "k=10")
SHELL = f"{AUTO}, in a shell"


class Compared:
    """A case's references, by column, and what beats them by how much."""

    def __init__(self, case: Case, seeds: int):
        references = References(case)
        self.audiences = dict(references.audiences())
        self.reference = {ALL_NEW: references.all_new()}
        self.reference |= {f"k={shots}": references.few_shot(shots) for shots in (0, *SHOTS)}
        self.reference[AUDIENCE_COLUMN] = max(self.audiences.values(), key=np.mean)
        self.seeds = seeds

    @cached_property
    def bootstraps(self) -> dict[str, Bootstrap]:
        """One for all columns that have the same customers (or products)."""
        all_new, few, audience = (
            Bootstrap(len(self.reference[column]), self.seeds) for column in (ALL_NEW, FEW[0], AUDIENCE_COLUMN)
        )
        return {ALL_NEW: all_new, AUDIENCE_COLUMN: audience} | dict.fromkeys(FEW, few)

    def reference_rows(self, name: str) -> Iterator[str]:
        empty = [""] * (len(HEADER) - 2 - len(COLUMNS))
        rows: dict[str, dict[str, np.ndarray]] = {
            "content": {c: self.reference[c] for c in (ALL_NEW, FEW[0])},
            "content+co": {c: self.reference[c] for c in FEW[1:]},
        }
        for line, figures in self.audiences.items():
            rows.setdefault(line, {})[AUDIENCE_COLUMN] = figures
        for line, figures_of in rows.items():
            cells = [number(c, figures_of[c].mean()) if c in figures_of else "" for c in COLUMNS]
            yield row(name, f"*{line}*", *cells, *empty)

    def rises(self, figures: dict[str, np.ndarray]) -> str:
        """Whether more first sales find more, wherever they do for the reference; else the steps at which they don't."""
        if not all(column in figures for column in FEW):
            return "n/a"
        steps = pairwise(FEW)
        failed = [
            f"{a}→{b[2:]}"
            for a, b in steps
            if self.reference[b].mean() > self.reference[a].mean() and figures[b].mean() <= figures[a].mean()
        ]
        return "not " + ", ".join(failed) if failed else "yes"


@dataclass
class Measured:
    """One method on one case, over its seeds."""

    name: str
    runs: list[Run]
    compared: Compared

    @cached_property
    def figures(self) -> dict[str, np.ndarray]:
        """Column → (seeds, n)."""
        there = [column for column in COLUMNS if all(column in run.figures for run in self.runs)]
        return {column: np.stack([run.figures[column] for run in self.runs]) for column in there}

    @cached_property
    def ratios(self) -> dict[str, tuple[float, np.ndarray]]:
        """Column → ratio to the reference, and its redraws."""
        reference = self.compared.reference
        return {
            column: (
                figures.mean() / reference[column].mean(),
                self.compared.bootstraps[column].ratios(figures, reference[column]),
            )
            for column, figures in self.figures.items()
        }

    def row(self, case: str) -> str:
        cells = [
            f"{number(column, self.figures[column].mean())} ({ratio(*self.ratios[column])})"
            if column in self.figures
            else "n/a"
            for column in COLUMNS
        ]
        taken = ", ".join(" / ".join(sorted({run.chosen.get(c, "n/a") for run in self.runs})) for c in TAKEN)
        taken = taken if self.name in (AUTO, SHELL) else ""
        seconds = [[run.seconds[c] for run in self.runs if c in run.seconds] for c in (ALL_NEW, FEW[-1])]
        times = ", ".join(f"{np.mean(values):.0f}" if values else "n/a" for values in seconds)
        peak = self.runs[0].peak
        return row(
            case, self.name, *cells, self.compared.rises(self.figures), taken, times, f"{peak:.1f}" if peak else ""
        )


def number(column: str, value: float) -> str:
    return f"{value:.2f}" if column == AUDIENCE_COLUMN else f"{value:.4f}"


def ratio(value: float, draws: np.ndarray) -> str:
    low, high = interval(draws)
    return f"×{value:.2f}, {low:.2f}–{high:.2f}"


def measure(case: Case, methods: list[str], seeds: int, shell: bool, keep: Path | None) -> list[Measured]:
    judge, compared = Judge(case), Compared(case, seeds)
    sources = [Source(case, seed) for seed in range(seeds)]

    def one(method: str, source: Source) -> Run:
        path = keep / f"{case.name}-{method}-{source.seed}.npz" if keep else None
        if path and path.exists():
            return Run.load(path)
        run = through_verbs(judge, source, method)
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            run.save(path)
        return run

    measured = [Measured(method, [one(method, source) for source in sources], compared) for method in methods]
    if shell:
        measured.append(Measured(SHELL, [through_shell(judge)], compared))
    return measured


def summary(cases: list[list[Measured]]) -> Iterator[str]:
    """A row a method: the geometric mean of its ratios over the cases, its interval, and the lowest ratio."""
    for same in zip(*cases, strict=True):
        cells = []
        for column in COLUMNS:
            ratios = [measured.ratios[column] for measured in same if column in measured.ratios]
            if len(ratios) < len(cases):
                cells.append("n/a")
                continue
            mean = float(np.exp(np.mean([np.log(value) for value, _ in ratios])))
            draws = np.exp(np.mean([np.log(draws) for _, draws in ratios], axis=0))
            cells.append(f"{ratio(mean, draws)}; lowest ×{min(value for value, _ in ratios):.2f}")
        rises = sum(measured.compared.rises(measured.figures) == "yes" for measured in same)
        yield row("**geometric mean**", same[0].name, *cells, f"{rises} of {len(same)}", "", "", "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, nargs="+", metavar="CASE")
    parser.add_argument("--methods", default=",".join((AUTO, *METHODS)), help="default: auto and every method")
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0")
    parser.add_argument("--shell", action="store_true", help="auto through the shell verbs too, with its memory")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where each run's figures are kept")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the table goes into this file too")
    given = parser.parse_args()
    table = Table(*HEADER, out=given.out)
    cases = []
    for folder in given.cases:
        measured = measure(Case(folder), given.methods.split(","), given.seeds, given.shell, given.keep)
        for line in (*measured[0].compared.reference_rows(folder.name), *(each.row(folder.name) for each in measured)):
            table.say(line)
        cases.append(measured)
    if len(cases) > 1:
        for line in summary(cases):
            table.say(line)


if __name__ == "__main__":
    main()
