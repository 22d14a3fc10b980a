from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from recsys_core.content.vector_cache import VectorCache
from recsys_core.workspace import Workspace, text_vectors
from recsys_core.workspace.leftovers import ORPHAN_AGE
from recsys_core.workspace.text_vectors import MOST_PARTS, TextVectors

ROOT = Path(__file__).parents[2]
WRITER = (
    "import sys\nimport numpy as np\nfrom recsys_core.workspace.text_vectors import TextVectors\n"
    "store, first = TextVectors(sys.argv[1]), int(sys.argv[2])\n"
    "for number in range(first, first + 60):\n"
    "    store.put('model', [f'{number:08}'], np.full((1, 4), number, dtype=np.float32))\n"
)
"""Puts sixty vectors, one a part, so that it merges three times."""


def keys(numbers: range) -> list[str]:
    return [f"{number:08}" for number in numbers]


def numbered(numbers: range) -> np.ndarray:
    return np.repeat(np.array(numbers, dtype=np.float32)[:, None], 4, axis=1)


def parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/part-*"))


def known(folder: Path, numbers: range) -> set[int]:
    """Which of the numbers are kept, each with the vector that belongs to it."""
    found = TextVectors(folder).get("model", keys(numbers))
    assert all((vector == int(key)).all() for key, vector in found.items())
    return {int(key) for key in found}


def test_vectors_come_back_exactly_and_unknown_keys_are_left_out(tmp_path: Path) -> None:
    random = np.random.default_rng(0).standard_normal((3, 5)).astype(np.float32)
    store: VectorCache = TextVectors(tmp_path / "texts")
    assert store.get("model", ["a"]) == {}
    store.put("model", ["a", "bb", "c"], random)
    found = TextVectors(tmp_path / "texts").get("model", ["bb", "none", "a"])
    assert set(found) == {"a", "bb"}
    np.testing.assert_array_equal(found["bb"], random[1])
    assert found["a"].dtype == np.float32
    assert store.get("model", []) == {}


def test_encoders_do_not_see_each_others_vectors(tmp_path: Path) -> None:
    store = TextVectors(tmp_path / "texts")
    names = ["owner/model", "owner-model", "Owner/model", "../../model", "", "模型", "x" * 300]
    for number, name in enumerate(names):
        store.put(name, ["a"], np.full((1, 2), number, dtype=np.float32))
    assert [store.get(name, ["a"])["a"][0] for name in names] == list(range(len(names)))
    assert len(list((tmp_path / "texts").iterdir())) == len(names)
    assert [entry.name for entry in tmp_path.iterdir()] == ["texts"]


@pytest.mark.parametrize("damage", ["flipped", "cut off", "no manifest", "no arrays"])
def test_a_damaged_part_is_removed_and_the_others_stay(tmp_path: Path, damage: str) -> None:
    store = TextVectors(tmp_path)
    store.put("model", keys(range(3)), numbered(range(3)))
    (part,) = parts(tmp_path)
    store.put("model", keys(range(3, 5)), numbered(range(3, 5)))
    arrays = part / "arrays.safetensors"
    content = bytearray(arrays.read_bytes())
    if damage == "flipped":
        content[-2] ^= 1
        arrays.write_bytes(content)
    elif damage == "cut off":
        arrays.write_bytes(content[:-1])
    elif damage == "no manifest":
        (part / "manifest.json").unlink()
    else:
        arrays.unlink()
    assert known(tmp_path, range(5)) == {3, 4}
    assert not part.exists()
    store.put("model", keys(range(3)), numbered(range(3)))
    assert known(tmp_path, range(5)) == set(range(5))


def test_many_small_parts_become_one_and_large_ones_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = TextVectors(tmp_path)
    for number in range(MOST_PARTS):
        store.put("model", keys(range(number, number + 1)), numbered(range(number, number + 1)))
    assert len(parts(tmp_path)) == MOST_PARTS
    store.put("model", keys(range(16, 17)), numbered(range(16, 17)))
    (merged,) = parts(tmp_path)
    assert known(tmp_path, range(17)) == set(range(17))
    monkeypatch.setattr(text_vectors, "SMALL", (merged / "arrays.safetensors").stat().st_size)
    for number in range(17, 17 + MOST_PARTS + 1):
        store.put("model", keys(range(number, number + 1)), numbered(range(number, number + 1)))
    assert merged in parts(tmp_path)
    assert len(parts(tmp_path)) == 2
    assert known(tmp_path, range(34)) == set(range(34))


def test_a_damaged_part_does_not_spoil_the_merging(tmp_path: Path) -> None:
    store = TextVectors(tmp_path)
    store.put("model", keys(range(100, 101)), numbered(range(100, 101)))
    (parts(tmp_path)[0] / "arrays.safetensors").write_bytes(b"")
    for number in range(MOST_PARTS):
        store.put("model", keys(range(number, number + 1)), numbered(range(number, number + 1)))
    assert len(parts(tmp_path)) == 1
    assert known(tmp_path, range(101)) == set(range(MOST_PARTS))


def test_two_processes_that_write_and_merge_lose_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, str(first)], cwd=ROOT) for first in (0, 60)]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert known(tmp_path, range(120)) == set(range(120))
    assert len(parts(tmp_path)) <= 2 * MOST_PARTS


def test_a_reader_misses_nothing_while_another_process_merges(tmp_path: Path) -> None:
    TextVectors(tmp_path).put("model", keys(range(1000, 1010)), numbered(range(1000, 1010)))
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), "0"], cwd=ROOT)
    reads = 0
    while writer.poll() is None:
        assert known(tmp_path, range(1000, 1010)) == set(range(1000, 1010))
        reads += 1
    assert writer.returncode == 0
    assert reads > 10
    assert known(tmp_path, range(60)) == set(range(60))


def test_what_a_killed_process_left_half_written_goes_in_time(tmp_path: Path) -> None:
    store = TextVectors(tmp_path)
    store.put("model", keys(range(1)), numbered(range(1)))
    old, young = (parts(tmp_path)[0].with_name(f".part-{name}.tmp") for name in ("old", "young"))
    for folder in (old, young):
        folder.mkdir()
    past = time.time() - ORPHAN_AGE - 60
    os.utime(old, (past, past))
    os.utime(parts(tmp_path)[0], (past, past))
    store.put("model", keys(range(1, 2)), numbered(range(1, 2)))
    assert (old.exists(), young.exists()) == (False, True)
    assert known(tmp_path, range(2)) == {0, 1}


def test_a_large_catalogs_vectors_are_read_in_a_moment(tmp_path: Path) -> None:
    store = TextVectors(tmp_path)
    vectors = np.random.default_rng(0).standard_normal((20_000, 384)).astype(np.float32)
    names = [f"{number:032}" for number in range(len(vectors))]
    for start in range(0, len(vectors), 1024):
        store.put("model", names[start : start + 1024], vectors[start : start + 1024])
    started = time.process_time()
    found = TextVectors(tmp_path).get("model", names)
    assert time.process_time() - started < 1
    np.testing.assert_array_equal(np.stack([found[name] for name in names]), vectors)


def test_a_workspace_keeps_them_and_does_not_sweep_them_away(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "shop")
    workspace.text_vectors().put("model", ["a"], np.ones((1, 2), dtype=np.float32))
    past = time.time() - 2 * ORPHAN_AGE
    for folder in (tmp_path / "shop" / "texts").rglob("*"):
        os.utime(folder, (past, past))
    workspace.sweep()
    assert list(Workspace(tmp_path / "shop").text_vectors().get("model", ["a"])) == ["a"]
