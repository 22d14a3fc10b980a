"""Reads a column of dates and times as shops write them: day or month first, month names, serial numbers of Excel."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.tables.cells import (
    Column,
    Converted,
    Distinct,
    cast_all,
    distinct,
    example,
    filled,
    plain_signs,
    true_at,
)
from recsys_core.tables.mapping import DateOrder

A_TIME = "a date such as 2024-03-31, or a time such as 2024-03-31 14:05"
NOT_IN_FUTURE = "a date that isn't in the future"
SINCE_1900 = "a date from the year 1900 on"

_Unit: TypeAlias = Literal["s", "ms"]
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_EXCEL_DAY_0 = int(np.datetime64("1899-12-30", "s").astype(np.int64))  # it counts a 29 February 1900
_EXCEL_DAYS = (20_000, 80_000)
_UNIX_SECONDS = (315_532_800, 4_102_444_800)  # 1980 to 2100
_PIVOT = 69
"""Two-digit years from here on are of the 20th century."""

_DATE_AND_CLOCK = r"^(?P<date>[^:]+?)(?:(?:[Tt]|,?\s+)(?:(?:um|at|à|a las)\s+)?(?P<clock>[0-9]{1,2}:[^\n]*))?$"
_CLOCK = (
    r"^(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?|\s*Uhr)?"
    r"(?:\s?(?:Z|z|UTC|GMT|(?P<east>[+-])(?P<zone_hour>[0-9]{2}):?(?P<zone_minute>[0-9]{2})?))?$"
)
_BETWEEN = r"(?:\s*(?P<mark>[-/.])\s*|\s+)"
_AGAIN = _BETWEEN.replace("mark", "again")
_YEAR_FIRST = (
    rf"^(?P<year>[0-9]{{4}}){_BETWEEN}(?P<month>[0-9]{{1,2}}){_AGAIN}(?P<day>[0-9]{{1,2}})\.?$",
    r"^(?P<year>[0-9]{4})\s*年\s*(?P<month>[0-9]{1,2})\s*月\s*(?P<day>[0-9]{1,2})\s*[日号]?$",
)
_COMPACT = r"^(?P<year>(?:19|20)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})$"
_NAME = r"(?P<name>[^-0-9\s.,/]{3,12})\.?"
_NAMED = (
    rf"^(?P<day>[0-9]{{1,2}})(?:\.|st|nd|rd|th|er|º)?[\s/-]*(?:de\s+)?{_NAME}[\s/,-]*(?:del?\s+)?(?P<year>[0-9]{{4}}|[0-9]{{2}})$",
    rf"^{_NAME}[\s-]*(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:\s*,\s*|\s+|-)(?P<year>[0-9]{{4}}|[0-9]{{2}})$",
    rf"^(?P<year>[0-9]{{4}})[\s-]*{_NAME}[\s-]*(?P<day>[0-9]{{1,2}})$",
)
_OPEN_ORDER = rf"^(?P<first>[0-9]{{1,2}}){_BETWEEN}(?P<second>[0-9]{{1,2}}){_AGAIN}(?P<third>[0-9]{{4}}|[0-9]{{2}})$"
_PARTS: dict[DateOrder, tuple[str, str, str]] = {
    "dmy": ("third", "second", "first"),
    "mdy": ("third", "first", "second"),
    "ymd": ("first", "second", "third"),
}
"""Where year, month and day stand in each order, the likeliest order first."""
_WORDS: dict[DateOrder, tuple[str, str, str]] = {
    "dmy": ("day", "month", "year"),
    "mdy": ("month", "day", "year"),
    "ymd": ("year", "month", "day"),
}
_SUCH_AS: dict[DateOrder, str] = {"dmy": "31.03.2024", "mdy": "03/31/2024", "ymd": "2024-03-31"}

_CHINESE_CLOCK = (
    (r"([日号])\s*([0-9])", r"\1 \2"),
    (r"\s*[时時点點]\s*([0-9])", r":\1"),
    (r"[时時点點]$", ":00"),
    (r"\s*分\s*([0-9])", r":\1"),
    (r"[分秒]$", ""),
    (r":([0-9])(:|$)", r":0\1\2"),
    (r":([0-9])$", r":0\1"),
)
"""14时05分 as 14:05: what is replaced in order."""
_MONTH_NAMES = (
    "january jan januar jänner jän januari janvier janv enero ene",
    "february feb februar février fevrier févr fév febrero",
    "march mar märz maerz mär mrz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug août aout agosto ago",
    "september sep sept septembre septiembre set",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez décembre decembre déc diciembre dic",
)
"""The names of each month in English, German, French and Spanish, the English one first."""
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}


def read_dates(column: Column, name: str, *, order: DateOrder | None, latest: dt.datetime) -> Converted:
    """Reads the column `name` as timestamps in microseconds, in UTC where a cell names a zone.

    `order` is that of day, month and year where a cell leaves it open; if None, the one that fits most of the column.
    Dates before 1900 and after `latest` are problems.
    """
    text = filled(column)
    for zone in (None, "UTC"):  # Arrow is fast where no cell names a zone, or all do
        times = cast_all(text, pa.timestamp("us", zone))
        if times is not None:
            return _within(Converted(pc.cast(times, pa.timestamp("us"))), latest)
    counted = _counted(text)
    if counted is not None:
        times, unit = counted
        return _within(Converted(times, read_as=f"{unit}, as in “{text.drop_null()[0]}”"), latest)
    cells = distinct(text, name)
    signs = plain_signs(cells.cells)
    counted = _counted(pc.replace_substring(signs, ",", "."))
    if counted is None:
        return _within(_written(signs, cells, order, latest, name), latest)
    times, unit = counted
    read_as = f"{unit}, as in “{cells.cells[0]}”"
    return _within(Converted(cells.spread(times), notes=cells.notes, read_as=read_as), latest)


def _within(read: Converted, latest: dt.datetime) -> Converted:
    """Without the times before 1900 and after `latest`."""
    values, problems = read.values, read.problems
    ends = pc.min_max(values)
    for limit, outside, expected in (
        (dt.datetime(1900, 1, 1), pc.less, SINCE_1900),
        (latest, pc.greater, NOT_IN_FUTURE),
    ):
        end = ends["min" if outside is pc.less else "max"]
        if end.is_valid and outside(end, pa.scalar(limit, end.type)).as_py():
            mask = pc.fill_null(outside(values, pa.scalar(limit, pa.timestamp("us"))), False)
            problems += ((true_at(mask), expected),)
            values = pc.if_else(mask, pa.scalar(None, pa.timestamp("us")), values)
    return replace(read, values=values, problems=problems)


def _counted(cells: Column | pa.Array) -> tuple[pa.ChunkedArray | pa.Array, str] | None:
    """The times of cells that all count days as Excel does, or seconds or milliseconds since 1970; and which they do."""
    numbers = cast_all(cells, pa.float64())
    if numbers is None or pc.all(pc.is_finite(numbers), min_count=1).as_py() is not True:
        return None
    least, most = pc.min_max(numbers).as_py().values()
    if _EXCEL_DAYS[0] <= least and most <= _EXCEL_DAYS[1]:
        # A time of day is a rounded fraction: 13:59:59.999 was 14:00.
        seconds = pc.cast(pc.round(pc.multiply(numbers, 86_400.0)), pa.int64())
        return _since_1970(pc.add(seconds, _EXCEL_DAY_0), "s"), "days since 1900, as Excel counts them"
    units: tuple[tuple[_Unit, int, str], ...] = (("s", 1, "seconds"), ("ms", 1_000, "milliseconds"))
    for unit, per_second, called in units:
        in_range = _UNIX_SECONDS[0] * per_second <= least and most <= _UNIX_SECONDS[1] * per_second
        if in_range and pc.all(pc.equal(numbers, pc.floor(numbers))).as_py():
            return _since_1970(pc.cast(numbers, pa.int64()), unit), f"{called} since 1970"
    return None


def _since_1970(count: pa.ChunkedArray | pa.Array, unit: _Unit) -> pa.ChunkedArray | pa.Array:
    return pc.cast(pc.cast(count, pa.timestamp(unit)), pa.timestamp("us"))


def _written(signs: pa.Array, cells: Distinct, order: DateOrder | None, latest: dt.datetime, name: str) -> Converted:
    """The times of a column in which each cell is written out, in whatever way."""
    dates, clocks = _parted(signs)
    date_at, clock_at = dates.indices.to_numpy(), clocks.indices.to_numpy()
    rows = np.bincount(date_at, cells.rows, minlength=len(dates.dictionary)).astype(np.int64)
    read = _read_days(dates.dictionary, rows, order, latest, name)
    micros, sound = _read_clocks(clocks.dictionary)
    fine = read.valid[date_at] & sound[clock_at]
    stray = read.stray[date_at]
    times = pa.array((read.days[date_at] * _DAY + micros[clock_at]).view("datetime64[us]"), mask=~fine)
    problems = tuple(
        (cells.spread_mask(mask), what)
        for mask, what in ((~fine & ~stray, A_TIME), (stray, read.other_order))
        if mask.any()
    )
    return Converted(cells.spread(times), problems, cells.notes, read.read_as, read.unsure)


def _parted(signs: pa.Array) -> tuple[pa.DictionaryArray, pa.DictionaryArray]:
    """Dates, and times of day, "" where there is none: date-times may all differ, but each of the two repeats."""
    if pc.any(pc.match_substring(signs, "年")).as_py():
        for pattern, plain in _CHINESE_CLOCK:
            signs = pc.replace_substring_regex(signs, pattern, plain)
    if not pc.any(pc.match_substring(signs, ":")).as_py():
        return signs.dictionary_encode(), pa.array([""] * len(signs), pa.string()).dictionary_encode()
    parts = pc.extract_regex(signs, _DATE_AND_CLOCK)
    date, clock = (pc.fill_null(pc.struct_field(parts, key), "") for key in ("date", "clock"))
    return date.dictionary_encode(), clock.dictionary_encode()


@dataclass(frozen=True)
class _Days:
    """What different dates mean, (n,) each."""

    days: np.ndarray
    """int64 since 1970."""
    valid: np.ndarray
    stray: np.ndarray
    """Whether a date is one, but in another order than the column's."""
    other_order: str
    """What was expected in place of such a date."""
    read_as: str
    unsure: str


