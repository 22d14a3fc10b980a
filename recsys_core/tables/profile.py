"""What each column of a table holds: how much is filled, how it ranges, and how its values are spread."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.tables.columns import CATEGORY_SEPARATOR, COLUMNS, Kind, Type

ATTRIBUTE = "attribute"
_WORDS: dict[Type, str] = {"time": "date", "planned": "date"}
"""Types that a person knows by another word."""
_LONGEST = 200
"""Characters of a value that are kept for showing."""
_EXACT = 12
"""As many distinct numbers are counted one by one."""
_BINS = 24
_TAIL = 0.01
"""The share of the numbers at each end that may go into one wide bin, where they would squeeze the others."""
_TOP = 15
"""Values of a text column that are counted by name; the rest is one row."""

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}"
_WORD = "[" + _UNSPACED + r"]{1,2}|[\p{L}\p{M}\p{N}][^\s" + _UNSPACED + "]*"

_COLUMNS = {
    "column": "str",
    "type": "str",
    "filled": "float64",
    "missing": "int64",
    "distinct": "int64",
    "lowest": "str",
    "highest": "str",
    "most_common": "str",
    "most_common_rows": "Int64",
    "example": "str",
}


def profile(frame: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """One row for each column of a typed table, in the table's order.

    column; type ("id", "text", "category", "number", "price", "date", "tags", or "attribute" for what isn't ours); filled
    (share of the rows, 0 to 1), missing, distinct (counts); lowest and highest, as texts: of numbers and dates their
    values, of categories the levels, of tags how many a row has, of other texts the characters; most_common and the rows
    that have it, missing where no value occurs twice; example, another value than that where there is one.
    Blank texts and empty lists of tags count as missing.
    """
    rows = [_row(str(name), frame[name], COLUMNS[kind].get(str(name))) for name in frame]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)


def distribution(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """How the filled values of a column are spread: a small frame, without rows where nothing is filled.

    Numbers and dates: low, high, rows. A bin holds low ≤ value < high, the last one its high, too; where low equals high
    it is that very number. The first and the last bin of numbers may be much wider than the others.
    Others: value, rows, the most frequent first; a last row without value counts all others together.
    """
    array = _array(frame[column])
    if pa.types.is_timestamp(array.type):
        return _date_bins(array)
    if not (_is_text(array) or pa.types.is_list(array.type)):
        return _number_bins(array)
    values, rows = _counts(array)
    order = np.argsort(-rows, kind="stable")
    top = [_shown(values[int(at)]) for at in order[:_TOP]]
    rest = int(rows[order[_TOP:]].sum())
    counts = [*rows[order[:_TOP]].tolist(), *([rest] if rest else [])]
    shown = pd.Series([*top, *([None] if rest else [])], dtype="str")
    return pd.DataFrame({"value": shown, "rows": np.array(counts, dtype=np.int64)})


def words_distribution(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """How many words the filled texts of a column have: low, high, rows, as `distribution` has them for numbers."""
    words = word_counts(frame[column])
    return _number_bins(pa.array(words[words > 0]))


def word_counts(column: pd.Series) -> np.ndarray:
    """(n_rows,) words in each text, or in each list of tags; 0 where there is none. What has no letter or digit is no word.

    In writing without spaces (Chinese, Japanese, Thai) two characters count as one word.
    """
    array = _array(column)
    if pa.types.is_list(array.type):
        array = pc.binary_join(array, pa.scalar(" ", pa.large_string()))
    words = pc.count_substring_regex(pc.cast(array, pa.large_string()), _WORD)
    return np.asarray(pc.fill_null(words, 0).to_numpy(zero_copy_only=False), dtype=np.int64)


def _row(name: str, column: pd.Series, type_: Type | None) -> tuple[object, ...]:
    array = _array(column)
    values, rows = _counts(array)
    filled = _filled_rows(array, rows)
    lowest, highest = _range(array, values, type_)
    common = None if not len(rows) or rows.max() < 2 else int(rows.argmax())
    other = 1 if common == 0 and len(values) > 1 else 0
    return (
        name,
        ATTRIBUTE if type_ is None else _WORDS.get(type_, type_),
        filled / len(column) if len(column) else 0.0,
        len(column) - filled,
        len(values),
        lowest,
        highest,
        None if common is None else _shown(values[common]),
        None if common is None else int(rows[common]),
        _shown(values[other]) if len(values) else None,
    )


def _array(column: pd.Series) -> pa.Array:
    """The column as Arrow has it, missing as null: numbers, timestamps, lists of texts, or texts."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = column if column.dt.tz is None else column.dt.tz_convert(None)
    elif column.dtype == object and column.map(_is_list).any():
        tags = [[str(tag) for tag in value] if _is_list(value) else None for value in column]
        return pa.array(tags, pa.list_(pa.large_string()))
    elif pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        column = column.astype("str")
    array = pa.array(column, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def _counts(array: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """The distinct filled values in the order of their first rows, and the rows of each; of lists, of what is in them."""
    counted = pc.value_counts(array.flatten() if pa.types.is_list(array.type) else array)
    values, rows = counted.field("values"), counted.field("counts")
    filled = pc.is_valid(values)
    if pa.types.is_large_string(values.type) or pa.types.is_string(values.type):
        filled = pc.and_kleene(filled, pc.not_equal(pc.utf8_trim_whitespace(values), ""))
    filled = pc.fill_null(filled, False)
    return values.filter(filled), rows.filter(filled).to_numpy()


def _filled_rows(array: pa.Array, rows: np.ndarray) -> int:
    if pa.types.is_list(array.type):
        return pc.sum(pc.greater(pc.list_value_length(array), 0)).as_py() or 0
    return int(rows.sum())


def _range(array: pa.Array, values: pa.Array, type_: Type | None) -> tuple[str | None, str | None]:
    """The least and the most of what one wants to know of such a column."""
    if not len(values):
        return None, None
    if pa.types.is_list(array.type):
        lengths = pc.list_value_length(array)
        return _ends(lengths.filter(pc.greater(lengths, 0)), "tag")
    if not _is_text(values):
        ends = pc.min_max(values)
        return _shown(ends["min"]), _shown(ends["max"])
    if type_ == "category":
        return _ends(pc.add(pc.count_substring(values, CATEGORY_SEPARATOR.strip()), 1), "level")
    return _ends(pc.utf8_length(values), "character")


def _ends(lengths: pa.Array, noun: str) -> tuple[str, str]:
    ends = pc.min_max(lengths).as_py()
    least, most = (f"{ends[end]:,} {noun}{'' if ends[end] == 1 else 's'}" for end in ("min", "max"))
    return least, most


def _shown(value: pa.Scalar) -> str:
    plain = value.as_py()
    if isinstance(plain, float):
        return f"{plain:.15g}"
    if isinstance(plain, dt.datetime):
        return f"{plain:%Y-%m-%d}" if plain.time() == dt.time() else f"{plain:%Y-%m-%d %H:%M}"
    text = str(plain)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _is_text(array: pa.Array) -> bool:
    return pa.types.is_string(array.type) or pa.types.is_large_string(array.type)


def _number_bins(numbers: pa.Array) -> pd.DataFrame:
    values = pc.cast(numbers.drop_null(), pa.float64()).to_numpy()
    values = values[np.isfinite(values)]
    if not len(values):
        return _bins(values, values, np.array([]))
    exact, rows = np.unique(values, return_counts=True)
    if len(exact) <= _EXACT:
        return _bins(exact, exact, rows)
    edges = _edges(values, whole=bool((exact == np.floor(exact)).all()))
    rows, _ = np.histogram(values, edges)
    return _bins(edges[:-1], edges[1:], rows)


def _edges(values: np.ndarray, whole: bool) -> np.ndarray:
    """Round edges, evenly spaced over the bulk of the values; stragglers far outside share a bin at either end."""
    low, high = np.quantile(values, [_TAIL, 1 - _TAIL])
    least, most = values.min(), values.max()
    # Only what would squeeze the bulk is left to a bin of its own.
    low = low if low - least > (high - low) / 4 else least
    high = high if most - high > (high - low) / 4 else most
    if low == high:
        low, high = least, most
    with np.errstate(over="ignore"):
        rough = (high - low) / _BINS
    if not np.isfinite(rough):
        return np.array([least, 0.0, most])
    power = 10.0 ** np.floor(np.log10(rough))
    width = next(round_ * power for round_ in (1, 2, 5, 10) if round_ * power >= rough * (1 - 1e-9))
    width = max(width, 1.0) if whole else width
    first, last = int(np.floor(low / width)), int(np.floor(high / width)) + 1
    # A quotient of whole numbers gives 0.3, a product of 3 and 0.1 doesn't.
    edges = np.arange(first, last + 1) / (1 / width) if width < 1 else np.arange(first, last + 1) * width
    before, after = ([least] if least < edges[0] else []), ([most] if most > edges[-1] else [])
    return np.concatenate([before, edges, after])


def _bins(low: np.ndarray, high: np.ndarray, rows: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"low": low, "high": high, "rows": rows.astype(np.int64)})


def _date_bins(times: pa.Array) -> pd.DataFrame:
    """Days, weeks (from Monday), months or years, whichever shows the span best; a step without rows counts 0."""
    moments = pc.cast(times.drop_null(), pa.timestamp("us")).to_numpy()
    if not len(moments):
        return _bins(moments, moments, np.array([]))
    days = (moments.max() - moments.min()) / np.timedelta64(1, "D")
    unit = "D" if days <= 60 else "W" if days <= 800 else "M" if days <= 3000 else "Y"
    # numpy's own weeks begin on a Thursday.
    monday = np.timedelta64(3 if unit == "W" else 0, "D")
    steps = (moments + monday).astype(f"datetime64[{unit}]").astype(np.int64)
    first = steps.min()
    rows = np.bincount(steps - first)
    starts = (np.arange(first, first + len(rows) + 1).astype(f"datetime64[{unit}]")).astype("datetime64[us]") - monday
    return _bins(starts[:-1], starts[1:], rows)
