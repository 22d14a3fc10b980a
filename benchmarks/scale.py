"""The memory and time of a large shop: generated sales, one epoch of training, a launch, everyone's recommendations.

    python -m benchmarks.scale [--interactions 10_000_000] [--customers 1_000_000] [--products 100_000]

Customers and products are alike within themes; how often each sells follows a power law. Prints a line for each step: seconds,
and the largest memory of the process so far.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pandas as pd

from recsys_core.adaptation.registry import method_named
from recsys_core.dataset import Dataset, Launch
from recsys_core.models.source_model import SourceModel, SourceModelConfig
from recsys_core.run_context import RunContext

THEMES = 200
NEW = 500
FIRST_SALES = 5
T = TypeVar("T")


def step(name: str, work: Callable[[], T]) -> T:
    started = time.monotonic()
    result = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{name}: {time.monotonic() - started:.0f} s, largest so far {peak:.1f} GB", flush=True)
    return result


def titles(themes: np.ndarray, rng: np.random.Generator) -> list[str]:
    words = rng.integers(50, size=(len(themes), 4))
    return [f"theme{t} " + " ".join(f"word{t}x{w}" for w in some) for t, some in zip(themes, words, strict=True)]


def generated(interactions: int, customers: int, products: int) -> tuple[Dataset, Launch]:
    rng = np.random.default_rng(0)
    theme, loved = rng.integers(THEMES, size=products), rng.integers(THEMES, size=customers)
    of_theme = [np.flatnonzero(theme == one) for one in range(THEMES)]
    who = (customers * rng.random(interactions) ** 1.5).astype(np.int64)
    # Four of five sales are of the loved theme; in each the first products sell most.
    at = rng.random(interactions) ** 2
    anything = rng.random(interactions) < 0.2
    wanted = np.where(anything, rng.integers(THEMES, size=interactions), loved[who])
    size = np.array([len(some) for some in of_theme])
    start = np.cumsum(size) - size
    what = np.concatenate(of_theme)[start[wanted] + (at * size[wanted]).astype(np.int64)]
    days = rng.integers(365, size=interactions).astype("timedelta64[D]")
    sales = pd.DataFrame(
        {
            "customer_id": pd.array([f"c{i}" for i in range(customers)], dtype="str")[who],
            "product_id": pd.array([f"p{i}" for i in range(products)], dtype="str")[what],
            "timestamp": np.datetime64("2024-01-01", "s") + days,
        }
    )
    known = pd.DataFrame({"product_id": [f"p{i}" for i in range(products)], "title": titles(theme, rng)})
    new_theme = rng.integers(THEMES, size=NEW)
    new = pd.DataFrame({"product_id": [f"n{i}" for i in range(NEW)], "title": titles(new_theme, rng)})
    lovers = pd.Series(np.arange(customers)).groupby(loved)
    first = [
        (f"c{c}", f"n{i}")
        for i, one in enumerate(new_theme)
        for c in rng.choice(lovers.groups[one], FIRST_SALES, replace=False)
    ]
    return Dataset(known, sales), Launch("scale", new, pd.DataFrame(first, columns=["customer_id", "product_id"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interactions", type=int, default=10_000_000)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--products", type=int, default=100_000)
    given = parser.parse_args()
    catalog, launch = step("generating", lambda: generated(given.interactions, given.customers, given.products))
    config = SourceModelConfig(epochs=1, pairs_per_epoch=given.interactions)
    run = RunContext()
    source = step("training, one epoch of all pairs", lambda: SourceModel(config).fit(catalog, run=run))
    adapted = step("adapting, prototype", lambda: method_named("prototype").adapt(source, launch, run=run))
    lists = step("recommending, top 20 for everyone", lambda: adapted.recommend(top=20))
    print(f"{len(lists):,} rows for {lists['customer_id'].nunique():,} customers")


if __name__ == "__main__":
    main()
