"""How fast the work goes, beside the bare arithmetic or the bare reader of the same size, in one run; a Markdown table out.

    python -m benchmarks.speed CASE [CASE ...] [--parts training adaptation recommend]

A case is a folder as `benchmarks/cases.py` tells. “ratio” is the share of the peer's speed. Run it on an idle machine: a
second busy process slows both sides, and not alike.

training: arithmetic of towers and logits, forward and backward, over the seconds of the epochs (the making of batches included, the
judging of epochs not), against a bare torch.matmul. adaptation: 500 products with 10 first sales each. recommend: the top 20 of all
new products for all customers, without a frame around them, against torch.matmul + topk with as many dimensions as a product's
dense part has. What an import costs is in `import_speed.py`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

import recsys_core
from benchmarks.cases import Case
from benchmarks.markdown import Table, row
from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.adaptation.registry import method_named
from recsys_core.dataset import Dataset, Launch
from recsys_core.evaluation.ranking import BLOCK, top_products
from recsys_core.models.batches import Batch
from recsys_core.models.network import TwoTowers
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

TOP = 20
ROUNDS = 3
PRODUCTS, SHOTS = 500, 10
SIZE = 2048
"""Of the square matrices that tell the machine's rate."""
RUN = RunContext(seed=0)
PARTS = ("training", "adaptation", "recommend")

Row = tuple[str, str, str, str]
"""What, ours, the peer's, ratio."""


def fastest(work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Seconds of the fastest of some rounds, after one that warms up."""
    work()
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def matmul_rate() -> float:
    """The machine's GFLOP a second, float32."""
    left, right = torch.randn(SIZE, SIZE), torch.randn(SIZE, SIZE)
    return 2 * SIZE**3 / fastest(lambda: left @ right, 10) / 1e9


def trained(catalog: Dataset) -> tuple[SourceModel, float, float]:
    """The source model, the GFLOP of its towers and logits, and the seconds of its epochs."""
    done, seconds, last, plain = [0.0], [0.0], [0.0], TwoTowers.loss

    def counted(towers: TwoTowers, batch: Batch, *arguments: Any) -> torch.Tensor:
        pairs, products = batch.words.shape
        dimensions = batch.customers.shape[1]
        # A tower has its outputs and its slopes; the logits have, besides, slopes for both sides.
        done[0] += 4 * (pairs + products) * dimensions**2 + 6 * pairs * products * dimensions
        return plain(towers, batch, *arguments)

    def report(values: dict[str, Any]) -> None:
        now = time.perf_counter()
        if values.get("stage") == "Training" and "ndcg" not in values:
            seconds[0] += now - last[0]
        last[0] = now

    TwoTowers.loss = counted  # type: ignore[method-assign, assignment]
    try:
        model = SourceModel().fit(catalog, run=RunContext(seed=0, report=report))
    finally:
        TwoTowers.loss = plain  # type: ignore[method-assign]
    return model, done[0] / 1e9, seconds[0]


def training(model: SourceModel, work: float, seconds: float) -> Iterator[Row]:
    rate = matmul_rate()
    pairs = len(model.history_[1:]) * min(model.config.pairs_per_epoch, model.shown_.nnz)
    yield (
        f"training, {pairs / seconds:,.0f} interactions/s",
        f"{work / seconds:.0f} GFLOP/s",
        f"{rate:.0f} GFLOP/s",
        f"{work / seconds / rate:.0%}",
    )


def supported(case: Case) -> Launch:
    """500 products with ten first sales each: the case's, the same again under other names where it has too few."""
    products = recsys_core.read(case.folder / "few_shot/new_products.csv", "products")
    sales = recsys_core.read(case.support_file(SHOTS), "interactions")
    frames = [
        [frame.assign(product_id=frame["product_id"] + f"-{copy}") for frame in (products, sales)]
        for copy in range(-(-PRODUCTS // len(products)))
    ]
    chosen = pd.concat([some for some, _ in frames]).head(PRODUCTS)
    first = pd.concat([some for _, some in frames])
    return Launch("speed", chosen, first[first["product_id"].isin(chosen["product_id"])])


def adaptation(model: SourceModel, case: Case) -> Iterator[Row]:
    launch = supported(case)
    for name in ("prototype", "fine-tune"):
        seconds = fastest(lambda name=name: method_named(name).adapt(model, launch, run=RUN), 1)  # type: ignore[misc]
        yield f"adaptation of {PRODUCTS} products, {name}", f"{seconds:.1f} s", "", ""


def recommend(model: SourceModel, case: Case) -> Iterator[Row]:
    launch = Launch("speed", recsys_core.read(case.folder / "new_products.csv", "products"))
    adapted: AdaptedModel = method_named("prototype").adapt(model, launch, run=RUN)
    customers, products = len(model.customer_ids_), len(launch.product_ids)
    dimensions = model.head_.customer_tower.shape[1] + model.factors_.shape[1] + 1
    left, right = torch.randn(customers, dimensions), torch.randn(dimensions, products)

    def ours() -> None:
        for _ in top_products(adapted.score, np.arange(customers), TOP, adapted.support):
            pass

    def bare() -> None:
        for start in range(0, customers, BLOCK):
            torch.topk(left[start : start + BLOCK] @ right, TOP, dim=1)

    mine, theirs, frame = fastest(ours), fastest(bare), fastest(adapted.recommend, 1)
    pairs = customers * products / 1e6
    yield (
        f"recommend, {customers:,} customers × {products:,} products, top {TOP}",
        f"{pairs / mine:.0f} M pairs/s",
        f"{pairs / theirs:.0f} M pairs/s",
        f"{theirs / mine:.0%}",
    )
    yield "the same as a frame, with ids and probabilities' column", f"{pairs / frame:.0f} M pairs/s", "", ""


def rows(folder: Path, parts: list[str]) -> Iterator[Row]:
    case = Case(folder)
    products = recsys_core.read(folder / "products.csv", "products")
    catalog = Dataset(products, recsys_core.read(folder / "interactions.csv", "interactions"))
    model, work, seconds = trained(catalog)
    if "training" in parts:
        yield from training(model, work, seconds)
    if "adaptation" in parts:
        yield from adaptation(model, case)
    if "recommend" in parts:
        yield from recommend(model, case)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, nargs="+", metavar="CASE")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    given = parser.parse_args()
    table = Table("case", "what", "Launchdesk", "bare", "ratio")
    for folder in given.cases:
        for cells in rows(folder, given.parts):
            table.say(row(folder.name, *cells))


if __name__ == "__main__":
    main()
