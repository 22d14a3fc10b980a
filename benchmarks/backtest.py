"""The figures of a backtest beside those of an independent judge, on a case whose split is given.

    python -m benchmarks.backtest CASE [--methods zero-shot,prototype] [--shots 0,1,10] [--seed 0] [--out FOLDER]

The case (see `benchmarks/cases.py`) is replayed as one split of a backtest. Then its lists and audiences are judged by
`benchmarks/judging.py`, which shares no code with the package. --out writes them as CSV too (recommendations and audience, as
the shell verbs do), to be judged by anything else.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

import recsys_core
from benchmarks.cases import SHOTS, Case, read_pairs
from benchmarks.judging import AUDIENCE, lift, ndcg, recall
from benchmarks.markdown import Table, row
from recsys_core.dataset import Dataset
from recsys_core.evaluation.split import Split
from recsys_core.run_context import RunContext
from recsys_core.selection.backtests.replayed import Replayed, Said
from recsys_core.selection.backtests.run import replayed
from recsys_core.selection.backtests.words import figure


def split_of(case: Case) -> Split:
    """The case's catalog, and its new products with their buyers, those of the support files first."""
    products, new = (recsys_core.read(case.folder / f"{name}.csv", "products") for name in ("products", "new_products"))
    interactions = recsys_core.read(case.folder / "interactions.csv", "interactions")
    sales = read_pairs(case.folder / "truth/zero_shot.parquet")
    turn = pd.Series(len(SHOTS), index=pd.MultiIndex.from_frame(sales))
    for place, shots in reversed(list(enumerate(SHOTS))):
        turn[pd.MultiIndex.from_frame(read_pairs(case.support_file(shots)))] = place
    order = np.lexsort((turn.to_numpy(), pd.Index(new["product_id"]).get_indexer(sales["product_id"])))
    nothing = pd.DataFrame({"customer_id": [], "product_id": []}, dtype="str")
    bought = sales.iloc[order].reset_index(drop=True)
    return Split(case.name, Dataset(products, interactions), new, bought, nothing, 1.0, pd.Series(dtype="object"))


def judged(case: Case, part: Replayed, said: Said, at: int) -> tuple[float, float, float]:
    """ndcg, recall and lift by the judge, of what was said with that number of first sales."""
    stage = part.stage
    who, relevant = case.truth("few_shot")
    candidates = pd.Index(stage.products["product_id"].iloc[stage.few])
    asked = pd.Index(stage.customers["customer_id"])[stage.queries.asked]
    # The judge's customers and products are in the order of the files.
    rows = asked.get_indexer(case.customers[who])
    columns = candidates.get_indexer(case.candidates("few_shot"))
    assert (rows >= 0).all()
    assert (columns >= 0).all()
    back = np.argsort(columns)
    lists = said.lists[at][rows]
    best = np.where(lists >= 0, back[np.maximum(lists, 0)], -1)
    # A buyer's place says whether an audience holds it; whom else it holds doesn't matter to the judge.
    size = max(1, int(len(stage.customers) * AUDIENCE))
    held = said.in_audience[at] <= size
    buyers = sp.csr_matrix(
        (np.ones(len(held)), (stage.queries.product, stage.queries.customer)),
        (len(stage.few), len(stage.queries.asked)),
    )
    audience = np.full((len(stage.few), size), -1)
    for product in range(len(stage.few)):
        inside = stage.queries.customer[held & (stage.queries.product == product)]
        audience[product, : len(inside)] = inside
    return (
        float(ndcg(best, relevant).mean()),
        float(recall(best, relevant).mean()),
        float(lift(audience, buyers).mean()),
    )


def write(part: Replayed, said: Said, folder: Path) -> None:
    """Lists for every number of first sales, and those of all new products, as recommendations."""
    stage = part.stage
    ids, products = (frame.iloc[:, 0].to_numpy() for frame in (stage.customers, stage.products))
    few = products[stage.few]
    lists = {f"k{k}": (said.lists[at], stage.queries.asked, few) for at, k in enumerate(stage.shots)}
    lists["all_new"] = said.everything, stage.everything.asked, products
    folder.mkdir(parents=True, exist_ok=True)
    for name, (best, asked, titles) in lists.items():
        who, place = np.nonzero(best >= 0)
        frame = pd.DataFrame(
            {"customer_id": ids[asked[who]], "product_id": titles[best[who, place]], "rank": place + 1}
        )
        frame.to_csv(folder / f"{said.way.replace(' ', '-')}_{name}.csv", index=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path, metavar="CASE")
    parser.add_argument("--methods", default="zero-shot,prototype")
    parser.add_argument("--shots", default="0,1,2,5,10")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, metavar="FOLDER")
    given = parser.parse_args()
    case, shots = Case(given.case), [int(k) for k in given.shots.split(",")]
    started = time.monotonic()
    found = replayed([split_of(case)], methods=given.methods.split(","), shots=shots, run=RunContext(seed=given.seed))
    took = time.monotonic() - started
    part, furthest = found.parts[0], 0.0
    table = Table("case", "way", "k", "ndcg", "judge", "recall", "judge", "lift", "judge")
    for said in part.said:
        for at, k in enumerate(part.stage.shots):
            cells = []
            for metric, theirs in zip(("ndcg", "recall", "lift"), judged(case, part, said, at), strict=True):
                ours = figure(found.metrics, metric, said.way, k)
                assert ours is not None
                furthest = max(furthest, abs(float(ours["value"]) - theirs))
                cells += [f"{ours['value']:.4f}", f"{theirs:.4f}"]
            table.say(row(case.name, said.way, str(k), *cells))
        if given.out:
            write(part, said, given.out)
    print(f"\nFurthest apart: {furthest:.1e}. The replay took {took:.0f} s.")


if __name__ == "__main__":
    main()