def _read_days(dates: pa.Array, rows: np.ndarray, order: DateOrder | None, latest: dt.datetime, name: str) -> _Days:
    """Reads the different dates of the column `name`; `rows` (n,) tells how often it has each."""
    days = np.zeros(len(dates), dtype=np.int64)
    valid, stray = np.zeros(len(dates), dtype=bool), np.zeros(len(dates), dtype=bool)
    left = np.arange(len(dates))
    read_as, unsure, other_order = [], "", ""
    for pattern in (*_YEAR_FIRST, _COMPACT, *_NAMED):
        part, at, left = _extracted(dates, pattern, left)
        if not len(at):
            continue
        month = _months(part["name"]) if "name" in part else _ints(part["month"])
        days[at], valid[at] = _days(_years(part["year"]), month, _ints(part["day"]))
        valid[at] &= _same_marks(part)
        if pattern == _COMPACT and valid[at].any():
            read_as += [f"year, month and day in one number, as in {example(dates.take(at), valid[at])}"]
    part, at, _ = _extracted(dates, _OPEN_ORDER, left)
    if len(at):
        open_ = _OpenOrder.of(part, dates.take(at), rows[at])
        chosen = order or open_.likeliest(latest)
        days[at], valid[at] = open_.days[chosen], open_.valid[chosen]
        stray[at] = np.any(list(open_.valid.values()), axis=0) & ~valid[at]
        such = f"such as {_SUCH_AS[chosen]}" if order else "as most of the column has"
        other_order = f"a date in the order {open_.in_words(chosen)}, {such}"
        if order is None and valid[at].any():
            read_as = [f"{open_.in_words(chosen)}, as in {open_.proof(chosen)}", *read_as]
            unsure = open_.doubt(chosen, name)
    return _Days(days, valid, stray, other_order, "; ".join(read_as), unsure)


