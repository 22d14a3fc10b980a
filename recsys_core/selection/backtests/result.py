"""What a backtest found, kept: the figures at once, everything else when it is asked for. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from recsys_core.artefacts import load_arrays, load_frame, publish_folder, save_arrays
from recsys_core.run_context import RunContext
from recsys_core.selection.backtests.figures import figures
from recsys_core.selection.backtests.replayed import Replayed, Said, Stage
from recsys_core.selection.backtests.watchfulness import warnings


@dataclass(frozen=True)
class Backtest:
    metrics: pd.DataFrame
    """See `figures.COLUMNS`."""
    facts: dict[str, Any]
    """As JSON: top, seed, notes (what couldn't be replayed, and why), warnings (see `watchfulness`), and cuts: of each its name,
    shots, and numbers of products, few (those with enough buyers), customers, asked, known and reached; ways with seconds."""
    parts: list[Replayed]

    @classmethod
    def of(cls, parts: Sequence[Replayed], notes: Sequence[str], *, top: int, seed: int, run: RunContext) -> Backtest:
        metrics = figures(parts, top=top, seed=seed, run=run)
        notes = [*notes, *(f"{part.stage.name}: {way}: {why}" for part in parts for way, why in part.unable.items())]
        for stage in (part.stage for part in parts):
            if len(stage.customers) < stage.whole:
                notes.append(
                    f"{stage.name}: {len(stage.customers):,} of {stage.whole:,} customers, drawn at random, were asked."
                )
        facts = {
            "top": top,
            "seed": seed,
            "notes": notes,
            "warnings": warnings(parts),
            "cuts": [_cut(part) for part in parts],
        }
        return cls(metrics, facts, list(parts))

    def save(self, folder: Path) -> None:
        def write(temporary: Path) -> None:
            save_arrays(temporary / "figures", {}, self.facts, {"metrics": self.metrics})
            for number, part in enumerate(self.parts):
                part.stage.save(temporary / f"{number}-stage")
                for said in part.said:
                    said.save(temporary / _said(number, said.way))

        publish_folder(folder, write)


def load_figures(folder: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """`metrics` and `facts` of a saved backtest. Raises DamagedArtefact."""
    _, facts = load_arrays(folder / "figures")
    return load_frame(folder / "figures", "metrics"), facts


def load_stage(folder: Path, cut: int) -> Stage:
    """Raises DamagedArtefact."""
    return Stage.load(folder / f"{cut}-stage")


def load_said(folder: Path, cut: int, way: str) -> Said:
    """Raises DamagedArtefact."""
    return Said.load(folder / _said(cut, way))


def _said(cut: int, way: str) -> str:
    return f"{cut}-said-{way.replace(' ', '-')}"


def _cut(part: Replayed) -> dict[str, Any]:
    stage = part.stage
    return {
        "name": stage.name,
        "shots": stage.shots,
        "products": len(stage.products),
        "few": len(stage.few),
        "customers": stage.whole,
        "asked": len(stage.queries.asked),
        "known": stage.known,
        "reached": stage.reached,
        "ways": {said.way: said.seconds for said in part.said},
    }
