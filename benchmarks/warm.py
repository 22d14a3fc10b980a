"""Held-out interactions of known products: a case whose truth lies in the catalog, to judge a model on what it has seen sold.

    python -m benchmarks.warm CASE --out FOLDER [--seed 0] [--split-only]

Of up to 5,000 customers with at least three distinct products, drawn at random, one product each, drawn at random, is held
out with all its events; a product keeps at least one buyer. To be found, by those customers, among all known products but
the rest of their own history. FOLDER becomes products.csv, interactions.csv (the rest), customers.csv (if any) and
truth/warm.parquet (customer_id, product_id). Then the source model is trained on the rest, and what it finds is printed:
by its formula alone, and as `recsys_core.models.known_products` has it.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.cases import pair_matrix, read_pairs
from benchmarks.judging import Score, ndcg, ranked, recall

AT_MOST = 5000
MIN_PRODUCTS = 3


def held_out_pairs(pairs: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The pairs to hold out, of distinct customer_id, product_id `pairs`."""
    rng = np.random.default_rng(seed)
    shuffled = pairs.iloc[rng.permutation(len(pairs))]
    size = shuffled.groupby("customer_id")["product_id"].transform("size")
    chosen = shuffled[size >= MIN_PRODUCTS].drop_duplicates("customer_id").head(AT_MOST)
    rest = pairs.drop(chosen.index)
    return chosen[chosen["product_id"].isin(rest["product_id"])]


def write_split(case: Path, folder: Path, seed: int) -> None:
    held_out = held_out_pairs(read_pairs(case / "interactions.csv"), seed)
    interactions = pd.read_csv(case / "interactions.csv", dtype=str, keep_default_na=False)
    columns = ["customer_id", "product_id"]
    gone = pd.MultiIndex.from_frame(interactions[columns]).isin(pd.MultiIndex.from_frame(held_out))
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    interactions[~gone].to_csv(folder / "interactions.csv", index=False)
    for name in ("products.csv", "customers.csv"):
        if (case / name).exists():
            shutil.copy(case / name, folder / name)
    held_out.to_parquet(folder / "truth/warm.parquet", index=False)


def found(folder: Path, seed: int) -> Iterator[str]:
    """A line for each way of scoring. (What a peer's environment lacks is imported here.)"""
    import recsys_core
    from recsys_core.models.known_products import KnownProducts
    from recsys_core.run_context import RunContext

    tables = (recsys_core.read(folder / f"{kind}.csv", kind) for kind in ("products", "interactions"))
    started = time.monotonic()
    source = recsys_core.train(*tables, seed=seed).model
    trained = time.monotonic()
    known = KnownProducts.of(source, run=RunContext(seed=seed))
    learned = time.monotonic()
    truth = pair_matrix(read_pairs(folder / "truth/warm.parquet"), source.customer_ids_, source.product_ids_)
    who = np.flatnonzero(np.diff(truth.indptr))
    ways: dict[str, tuple[Score, float]] = {
        "formula": (known.formula, trained - started),
        "formula + EASE": (known.scores, learned - started),
    }
    for name, (score, seconds) in ways.items():
        best = ranked(score, who, source.weights_)
        figures = ndcg(best, truth[who]).mean(), recall(best, truth[who]).mean()
        yield f"{name}: {len(who):,} customers, ndcg@20 {figures[0]:.4f}, recall@20 {figures[1]:.4f}, {seconds:.0f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path, metavar="CASE")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split-only", action="store_true")
    arguments = parser.parse_args()
    write_split(arguments.case, arguments.out, arguments.seed)
    if not arguments.split_only:
        for line in found(arguments.out, arguments.seed):
            print(line, flush=True)


if __name__ == "__main__":
    main()
