"""The same faults through the shell: one plain sentence, exit code 2, and nothing half done."""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from recsys_core.__main__ import main
from recsys_core.tables import reading, source
from recsys_core.workspace import Workspace

ROOT = Path(__file__).parents[2]
PRODUCTS = "product_id,title,price\nA,Mug,2\nB,Pot,3\n"


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    def json(self) -> dict:
        return json.loads(self.out.splitlines()[-1])


class Shell:
    """The verb import on a workspace of its own, in this process."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]):
        self.folder = folder
        self._capsys = capsys

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def __call__(self, *arguments: object) -> Done:
        code = main([*map(str, arguments), "--workspace", str(self.folder / "workspace")])
        said = self._capsys.readouterr()
        assert "Traceback" not in said.err
        return Done(code, said.out, said.err)

    def refused(self, *arguments: object) -> str:
        done = self(*arguments)
        assert (done.code, done.out) == (2, "")
        assert len(done.err.splitlines()) == 1
        return done.err

    def products(self) -> pd.DataFrame | None:
        workspace = Workspace(self.folder / "workspace")
        version = workspace.catalog_version()
        products = None if version is None else workspace.catalog(version.id).products.set_index("product_id")
        workspace.close()
        return products


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"product_id,title,price\n", "no rows below"),
        (b"7806397051,Colour Palette 15,12.50\n9759091062,Xtreme Lash 02,7.00\n", "doesn't hold column names"),
        (b"product_id,title,TITLE\nA,a,b\n", "the same name"),
        (b"PK\x03\x04nothing", "damaged"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b'product_id,title\nA,"a\nB,b\n', "Row 2"),
        (b"product_id,title\nA,a\0\n", "Row 2"),
        (b"product_id,title\nA,a\nB,\xe8\x8c\xb6\xff\n", "row 3"),
        (b"colour,weather\nred,rain\n", "product_id"),
        (b"product_id,title,price\nA,a,x\n", "no usable product"),
        (b"PAR1PAR1PAR1", "damaged"),
        (gzip.compress(b"product_id,title\nA,a\n" * 100)[:40], "damaged .gz archive"),
    ],
)
def test_a_file_of_no_use(content: bytes, said: str, shell: Shell) -> None:
    message = shell.refused("import", "--products", shell.file("shop.csv", content))
    assert said in message
    assert "shop.csv" in message
    assert shell.products() is None


def test_a_bad_file_beside_a_good_one_imports_neither(shell: Shell) -> None:
    files = {"products": PRODUCTS, "interactions": 'customer_id,product_id\nc,"A\n'}
    arguments = [word for kind, text in files.items() for word in (f"--{kind}", shell.file(f"{kind}.csv", text))]
    assert "interactions.csv" in shell.refused("import", *arguments)
    assert shell.products() is None


def test_limits_are_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    many = shell.file("wide.csv", ",".join(["product_id", "title", *(f"a{at}" for at in range(5_000))]) + "\n1,a\n")
    assert "5,000" in shell.refused("import", "--products", many)
    monkeypatch.setattr(reading, "ROW_BYTES", 1 << 20)
    long = shell.file("long.csv", f"product_id,title\n1,{'a' * (5 << 20)}\n2,b\n")
    assert "1 MB" in shell.refused("import", "--products", long)
    monkeypatch.setattr(source, "LIMIT_BYTES", 1000)
    assert "limit" in shell.refused("import", "--products", shell.file("big.csv", PRODUCTS * 100))


@pytest.mark.parametrize("name", ["nowhere.csv", "", "x" * 300 + ".csv", "folder"])
def test_a_name_without_a_file(name: str, shell: Shell) -> None:
    (shell.folder / "folder.csv").mkdir()
    assert "no file" in shell.refused("import", "--products", shell.folder / name)


def test_a_file_that_may_not_be_read(shell: Shell) -> None:
    path = shell.file("shop.csv", PRODUCTS)
    path.chmod(0)
    try:
        path.read_bytes()
    except PermissionError:
        assert "can't be opened" in shell.refused("import", "--products", path)
    else:
        pytest.skip("this user may read every file")
    finally:
        path.chmod(0o600)


def test_what_was_guessed_and_converted_is_said(shell: Shell) -> None:
    text = "Artikelnummer;Bezeichnung;Preis;launched_at\n1;Tässchen;1.299,00;44927\n2;Übertopf;3,50;44928\n"
    done = shell("import", "--products", shell.file("shop.csv", text.encode("cp1252")))
    assert done.code == 0
    for said in ("Preis → price", "decimal comma", "as Excel counts them", "2 good, 0 rejected"):
        assert said in done.out
    products = shell.products()
    assert products is not None
    assert products["price"].tolist() == [1299, 3.5]
    assert products["launched_at"].tolist() == [pd.Timestamp("2023-01-01"), pd.Timestamp("2023-01-02")]


def test_good_rows_come_in_and_bad_ones_go_out_are_mended_and_come_alone(shell: Shell) -> None:
    text = "product_id;title;price;brand\nA;Mug;2;NA\nB;=1+1;-3;null\nC;“x”;1e400;\nD;Pot;4;=2+2\nE;e\n"
    out = shell.folder / "bad.csv"
    done = shell("import", "--products", shell.file("shop.csv", text), "--rejected", out, "--json")
    assert done.code == 0
    assert "5 rows read, 2 good, 3 rejected" in done.out
    assert "row 3" in done.out
    assert done.json()["rejected"] == 3
    rejected = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert [(line["row"], line["column"], line["found"]) for line in rejected] == [
        ("3", "price", "'-3"),
        ("4", "price", "1e400"),
        ("6", "", "2 values"),
    ]
    assert [(line["product_id"], line["title"]) for line in rejected] == [("B", "'=1+1"), ("C", "“x”"), ("E", "e")]
    assert all(line["expected"] for line in rejected)

    mended = shell.file("mended.csv", out.read_text(encoding="utf-8-sig").replace("'-3,null", "3,null"))
    done = shell("import", "--products", mended, "--rejected", out)
    assert done.code == 0
    assert "1 rejected" in done.out
    products = shell.products()
    assert products is not None
    assert products["title"].to_dict() == {"A": "Mug", "D": "Pot", "B": "=1+1", "E": "e"}
    assert products["price"].fillna(0).to_dict() == {"A": 2, "D": 4, "B": 3, "E": 0}
    assert products["brand"].fillna("").to_dict() == {"A": "NA", "D": "=2+2", "B": "null", "E": ""}
    assert len(list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))) == 1


def test_rejected_rows_of_several_tables_go_into_a_file_each(shell: Shell) -> None:
    products = shell.file("p.csv", PRODUCTS + "C,c,x\n")
    sales = shell.file("i.csv", "customer_id,product_id,timestamp\nc,A,2023-01-01\nc,B,0000-00-00\nc,B,3000-01-01\n")
    out = shell.folder / "bad.csv"
    assert shell("import", "--products", products, "--interactions", sales, "--rejected", out).code == 0
    assert not out.exists()
    assert len(pd.read_csv(shell.folder / "bad.products.csv")) == 1
    assert pd.read_csv(shell.folder / "bad.interactions.csv")["found"].tolist() == ["0000-00-00", "3000-01-01"]


def test_duplicates_are_reported_and_nothing_is_overwritten_unasked(shell: Shell) -> None:
    first = shell.file("first.csv", PRODUCTS + "A,Twice,5\nb,Twin,6\n")
    done = shell("import", "--products", first)
    assert "row 2 has this one already" in done.out
    assert '"B" (row 3) and "b" (row 5)' in done.out
    again = shell.file("again.csv", "product_id,title,price\nA,New,9\nC,c,1\n")
    done = shell("import", "--products", again)
    assert "1 product added" in done.out
    assert "1 different in the file (kept as they were)" in done.out
    products = shell.products()
    assert products is not None
    assert products["title"].to_dict() == {"A": "Mug", "B": "Pot", "b": "Twin", "C": "c"}
    done = shell("import", "--products", again, "--on-duplicate", "replace", "--dry-run")
    assert "Nothing was imported" in done.out
    assert shell.products() is not None
    assert shell("import", "--products", again, "--on-duplicate", "replace").code == 0
    products = shell.products()
    assert products is not None
    assert products["title"].to_dict() == {"A": "New", "B": "Pot", "b": "Twin", "C": "c"}
    assert "has all of this already" in shell("import", "--products", again).out


def test_twins_of_ids_in_the_catalog_are_told_with_their_rows(shell: Shell) -> None:
    shell("import", "--products", shell.file("first.csv", PRODUCTS + "Caf\u00e9,c,1\n"))
    again = shell.file("again.csv", "product_id,title,price\nC,c,1\na,New,9\nCafe\u0301\u200b,d,1\nB,Pot,3\n")
    done = shell("import", "--products", again, "--json")
    assert '"a" (row 3) and "A" in the catalog' in done.out
    assert '(row 4) and "Caf\u00e9" in the catalog' in done.out
    assert "(row 5)" not in done.out
    assert len(done.json()["notes"]) == 1


def test_strangers_are_counted_and_listed(shell: Shell) -> None:
    sales = shell.file("i.csv", "customer_id,product_id\nc,A\nd,A\nc,ghost\nc,ghost\n")
    customers = shell.file("c.csv", "customer_id\nc\n")
    products = shell.file("p.csv", PRODUCTS)
    done = shell("import", "--products", products, "--interactions", sales, "--customers", customers, "--json")
    assert done.code == 0
    assert '2 interactions of 4 name a product that isn\'t in the products file: "ghost"' in done.out
    assert '1 interaction of 4 names a customer who isn\'t in the customers file: "d"' in done.out
    assert any("ghost" in sentence for sentence in done.json()["fit"])
    assert "4 interactions" in done.out


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("{", "JSON"),
        ("[1]", "no JSON object"),
        ('{"decimal": "x"}', "decimal"),
        ('{"magic": 1}', "magic"),
        ('{"columns": {"title": "nowhere"}}', "nowhere"),
        ('{"columns": {"colour": "title"}}', "colour"),
        ('{"header_row": 20}', "Row 20"),
        ('{"encoding": "klingon"}', "klingon"),
        ('{"encoding": "base64"}', "base64"),
        ('{"products": 1}', "products"),
    ],
)
def test_a_mapping_that_is_none(mapping: str, said: str, shell: Shell) -> None:
    path = shell.file("mapping.json", mapping)
    message = shell.refused("import", "--products", shell.file("shop.csv", PRODUCTS), "--mapping", path)
    assert said in message


@pytest.mark.parametrize("name", ["shop.csv/x.csv", "folder.csv", "x" * 300 + ".csv"])
def test_rejected_rows_that_cannot_be_written(name: str, shell: Shell) -> None:
    (shell.folder / "folder.csv").mkdir()
    products = shell.file("shop.csv", PRODUCTS + "C,c,x\n")
    message = shell.refused("import", "--products", products, "--rejected", shell.folder / name)
    assert "can't be written" in message
    assert shell.products() is None


def real(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recsys_core", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "empty"), (b"PK\x03\x04nothing", "damaged"), (b'product_id,title\nA,"a\n', "Row 2")],
)
def test_a_real_process(content: bytes, said: str, shell: Shell) -> None:
    command = [sys.executable, "-m", "recsys_core", "import", "--workspace", shell.folder / "workspace", "--products"]
    done = subprocess.run(
        [*map(str, command), str(shell.file("shop.csv", content))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_file_name_that_is_no_text(shell: Shell) -> None:
    """Linux allows any bytes in a name."""
    for name, content, code in (("a\udcff.csv", PRODUCTS, 0), ("b\udcff.csv", "", 2)):
        done = real("import", "--workspace", shell.folder / "workspace", "--products", shell.file(name, content))
        assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    workspace = Workspace(shell.folder / "workspace")
    version = workspace.catalog_version()
    assert version is not None
    assert version.files[0]["name"] == "a?.csv"
    workspace.close()


@pytest.mark.parametrize("name", ["shop.csv", "rejected.txt", "rejected"])
def test_rejected_rows_take_no_input_s_place(name: str, shell: Shell) -> None:
    products = shell.file("shop.csv", PRODUCTS + "C,c,x\n")
    before = products.read_bytes()
    message = shell.refused("import", "--products", products, "--rejected", shell.folder / name)
    assert "would take its place" in message or "should end in .csv or .xlsx" in message
    assert products.read_bytes() == before
