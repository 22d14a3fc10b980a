"""Tables of any size are read within memory, or refused by a sentence that names the limit; measured in processes of their own."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from recsys_core.errors import InvalidTable
from recsys_core.tables import source
from recsys_core.tables.checking import read_table

ROOT = Path(__file__).parents[2]
SCRIPT = """
import json, resource, sys, time
from recsys_core.errors import InvalidTable
from recsys_core.tables import reading, source
from recsys_core.tables.checking import read_table

path, kind, limit = sys.argv[1:]
if int(limit):
    source.LIMIT_BYTES = int(limit)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.monotonic()
try:
    with open(path, "rb") as file:
        table = read_table(file, kind, name="big")
    said, good, rejected = table.summary(), len(table.frame), len(table.rejected)
except InvalidTable as error:
    said, good, rejected = str(error), 0, 0
most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([said, good, rejected, (most - before) >> 10, time.monotonic() - started]))
"""
MIB = 1 << 20


@dataclass(frozen=True)
class Read:
    said: str
    good: int
    rejected: int
    mib: int
    """By how much the process grew, at most."""
    seconds: float


def read(path: Path, kind: str = "products", limit: int = 0) -> Read:
    """Reads the file in a new process; `limit` takes the place of the largest size of a file."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path), kind, str(limit)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return Read(*json.loads(done.stdout))


def write(path: Path, *pieces: tuple[bytes, int]) -> Path:
    """Each piece as often as said, packed where the name says so."""
    with gzip.open(path, "wb", compresslevel=1) if path.suffix == ".gz" else path.open("wb") as file:
        for piece, times in pieces:
            block = piece * max(1, min(times, MIB // max(1, len(piece))))
            for _ in range(times * len(piece) // max(1, len(block))):
                file.write(block)
    return path


def test_a_million_rows(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    with path.open("w") as file:
        file.write("customer_id,product_id,quantity,timestamp\n")
        for at in range(1_000_000):
            file.write(f"c{at % 90_001},p{at % 3_001},{at % 5},2024-03-{at % 28 + 1:02} 10:{at % 60:02}:00\n")
    done = read(path, "interactions")
    assert (done.good, done.rejected) == (1_000_000, 0)
    assert done.mib < 12 * (path.stat().st_size >> 20)


def test_two_thousand_columns(tmp_path: Path) -> None:
    names = ["product_id", "title", *(f"column {at}" for at in range(2_000))]
    path = tmp_path / "wide.csv"
    with path.open("w") as file:
        file.write(",".join(names) + "\n")
        for at in range(1_000):
            file.write(f"p{at},Product {at}" + f",{at % 7}" * 2_000 + "\n")
    done = read(path)
    assert (done.good, done.rejected) == (1_000, 0)
    assert done.mib < 500


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize(
    ("before", "letter", "after"),
    [(b"1,", b"a", b",2\n2,b,3\n"), (b'1,"', b"a", b'",2\n2,b,3\n'), (b'1,"', b"a", b"\n"), (b'1,"', b"a\n", b'",2\n')],
    ids=["bare", "quoted", "an open quote", "quoted lines"],
)
def test_a_cell_of_a_hundred_megabytes(before: bytes, letter: bytes, after: bytes, packed: str, tmp_path: Path) -> None:
    times = 100 * MIB // len(letter)
    path = write(
        tmp_path / f"big.csv{packed}", (b"product_id,title,price\n0,a,1\n" + before, 1), (letter, times), (after, 1)
    )
    done = read(path)
    assert "16 MB, the limit for one row" in done.said or "quotation mark" in done.said
    assert done.mib < 400


@pytest.mark.parametrize(
    "before", [b"product_id,title\n1,a\n2,", b'product_id,title\n1,"x"\n2,"'], ids=["bare", "quoted"]
)
@pytest.mark.parametrize("letter", [b"a", b"\0", b'"', b"\n", b"\r", b",", b"\xff", b"\xc3\xa9", b'""\n'])
def test_a_packed_file_of_one_letter_only(before: bytes, letter: bytes, tmp_path: Path) -> None:
    """Less than a megabyte that is a hundred once it is unpacked."""
    path = write(tmp_path / "bomb.csv.gz", (before, 1), (letter, 100 * MIB // len(letter)))
    assert path.stat().st_size < MIB
    done = read(path)
    assert "big" in done.said
    assert "\n" not in done.said
    assert done.mib < 700


def test_one_row_of_millions_of_values(tmp_path: Path) -> None:
    path = write(tmp_path / "commas.csv", (b"product_id,title\n1,a\n", 1), (b",", 12_000_000), (b"\n2,b\n", 1))
    done = read(path)
    assert "another number of values" in done.said
    assert done.mib < 200


def test_a_file_without_column_names_and_without_rows() -> None:
    for letter in (b"a", b"\0", b'"', b"\n", b",", b"\xff"):
        with pytest.raises(InvalidTable, match=r"big\.csv"):
            read_table(letter * (8 * MIB), "products", name="big.csv")


def test_more_values_than_a_file_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_VALUES", 1_000)
    with pytest.raises(InvalidTable, match="1,000 values"):
        read_table(b"product_id,title,price\n" + b"1,a,1\n" * 1_000, "products", name="big.csv")
    monkeypatch.setattr(source, "MAX_LINES", 100)
    with pytest.raises(InvalidTable, match="100 lines"):
        read_table(b"product_id,title\n" + b"1,a\n" * 200, "products", name="big.csv")


@pytest.mark.parametrize(
    ("row", "kind"),
    [(b"c,p\n", "interactions"), (b"c\n", "interactions"), (b"c" + b"," * 999 + b"\n", "interactions")],
    ids=["rows", "too short", "too wide"],
)
def test_a_packed_file_that_grows_past_the_limit(row: bytes, kind: str, tmp_path: Path) -> None:
    limit = 40 * MIB
    path = write(tmp_path / "bomb.csv.gz", (b"customer_id,product_id\n", 1), (row, 60 * MIB // len(row)))
    assert path.stat().st_size < MIB
    done = read(path, kind, limit)
    assert "the limit for one file" in done.said or "another number of values" in done.said
    assert done.mib < 600


def test_a_file_above_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"product_id,title\n" + b"1,a\n" * 1000
    monkeypatch.setattr(source, "LIMIT_BYTES", 1 << 10)
    with pytest.raises(InvalidTable, match="the limit for one file"):
        read_table(data, "products", name="big.csv")
    monkeypatch.setattr(source, "LIMIT_BYTES", len(data))
    assert len(read_table(data, "products", name="big.csv").rejected) == 999
