from __future__ import annotations

import math
from decimal import Decimal as Exact
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.tables.cells import Converted
from recsys_core.tables.mapping import Decimal
from recsys_core.tables.numbers import WITH_COMMA, WITH_POINT, read_numbers

NO_NUMBER = "a number"


def read(cells: list[str], decimal: Decimal | None = None) -> Converted:
    return read_numbers(pa.chunked_array([cells], pa.string()), "price", decimal=decimal, expected=NO_NUMBER)


def values(cells: list[str], decimal: Decimal | None = None) -> list[Any]:
    found: list[Any] = read(cells, decimal).values.to_pylist()
    return found


def bad(cells: list[str], decimal: Decimal | None = None) -> dict[str, str]:
    """The cells that can't be read, and what was expected."""
    return {cells[at]: what for mask, what in read(cells, decimal).problems for at in mask.nonzero()[0].tolist()}


def test_plain_numbers_leave_nothing_to_guess() -> None:
    cells = ["1", " 2.5 ", "-3", "+4", ".5", "6.", "1e3", "1.23E+12", ""]
    assert values(cells) == [1, 2.5, -3, 4, 0.5, 6, 1000, 1.23e12, None]
    assert read(cells) == Converted(read(cells).values)
    assert read([]) == Converted(read([]).values)


NO_NUMBERS = [
    "inf", "-inf", "nan", "NaN", "1e400", "1e99999999999999999999", "x", "1,5 2", "0x10", "1_000", "1.2.3", "NA",
    "12-", "12 -", "12%", "--1", "+-1", "(-12)", "(12", "12)", "((12))", "5²", "½", "①", "12 PCS", "€", "1 2", "1'2",
    "€ 12 ¤", ".", ",", "+", "12 ft", "1,29,9", "12 345 67", "1.299.00", "0,299,000", "1e5 €e",
]  # fmt: skip


@pytest.mark.parametrize("cell", NO_NUMBERS)
@pytest.mark.parametrize("others", [[], ["1", ""], ["2.5", "-"], ["3.5", "x"], ["€ 2.50", "1,299.00"]])
def test_what_is_no_number_is_a_problem(cell: str, others: list[str]) -> None:
    assert bad([cell, *others])[cell] == NO_NUMBER
    assert values([cell, *others])[0] is None
    others = [other for other in others if other != "x"]
    assert bad([cell, *others]) == {cell: NO_NUMBER}


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("€12.50", 12.5),
        ("12.50 €", 12.5),
        ("12.50\u00a0€", 12.5),
        ("12.50\u202f€", 12.5),
        ("12.50EUR", 12.5),
        ("eur 12.50", 12.5),
        ("$ 12.50", 12.5),
        ("US$12.50", 12.5),
        ("R$ 12.50", 12.5),
        ("$12.50 USD", 12.5),
        ("£12.50", 12.5),
        ("¥99", 99),
        ("￥９９", 99),
        ("99元", 99),
        ("99円", 99),
        ("RMB 99", 99),
        ("CHF 12.50", 12.5),
        ("12.50 CHF", 12.5),
        ("12.50 zł", 12.5),
        ("12.50 ZŁ", 12.5),
        ("kr 12.50", 12.5),
        ("12.50 kr.", 12.5),
        ("-€12.50", -12.5),
        ("€-12.50", -12.5),
        ("- 12.50 €", -12.5),
        ("(€12.50)", -12.5),
        ("( 12.50 )", -12.5),
        ("(12.50)", -12.5),
        ("−12.50", -12.5),
        ("１２．５０", 12.5),
        ("－１２．５０", -12.5),
        ("（１２．５０）", -12.5),
        ("1,299.50", 1299.5),
        ("1,234,567.50", 1234567.5),
        ("12,34,567.50", 1234567.5),
        ("1 299.50", 1299.5),
        ("1\u00a0299.50", 1299.5),
        ("1\u2009299.50", 1299.5),
        ("1\u202f299.50", 1299.5),
        ("1'299.50", 1299.5),
        ("1’299.50", 1299.5),
        ("CHF 1'234'567.50", 1234567.5),
    ],
)
def test_what_shops_write_around_numbers(cell: str, number: float) -> None:
    assert values([cell, "3.25"]) == [number, 3.25]
    assert values([cell], ".") == [number]
    assert read([cell, "3.25"]).unsure == ""
    assert f"“{cell}”" in read([cell, "3.25"]).read_as or cell[0] in "−１－"
    with_comma = cell.replace(".50", ",50").replace("．５０", "，５０").replace("1,2", "1.2").replace(",34,5", ".345")
    if cell.count(",") < 2:
        assert values([with_comma, "3,25"]) == [number, 3.25]
        assert values([with_comma], ",") == [number]


