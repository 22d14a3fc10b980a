"""What the shell verbs reach on cases of new products, beside plain content neighbours; one Markdown table out.

    python -m benchmarks.quality CASE [CASE ...]

A case is a folder with products.csv, interactions.csv, customers.csv (if any), new_products.csv, few_shot/new_products.csv,
few_shot/support_K.csv, and the truth: truth/zero_shot.parquet and truth/few_shot.parquet (customer_id, product_id pairs to
be found). The verbs run as a user would run them, each in a process of its own; no method is named: `auto` chooses.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.dataset import Dataset
from recsys_core.evaluation.metrics import ndcg, ndcg_per_customer
from recsys_core.models.content_neighbours import ContentNeighbours
from recsys_core.run_context import RunContext
from recsys_core.tables.checking import read_table
from recsys_core.tables.columns import Kind

SHOTS = (1, 2, 5, 10)


def verb(workspace: Path, name: str, *arguments: object) -> tuple[dict[str, Any], float]:
    """Runs a verb; returns its JSON and the seconds it took."""
    started = time.monotonic()
    command = [sys.executable, "-m", "recsys_core", name, "--workspace", str(workspace), "--json", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1]), time.monotonic() - started


def truth_matrix(truth: pd.DataFrame, products: pd.Index) -> tuple[pd.Index, sp.csr_matrix]:
    """The customers with something to find, and what it is: (n_customers, n_products)."""
    customers = pd.Index(truth["customer_id"].astype(str).unique())
    at = customers.get_indexer(pd.Index(truth["customer_id"].astype(str)))
    column = products.get_indexer(pd.Index(truth["product_id"].astype(str)))
    return customers, sp.csr_matrix((np.ones(len(at)), (at, column)), (len(customers), len(products)))


def list_ndcg(lists: Path, truth: Path, products: pd.Index) -> float:
    """Mean ndcg@20 of a file of recommendations; a customer without any counts as 0."""
    customers, relevant = truth_matrix(pd.read_parquet(truth), products)
    frame = pd.read_csv(lists, dtype={"customer_id": str, "product_id": str}, keep_default_na=False)
    frame = frame[(frame["rank"] <= 20) & frame["customer_id"].isin(customers)]
    best = np.full((len(customers), 20), -1)
    best[customers.get_indexer(pd.Index(frame["customer_id"])), frame["rank"] - 1] = products.get_indexer(
        pd.Index(frame["product_id"])
    )
    return float(ndcg_per_customer(best, relevant, 20).mean())


def content_ndcg(case: Path) -> float:
    """The same of plain content neighbours, zero-shot."""
    tables: dict[str, Kind] = {
        "products": "products",
        "interactions": "interactions",
        "new_products": "products",
    }
    frames = {name: read_table(case / f"{name}.csv", kind, name=name).frame for name, kind in tables.items()}
    model = ContentNeighbours().fit(Dataset(frames["products"], frames["interactions"]), run=RunContext())
    new = frames["new_products"]
    customers, relevant = truth_matrix(pd.read_parquet(case / "truth/zero_shot.parquet"), pd.Index(new["product_id"]))
    return float(ndcg(lambda block: model.score(customers[block], new), relevant).mean())


def measure(case: Path) -> dict[str, Any]:
    """All figures of one case, with the seconds of import + train + launch + recommend for all customers."""
    new = pd.Index(read_table(case / "new_products.csv", "products", name="new").frame["product_id"])
    few = pd.Index(read_table(case / "few_shot/new_products.csv", "products", name="few").frame["product_id"])
    row: dict[str, Any] = {"case": case.name}
    with tempfile.TemporaryDirectory() as folder:
        workspace, lists = Path(folder) / "w", Path(folder) / "lists.csv"
        files = [
            x
            for kind in ("products", "interactions", "customers")
            if (case / f"{kind}.csv").exists()
            for x in (f"--{kind}", case / f"{kind}.csv")
        ]
        seconds = verb(workspace, "import", *files)[1]
        seconds += verb(workspace, "train", "--seed", 0)[1]
        for shots in (0, *SHOTS):
            products = case / ("few_shot/new_products.csv" if shots else "new_products.csv")
            support = ["--interactions", case / f"few_shot/support_{shots}.csv"] if shots else []
            made, launching = verb(workspace, "launch", "--name", f"k{shots}", "--products", products, *support)
            _, listing = verb(workspace, "recommend", "--launch", f"k{shots}", "--out", lists)
            kind = "few_shot" if shots else "zero_shot"
            row[f"k={shots}"] = list_ndcg(lists, case / f"truth/{kind}.parquet", few if shots else new)
            if shots:
                row[f"method k={shots}"] = made["method"]
            row[f"seconds k={shots}"] = round(seconds + launching + listing)
    row["content"] = content_ndcg(case)
    row["peak GB"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, nargs="+", metavar="CASE")
    cases = parser.parse_args().cases
    columns = [
        "content",
        "k=0",
        "× content",
        *(f"k={k}" for k in SHOTS),
        "auto chose (k=1, 10)",
        "seconds (k=0, k=10)",
        "peak GB",
    ]
    print("| case | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 1))
    for case in cases:
        row = measure(case)
        cells = [f"{row['content']:.4f}", f"{row['k=0']:.4f}", f"{row['k=0'] / row['content']:.2f}"]
        cells += [f"{row[f'k={k}']:.4f}" for k in SHOTS]
        cells += [
            f"{row['method k=1']}, {row['method k=10']}",
            f"{row['seconds k=0']}, {row['seconds k=10']}",
            f"{row['peak GB']:.1f}",
        ]
        print(f"| {row['case']} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