@dataclass(frozen=True)
class _OpenOrder:
    """The dates that don't say what is day and what is month, (n,) each."""

    cells: pa.Array
    rows: np.ndarray
    """How many rows have each."""
    days: dict[DateOrder, np.ndarray]
    """Days since 1970 in each order."""
    valid: dict[DateOrder, np.ndarray]
    """Whether there is such a day."""
    marks: pa.Array
    """What stands between the parts; "" for a space."""

    @classmethod
    def of(cls, part: dict[str, pa.Array], cells: pa.Array, rows: np.ndarray) -> _OpenOrder:
        same = _same_marks(part)
        widths = {key: pc.binary_length(part[key]).to_numpy() for key in ("first", "third")}
        days, valid = {}, {}
        for order, (year, month, day) in _PARTS.items():
            days[order], is_day = _days(_years(part[year]), _ints(part[month]), _ints(part[day]))
            # A year of two digits may come first, but "4-3-24" and "24-3-2024" have theirs at the end.
            valid[order] = is_day & same & (order != "ymd" or (widths["first"] == 2) & (widths["third"] == 2))
        return cls(cells, rows, days, valid, part["mark"])

    def likeliest(self, latest: dt.datetime) -> DateOrder:
        """The order that fits most rows; of several, the one in which fewest lie in the future, then the commonest."""
        last = np.datetime64(latest, "D").astype(np.int64)

        def fit(order: DateOrder) -> tuple[int, int]:
            valid = self.valid[order]
            return int(self.rows[valid].sum()), int(self.rows[valid & (self.days[order] <= last)].sum())

        return max(_PARTS, key=fit)

    def proof(self, order: DateOrder) -> str:
        """A cell that can only be read in this order; any that can, if there is none."""
        others = np.any([valid for other, valid in self.valid.items() if other != order], axis=0)
        only = self.valid[order] & ~others
        return example(self.cells, only if only.any() else self.valid[order])

    def in_words(self, order: DateOrder) -> str:
        """For example: day.month.year."""
        at = int(np.flatnonzero(self.valid[order])[0]) if self.valid[order].any() else 0
        return (self.marks[at].as_py() or " ").join(_WORDS[order])

    def doubt(self, order: DateOrder, name: str) -> str:
        """A sentence where other orders fit as well, or not all of the column has the same."""
        chosen = self.valid[order]
        dotted = true_at(pc.equal(self.marks, "."))
        for other, valid in self.valid.items():
            differ = chosen & valid & (self.days[order] != self.days[other])
            if not differ.any():
                continue
            either = int(np.flatnonzero(differ)[0])
            only_other = valid & ~chosen
            if only_other.any():
                return (
                    f"{name} has dates in two orders, {self.proof(order)} and {example(self.cells, only_other)}; "
                    f"those that fit both, as “{self.cells[either]}”, were read as {self.in_words(order)}."
                )
            differ &= ~(dotted & ({order, other} == {"dmy", "mdy"}))  # nobody puts the month first and points between
            # "31.03.24" nearly always fits year.month.day too, but few put a year of two digits first.
            if other == "ymd" or not differ.any() or (chosen & ~valid).any():
                continue
            either = int(np.flatnonzero(differ)[0])
            ways = [_day_in_words(self.days[way][either]) for way in (order, other)]
            return (
                f"“{self.cells[either]}” in {name} may be {ways[0]} or {ways[1]}; it was read as "
                f"{self.in_words(order)}. Choose the order if that is wrong."
            )
        return ""


