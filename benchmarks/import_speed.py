"""How long an import of 5,000,000 interactions takes, and how much memory, beside a bare reader; a Markdown table out.

    python -m benchmarks.import_speed [--rows 5000000] [--folder FOLDER]

Ours: reading, checking, comparing with a catalog that is there, storing. Bare: pyarrow.csv.read_csv of the same file to columns
of text, and a Parquet file of them. Each runs in a process of its own, three times in turn; the fastest counts, and the highest
memory. “Longest wait” is how long a thread that wakes up every 10 ms was kept from going on: what another session of the app
feels meanwhile. The file is made here, the same each time: six columns, times in order of nothing.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.markdown import Table, row

ROUNDS = 3
CUSTOMERS, PRODUCTS = 300_000, 50_000
TICK = 0.01


def make_files(folder: Path, rows: int) -> None:
    """interactions.csv and products.csv."""
    rng = np.random.default_rng(0)
    times = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 2 * 365 * 86_400, rows), unit="s")
    pd.DataFrame(
        {
            "customer_id": "C" + pd.Series(rng.integers(0, CUSTOMERS, rows)).astype("str"),
            "product_id": "P-" + pd.Series(rng.zipf(1.3, rows) % PRODUCTS).astype("str"),
            "event_type": "purchase",
            "quantity": rng.integers(1, 5, rows),
            "unit_price": (rng.random(rows) * 100).round(2),
            "timestamp": times.strftime("%Y-%m-%d %H:%M:%S"),
        }
    ).to_csv(folder / "interactions.csv", index=False)
    ids = "P-" + pd.Series(np.arange(PRODUCTS)).astype("str")
    pd.DataFrame({"product_id": ids, "title": "Product " + ids}).to_csv(folder / "products.csv", index=False)


def bare(folder: Path) -> dict[str, float]:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet as pq

    path = folder / "interactions.csv"
    names = path.open().readline().strip().split(",")
    text = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    started = time.perf_counter()
    pq.write_table(pyarrow.csv.read_csv(path, convert_options=text), folder / "bare.parquet")
    return {"seconds": time.perf_counter() - started, "memory": peak()}


def ours(folder: Path) -> dict[str, float]:
    from recsys_core.run_context import RunContext
    from recsys_core.workspace import Workspace
    from recsys_core.workspace.imports import Upload, check_files

    with tempfile.TemporaryDirectory(dir=folder) as place:
        workspace = Workspace(Path(place) / "shop")
        check_files({"products": Upload.of(folder / "products.csv")}).publish(workspace)
        reports: list[float] = []
        run = RunContext(report=lambda _: reports.append(time.perf_counter()))
        waits: list[float] = []
        stop = threading.Event()
        other = threading.Thread(target=_wake, args=(stop, waits), daemon=True)
        other.start()
        started = time.perf_counter()
        checked = check_files({"interactions": Upload.of(folder / "interactions.csv")}, run=run)
        checked.plan(workspace, run=run).publish(workspace)
        seconds = time.perf_counter() - started
        stop.set()
        other.join()
        steps = np.diff([started, *reports, started + seconds])
        workspace.close()
    return {
        "seconds": seconds,
        "memory": peak(),
        "wait": max(waits),
        "usual": float(np.percentile(waits, 99)),
        "reports": len(reports),
        "still": float(steps.max()),
    }


def _wake(stop: threading.Event, waits: list[float]) -> None:
    while not stop.is_set():
        before = time.perf_counter()
        time.sleep(TICK)
        waits.append(time.perf_counter() - before - TICK)


def peak() -> float:
    """GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def measured(what: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.import_speed", "--one", what, "--folder", str(folder)]
    told: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return told


def compare(folder: Path, rows: int) -> None:
    make_files(folder, rows)
    size = (folder / "interactions.csv").stat().st_size / 1e6
    rounds = [(measured("bare", folder), measured("ours", folder)) for _ in range(ROUNDS)]
    theirs, mine = (min((one[at] for one in rounds), key=lambda told: told["seconds"]) for at in (0, 1))
    table = Table("what", "Launchdesk", "bare", "ratio")
    table.say(
        row(
            f"import of {rows:,} interactions ({size:,.0f} MB)",
            f"{mine['seconds']:.1f} s",
            f"{theirs['seconds']:.1f} s",
            f"×{mine['seconds'] / theirs['seconds']:.1f}",
        )
    )
    memory = [max(one[at]["memory"] for one in rounds) for at in (1, 0)]
    table.say(row("peak memory", f"{memory[0]:.2f} GB", f"{memory[1]:.2f} GB", f"×{memory[0] / memory[1]:.1f}"))
    waits = [max(one[1][name] for one in rounds) for name in ("wait", "usual")]
    table.say(row("longest wait of another thread (99 % of waits)", f"{waits[0]:.2f} s ({waits[1]:.3f} s)", "", ""))
    table.say(row("news of progress (longest without)", f"{mine['reports']:.0f} ({mine['still']:.1f} s)", "", ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--folder", type=Path, help="where the files are made; a temporary one if left out")
    parser.add_argument("--one", choices=("bare", "ours"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps({"bare": bare, "ours": ours}[given.one](given.folder)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        compare(given.folder or Path(temporary), given.rows)


if __name__ == "__main__":
    main()