def test_decimal_commas_where_the_column_is_sure() -> None:
    result = read(["3,50", "1.299,00", "1,299", "7", "-2,5", "", "x"])
    assert result.values.to_pylist() == [3.5, 1299, 1.299, 7, -2.5, None, None]
    assert (result.read_as, result.unsure) == ("decimal comma and points between thousands, as in “1.299,00”", "")
    assert read(["3,50", "4"]).read_as == "decimal comma, as in “3,50”"
    assert values(["3,50", "4,50", "1.299"]) == [3.5, 4.5, 1299]
    assert values(["1.299", "2.499,50", "3.999"]) == [1299, 2499.5, 3999]
    assert values(["1.299.000"]) == [1299000]
    assert read(["1.299.000"]).read_as == "points between thousands, as in “1.299.000”"


def test_commas_between_thousands_where_the_column_is_sure() -> None:
    result = read(["1,299.00", "1,299", "12", "0.5", "1,234,567.5"])
    assert result.values.to_pylist() == [1299, 1299, 12, 0.5, 1234567.5]
    assert (result.read_as, result.unsure) == ("commas between thousands, as in “1,299.00”", "")
    assert values(["3.50", "1,299"]) == [3.5, 1299]


@pytest.mark.parametrize(
    ("cells", "found", "stray", "expected"),
    [
        (["3,50", "4.50"], [None, 4.5], "3,50", WITH_POINT),
        (["3,50", "4.50", "1,2"], [3.5, None, 1.2], "4.50", WITH_COMMA),
        (["3,50", "-.5", "1.5e3"], [None, -0.5, 1500], "3,50", WITH_POINT),
        (["1,299.00", "3,50"], [1299, None], "3,50", WITH_POINT),
        (["1.299,00", "3,50", "1,299.00", "x"], [1299, 3.5, None, None], "1,299.00", WITH_COMMA),
    ],
)
def test_a_number_in_the_other_notation_than_most_is_a_problem(
    cells: list[str], found: list[float | None], stray: str, expected: str
) -> None:
    assert values(cells) == found
    assert bad(cells) == {stray: expected} | ({"x": NO_NUMBER} if "x" in cells else {})
    assert read(cells).read_as.startswith("decimal comma" if expected == WITH_COMMA else "decimal point")


def test_the_majority_is_of_rows_and_not_of_different_cells() -> None:
    assert bad(["3,50"] * 3 + ["4.50", "5.50"]) == {"4.50": WITH_COMMA, "5.50": WITH_COMMA}


def test_lone_marks_before_three_digits_are_doubtful() -> None:
    commas = read(["1,299", "2,500", "12"])
    assert commas.values.to_pylist() == [1299, 2500, 12]
    assert commas.read_as == "commas between thousands, as in “1,299”"
    assert commas.unsure == (
        "“1,299” in price may mean 1299 or 1.299; it was read as 1299. Choose the decimal mark if that is wrong."
    )
    points = read(["1.299", "2.500", "12", ""])
    assert points.values.to_pylist() == [1.299, 2.5, 12, None]
    assert points.unsure == (
        "“1.299” in price may mean 1299 or 1.299; it was read as 1.299. Choose the decimal mark if that is wrong."
    )
    slip = read(["3,50", "1.299", "2.500"])  # most have a decimal point, or one is a slip
    assert slip.values.to_pylist() == [None, 1.299, 2.5]
    assert "“1.299”" in slip.unsure
    assert read(["0.299", "1.299"]).unsure == read(["1.299"] * 2_000 + ["1.5"]).unsure == ""
    assert "“1.299”" in read(["12"] * 2_000 + ["1.299"]).unsure
    for decimal, number in ((".", 1.299), (",", 1299)):
        assert values(["1.299"], decimal) == [number]
        assert read(["1.299"], decimal).unsure == ""


def test_a_chosen_decimal_mark_is_strict() -> None:
    assert values(["1.299,00", "1,299.00", "5"], ",") == [1299, None, 5]
    assert bad(["1.299,00", "1,299.00", "5"], ",") == {"1,299.00": WITH_COMMA}
    assert bad(["1.299,00", "1,299.00", "5"], ".") == {"1.299,00": WITH_POINT}
    assert bad(["1.5", "12", "13", "x"], ",") == {"1.5": WITH_COMMA, "x": NO_NUMBER}
    assert values(["12", "13"], ",") == [12, 13]
    assert read(["1.299,00", "12,50"], ",").read_as == ""
    assert read(["12,50 €"], ",").read_as == "currency left out, as in “12,50 €”"