def _read_clocks(clocks: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """(n,) int64 microseconds from the date's midnight to the time of day in UTC, and (n,) bool, whether it is one."""
    parts = pc.extract_regex(clocks, _CLOCK)
    part = {field.name: pc.struct_field(parts, field.name) for field in parts.type}
    hour, minute, second = (_ints(part[key]) for key in ("hour", "minute", "second"))
    sound = true_at(pc.or_(pc.is_valid(parts), pc.equal(clocks, ""))) & (hour < 24) & (minute < 60) & (second < 60)
    half = pc.utf8_lower(part["half"])
    morning, evening = true_at(pc.equal(half, "a")), true_at(pc.equal(half, "p"))
    sound &= ~(morning | evening) | ((hour >= 1) & (hour <= 12))
    hour = np.where(morning | evening, hour % 12, hour) + 12 * evening
    fraction = _ints(pc.utf8_slice_codeunits(pc.utf8_rpad(part["fraction"], 6, "0"), 0, 6))
    zone_hour, zone_minute = _ints(part["zone_hour"]), _ints(part["zone_minute"])
    sound &= (zone_hour < 24) & (zone_minute < 60)
    ahead = np.where(true_at(pc.equal(part["east"], "-")), -1, 1) * (zone_hour * 60 + zone_minute)
    return ((hour * 60 + minute - ahead) * 60 + second) * _SECOND + fraction, sound


def _extracted(dates: pa.Array, pattern: str, left: np.ndarray) -> tuple[dict[str, pa.Array], np.ndarray, np.ndarray]:
    """The parts of those dates at `left` that match, by their names in the pattern; their places; the places still left."""
    parts = pc.extract_regex(dates.take(pa.array(left)), pattern)
    hit = true_at(pc.is_valid(parts))
    parts = parts.filter(pa.array(hit))
    return {field.name: pc.struct_field(parts, field.name) for field in parts.type}, left[hit], left[~hit]


def _ints(digits: pa.Array) -> np.ndarray:
    """(n,) int64; 0 where there are none."""
    empty = pc.fill_null(pc.equal(digits, ""), True)
    return pc.cast(pc.if_else(empty, "0", digits), pa.int64()).to_numpy()


def _years(digits: pa.Array) -> np.ndarray:
    """(n,) int64, years of two digits as 1969 to 2068."""
    years = _ints(digits)
    century = np.where(years >= _PIVOT, 1900, 2000)
    return np.where(pc.binary_length(digits).to_numpy() <= 2, century + years, years)


def _months(names: pa.Array) -> np.ndarray:
    """(n,) int64, 0 for what is no month's name."""
    at = pc.fill_null(pc.index_in(pc.utf8_lower(names), pa.array(list(_MONTHS))), -1)
    return np.array([*_MONTHS.values(), 0])[at.to_numpy(zero_copy_only=False)]


def _same_marks(part: dict[str, pa.Array]) -> np.ndarray:
    """(n,) bool, whether the same stands between first and second as between second and third part."""
    if "mark" not in part:
        return np.ones(len(part["year"]), dtype=bool)
    return true_at(pc.equal(part["mark"], part["again"]))


def _days(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) days since 1970, and (n,) bool, whether the calendar has such a day."""
    months = (year - 1970) * 12 + month - 1
    first, next_first = ((months + n).view("datetime64[M]").astype("datetime64[D]").astype(np.int64) for n in (0, 1))
    valid = (month >= 1) & (month <= 12) & (day >= 1) & (day <= next_first - first) & (year >= 1)
    return first + day - 1, valid


def _day_in_words(days: int) -> str:
    day = dt.date(1970, 1, 1) + dt.timedelta(days=int(days))
    return f"{day.day} {_MONTH_NAMES[day.month - 1].split()[0].title()} {day.year}"
