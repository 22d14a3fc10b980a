"""What other libraries reach on a case, given the same content; prints JSON. Runs in an environment of its own: see setup.sh.

    benchmarks/peers/.venv/bin/python -m benchmarks.peers.run CASE --out FOLDER [--only lightfm als_ridge warm] [--seed 0]

Zero-shot: every customer of the truth ranks all new products by LightFM's hybrid model and by implicit ALS with a ridge
regression from content to factors; content is the TF-IDF of benchmarks/references.py. Settings are chosen on a launch
replayed from the catalog, never on the truth. Warm: see benchmarks/warm.py. FOLDER gets the lists (PEER.csv: customer_id,
product_id, rank), what was tried (PEER_tried.csv), the warm split (warm/), and the printed figures (peers.json).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

# Two levels of threads would wait for each other; implicit asks for this.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.cases import Case
from benchmarks.judging import ndcg
from benchmarks.peers import als_ridge, lightfm_hybrid
from benchmarks.peers.task import Task
from benchmarks.peers.warm_als import warm_results
from benchmarks.references import References
from benchmarks.warm import write_split

PEERS: dict[str, Any] = {"lightfm": lightfm_hybrid, "als_ridge": als_ridge}


def zero_shot(name: str, case: Case, folder: Path, seed: int) -> dict[str, Any]:
    """Figures of one peer; "seconds" is all but the choosing of settings: reading, TF-IDF, training, ranking."""
    peer, started = PEERS[name], time.monotonic()
    task = Task.of(case)
    read = time.monotonic()
    settings, tried = peer.tune(task, seed)
    chosen = time.monotonic()
    score = peer.train(task, settings, seed)
    trained = time.monotonic()
    best = task.lists(score)
    ended = time.monotonic()
    pd.DataFrame(tried).to_csv(folder / f"{name}_tried.csv", index=False)
    write_lists(best, case, task, folder / f"{name}.csv")
    return {
        "ndcg@20": round(float(ndcg(best, task.relevant).mean()), 4),
        "seconds_training": round(trained - chosen, 1),
        "seconds": round(ended - started - (chosen - read), 1),
        "seconds_choosing": round(chosen - read, 1),
        "settings": settings,
    }


def write_lists(best: np.ndarray, case: Case, task: Task, path: Path) -> None:
    products = case.candidates("zero_shot").to_numpy()
    lists = {
        "customer_id": np.repeat(case.customers.to_numpy()[task.who], best.shape[1]),
        "product_id": products[best.ravel()],
        "rank": np.tile(np.arange(1, best.shape[1] + 1), len(best)),
    }
    pd.DataFrame(lists).to_csv(path, index=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path, metavar="CASE")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--only", nargs="+", choices=(*PEERS, "warm"), default=(*PEERS, "warm"))
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    case, folder = Case(given.case), given.out
    folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {"case": case.name, "seed": given.seed}
    with threadpool_limits(1, user_api="blas"):
        if set(given.only) & set(PEERS):
            figures["content"] = {"ndcg@20": round(float(References(case).all_new().mean()), 4)}
        for name in PEERS:
            if name in given.only:
                figures[name] = zero_shot(name, Case(given.case), folder, given.seed)
        if "warm" in given.only:
            write_split(given.case, folder / "warm", given.seed)
            figures["warm"] = warm_results(folder / "warm", given.seed)
    text = json.dumps(figures, indent=2)
    (folder / "peers.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
