"""What the product's own methods reach on a case: through the verbs in one process, or in a shell as a user would run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

import recsys_core
from benchmarks.cases import SHOTS, Candidates, Case
from benchmarks.judging import AUDIENCE, LENGTH, lift, ndcg
from recsys_core.adaptation.registry import AUTO
from recsys_core.errors import LaunchdeskError
from recsys_core.verbs import Trained

ALL_NEW = "all new, k=0"
AUDIENCE_SHOTS = 5
AUDIENCE_COLUMN = f"audience lift, k={AUDIENCE_SHOTS}"
FEW = tuple(f"k={shots}" for shots in (0, *SHOTS))
COLUMNS = (ALL_NEW, *FEW, AUDIENCE_COLUMN)


@dataclass
class Run:
    """One method with one seed on one case."""

    figures: dict[str, np.ndarray] = field(default_factory=dict)
    """Column → ndcg@20 of each customer, or lift of each product; a column is missing where the method couldn't run."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Column → training, adapting and listing."""
    chosen: dict[str, str] = field(default_factory=dict)
    """Column → the method that was taken."""
    peak: float | None = None
    """GB, of the largest process."""

    def save(self, path: Path) -> None:
        said = json.dumps({"seconds": self.seconds, "chosen": self.chosen})
        arrays: dict[str, Any] = {"said": np.array(said), **self.figures}
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> Run:
        with np.load(path) as arrays:
            figures = {name: arrays[name] for name in arrays.files if name != "said"}
            return cls(figures, **json.loads(str(arrays["said"])))


class Judge:
    """A case's launches, and what their lists are worth."""

    def __init__(self, case: Case):
        self.case = case
        self.truths: dict[Candidates, tuple[np.ndarray, sp.csr_matrix]] = {
            "zero_shot": case.truth("zero_shot"),
            "few_shot": case.truth("few_shot"),
        }

    def launches(self) -> dict[str, tuple[Candidates, int]]:
        """Column → which products, and how many first sales each."""
        launches: dict[str, tuple[Candidates, int]] = {ALL_NEW: ("zero_shot", 0)}
        return launches | {f"k={shots}": ("few_shot", shots) for shots in (0, *SHOTS)}

    def products(self, which: Candidates) -> Path:
        return self.case.folder / ("new_products.csv" if which == "zero_shot" else "few_shot/new_products.csv")

    def customers(self, which: Candidates) -> pd.Index:
        """Those who have something to find."""
        return self.case.customers[self.truths[which][0]]

    def recommendations(self, lists: pd.DataFrame, which: Candidates) -> np.ndarray:
        """ndcg@20 of each customer with something to find; one without a list gets 0."""
        relevant = self.truths[which][1]
        columns = ("customer_id", "product_id")
        best = _positions(lists, columns, self.customers(which), self.case.candidates(which), LENGTH)
        return ndcg(best, relevant)

    def audience_size(self) -> int:
        return max(1, int(len(self.case.customers) * AUDIENCE))

    def audience(self, lists: pd.DataFrame) -> np.ndarray:
        """Lift of each few-shot product with later buyers."""
        who, relevant = self.truths["few_shot"]
        products, customers = self.case.candidates("few_shot"), self.case.customers
        pairs = relevant.tocoo()
        buyers = sp.csr_matrix((pairs.data, (pairs.col, who[pairs.row])), (len(products), len(customers)))
        columns = ("product_id", "customer_id")
        return lift(_positions(lists, columns, products, customers, self.audience_size()), buyers)


def _positions(
    lists: pd.DataFrame, columns: tuple[str, str], owners: pd.Index, items: pd.Index, length: int
) -> np.ndarray:
    """(n_owners, length) positions of the items by rank, -1 where there is none."""
    if lists.duplicated(list(columns)).any() or lists.duplicated([columns[0], "rank"]).any():
        raise SystemExit(
            f"A {columns[0]} has the same {columns[1]} or the same rank twice: a figure would mean nothing."
        )
    lists = lists[(lists["rank"] <= length) & lists[columns[0]].isin(owners)]
    best = np.full((len(owners), length), -1)
    owner = owners.get_indexer(pd.Index(lists[columns[0]]))
    best[owner, lists["rank"] - 1] = items.get_indexer(pd.Index(lists[columns[1]]))
    return best


