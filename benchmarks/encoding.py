"""How long the texts of products take to become vectors, beside the bare model on the same texts, in one run; a Markdown table out.

    python -m benchmarks.encoding PRODUCTS.csv|PRODUCTS.parquet [--rows 20000] [--device cpu]

Ours starts with an empty cache on the disk, and reads the table's texts, hashes and keeps them besides; the bare model gets a list of
the distinct texts. Both are loaded and warm. “again” is a second run, of a new encoder, with all texts in the cache. Run it on an
idle machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from sentence_transformers import SentenceTransformer

import recsys_core
from benchmarks.markdown import Table, row
from recsys_core.content.pretrained import PretrainedEncoder, packaged_folder
from recsys_core.content.product_text import product_text
from recsys_core.run_context import RunContext
from recsys_core.workspace.text_vectors import TextVectors

WARM = pd.DataFrame({"title": ["something else first"]})


def seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def read(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path) if path.suffix == ".parquet" else recsys_core.read(path, "products")


def measured(products: pd.DataFrame, run: RunContext) -> tuple[int, float, float, float]:
    """Distinct texts, and the seconds of ours, of the bare model, and of ours again."""
    texts = list(dict.fromkeys(text for text in product_text(products) if text))
    bare = SentenceTransformer(str(packaged_folder()), device=run.device, local_files_only=True)
    bare.encode(WARM["title"].tolist())
    with TemporaryDirectory() as folder:
        encoder = PretrainedEncoder(cache=TextVectors(folder))
        encoder.encode(WARM, run=run)
        ours = seconds(lambda: encoder.encode(products, run=run))
        theirs = seconds(lambda: bare.encode(texts, show_progress_bar=False))
        again = seconds(lambda: PretrainedEncoder(cache=TextVectors(folder)).encode(products, run=run))
    return len(texts), ours, theirs, again


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("products", type=Path)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    given = parser.parse_args()
    products = read(given.products).head(given.rows)
    texts, ours, theirs, again = measured(products, RunContext(device=given.device))
    table = Table("products", "distinct texts", "device", "Launchdesk", "bare model", "over it", "again")
    table.say(
        row(
            f"{len(products):,}",
            f"{texts:,}",
            given.device,
            f"{ours:.1f} s",
            f"{theirs:.1f} s",
            f"{ours / theirs - 1:+.1%}",
            f"{again:.2f} s",
        )
    )


if __name__ == "__main__":
    main()
