"""Whether products of an unknown category are found better through the category where they are placed; a Markdown table out.

    python -m benchmarks.routing DATA [DATA ...] [--seeds 3] [--out FILE]

DATA is a folder with products.parquet and interactions.parquet. Each leaf category is taken for unknown once (five folds), with all its
sales; its products are placed by their texts among the others, and all products of the fold are ranked for those who later bought any:
by content neighbours (content), and by the source model's formula, untrained, without what the places say (unplaced) and with it
(placed). This is the replay by which the app decides which way new products go. The 95 % intervals are of placed over content and
over unplaced, paired bootstraps over customers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from benchmarks.categories import read
from benchmarks.markdown import Table, row
from recsys_core.dataset import Dataset
from recsys_core.run_context import RunContext
from recsys_core.selection.router import judge_placement


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, metavar="FILE")
    given = parser.parse_args()
    header = (
        "data",
        "categories",
        "seed",
        "customers",
        "content",
        "unplaced",
        "placed",
        "gain (95 %)",
        "of the place (95 %)",
        "way taken",
    )
    table = Table(*header, out=given.out)
    for folder in given.data:
        catalog = Dataset(read(folder / "products.parquet"), pd.read_parquet(folder / "interactions.parquet"))
        for seed in range(given.seeds):
            found = judge_placement(catalog, run=RunContext(seed=seed))
            assert found.unplaced is not None
            gains = f"{found.placed - found.content:+.4f} ({found.gain_low:+.4f} to {found.gain_high:+.4f})"
            place = f"{found.placed - found.unplaced:+.4f} ({found.place_low:+.4f} to {found.place_high:+.4f})"
            way = "placed category" if found.by_placement else "own words"
            figures = (f"{found.content:.4f}", f"{found.unplaced:.4f}", f"{found.placed:.4f}", gains, place, way)
            table.say(row(folder.name, f"{found.categories:,}", str(seed), f"{found.customers:,}", *figures))


if __name__ == "__main__":
    main()