class Source:
    """A case's source model, trained with one seed when it is first needed."""

    def __init__(self, case: Case, seed: int):
        self.folder, self.seed, self.seconds = case.folder, seed, 0.0

    @cached_property
    def trained(self) -> Trained:
        started = time.monotonic()
        products = recsys_core.read(self.folder / "products.csv", "products")
        interactions = recsys_core.read(self.folder / "interactions.csv", "interactions")
        path = self.folder / "customers.csv"
        customers = recsys_core.read(path, "customers") if path.exists() else None
        trained = recsys_core.train(products, interactions, customers, seed=self.seed)
        self.seconds = time.monotonic() - started
        return trained


def through_verbs(judge: Judge, source: Source, method: str) -> Run:
    """All columns of one method; where it can't run, the reason goes to stderr."""
    run, trained = Run(), source.trained
    for column, (which, shots) in judge.launches().items():
        products = recsys_core.read(judge.products(which), "products")
        support = recsys_core.read(judge.case.support_file(shots), "interactions") if shots else None
        started = time.monotonic()
        try:
            adapted = recsys_core.launch(trained, products, support, method=method, seed=source.seed)
        except LaunchdeskError as error:
            print(f"{judge.case.name}, {method}, {column}: {error}", file=sys.stderr)
            continue
        lists = recsys_core.recommend(adapted, list(judge.customers(which)), LENGTH)
        run.seconds[column] = source.seconds + time.monotonic() - started
        run.chosen[column] = adapted.method
        run.figures[column] = judge.recommendations(lists, which)
        if shots == AUDIENCE_SHOTS:
            audience = recsys_core.audience(adapted, top=judge.audience_size())
            run.figures[AUDIENCE_COLUMN] = judge.audience(audience)
    return run


def verb(workspace: Path, name: str, *arguments: object) -> tuple[dict[str, Any], float, float]:
    """Runs a verb in a process of its own; returns its JSON, the seconds it took and its largest memory in GB."""
    started = time.monotonic()
    command = [sys.executable, "-m", "recsys_core", name, "--workspace", str(workspace), "--json", *map(str, arguments)]
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complaint:
        process = subprocess.Popen(command, stdout=said, stderr=complaint)
        # The memory of this child alone: RUSAGE_CHILDREN would be the largest of all so far.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        complaint.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)}\n{complaint.read()}")
        return json.loads(said.read().splitlines()[-1]), time.monotonic() - started, usage.ru_maxrss / 2**20


def through_shell(judge: Judge) -> Run:
    """All columns of `auto`, as a user would run it: "seconds" is import + train + launch + recommend for all customers."""
    run, folder, peaks = Run(), judge.case.folder, []
    with tempfile.TemporaryDirectory() as scratch:
        workspace, out = Path(scratch) / "w", Path(scratch) / "lists.csv"

        def timed(name: str, *arguments: object) -> tuple[dict[str, Any], float]:
            answer, seconds, peak = verb(workspace, name, *arguments)
            peaks.append(peak)
            return answer, seconds

        def lists() -> pd.DataFrame:
            return pd.read_csv(out, dtype={"customer_id": str, "product_id": str}, keep_default_na=False)

        kinds = [kind for kind in ("products", "interactions", "customers") if (folder / f"{kind}.csv").exists()]
        seconds = timed("import", *(x for kind in kinds for x in (f"--{kind}", folder / f"{kind}.csv")))[1]
        seconds += timed("train", "--seed", 0)[1]
        for column, (which, shots) in judge.launches().items():
            support = ["--interactions", judge.case.support_file(shots)] if shots else []
            given = ["--name", column, "--products", judge.products(which), *support]
            made, launching = timed("launch", *given, "--method", AUTO)
            listing = timed("recommend", "--launch", column, "--out", out)[1]
            run.figures[column] = judge.recommendations(lists(), which)
            run.chosen[column] = made["method"]
            run.seconds[column] = seconds + launching + listing
            if shots == AUDIENCE_SHOTS:
                timed("audience", "--launch", column, "--share", AUDIENCE, "--out", out)
                run.figures[AUDIENCE_COLUMN] = judge.audience(lists())
    run.peak = max(peaks)
    return run
