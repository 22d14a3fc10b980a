from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.tables.cells import Converted
from recsys_core.tables.dates import A_TIME, NOT_IN_FUTURE, SINCE_1900, read_dates
from recsys_core.tables.mapping import DateOrder

LATEST = dt.datetime(2026, 6, 2, 12)
DAY = dt.datetime(2024, 3, 31)
AT_TWO = dt.datetime(2024, 3, 31, 14, 5)


def read(cells: list[str], order: DateOrder | None = None, latest: dt.datetime = LATEST) -> Converted:
    return read_dates(pa.chunked_array([cells], pa.string()), "bought", order=order, latest=latest)


def values(cells: list[str], order: DateOrder | None = None) -> list[Any]:
    found: list[Any] = read(cells, order).values.to_pylist()
    return found


def bad(cells: list[str], order: DateOrder | None = None) -> dict[str, str]:
    """The cells that can't be read, and what was expected."""
    return {cells[at]: what for mask, what in read(cells, order).problems for at in mask.nonzero()[0].tolist()}


def in_order(words: str) -> str:
    return f"a date in the order {words}, as most of the column has"


def test_iso_leaves_nothing_to_guess() -> None:
    cells = ["2024-03-31", "2024-03-31 14:05", "2024-03-31T14:05:06", " 2024-03-31 14:05:06.25 ", ""]
    result = read(cells)
    assert result.values.to_pylist() == [
        DAY,
        AT_TWO,
        dt.datetime(2024, 3, 31, 14, 5, 6),
        dt.datetime(2024, 3, 31, 14, 5, 6, 250000),
        None,
    ]
    assert result == Converted(result.values)
    assert values([*cells, "x"])[:5] == result.values.to_pylist()
    assert read([]).values.to_pylist() == []
    assert values(["", " "]) == [None, None]


@pytest.mark.parametrize("others", [[], ["2024-03-31"], ["2024-03-31", "x"], ["31.03.2024"]])
def test_times_with_a_zone_become_utc(others: list[str]) -> None:
    cells = ["2024-03-31T14:05:00Z", "2024-03-31T14:05:00+02:00", "2024-03-31 00:30:00-0800", "2024-03-31T14:05:00+02"]
    expected = [dt.datetime(2024, 3, 31, hour, minute) for hour, minute in ((14, 5), (12, 5), (8, 30), (12, 5))]
    result = read(cells + others).values
    assert result.to_pylist()[:4] == expected
    assert result.type == pa.timestamp("us")
    assert values(["31.03.2024 14:05:00 UTC", "31.03.2024 14:05 +02:00"]) == [AT_TWO, dt.datetime(2024, 3, 31, 12, 5)]


DATES = [
    "31.03.2024", "31/03/2024", "31-03-2024", "31 03 2024", "31. 03. 2024", "31.3.2024", "31.03.24", "31/3/24",
    "03/31/2024", "03.31.2024", "3-31-24", "2024/3/31", "2024.03.31", "2024. 3. 31.", "2024-3-31", "20240331",
    "2024年3月31日", "2024年03月31日", "2024 年 3 月 31 日", "31 Mar 2024", "31-Mar-24", "31-Mar-2024", "31 March, 2024",
    "31st March 2024", "Mar 31, 2024", "March 31 2024", "Mar. 31st, 2024", "2024 Mar 31", "31. März 2024",
    "31 MÄRZ 2024", "31. Mrz. 2024", "31 mars 2024", "31 de marzo de 2024", "31 de marzo del 2024", "31 mar. 2024",
    "31/Mar/2024", "２０２４年３月３１日", "３１．０３．２０２４",
]  # fmt: skip


@pytest.mark.parametrize("cell", DATES)
def test_dates_as_shops_write_them(cell: str) -> None:
    assert values([cell]) == [DAY]
    assert values([cell, "2024-03-31"]) == [DAY, DAY]
    assert read([cell]).unsure == ""
    clocks = (" 14:05", ", 14:05", " 14:05:00", " 2:05 PM", " 2:05:00 pm", " 02:05 p.m.", "\u00a014:05", " １４：０５")
    assert values([cell + clock for clock in clocks]) == [AT_TWO] * len(clocks)
    assert values([cell + " 12:30 AM", cell + " 12:30 pm", cell + " 13:00 pm", cell + " 0:30 am"]) == [
        dt.datetime(2024, 3, 31, 0, 30),
        dt.datetime(2024, 3, 31, 12, 30),
        None,
        None,
    ]
    clocks = (" 24:00", " 14:60", " 14", " 14:05:60", "x14:05", " 14:05 x", " :05")
    assert bad([cell + clock for clock in clocks]) == {cell + clock: A_TIME for clock in clocks}


