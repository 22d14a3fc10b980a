"""What settings of training change: the source model with each of them, beside the default; one Markdown table out.

    python -m benchmarks.settings CASE [CASE ...] [--seeds 2] [--out FILE]

A case is a folder with products.csv and interactions.csv. Figures are ndcg@20 (means over the seeds) of products that were held out
of the catalog and by which nothing was chosen, by number of first sales; in brackets the ratio to the default, and its lowest and
highest over the seeds. The same seed holds out the same products whatever the setting.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import recsys_core
from benchmarks.markdown import Table, row
from recsys_core.models.source_model import source_model_config
from recsys_core.settings import parsed

SHOTS = ("0", "1", "2", "5", "10")
DEFAULT = "default"
SETTINGS = (
    "generator_weight=0.3",
    "generator_weight=0.6",
    "generator_weight=0.6 generator_adversarial_weight=0",
    "generator_weight=0.6 generator_adversarial_weight=1",
    "adversarial_weight=0.5",
    "word_dropout=0.2",
    "attribute_dropout=0.3",
)
"""As `train --set` takes them."""


def figures(case: Path, settings: str, seeds: int) -> np.ndarray:
    """(seeds, SHOTS) ndcg@20; not a number for first sales that too few products have."""
    products = recsys_core.read(case / "products.csv", "products")
    interactions = recsys_core.read(case / "interactions.csv", "interactions")
    config = source_model_config(parsed(settings.split()))
    models = [recsys_core.train(products, interactions, config=config, seed=seed).model for seed in range(seeds)]
    return np.array([[model.replayed_.get(shots, np.nan) for shots in SHOTS] for model in models])


def cell(values: np.ndarray, default: np.ndarray) -> str:
    """values, default: (seeds,)."""
    ratios = values / default
    return f"{values.mean():.4f} (×{values.mean() / default.mean():.3f}, {ratios.min():.3f}–{ratios.max():.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, nargs="+", metavar="CASE")
    parser.add_argument("--seeds", type=int, default=2, help="how many, from 0")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the table goes into this file too")
    given = parser.parse_args()
    table = Table("case", "setting", *(f"k={shots}" for shots in SHOTS), out=given.out)
    for case in given.cases:
        default = figures(case, "", given.seeds)
        table.say(row(case.name, DEFAULT, *(f"{value:.4f}" for value in default.mean(axis=0))))
        for settings in SETTINGS:
            changed = figures(case, settings, given.seeds)
            table.say(row(case.name, f"`{settings}`", *map(cell, changed.T, default.T)))


if __name__ == "__main__":
    main()
