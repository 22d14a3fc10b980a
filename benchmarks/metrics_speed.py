"""How fast figures are counted from lists, beside ranx on the same lists; one Markdown table out.

    python -m benchmarks.metrics_speed [--peer-python PATH]

50,000 customers, the top 20 of 2,000 products, 1 to 10 of them to be found; fastest of three rounds, after one that warms up.
PATH: an interpreter that has ranx (`pip install ranx==0.3.21`), which isn't a dependency of this project. ranx counts recall, precision,
F1, ndcg, MAP, MRR and hit rate of the same lists; it is told without and with the making of its own objects from them. Means
must agree to 1e-6.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.markdown import Table, row
from recsys_core.evaluation.metrics import hits, list_metrics

CUSTOMERS, PRODUCTS, TOP, SEED = 50_000, 2_000, 20, 0
NAMES = {
    "recall": "recall@20",
    "precision": "precision@20",
    "f1": "f1@20",
    "ndcg": "ndcg@20",
    "map": "map@20",
    "mrr": "mrr@20",
    "hit_rate": "hit_rate@20",
}
THEIRS = """
import json, sys, time
import numpy as np
from ranx import Qrels, Run, evaluate
data = np.load(sys.argv[1])
names = json.loads(sys.argv[2])
best, row, column = data["best"], data["row"], data["column"]
starts = np.searchsorted(row, np.arange(len(best) + 1))
qrels = {str(i): {str(p): 1 for p in column[starts[i]:starts[i + 1]]} for i in range(len(best))}
run = {str(i): {str(p): float(-place) for place, p in enumerate(best[i])} for i in range(len(best))}
evaluate(Qrels(dict(list(qrels.items())[:99])), Run(dict(list(run.items())[:99])), names)
counted, made = [], []
for turn in range(3):
    started = time.perf_counter()
    theirs = Qrels(qrels), Run(run)
    ready = time.perf_counter()
    means = evaluate(*theirs, names)
    ended = time.perf_counter()
    counted.append(ended - ready)
    made.append(ended - started)
print(json.dumps({"counted": min(counted), "made": min(made), "means": {k: float(v) for k, v in means.items()}}))
"""


def lists() -> tuple[np.ndarray, sp.csr_matrix]:
    rng = np.random.default_rng(SEED)
    best = np.stack([rng.choice(PRODUCTS, TOP, replace=False) for _ in range(CUSTOMERS)])
    size = rng.integers(1, 11, size=CUSTOMERS)
    row = np.repeat(np.arange(CUSTOMERS), size)
    # Half of what is to be found is in the list.
    column = np.where(
        rng.random(len(row)) < 0.5, best[row, rng.integers(TOP, size=len(row))], rng.integers(PRODUCTS, size=len(row))
    )
    pairs = np.unique(row * PRODUCTS + column)
    shape = (CUSTOMERS, PRODUCTS)
    return best, sp.csr_matrix((np.ones(len(pairs), dtype=np.float32), np.divmod(pairs, PRODUCTS)), shape)


def fastest(work: Callable[[], dict[str, np.ndarray]]) -> tuple[float, dict[str, np.ndarray]]:
    work()
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - started)
    return min(seconds), found


def peer(python: str, best: np.ndarray, relevant: sp.csr_matrix) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lists.npz"
        row, column = relevant.nonzero()
        np.savez(file, best=best, row=row, column=column)
        told = subprocess.run(
            [python, "-c", THEIRS, str(file), json.dumps(list(NAMES.values()))],
            capture_output=True,
            text=True,
            check=True,
        )
    result: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", metavar="PATH")
    given = parser.parse_args()
    best, relevant = lists()
    seconds, figures = fastest(lambda: list_metrics(hits(best, relevant), np.diff(relevant.indptr)))
    table = Table("what", "seconds", "ranx / ours")
    table.say(row("hits and seven figures, a customer at a time", f"{seconds:.3f}", ""))
    if given.peer_python:
        theirs = peer(given.peer_python, best, relevant)
        for name, column in NAMES.items():
            assert abs(figures[name].mean() - theirs["means"][column]) < 1e-6, name
        table.say(row("ranx, counting alone", f"{theirs['counted']:.3f}", f"{theirs['counted'] / seconds:.1f}"))
        table.say(row("ranx, from lists", f"{theirs['made']:.3f}", f"{theirs['made'] / seconds:.1f}"))


if __name__ == "__main__":
    main()
