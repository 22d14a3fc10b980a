"""An archive whose files are sound, but whose tables or records would break a page or fill the memory, is refused."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from recsys_core.errors import DamagedArtefact
from recsys_core.run_context import RunContext
from recsys_core.tables.difference import combine
from recsys_core.workspace import Workspace, archived_tables
from recsys_core.workspace.archive import export_archive
from recsys_core.workspace.archive_import import import_archive
from recsys_core.workspace.catalog_versions import publish_combined
from recsys_core.workspace.database import now
from recsys_core.workspace.frames import publish_frames
from recsys_core.workspace.pieces import Piece
from recsys_core.workspace.placements import save_placements
from recsys_core.workspace.tables import CATALOGS, metadata

OLDER = "0123456789abcdef"
PRODUCTS = pd.DataFrame({"product_id": [f"p{i}" for i in range(20)], "title": "Mug"})
SALES = pd.DataFrame({"customer_id": ["c1", "c2"], "product_id": ["p1", "p2"]})
CUSTOMERS = pd.DataFrame({"customer_id": ["c1"], "city": ["Ulm"]})
FILES = [{"name": "a.csv", "kind": "products", "sha256": "00", "rows": 20}]
PLACED = pd.DataFrame({"product_id": ["p1"], "given": ["Tassen"], "category": ["Mugs"], "by": ["person"]})


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "shop")


@pytest.fixture
def empty(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "other")


def piece(workspace: Workspace, table: pa.Table, **options: Any) -> Piece:
    """Keeps the table as a piece, whatever is in it."""
    content = io.BytesIO()
    pq.write_table(table, content, **options)
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    workspace.pieces_folder.mkdir(parents=True, exist_ok=True)
    (workspace.pieces_folder / f"{digest}.parquet").write_bytes(content.getvalue())
    return Piece(digest, table.num_rows)


def publish(workspace: Workspace, **tables: list[Piece]) -> None:
    there: Any = {
        "products": [piece(workspace, pa.Table.from_pandas(PRODUCTS))],
        "interactions": [piece(workspace, pa.Table.from_pandas(SALES))],
    }
    workspace.publish_tables(there | tables, customers=2, files=FILES, report={})


def carried(workspace: Workspace, empty: Workspace) -> None:
    file = io.BytesIO()
    export_archive(workspace, file)
    import_archive(empty, file)


def refused(workspace: Workspace, empty: Workspace, match: str) -> None:
    with pytest.raises(DamagedArtefact, match=match):
        carried(workspace, empty)
    with empty.begin() as connection:
        assert not any(connection.execute(sa.select(table.c.id)).all() for table in metadata.sorted_tables)
    empty.close()
    assert {path.name.partition("-")[0] for path in empty.folder.rglob("*")} <= {"launchdesk.db"}


def keep_as_an_older_version_did(workspace: Workspace, frames: dict[str, pd.DataFrame]) -> None:
    publish_frames(workspace.catalog_folder(OLDER), frames)
    counts = {"products": 1, "interactions": 1, "customers": 1}
    with workspace.begin() as connection:
        connection.execute(
            sa.insert(CATALOGS).values({"id": OLDER, "created": now(), "files": [], "report": {}, **counts})
        )


def test_what_is_ours_is_taken(workspace: Workspace, empty: Workspace) -> None:
    keep_as_an_older_version_did(workspace, {"products": PRODUCTS, "interactions": SALES, "customers": CUSTOMERS})
    tagged = PRODUCTS.assign(
        tags=pd.Series([["a", "b"], []] * 10, dtype=object),
        brand=pd.Categorical(["x"] * 20),
        at=pd.Timestamp("2024-03-31"),
    )
    first = workspace.publish_catalog(tagged, SALES, CUSTOMERS, files=FILES, report={})
    without = tagged.drop(index=[3, 4])
    publish_combined(
        workspace,
        {"products": combine(tagged, without, "products", "keep", "remove")},
        before=first,
        files=FILES,
        report={},
    )
    numbered = PRODUCTS.assign(product_id=range(20))
    workspace.publish_catalog(numbered, SALES.head(0), None, files=[], report={})
    workspace.create_launch("New", PRODUCTS.head(2))
    save_placements(workspace, "New", PLACED)
    save_placements(workspace, "New", PLACED.head(0))
    carried(workspace, empty)
    with empty.begin() as connection:
        versions = connection.execute(sa.select(CATALOGS.c.id).order_by(CATALOGS.c.number)).scalars().all()
    assert len(versions) == 4
    for version in versions:
        pd.testing.assert_frame_equal(empty.catalog(version).products, workspace.catalog(version).products)
    assert len(empty.catalog(versions[2]).products) == 18


@pytest.mark.parametrize(
    ("kind", "table", "match"),
    [
        ("products", {"title": ["a"]}, "has no column product_id"),
        ("products", {"product_id": ["a"]}, "has no column title"),
        ("products", {"product_id": [["a"]], "title": ["a"]}, "product_id .* holds list<.*, not text"),
        ("interactions", {"customer_id": ["a"]}, "has no column product_id"),
        ("interactions", {"product_id": ["a"]}, "has no column customer_id"),
        ("customers", {"city": ["a"]}, "has no column customer_id"),
    ],
)
def test_a_piece_without_what_its_table_needs_is_refused(
    workspace: Workspace, empty: Workspace, kind: str, table: dict[str, Any], match: str
) -> None:
    publish(workspace, **{kind: [piece(workspace, pa.table(table))]})
    refused(workspace, empty, match)


def test_a_piece_with_two_columns_of_one_name_is_refused(workspace: Workspace, empty: Workspace) -> None:
    texts = pa.array(["a"])
    twice = pa.table([texts, texts, texts], names=["product_id", "title", "title"])
    publish(workspace, products=[piece(workspace, twice)])
    refused(workspace, empty, "two columns of one name")


@pytest.mark.parametrize(
    ("gone", "match"),
    [
        (pa.table({"row": [1, 2]}), "doesn't hold positions"),
        (pa.table({"position": [1, 2], "more": [1, 2]}), "doesn't hold positions"),
        (pa.table({"position": ["1", "2"]}), "doesn't hold positions"),
        (pa.table({"position": [1.0, 2.0]}), "doesn't hold positions"),
        (pa.table({"position": [19, 20]}), "2 different positions below 20"),
        (pa.table({"position": [-1, 2]}), "2 different positions below 20"),
        (pa.table({"position": [2, 2]}), "2 different positions below 20"),
        (pa.table({"position": [2, None]}), "2 different positions below 20"),
    ],
)
def test_rows_that_are_gone_must_be_there(workspace: Workspace, empty: Workspace, gone: pa.Table, match: str) -> None:
    whole, marks = piece(workspace, pa.Table.from_pandas(PRODUCTS)), piece(workspace, gone)
    publish(workspace, products=[Piece(whole.file, 20, marks.file, 2)])
    refused(workspace, empty, match)


@pytest.mark.parametrize(
    ("frames", "match"),
    [
        ({"products": PRODUCTS}, r"catalogs/\w+/interactions\.parquet is missing"),
        ({"interactions": SALES}, r"catalogs/\w+/products\.parquet is missing"),
        ({"products": PRODUCTS[["title"]], "interactions": SALES}, "products.parquet has no column product_id"),
        (
            {"products": PRODUCTS, "interactions": SALES[["product_id"]]},
            "interactions.parquet has no column customer_id",
        ),
        (
            {"products": PRODUCTS, "interactions": SALES, "customers": CUSTOMERS[["city"]]},
            "customers.parquet has no column customer_id",
        ),
    ],
)
def test_the_tables_of_an_older_version_are_checked_alike(
    workspace: Workspace, empty: Workspace, frames: dict[str, pd.DataFrame], match: str
) -> None:
    keep_as_an_older_version_did(workspace, frames)
    refused(workspace, empty, match)


def test_the_tables_of_a_launch_are_checked_alike(workspace: Workspace, empty: Workspace) -> None:
    workspace.create_launch("New", PRODUCTS[["title"]])
    refused(workspace, empty, "products.parquet has no column product_id")


def test_the_support_of_a_launch_is_checked_alike(workspace: Workspace, empty: Workspace) -> None:
    workspace.create_launch("New", PRODUCTS, SALES[["product_id"]])
    refused(workspace, empty, "interactions.parquet has no column customer_id")


def test_placements_are_checked_alike(workspace: Workspace, empty: Workspace) -> None:
    workspace.create_launch("New", PRODUCTS)
    save_placements(workspace, "New", PLACED[["product_id", "by"]])
    refused(workspace, empty, "placements.parquet has no column given")


COUNTS = {"added": 1, "changed": 0, "unchanged": 0, "missing": 0, "kept_as_they_were": 0, "removed": True}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("files", ["x"]),
        ("files", [None]),
        ("files", [{}]),
        ("files", [FILES[0] | {"name": 7}]),
        ("files", [FILES[0] | {"kind": ["a"]}]),
        ("files", [FILES[0] | {"sha256": None}]),
        ("files", [FILES[0] | {"rows": "many"}]),
        ("files", [FILES[0] | {"rows": -1}]),
        ("files", [FILES[0] | {"name": "\ud800"}]),
        ("files", {}),
        ("files", "x"),
        ("report", []),
        ("report", "x"),
        ("report", {"notes": ["\udfff"]}),
        ("difference", {"products": {}}),
        ("difference", {"products": None}),
        ("difference", {"sales": COUNTS}),
        ("difference", {"products": COUNTS | {"added": "1"}}),
        ("difference", {"products": COUNTS | {"missing": 1.5}}),
        ("difference", {"products": COUNTS | {"changed": True}}),
        ("difference", {"products": COUNTS | {"kept_as_they_were": None}}),
        ("difference", {"products": COUNTS | {"removed": "yes"}}),
        ("difference", [1]),
    ],
)
def test_records_that_would_break_a_page_are_refused(
    workspace: Workspace, empty: Workspace, column: str, value: Any
) -> None:
    workspace.publish_catalog(PRODUCTS, SALES, None, files=FILES, report={})
    with workspace.begin() as connection:
        connection.execute(sa.update(CATALOGS).values({column: value}))
    refused(workspace, empty, rf"catalog_versions\.{column}")


@pytest.mark.parametrize("column", ["settings", "summary"])
@pytest.mark.parametrize("table", ["models", "atlases", "backtests"])
def test_settings_and_summaries_are_read_by_name(
    workspace: Workspace, empty: Workspace, table: str, column: str
) -> None:
    version = workspace.publish_catalog(PRODUCTS, SALES, None, files=FILES, report={}).id
    values = {"id": OLDER, "created": now(), "catalog_version": version, "settings": {}, "summary": {}}
    with workspace.begin() as connection:
        connection.execute(sa.insert(metadata.tables[table]).values(values | {column: ["x"]}))
    (workspace.folder / table / OLDER).mkdir(parents=True)
    (workspace.folder / table / OLDER / "manifest.json").write_text('{"format": 2, "sha256": {}}')
    refused(workspace, empty, rf"{table}\.{column}")


def repeated(value: pa.Scalar | str | list[str] | dict[str, str] | None, count: int) -> pa.Table:
    """Products with a column in which one value stands again and again."""
    return pa.table(
        {name: pa.repeat("a", count) for name in ("product_id", "title")} | {"more": pa.repeat(value, count)}
    )


@pytest.mark.parametrize(
    ("value", "options"),
    [
        ("x" * 1_000, {}),
        ("x" * 1_000, {"compression": "zstd", "use_dictionary": False}),
        (["x" * 500] * 2, {}),
        (pa.scalar({"a": "x" * 1_000}), {}),
        (b"x" * 1_000, {}),
        (pa.scalar(b"x" * 1_000, pa.binary(1_000)), {}),
    ],
)
def test_a_text_that_repeats_for_ever_is_refused(
    workspace: Workspace,
    empty: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    value: Any,
    options: dict[str, Any],
) -> None:
    bomb = piece(workspace, repeated(value, 100_000), **options)
    size = (workspace.pieces_folder / f"{bomb.file}.parquet").stat().st_size
    assert size < 500_000
    publish(workspace, products=[bomb])
    monkeypatch.setattr(archived_tables, "ALWAYS", 99_000_000)
    refused(workspace, empty, "The table of products would take more than 0.1 GB")
    monkeypatch.setattr(archived_tables, "ALWAYS", 110_000_000)
    carried(workspace, empty)


def test_pieces_are_counted_together_and_as_often_as_they_are_read(
    workspace: Workspace, empty: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archived_tables, "ALWAYS", 40_000_000)
    small = piece(workspace, repeated("x" * 1_000, 10_000))
    publish(workspace, products=[small] * 3)
    carried(workspace, Workspace(empty.folder.with_name("third")))
    publish(workspace, products=[small] * 4)
    refused(workspace, empty, "The table of products would take more than 0.0 GB")


def test_empty_values_count_too(workspace: Workspace, empty: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archived_tables, "ALWAYS", 10_000_000)
    publish(workspace, products=[piece(workspace, repeated(pa.scalar(None, pa.int64()), 1_000_000))])
    refused(workspace, empty, "would take more than 0.0 GB")


def test_files_of_an_artefact_are_counted_together(
    workspace: Workspace, empty: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = repeated("x" * 1_000, 10_000).to_pandas()
    keep_as_an_older_version_did(workspace, {"products": PRODUCTS, "interactions": SALES, "more": bomb, "again": bomb})
    monkeypatch.setattr(archived_tables, "ALWAYS", 15_000_000)
    refused(workspace, empty, f"The tables in catalogs/{OLDER} would take more")


def test_the_check_itself_takes_little(workspace: Workspace) -> None:
    bomb = piece(workspace, repeated("x" * 2_000, 100_000))
    path = workspace.pieces_folder / f"{bomb.file}.parquet"
    pool = pa.default_memory_pool()
    before = pool.bytes_allocated()
    most = 0

    def look() -> bool:
        nonlocal most
        most = max(most, pool.bytes_allocated() - before)
        return False

    size = archived_tables._read_size(path, 2**40, RunContext(stop_asked=look))
    assert size > 200_000_000
    assert 0 < most < 20_000_000


def test_texts_that_are_told_by_those_before_them_are_refused(workspace: Workspace, empty: Workspace) -> None:
    # They could be counted only by making them, and nothing of ours is written so.
    told = piece(workspace, repeated("x", 10), use_dictionary=False, column_encoding="DELTA_BYTE_ARRAY")
    publish(workspace, products=[told])
    refused(workspace, empty, "written in a way that Launchdesk doesn't use")
