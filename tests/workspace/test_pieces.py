"""Tables in pieces: what is read is what was written, and a small change costs little."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys_core.errors import DamagedArtefact
from recsys_core.tables.difference import combine
from recsys_core.workspace.leftovers import ORPHAN_AGE, sweep_files
from recsys_core.workspace.pieces import (
    files_of,
    from_json,
    read_apart,
    read_table,
    row_count,
    to_json,
    update_table,
    write_table,
)


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def products(count: int, seed: int = 0) -> pd.DataFrame:
    dice = np.random.default_rng(seed)
    words = np.array(["red", "blue", "mug", "lamp", "vase", "large", "small", "glass", "wood", "garden"])
    return pd.DataFrame(
        {
            "product_id": [f"sku-{number:06d}" for number in range(count)],
            "title": pd.Series([" ".join(dice.choice(words, 5)) for _ in range(count)], dtype="str"),
            "price": dice.uniform(1, 100, count).round(2),
            "launched_at": pd.Series(dice.integers(0, 10**9, count) * 10**6).astype("datetime64[us]"),
        }
    )


def numbers(*values: int) -> pd.DataFrame:
    return pd.DataFrame({"n": np.array(values, dtype=np.int64)})


def test_a_table_comes_back_as_it_was_and_equal_ones_are_stored_once(tmp_path: Path) -> None:
    frame = products(50).assign(tags=pd.Series([["a", "b"]] * 50, dtype=object), brand=None)
    frame.loc[3, "price"] = np.nan
    pieces = write_table(tmp_path, frame)
    assert write_table(tmp_path, frame.copy()) == pieces
    assert len(list(tmp_path.iterdir())) == 1
    frame.to_parquet(tmp_path / "plain")
    pd.testing.assert_frame_equal(read_table(tmp_path, pieces), pd.read_parquet(tmp_path / "plain"))
    assert from_json(to_json(pieces)) == pieces


def test_an_update_removes_and_appends(tmp_path: Path) -> None:
    pieces = write_table(tmp_path, numbers(*range(100)))
    assert update_table(tmp_path, pieces, np.zeros(100, dtype=bool), numbers()) == pieces
    gone = np.isin(np.arange(100), [0, 50, 99])
    later = update_table(tmp_path, pieces, gone, numbers(7, 8))
    assert [piece.file for piece in later[:1]] == [pieces[0].file]
    assert read_table(tmp_path, later)["n"].tolist() == [*range(1, 50), *range(51, 99), 7, 8]
    # Positions are those of the table as it is now, not of the file.
    again = update_table(tmp_path, later, np.isin(np.arange(99), [0, 97]), numbers())
    assert read_table(tmp_path, again)["n"].tolist() == [*range(2, 50), *range(51, 99), 8]
    assert row_count(again) == 97
    # The older states are what they were.
    assert len(read_table(tmp_path, pieces)) == 100
    assert len(read_table(tmp_path, later)) == 99
    with pytest.raises(ValueError, match="100"):
        update_table(tmp_path, again, gone, numbers())


def test_a_table_of_which_all_is_gone_keeps_its_columns(tmp_path: Path) -> None:
    pieces = update_table(tmp_path, write_table(tmp_path, products(3)), np.ones(3, dtype=bool), products(0))
    assert row_count(pieces) == 0
    assert read_table(tmp_path, pieces).dtypes.equals(products(3).dtypes)


def test_columns_may_come_and_types_may_widen(tmp_path: Path) -> None:
    pieces = write_table(tmp_path, pd.DataFrame({"product_id": [1, 2, 3, 4, 5], "count": [1, 2, 3, 4, 5]}))
    fresh = pd.DataFrame({"product_id": ["6"], "count": [1.5], "brand": ["Acme"], "tags": [["x"]]})
    table = read_table(tmp_path, update_table(tmp_path, pieces, np.zeros(5, dtype=bool), fresh))
    assert table["product_id"].tolist() == ["1", "2", "3", "4", "5", "6"]
    assert table["count"].tolist() == [1, 2, 3, 4, 5, 1.5]
    assert table["brand"].isna().sum() == 5
    assert [list(tags) for tags in table["tags"]] == [[], [], [], [], [], ["x"]]
    assert read_table(tmp_path, pieces, columns=["count"]).columns.tolist() == ["count"]


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 30), st.lists(st.integers(0, 10**6), max_size=30), st.booleans()), max_size=12
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_updates_give_the_table_that_lists_give(tmp_path: Path, steps: list[tuple[int, list[int], bool]]) -> None:
    folder = tmp_path / "pieces"
    expected: list[int] = []
    pieces = write_table(folder, numbers())
    states = [(list(expected), pieces)]
    for added, removed, clear in steps:
        gone = np.zeros(len(expected), dtype=bool)
        if len(expected):
            gone[[position % len(expected) for position in removed]] = True
            gone |= clear
        fresh = list(range(added))
        pieces = update_table(folder, pieces, gone, numbers(*fresh))
        expected = [value for value, is_gone in zip(expected, gone, strict=True) if not is_gone] + fresh
        states.append((list(expected), pieces))
        lengths = [piece.live for piece in pieces]
        assert all(long > 2 * short for long, short in itertools.pairwise(lengths))
    for table, kept in states:
        assert read_table(folder, kept)["n"].tolist() == table
        # What two states share is left out on both sides, and nothing else.
        one, other, shared = read_apart(folder, kept, pieces)
        assert (len(one) + shared, len(other) + shared) == (len(table), len(expected))
        assert sorted(set(table) - set(expected)) == sorted(set(one["n"]) - set(expected))


def test_a_hundred_small_imports_cost_less_than_a_few_copies(tmp_path: Path) -> None:
    table = products(5_000)
    pieces = write_table(tmp_path, table)
    one_copy = size_of(tmp_path)
    dice = np.random.default_rng(1)
    states = [pieces]
    for number in range(100):
        changed = table.sample(10, random_state=number).assign(price=dice.uniform(100, 200, 10).round(2))
        combined = combine(table, changed, "products", "replace")
        assert combined.difference.changed == 10
        pieces = update_table(tmp_path, pieces, combined.gone, combined.fresh)
        table = combined.frame
        states.append(pieces)
    pd.testing.assert_frame_equal(read_table(tmp_path, pieces), table)
    assert len(pieces) <= 8
    named = set().union(*map(files_of, states))
    assert {file.name for file in tmp_path.iterdir()} == named
    assert size_of(tmp_path) < 4.5 * one_copy
    assert row_count(states[50]) == len(read_table(tmp_path, states[50])) == 5_000


def test_a_piece_of_which_most_is_gone_is_written_anew(tmp_path: Path) -> None:
    pieces = update_table(tmp_path, write_table(tmp_path, numbers(*range(100))), np.arange(100) < 60, numbers())
    assert [(piece.rows, piece.gone) for piece in pieces] == [(40, None)]


@pytest.mark.parametrize("part", ["file", "gone"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_file_is_refused(tmp_path: Path, part: str, damage: str) -> None:
    pieces = update_table(tmp_path, write_table(tmp_path, numbers(*range(100))), np.arange(100) < 3, numbers())
    file = tmp_path / f"{getattr(pieces[0], part)}.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "remove":
        file.unlink()
    else:
        file.write_bytes(content if damage == "flip" else content[:-1])
    with pytest.raises(DamagedArtefact, match="Restore another version"):
        read_table(tmp_path, pieces)
    if part == "file":
        # The same table written again mends it.
        write_table(tmp_path, numbers(*range(100)))
        assert len(read_table(tmp_path, pieces)) == 97


def test_old_files_that_nobody_names_are_swept(tmp_path: Path) -> None:
    kept, left = write_table(tmp_path, numbers(1)), write_table(tmp_path, numbers(2))
    half_written = tmp_path / ".abc.parquet.1234.tmp"
    half_written.write_bytes(b"PAR1")
    sweep_files(tmp_path, files_of(kept))
    assert len(list(tmp_path.iterdir())) == 3
    old = time.time() - ORPHAN_AGE - 1
    for file in tmp_path.iterdir():
        os.utime(file, (old, old))
    # Written again it is young, though it was there: its row may be about to come.
    again = write_table(tmp_path, numbers(2))
    sweep_files(tmp_path, files_of(kept))
    assert {file.name for file in tmp_path.iterdir()} == files_of(kept) | files_of(again)
    assert again == left
    os.utime(tmp_path / f"{left[0].file}.parquet", (old, old))
    sweep_files(tmp_path, files_of(kept))
    assert {file.name for file in tmp_path.iterdir()} == files_of(kept)
    sweep_files(tmp_path / "none", set())


def test_two_equal_pieces_of_one_table_are_both_read(tmp_path: Path) -> None:
    piece = write_table(tmp_path, numbers(1, 2))[0]
    assert read_table(tmp_path, [piece, piece])["n"].tolist() == [1, 2, 1, 2]
    one, other, shared = read_apart(tmp_path, [piece, piece], [piece])
    assert (len(one), len(other), shared) == (4, 2, 0)