def test_marks_of_nothing_are_missing_and_counted() -> None:
    result = read(["-", "n/a", "N/A", "—", " - ", "3.5"])
    assert result.values.to_pylist() == [None] * 5 + [3.5]
    assert (result.problems, result.notes) == ((), ("5 cells of price with “-” were read as empty.",))
    assert read(["3,5", "n/a"]).notes == ("1 cell of price with “n/a” was read as empty.",)


def test_several_currencies_are_doubtful() -> None:
    assert read(["12 €", "13 EUR", "14 Euro"]).unsure == ""
    assert read(["12 €", "$13", "14"]).unsure.startswith("price has several currencies (“$”, “€”)")
    assert read(["(12)", "12 €"]).read_as == ("currency left out, as in “12 €”; brackets as a minus sign, as in “(12)”")


def test_no_value_is_infinite() -> None:
    cells = ["1e308", "1e309", "-1e309", "179769313486231570000" + "0" * 300]
    assert all(value is None or math.isfinite(value) for value in values(cells))
    assert set(bad(cells)) == set(cells[1:])


def test_a_long_column_in_one_notation_is_read_whole() -> None:
    cents = np.arange(200_000)
    text = pc.binary_join_element_wise(
        pc.cast(pa.array(cents // 100), pa.string()),
        pc.utf8_lpad(pc.cast(pa.array(cents % 100), pa.string()), 2, "0"),
        ",",
    )
    result = read_numbers(pa.chunked_array([text[:7], text[7:]]), "price", decimal=None, expected=NO_NUMBER)
    assert np.array_equal(result.values.to_numpy(zero_copy_only=False), cents / 100)


NOTATIONS = [
    (".", ""),
    (".", ","),
    (".", " "),
    (".", "'"),
    (".", "\u202f"),
    (",", ""),
    (",", "."),
    (",", " "),
    (",", "’"),
]
DRESSES = ["{}", "€ {}", "{} EUR", "¥{}", "{}\u00a0zł"]
FULL_WIDTH = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")


@given(
    st.lists(st.decimals(-10_000_000, 10_000_000, places=2), min_size=1),
    st.sampled_from(NOTATIONS),
    st.sampled_from(DRESSES),
    st.booleans(),
    st.booleans(),
)
def test_a_written_number_reads_back_equal(
    numbers: list[Exact], notation: tuple[Decimal, str], dress: str, full_width: bool, chosen: bool
) -> None:
    point, mark = notation
    cells = [f"{number:,.2f}".translate(str.maketrans({",": mark, ".": point})) for number in numbers]
    cells = [dress.format(cell.translate(FULL_WIDTH) if full_width else cell) for cell in cells]
    result = read(cells, point if chosen else None)
    assert result.values.to_pylist() == [float(number) for number in numbers]
    assert (result.problems, result.unsure) == ((), "")


@given(
    st.lists(st.text() | st.text("0123456789.,-+()' €$eEkr\u00a0１，－²", max_size=12)),
    st.sampled_from([None, ".", ","]),
)
def test_any_text_gives_values_or_problems(cells: list[str], decimal: Decimal | None) -> None:
    result = read(cells, decimal)
    problem = np.zeros(len(cells), dtype=bool)
    for mask, _ in result.problems:
        assert not (mask & problem).any()
        problem |= mask
    missing = [not cell.strip() or cell.strip() in ("-", "–", "—", "n/a", "N/A") for cell in cells]
    assert [value is None for value in result.values.to_pylist()] == [
        one or other for one, other in zip(problem, missing, strict=True)
    ]
    assert all(value is None or math.isfinite(value) for value in result.values.to_pylist())


def test_few_odd_cents_among_whole_euros_are_no_slip() -> None:
    cells = ["1.900"] * 48 + ["535,50"] * 12
    converted = read_numbers(pa.chunked_array([cells]), "Preis", decimal=None, expected="x")
    assert set(converted.values.to_pylist()) == {1900.0, 535.5}
    assert "was read as 1900" in converted.unsure
    # One comma among many measures is.
    slip = read_numbers(pa.chunked_array([["1.250"] * 48 + ["3,50"]]), "kg", decimal=None, expected="x")
    assert slip.values.to_pylist()[0] == 1.25
