"""A whole workspace as one file: carried elsewhere it is the same, and one that was tampered with leaves nothing behind."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import shutil
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from recsys_core import artefacts
from recsys_core.adaptation.registry import method_named
from recsys_core.errors import Cancelled, DamagedArtefact, InvalidSetting, LaunchdeskError
from recsys_core.models.source_model import SourceModel, SourceModelConfig
from recsys_core.run_context import RunContext
from recsys_core.tables.mapping import Mapping
from recsys_core.workspace import Workspace, archive_import
from recsys_core.workspace.archive import export_archive
from recsys_core.workspace.archive_import import import_archive, is_empty
from recsys_core.workspace.atlases import publish_atlas
from recsys_core.workspace.backtests import publish_backtest
from recsys_core.workspace.database import now
from recsys_core.workspace.frames import publish_frames
from recsys_core.workspace.mapping_templates import remember, template_of
from recsys_core.workspace.placements import keep_suggestions, save_placements
from recsys_core.workspace.tables import CATALOGS, metadata

Records = dict[str, Any]
COLUMNS = ["Artikel", "Bezeichnung"]
GERMAN = Mapping(columns={"product_id": "Artikel", "title": "Bezeichnung"}, decimal=",")
WORDS = ["red", "blue", "green", "mug", "lamp", "bowl", "glass", "wood", "tin", "small", "large", "old"]
NEW = pd.DataFrame({"product_id": ["n1", "n2"], "title": ["red mug old", "tin lamp small"]})


def save_nested(folder: Path) -> None:
    """An artefact with another within, as backtests are."""

    def write(temporary: Path) -> None:
        frame = pd.DataFrame({"metric": ["recall"], "value": [0.5]})
        artefacts.save_arrays(
            temporary / "0-said-fine-tune", {"scores": np.arange(6.0)}, {"top": 5}, {"metrics": frame}
        )

    artefacts.publish_folder(folder, write)


def keep_as_an_older_version_did(workspace: Workspace, frames: dict[str, pd.DataFrame]) -> None:
    """A version of the catalog whose tables are in a folder of their own."""
    publish_frames(workspace.catalog_folder("0123456789abcdef"), frames)
    counts = {"products": len(frames["products"]), "interactions": len(frames["interactions"]), "customers": 80}
    row = {"id": "0123456789abcdef", "created": now(), "files": [], "report": {}, **counts}
    with workspace.begin() as connection:
        connection.execute(sa.insert(CATALOGS).values(row))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with a row in every table, an adapted launch and another without sales."""
    random = np.random.default_rng(0)
    titles = [" ".join(random.choice(WORDS, 3, replace=False)) for _ in range(60)]
    products = pd.DataFrame({"product_id": [f"p{number}" for number in range(60)], "title": titles})
    pairs = random.integers(0, [80, 60], (900, 2))
    sales = pd.DataFrame({"customer_id": [f"c{row}" for row, _ in pairs], "product_id": [f"p{p}" for _, p in pairs]})
    customers = pd.DataFrame({"customer_id": ["c1", "c2"], "city": ["Ulm", "Bern"]})
    workspace = Workspace(tmp_path_factory.mktemp("original"))
    keep_as_an_older_version_did(workspace, {"products": products.head(9), "interactions": sales})
    for digest, share in (("1", 30), ("2", 60)):
        files = [{"name": "Produkte “neu”.csv", "sha256": digest, "rows": share}]
        workspace.publish_catalog(products.head(share), sales, customers, files=files, report={"rejected": 0})
    version = workspace.needed_catalog_version().id
    of_it: dict[str, Any] = {
        "catalog_version": version,
        "settings": {"seed": 1},
        "summary": {"ndcg": 0.25, "none": None},
    }
    config = SourceModelConfig(epochs=1, content_dimensions=8, taste_dimensions=8, pairs_per_epoch=2000)
    source = SourceModel(config).fit(workspace.catalog(), run=RunContext())
    for _ in range(2):
        model = workspace.publish_model(source.save, **of_it)
    publish_atlas(workspace, save_nested, **of_it)
    publish_backtest(workspace, save_nested, **of_it)
    workspace.create_launch("Cold", NEW)
    workspace.create_launch("Frühling 秋", NEW, pd.DataFrame({"customer_id": ["c1"], "product_id": ["n1"]}))
    workspace.add_support("Frühling 秋", pd.DataFrame({"customer_id": ["c2"], "product_id": ["n2"]}))
    for category in ("Cups", "Mugs"):
        placed = pd.DataFrame({"product_id": ["n1"], "given": ["Tassen"], "category": [category], "by": ["person"]})
        save_placements(workspace, "Frühling 秋", placed)
    keep_suggestions(workspace, "Frühling 秋", version, NEW)
    launch, support_version = workspace.load_launch_version("Frühling 秋")
    adapted = method_named("prototype").adapt(source, launch, run=RunContext())
    for _ in range(2):
        workspace.publish_adapted(
            "Frühling 秋",
            adapted.save,
            model=model.id,
            method="prototype",
            settings={},
            summary={},
            support_version=support_version,
        )
    remember(workspace, "products", COLUMNS, GERMAN, "Produkte “neu”.csv")
    return workspace