def test_clocks_in_words() -> None:
    assert values(["31.03.2024 um 14:05 Uhr", "31.03.2024, 14:05 Uhr", "31 mars 2024 à 14:05"]) == [AT_TWO] * 3
    cells = [
        "2024年3月31日 14时05分",
        "2024年3月31日14:05",
        "2024年3月31日14时5分0秒",
        "2024年3月31日14時05分00秒",
        "2024年3月31日14时",
    ]
    assert values(["2024年3月31日1時5分9秒"]) == [dt.datetime(2024, 3, 31, 1, 5, 9)]
    assert values(cells) == [AT_TWO] * 4 + [dt.datetime(2024, 3, 31, 14)]


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("English", "January February March April May June July August September October November December"),
        ("English, short", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
        ("German", "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
        ("German, short", "Jan. Feb. Mär. Apr. Mai Jun. Jul. Aug. Sept. Okt. Nov. Dez."),
        ("French", "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
        ("French, short", "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."),
        ("Spanish", "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
        ("Spanish, short", "ene feb mar abr may jun jul ago sep oct nov dic"),
    ],
)
def test_month_names(language: str, names: str) -> None:
    cells = [f"5 {name} 2024" for name in names.split()]
    assert values(cells) == [dt.datetime(2024, month, 5) for month in range(1, 13)], language
    assert (read(cells).read_as, read(cells).unsure) == ("", "")


def test_years_of_two_digits() -> None:
    assert values(["31.12.69", "31.12.99", "31.12.00", "31.12.24", "31-Dec-69"]) == [
        dt.datetime(year, 12, 31) for year in (1969, 1999, 2000, 2024, 1969)
    ]
    assert read(["31.12.68"], latest=dt.datetime.max).values.to_pylist() == [dt.datetime(2068, 12, 31)]


NO_DATES = [
    "0000-00-00", "0000-00-00 00:00:00", "2024-02-30", "2024-13-01", "31.02.2024", "31/04/2024", "00.01.2024",
    "1.0.2024", "20241301", "20240230", "2024", "now", "2024-03", "31.03", "31.03/2024", "31.03.024", "3/2024",
    "31 foo 2024", "32 March 2024", "29 Feb 2023", "44927", "19999", "80001", "171189390", "x:y", ":", "a\nb",
    "12.5",
]  # fmt: skip


@pytest.mark.parametrize("cell", NO_DATES)
def test_what_is_no_date_is_a_problem(cell: str) -> None:
    for others in (["2024-03-31", ""], ["2024-03-31T14:05:00Z"], ["31.03.2024", "-"], ["03/31/2024"]):
        assert bad([cell, *others]) == {cell: A_TIME}
        assert values([cell, *others])[0] is None
        assert values([cell, *others])[1] is not None


def test_a_date_with_a_broken_time_of_day_is_a_problem() -> None:
    assert bad(["31.03.2024 14:5", "31.03.2024 25:00", "31.03.2024"]) == dict.fromkeys(
        ["31.03.2024 14:5", "31.03.2024 25:00"], A_TIME
    )


def test_the_order_is_settled_by_the_column() -> None:
    day_first = read(["03/04/2024", "31/03/2024", "01/12/2023"])
    assert day_first.values.to_pylist() == [dt.datetime(2024, 4, 3), DAY, dt.datetime(2023, 12, 1)]
    assert (day_first.read_as, day_first.unsure) == ("day/month/year, as in “31/03/2024”", "")
    month_first = read(["03/04/2024", "03/31/2024", "01/12/2023 10:00"])
    assert month_first.values.to_pylist() == [dt.datetime(2024, 3, 4), DAY, dt.datetime(2023, 1, 12, 10)]
    assert (month_first.read_as, month_first.unsure) == ("month/day/year, as in “03/31/2024”", "")
    year_first = read(["99-03-04", "24-03-31"])
    assert year_first.values.to_pylist() == [dt.datetime(1999, 3, 4), DAY]
    assert year_first.read_as == "year-month-day, as in “99-03-04”"
    assert year_first.unsure == ""


def test_without_evidence_the_day_comes_first_and_it_is_said() -> None:
    for mark in "/- ":
        cell = mark.join(("03", "04", "2024"))
        result = read([cell, cell, ""])
        assert result.values.to_pylist() == [dt.datetime(2024, 4, 3)] * 2 + [None]
        order = mark.join(("day", "month", "year"))
        assert result.read_as == f"{order}, as in “{cell}”"
        assert result.unsure == (
            f"“{cell}” in bought may be 3 April 2024 or 4 March 2024; it was read as {order}. "
            "Choose the order if that is wrong."
        )
    assert values(["03.04.2024"]) == [dt.datetime(2024, 4, 3)]
    assert read(["03.04.2024"]).unsure == ""  # with points nobody puts the month first
    assert read(["05/05/2024"]).unsure == ""  # the same day either way


def test_dates_that_would_lie_in_the_future_speak_for_the_other_order() -> None:
    result = read(["03/08/2026", "01/02/2026"])
    assert result.values.to_pylist() == [dt.datetime(2026, 3, 8), dt.datetime(2026, 1, 2)]
    assert "8 March 2026 or 3 August 2026" in result.unsure
    assert values(["24-03-31"]) == [DAY]


def test_of_two_orders_in_a_column_the_majority_is_taken() -> None:
    cells = ["31/03/2024", "31/03/2024", "03/31/2024", "03/30/2024", "30/03/2024", "01/02/2024"]
    result = read(cells)
    assert result.values.to_pylist() == [DAY, DAY, None, None, dt.datetime(2024, 3, 30), dt.datetime(2024, 2, 1)]
    assert bad(cells) == dict.fromkeys(cells[2:4], in_order("day/month/year"))
    assert "two orders, “31/03/2024” and “03/31/2024”" in result.unsure
    assert "“01/02/2024”" in result.unsure
    cells = ["31.03.2024", "03/31/2024", "03/30/2024", "x"]
    assert bad(cells) == {"31.03.2024": in_order("month/day/year"), "x": A_TIME}
    assert read(cells).unsure == ""  # no date fits both


def test_a_chosen_order_is_strict() -> None:
    assert values(["03/04/2024", "04.05.24", "2024-01-02", "5 May 2024", "2024/1/2"], "mdy") == [
        dt.datetime(2024, 3, 4),
        dt.datetime(2024, 4, 5),
        dt.datetime(2024, 1, 2),
        dt.datetime(2024, 5, 5),
        dt.datetime(2024, 1, 2),
    ]
    result = read(["31/03/2024", "01/02/2024"], "mdy")
    assert result.values.to_pylist() == [None, dt.datetime(2024, 1, 2)]
    assert (result.read_as, result.unsure) == ("", "")
    assert bad(["31/03/2024", "x"], "mdy") == {
        "31/03/2024": "a date in the order month/day/year, such as 03/31/2024",
        "x": A_TIME,
    }
    assert bad(["03.31.2024"], "dmy") == {"03.31.2024": "a date in the order day.month.year, such as 31.03.2024"}
    assert values(["24-03-31", "2024-03-31", "31.03.2024"], "ymd") == [DAY, DAY, None]
    assert values(["44927"], "dmy") == [dt.datetime(2023, 1, 1)]


def test_numbers_that_stand_for_dates() -> None:
    for cells, found, read_as in (
        (["44927", "44927.58", "", "44927.5833333"], ["2023-01-01", "2023-01-01T13:55:12", None, "2023-01-01T14:00"], "days since 1900, as Excel counts them, as in “44927”"),
        (["44927,5", "n/a"], ["2023-01-01T12:00", None], "days since 1900, as Excel counts them, as in “44927,5”"),
        (["４４９２７"], ["2023-01-01"], "days since 1900, as Excel counts them, as in “４４９２７”"),
        (["1711893900", "1711893900.0", "956703954"], ["2024-03-31T14:05", "2024-03-31T14:05", "2000-04-25T23:05:54"], "seconds since 1970, as in “1711893900”"),
        (["1711893900123", "-"], ["2024-03-31T14:05:00.123", None], "milliseconds since 1970, as in “1711893900123”"),
        (["20240331"], ["2024-03-31"], "year, month and day in one number, as in “20240331”"),
    ):  # fmt: skip
        result = read(cells)
        assert result.values.to_pylist() == [time and dt.datetime.fromisoformat(time) for time in found]
        assert (result.read_as, result.unsure, result.problems) == (read_as, "", ())
    for cells in (["44927", "2024-03-31"], ["44927", "19999"], ["44927", "80001"], ["1711893900", "1711893900123"]):
        assert set(bad(cells)) >= set(cells) - {"2024-03-31"}
    assert set(bad(["1711893900.5", "202403311405", "9999999999", "nan"])) == {
        "1711893900.5", "202403311405", "9999999999", "nan",
    }  # fmt: skip


def test_marks_of_nothing_are_missing_and_counted() -> None:
    result = read(["-", "n/a", "N/A", "—", "2024-03-31"])
    assert result.values.to_pylist() == [None] * 4 + [DAY]
    assert (result.problems, result.notes) == ((), ("4 cells of bought with “-” were read as empty.",))


@pytest.mark.parametrize("other", ["2024-03-31", "31.03.2024"])
def test_times_after_the_latest_and_before_1900_are_problems(other: str) -> None:
    cells = ["2026-06-02 11:59", "2026-06-02 12:01", "2099-01-01", "1899-12-31", "0001-01-01", "1900-01-01", other]
    assert bad(cells) == dict.fromkeys(cells[1:3], NOT_IN_FUTURE) | dict.fromkeys(cells[3:5], SINCE_1900)
    assert values(cells)[1:] == [None] * 4 + [dt.datetime(1900, 1, 1), DAY]
    assert bad(["31.12.1899", "31.12.2026"]) == {"31.12.1899": SINCE_1900, "31.12.2026": NOT_IN_FUTURE}


def test_a_long_column_with_all_its_times_different_is_read_whole() -> None:
    times = np.datetime64("2010-01-01T00:00:00", "s") + np.arange(200_000) * 2_001
    cells = pa.array([f"{time:%d.%m.%Y %H:%M:%S}" for time in times.astype(object)])
    result = read_dates(pa.chunked_array([cells[:7], cells[7:]]), "bought", order=None, latest=LATEST)
    assert np.array_equal(result.values.to_numpy(zero_copy_only=False), times)


@given(
    st.lists(st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2025, 12, 31)), min_size=1),
    st.sampled_from(["dmy", "mdy"]),
    st.sampled_from("./- "),
    st.sampled_from(["", " %H:%M:%S", " %I:%M:%S %p", ", %H:%M:%S.%f"]),
    st.sampled_from(["%Y", "%y"]),
    st.booleans(),
)
def test_a_written_date_reads_back_equal(
    times: list[dt.datetime], order: DateOrder, mark: str, clock: str, year: str, chosen: bool
) -> None:
    times = [*times, dt.datetime(1999, 12, 31)]  # the evidence
    pattern = mark.join(("%d", "%m", year) if order == "dmy" else ("%m", "%d", year)) + clock
    expected = [dt.datetime.strptime(time.strftime(pattern), pattern) for time in times]
    result = read([time.strftime(pattern) for time in times], order if chosen else None)
    assert result.values.to_pylist() == expected
    assert (result.problems, result.unsure, result.read_as == "") == ((), "", chosen)


@given(
    st.lists(st.text() | st.text("0123456789.,-/ :TZ年月日３+PMar", max_size=20)),
    st.sampled_from([None, "ymd", "dmy", "mdy"]),
)
def test_any_text_gives_values_or_problems(cells: list[str], order: DateOrder | None) -> None:
    result = read(cells, order)
    problem = np.zeros(len(cells), dtype=bool)
    for mask, _ in result.problems:
        assert not (mask & problem).any()
        problem |= mask
    missing = [not cell.strip() or cell.strip() in ("-", "–", "—", "n/a", "N/A") for cell in cells]
    assert [value is None for value in result.values.to_pylist()] == [
        one or other for one, other in zip(problem, missing, strict=True)
    ]
    assert all(value is None or dt.datetime(1900, 1, 1) <= value <= LATEST for value in result.values.to_pylist())