@pytest.fixture(scope="module")
def exported(original: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "shop.zip"
    export_archive(original, path)
    return path


@pytest.fixture
def empty(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "other")


def rows_of(workspace: Workspace) -> dict[str, list[dict[str, Any]]]:
    with workspace.begin() as connection:
        return {
            table.name: [
                {name: value for name, value in row.items() if name != "number"}
                for row in connection.execute(sa.select(table).order_by(table.c.number)).mappings()
            ]
            for table in metadata.sorted_tables
        }


def assert_nothing_is_left(workspace: Workspace) -> None:
    """No row, and no file but the empty database's own."""
    assert not any(rows_of(workspace).values())
    workspace.close()
    assert {path.name for path in workspace.folder.rglob("*")} <= {
        "launchdesk.db",
        "launchdesk.db-wal",
        "launchdesk.db-shm",
    }


def rewritten(
    path: Path,
    to: Path,
    *,
    members: dict[str, bytes | None] | None = None,
    records: Callable[[Records], Any] | None = None,
    more: tuple[tuple[str | zipfile.ZipInfo, bytes], ...] = (),
    sizes: dict[str, int] | None = None,
) -> Path:
    """The archive as an attacker makes it: whole as a zip, with members changed (None: left out), or more of them.

    sizes: what the list of members claims of some.
    """
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(to, "w") as target:
        for info in source.infolist():
            content: bytes | None = source.read(info)
            if info.filename == "workspace.json" and records is not None and content is not None:
                about = json.loads(content)
                records(about)
                content = json.dumps(about).encode()
            content = (members or {}).get(info.filename, content)
            if content is not None:
                target.writestr(info.filename, content, info.compress_type)
        for name, content in more:
            target.writestr(name, content)
        for name, size in (sizes or {}).items():
            target.getinfo(name).file_size = size
    return to


def member_like(path: Path, ending: str) -> str:
    with zipfile.ZipFile(path) as source:
        return next(name for name in source.namelist() if name.endswith(ending))


def refused(
    workspace: Workspace, source: Path | BinaryIO, match: str, error: type[Exception] = DamagedArtefact
) -> None:
    with pytest.raises(error, match=match):
        import_archive(workspace, source)
    assert_nothing_is_left(workspace)


def test_a_workspace_is_the_same_elsewhere(original: Workspace, exported: Path, empty: Workspace) -> None:
    counts = import_archive(empty, exported)
    assert rows_of(empty) == rows_of(original)
    assert counts | {"catalog_versions": 3, "models": 2, "launches": 2, "adapted_models": 1, "atlases": 1} == counts
    assert counts | {"placements": 2, "backtests": 1, "mappings": 1} == counts
    template = template_of(empty, "products", COLUMNS)
    assert template is not None
    assert template.mapping == GERMAN
    for name in ("Frühling 秋", "Cold"):
        assert empty.launch_record(name) == original.launch_record(name)
        pd.testing.assert_frame_equal(empty.load_launch(name).products, original.load_launch(name).products)
        pd.testing.assert_frame_equal(empty.load_launch(name).interactions, original.load_launch(name).interactions)
    assert len(empty.catalog("0123456789abcdef").products) == 9
    for version in (rows_of(original)["catalog_versions"][1]["id"], None):
        here, there = empty.catalog(version), original.catalog(version)
        pd.testing.assert_frame_equal(here.products, there.products)
        pd.testing.assert_frame_equal(here.interactions, there.interactions)
        assert here.customers is not None
        assert there.customers is not None
        pd.testing.assert_frame_equal(here.customers, there.customers)
    expected = original.load_adapted("Frühling 秋").recommend(top=2)
    assert len(expected) == 80 * 2 - 2
    pd.testing.assert_frame_equal(empty.load_adapted("Frühling 秋").recommend(top=2), expected)
    assert [path.name for path in empty.folder.glob(".*")] == []


def test_the_newest_stays_the_newest_and_the_next_one_is_newer(
    original: Workspace, exported: Path, empty: Workspace
) -> None:
    import_archive(empty, exported)
    assert empty.catalog_version() == original.catalog_version()
    assert empty.model() == original.model()
    assert [launch.name for launch in empty.launches()] == ["Frühling 秋", "Cold"]
    later = empty.create_launch("Later", NEW)
    assert empty.launches()[0] == later


def test_what_is_exported_again_is_the_same(exported: Path, empty: Workspace, tmp_path: Path) -> None:
    import_archive(empty, exported)
    export_archive(empty, tmp_path / "again.zip")
    with zipfile.ZipFile(exported) as first, zipfile.ZipFile(tmp_path / "again.zip") as again:
        names = first.namelist()
        assert again.namelist() == names
        assert all(first.read(name) == again.read(name) for name in names[1:])
        tables = [json.loads(opened.read(names[0]))["tables"] for opened in (first, again)]
    assert tables[0] == tables[1]


def test_only_files_that_rows_name_are_packed_and_large_ones_as_they_are(exported: Path, original: Workspace) -> None:
    with zipfile.ZipFile(exported) as packed:
        infos = packed.infolist()
        about = json.loads(packed.read("workspace.json"))
    assert about["format"] == 1
    assert infos[0].filename == "workspace.json"
    assert {info.filename.partition("/")[0] for info in infos[1:]} == {
        "catalogs",
        "pieces",
        "models",
        "launches",
        "atlases",
        "backtests",
    }
    kinds = {info.filename.rpartition(".")[2]: info.compress_type for info in infos}
    assert kinds == {"json": zipfile.ZIP_DEFLATED, "parquet": zipfile.ZIP_STORED, "safetensors": zipfile.ZIP_STORED}
    assert any(info.filename.endswith("0-said-fine-tune/metrics.parquet") for info in infos)
    # Support and placements that were replaced, suggestions: on the disk, not in the archive.
    for kind, there, packed_ones in (("support", 3, 2), ("placed", 2, 1), ("adapted", 2, 1), ("suggested", 1, 0)):
        assert len(list(original.folder.glob(f"launches/*/{kind}*"))) == there
        named = {info.filename.split("/")[2] for info in infos if info.filename.startswith("launches/")}
        assert len([name for name in named if name.startswith(kind)]) == packed_ones


def test_an_open_file_serves_both_ways_even_one_that_only_goes_forward(original: Workspace, empty: Workspace) -> None:
    class Forward(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: Any) -> int:
            raise io.UnsupportedOperation("a stream")

        def tell(self) -> int:
            raise io.UnsupportedOperation("a stream")

    stream = Forward()
    counts = export_archive(original, stream)
    assert import_archive(empty, io.BytesIO(stream.getvalue())) == counts
    assert rows_of(empty) == rows_of(original)


def test_a_piece_of_a_table_that_is_not_what_its_name_says_is_refused(
    exported: Path, empty: Workspace, tmp_path: Path
) -> None:
    with zipfile.ZipFile(exported) as source:
        pieces = [name for name in source.namelist() if name.startswith("pieces/")]
        contents = [source.read(name) for name in pieces[:2]]
    changed: dict[str, bytes | None] = {pieces[0]: contents[1]}
    refused(empty, rewritten(exported, tmp_path / "bad.zip", members=changed), f"{pieces[0]} was changed")
    # Two of products; sales and customers are shared by both versions.
    assert len(pieces) == 4


def test_files_that_nothing_refers_to_stay_here(original: Workspace, tmp_path: Path) -> None:
    workspace = copied(original, tmp_path)
    for name in (f"{'0' * 64}.parquet", ".x.parquet.1234.tmp", "notes.txt"):
        (workspace.folder / "pieces" / name).write_bytes(b"half")
    next(workspace.folder.glob("models/*")).joinpath("more.json").write_text("{}")
    (workspace.folder / "models" / ".killed.tmp").mkdir()
    counts = export_archive(workspace, tmp_path / "shop.zip")
    assert counts == export_archive(original, tmp_path / "other.zip")


def copied(original: Workspace, tmp_path: Path) -> Workspace:
    original.close()
    shutil.copytree(original.folder, tmp_path / "copy")
    return Workspace(tmp_path / "copy")


def test_a_launch_that_is_deleted_meanwhile_is_said_plainly(original: Workspace, tmp_path: Path) -> None:
    workspace = copied(original, tmp_path)

    def deleted(news: dict[str, Any]) -> None:
        if news["done"] == 0:
            workspace.delete_launch("Cold")

    with pytest.raises(LaunchdeskError, match="deleted while it was exported"):
        export_archive(workspace, tmp_path / "out" / "shop.zip", run=RunContext(report=deleted))
    assert list((tmp_path / "out").iterdir()) == []


def test_an_export_can_be_stopped_and_leaves_nothing(original: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        export_archive(original, tmp_path / "out" / "shop.zip", run=RunContext(stop_asked=lambda: True))
    assert list((tmp_path / "out").iterdir()) == []


def test_a_damaged_workspace_is_not_exported(original: Workspace, tmp_path: Path) -> None:
    workspace = copied(original, tmp_path)
    file = next(workspace.folder.glob("models/*/arrays.safetensors"))
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    with pytest.raises(DamagedArtefact, match=r"arrays\.safetensors"):
        export_archive(workspace, tmp_path / "shop.zip")
    assert not (tmp_path / "shop.zip").exists()


def test_a_workspace_with_anything_in_it_is_left_alone(exported: Path, empty: Workspace) -> None:
    empty.create_launch("Mine", NEW)
    before = sorted(empty.folder.rglob("*"))
    with pytest.raises(InvalidSetting, match="Name an empty folder"):
        import_archive(empty, exported)
    assert sorted(path for path in empty.folder.rglob("*")) == before
    assert [launch.name for launch in empty.launches()] == ["Mine"]


def test_a_saved_mapping_is_something_in_it(exported: Path, empty: Workspace) -> None:
    assert is_empty(empty)
    remember(empty, "products", COLUMNS, GERMAN, "mine.csv")
    assert not is_empty(empty)
    with pytest.raises(InvalidSetting, match="Name an empty folder"):
        import_archive(empty, exported)
    assert template_of(empty, "products", COLUMNS) is not None


def test_a_folder_that_no_row_names_is_left_alone(original: Workspace, exported: Path, empty: Workspace) -> None:
    there = empty.folder / "models" / rows_of(original)["models"][0]["id"]
    there.mkdir(parents=True)
    with pytest.raises(InvalidSetting, match="Name an empty folder"):
        import_archive(empty, exported)
    there.rmdir()
    (empty.folder / "models").rmdir()
    assert_nothing_is_left(empty)


@pytest.mark.parametrize(
    "name",
    [
        "../x.json",
        "models/../../x.json",
        "/etc/x.json",
        "..\\x.json",
        "models\\x\\y.json",
        "C:/x.json",
        "models//x.json",
        "models/.hidden/x.json",
        "models/a/.hidden.json",
        "models/",
        "models/a/",
        "launchdesk.db",
        "runs/1/log.json",
        "texts/part-1/x.json",
        "models/a/b.json\n",
        "models/a/b.json ",
        "models/ä/b.json",
        "models/a/b.json/c.json",
        "models/1/2/3/4/5/6.json",
        f"models/a/{'b' * 300}.json",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(exported: Path, empty: Workspace, tmp_path: Path, name: str) -> None:
    bad = rewritten(exported, tmp_path / "bad.zip", more=((name, b"{}"),))
    refused(empty, bad, "has no place in a workspace")
    assert {path.name for path in tmp_path.iterdir()} == {"bad.zip", "other"}


def test_a_name_with_a_nul_is_refused(exported: Path, empty: Workspace, tmp_path: Path) -> None:
    bad = rewritten(exported, tmp_path / "bad.zip", more=(("models/a/b.json#.pt", b"{}"),))
    bad.write_bytes(bad.read_bytes().replace(b"b.json#.pt", b"b.json\0.pt"))
    refused(empty, bad, "has no place in a workspace")


@pytest.mark.parametrize("name", ["models/a/model.pt", "models/a/model.pkl", "model.pickle", "models/a/x.parquet.pkl"])
def test_a_pickle_is_refused_and_never_opened(exported: Path, empty: Workspace, tmp_path: Path, name: str) -> None:
    bad = rewritten(exported, tmp_path / "bad.zip", more=((name, pickle.dumps({"a": 1})),))
    refused(empty, bad, "has no place in a workspace")


@pytest.mark.parametrize("ending", ["arrays.safetensors", "products.parquet", "settings.json"])
def test_a_pickle_under_a_good_name_is_refused(exported: Path, empty: Workspace, tmp_path: Path, ending: str) -> None:
    name = member_like(exported, ending)
    content = pickle.dumps({"weights": [1.0]})
    manifest = name.rpartition("/")[0] + "/manifest.json"
    with zipfile.ZipFile(exported) as source:
        about = json.loads(source.read(manifest))
    about["sha256"][ending] = hashlib.sha256(content).hexdigest()
    members: dict[str, bytes | None] = {name: content, manifest: json.dumps(about).encode()}
    bad = rewritten(exported, tmp_path / "bad.zip", members=members)
    refused(empty, bad, "can't be read as what its ending says")


def test_a_link_is_refused(exported: Path, empty: Workspace, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("models/a/settings.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    bad = rewritten(exported, tmp_path / "bad.zip", more=((link, b"/etc/passwd"),))
    refused(empty, bad, "is a link")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("change", [str, str.upper])
def test_a_member_that_is_there_twice_is_refused(
    exported: Path, empty: Workspace, tmp_path: Path, change: Callable[[str], str]
) -> None:
    folder, file = member_like(exported, "0-said-fine-tune/settings.json").rsplit("/", 1)
    head, tail = folder.rsplit("/", 1)
    bad = rewritten(exported, tmp_path / "bad.zip", more=((f"{head}/{change(tail)}/{file}", b"{}"),))
    refused(empty, bad, "is there twice")


def test_a_file_that_nothing_names_is_refused(exported: Path, empty: Workspace, tmp_path: Path) -> None:
    name = member_like(exported, "arrays.safetensors").replace("arrays.safetensors", "more.json")
    bad = rewritten(exported, tmp_path / "bad.zip", more=((name, b"{}"),))
    refused(empty, bad, r"Nothing refers to the file models/\w+/more\.json")


@pytest.mark.parametrize("ending", ["products.parquet", "manifest.json", "workspace.json"])
def test_a_file_that_is_missing_is_named(exported: Path, empty: Workspace, tmp_path: Path, ending: str) -> None:
    bad = rewritten(exported, tmp_path / "bad.zip", members={member_like(exported, ending): None})
    refused(empty, bad, ending)


@pytest.mark.parametrize("part", ["arrays.safetensors", "products.parquet", "settings.json", "manifest.json"])
def test_a_flipped_bit_is_refused(exported: Path, empty: Workspace, tmp_path: Path, part: str) -> None:
    content = bytearray(exported.read_bytes())
    with zipfile.ZipFile(exported) as source:
        info = source.getinfo(member_like(exported, part))
    content[info.header_offset + 30 + len(info.filename) + info.compress_size // 2] ^= 1
    (tmp_path / "bad.zip").write_bytes(content)
    refused(empty, tmp_path / "bad.zip", "cut off or changed on its way")


@pytest.mark.parametrize("part", ["arrays.safetensors", "0-said-fine-tune/metrics.parquet", "settings.json"])
def test_a_flipped_bit_that_the_zip_does_not_see_is_refused(
    exported: Path, empty: Workspace, tmp_path: Path, part: str
) -> None:
    name = member_like(exported, part)
    with zipfile.ZipFile(exported) as source:
        content = bytearray(source.read(name))
    content[len(content) // 2] ^= 1
    bad = rewritten(exported, tmp_path / "bad.zip", members={name: bytes(content)})
    refused(empty, bad, f"{name.rpartition('/')[2]} of .* was changed or cut off")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_an_archive_that_was_cut_off_is_refused(exported: Path, empty: Workspace, tmp_path: Path, share: float) -> None:
    content = exported.read_bytes()
    (tmp_path / "bad.zip").write_bytes(content[: int(len(content) * share)])
    refused(empty, tmp_path / "bad.zip", "isn't a workspace archive")


@pytest.mark.parametrize("content", [b"product_id,title\n1,Mug\n", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, b"PK\x05\x06"])
def test_another_kind_of_file_is_refused(empty: Workspace, content: bytes) -> None:
    refused(empty, io.BytesIO(content), "isn't a workspace archive")


def test_another_zip_is_refused(empty: Workspace, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "foreign.zip", "w") as foreign:
        foreign.writestr("holiday.jpg", b"")
    refused(empty, tmp_path / "foreign.zip", "holiday")
    with zipfile.ZipFile(tmp_path / "nothing.zip", "w"):
        pass
    refused(empty, tmp_path / "nothing.zip", "isn't a workspace archive")


def test_a_file_that_is_not_there_is_said_plainly(empty: Workspace, tmp_path: Path) -> None:
    refused(empty, tmp_path / "none.zip", "none.zip", InvalidSetting)


@pytest.mark.parametrize("part", ["arrays.safetensors", "0-said-fine-tune/settings.json", "workspace.json"])
@pytest.mark.parametrize("change", [-1, 1, 5000])
def test_a_member_whose_size_is_a_lie_is_refused(
    exported: Path, empty: Workspace, tmp_path: Path, part: str, change: int
) -> None:
    name = member_like(exported, part)
    with zipfile.ZipFile(exported) as source:
        size = source.getinfo(name).file_size + change
    refused(empty, rewritten(exported, tmp_path / "bad.zip", sizes={name: size}), "isn't as large as it says")


def test_a_prefix_that_is_declared_as_the_whole_is_refused(exported: Path, empty: Workspace, tmp_path: Path) -> None:
    # The checksum is right for the part that zipfile would read; a bomb goes on behind it.
    name = member_like(exported, "0-said-fine-tune/settings.json")
    bomb = b"{}" + b" " * 50_000_000
    bad = rewritten(exported, tmp_path / "bad.zip", members={name: bomb}, sizes={name: 2})
    bad.write_bytes(bad.read_bytes().replace(struct.pack("<I", zlib.crc32(bomb)), struct.pack("<I", zlib.crc32(b"{}"))))
    with zipfile.ZipFile(bad) as source:
        assert source.read(name) == b"{}"
    refused(empty, bad, "cut off or changed on its way")


def test_a_size_beyond_every_bound_is_refused_before_anything_is_unpacked(
    exported: Path, empty: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    json_file, table = (member_like(exported, ending) for ending in ("settings.json", ".parquet"))
    big = rewritten(exported, tmp_path / "json.zip", sizes={json_file: 2**31})
    refused(empty, big, r"settings\.json”, which is larger than 67 MB")
    big = rewritten(exported, tmp_path / "table.zip", sizes={table: 2**60})
    refused(empty, big, "more than 69 GB")
    monkeypatch.setattr(archive_import, "LARGEST_ARCHIVE", 2**61)
    refused(empty, big, "1,152,921,504.6 GB, but the disk .* Make room", LaunchdeskError)


def test_a_list_of_members_without_end_is_not_read(empty: Workspace) -> None:
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    index = entry * (archive_import.LARGEST_INDEX // len(entry) + 1)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF - 1, 0xFFFF - 1, len(index), 0, 0)
    refused(empty, io.BytesIO(index + end), "isn't a workspace archive")


def set_value(table: str, column: str, value: Any) -> Callable[[Records], Any]:
    return lambda about: about["tables"][table][0].update({column: value})


def set_piece(**values: Any) -> Callable[[Records], Any]:
    return lambda about: about["tables"]["catalog_versions"][-1]["tables"]["products"][0].update(values)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda about: about["tables"].update(users=[]), "“users” is a table that this version doesn't know"),
        (set_value("models", "command", "rm -rf /"), r"“models\.command” is a column that"),
        (set_value("models", "number", 7), r"“models\.number” is a column that"),
        (set_value("launches", "support_folder", "../../../home"), r"launches\.support_folder"),
        (set_value("launches", "support_folder", "/etc"), r"launches\.support_folder"),
        (set_value("launches", "support_folder", "support-0123456789abcdef/.."), r"launches\.support_folder"),
        (set_value("launches", "support_folder", "products"), r"launches\.support_folder"),
        (set_value("models", "id", "../catalogs"), r"models\.id"),
        (set_value("models", "id", "0123456789ABCDEF"), r"models\.id"),
        (set_value("models", "id", "0123456789abcdef\n"), r"models\.id"),
        (set_value("models", "id", 7), r"models\.id"),
        (set_value("models", "id", None), r"models\.id.* needs a value"),
        (lambda about: about["tables"]["models"][0].pop("id"), r"models\.id.* needs a value"),
        (set_value("models", "catalog_version", "fedcba9876543210"), r"models\.catalog_version.* isn't there"),
        (set_value("adapted_models", "launch", "fedcba9876543210"), r"adapted_models\.launch.* isn't there"),
        (set_value("models", "settings", "text"), r"models\.settings"),
        (set_value("models", "settings", []), r"models\.settings"),
        (set_value("mappings", "mapping", []), r"mappings\.mapping"),
        (set_value("mappings", "id", "../../x"), r"mappings\.id"),
        (set_value("mappings", "name", "a\0b"), r"mappings\.name"),
        (set_value("catalog_versions", "files", {}), r"catalog_versions\.files"),
        (set_piece(file="../../home/secret"), r"catalog_versions\.tables"),
        (set_piece(gone="/etc/passwd", gone_rows=1), r"catalog_versions\.tables"),
        (set_piece(file=None), r"catalog_versions\.tables"),
        (set_piece(rows=-1), r"catalog_versions\.tables"),
        (set_piece(rows=59), "has 60 rows, not 59"),
        (set_piece(file="0" * 64), "lacks the file|is missing"),
        (set_piece(more=1), r"catalog_versions\.tables"),
        (set_value("catalog_versions", "tables", {}), r"catalog_versions\.tables"),
        (set_value("catalog_versions", "tables", {"products": [], "interactions": []}), r"catalog_versions\.tables"),
        (set_value("catalog_versions", "tables", [1]), r"catalog_versions\.tables"),
        (set_value("catalog_versions", "products", "many"), r"catalog_versions\.products"),
        (set_value("catalog_versions", "products", True), r"catalog_versions\.products"),
        (set_value("catalog_versions", "products", 1.5), r"catalog_versions\.products"),
        (set_value("catalog_versions", "products", 10**400), r"catalog_versions\.products"),
        (set_value("models", "created", "yesterday"), r"models\.created"),
        (set_value("models", "created", "2024-01-01T00:00:00"), r"models\.created"),
        (set_value("models", "created", "0001-01-01T00:00:00+23:00"), r"models\.created"),
        (set_value("launches", "name", "a\0b"), r"launches\.name"),
        (set_value("launches", "name", ""), r"launches\.name"),
        (set_value("launches", "name", "Frühling 秋"), r"launches\.name.* twice"),
        (set_value("adapted_models", "method", "\ud800"), r"adapted_models\.method"),
        (lambda about: about["tables"]["models"].append(about["tables"]["models"][0]), r"models\.id.* twice"),
        (lambda about: about["tables"]["models"].append(3), "can't be read"),
        (lambda about: about["tables"].update(models={}), r"adapted_models\.model.* isn't there"),
        (lambda about: about.update(tables=[]), "can't be read"),
        (lambda about: about.pop("tables"), "can't be read"),
        (lambda about: about.update(format=2), "newer version.* Update"),
        (lambda about: about.update(format=0), "can't be read"),
        (lambda about: about.update(format="1"), "can't be read"),
        (lambda about: about["tables"]["backtests"].clear(), "Nothing refers to the file backtests"),
    ],
)
def test_records_that_cannot_be_ours_are_refused(
    exported: Path, empty: Workspace, tmp_path: Path, change: Callable[[Records], Any], match: str
) -> None:
    refused(empty, rewritten(exported, tmp_path / "bad.zip", records=change), match)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b'{"format": 1}'])
def test_records_that_are_no_json_of_ours_are_refused(
    exported: Path, empty: Workspace, tmp_path: Path, text: bytes
) -> None:
    bad = rewritten(exported, tmp_path / "bad.zip", members={"workspace.json": text})
    refused(empty, bad, r"workspace\.json|isn't a workspace archive")


@pytest.mark.parametrize(
    "manifest",
    [
        b"[]",
        b"{}",
        b'{"format": 2, "sha256": []}',
        b'{"format": 2, "sha256": {"../../x.json": "00"}}',
        b'{"format": 2, "sha256": {"settings.json": 7}}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_a_manifest_that_is_none_is_refused(exported: Path, empty: Workspace, tmp_path: Path, manifest: bytes) -> None:
    name = member_like(exported, "arrays.safetensors").replace("arrays.safetensors", "manifest.json")
    refused(empty, rewritten(exported, tmp_path / "bad.zip", members={name: manifest}), "no manifest that can be read")


def test_an_artefact_of_a_newer_version_is_refused(exported: Path, empty: Workspace, tmp_path: Path) -> None:
    name = member_like(exported, "arrays.safetensors").replace("arrays.safetensors", "manifest.json")
    with zipfile.ZipFile(exported) as source:
        about = json.loads(source.read(name)) | {"format": 99}
    bad = rewritten(exported, tmp_path / "bad.zip", members={name: json.dumps(about).encode()})
    refused(empty, bad, "format 99.* Update Launchdesk")


def test_an_import_that_fails_at_the_rows_takes_the_files_back(
    exported: Path, empty: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with empty.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON backtests BEGIN SELECT RAISE(ABORT, 'no more'); END"
        )
    refused(empty, exported, "contradict")


def test_an_import_tells_how_far_it_is(exported: Path, empty: Workspace) -> None:
    news: list[dict[str, Any]] = []
    counts = import_archive(empty, exported, run=RunContext(report=news.append))
    stages = {stage: [one for one in news if one["stage"] == stage] for stage in ("Unpacking files", "Checking files")}
    assert sum(map(len, stages.values())) == len(news)
    for stage, total in (("Unpacking files", counts["bytes"]), ("Checking files", counts["files"])):
        done = [one["done"] for one in stages[stage]]
        assert {one["total"] for one in stages[stage]} == {total}
        assert done == sorted(done)
        assert (done[0], done[-1]) == (0, total)
    assert len(stages["Unpacking files"]) > counts["files"]


@pytest.mark.parametrize("looks", [0, 1, 20, 60, 120])
def test_an_import_can_be_stopped_at_any_time_and_leaves_nothing(exported: Path, empty: Workspace, looks: int) -> None:
    left = iter(range(looks))
    with pytest.raises(Cancelled):
        import_archive(empty, exported, run=RunContext(stop_asked=lambda: next(left, None) is None))
    assert_nothing_is_left(empty)


def test_what_a_killed_import_left_is_removed_once_it_is_old(exported: Path, empty: Workspace) -> None:
    old, young = empty.folder / ".import-old.tmp", empty.folder / ".import-young.tmp"
    for folder in (old, young):
        folder.mkdir(parents=True)
        (folder / "half.parquet").write_bytes(b"")
    os.utime(old, (time.time() - 4000, time.time() - 4000))
    import_archive(empty, exported)
    assert not old.exists()
    assert young.exists()


def test_an_empty_workspace_can_be_carried_too(empty: Workspace, tmp_path: Path) -> None:
    export_archive(empty, tmp_path / "empty.zip")
    other = Workspace(tmp_path / "third")
    assert set(import_archive(other, tmp_path / "empty.zip").values()) == {0}
    assert_nothing_is_left(other)
