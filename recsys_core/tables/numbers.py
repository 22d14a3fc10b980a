"""Reads a column of numbers as shops write them: decimal point or comma, marks of thousands, currency signs, brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.tables.cells import (
    Column,
    Converted,
    cast_all,
    distinct,
    example,
    filled,
    matching,
    plain_signs,
    true_at,
)
from recsys_core.tables.mapping import Decimal

WITH_COMMA = "a number with a decimal comma, such as 12,50"
WITH_POINT = "a number with a decimal point, such as 12.50"

_CODES = (
    "EUR EURO EUROS USD GBP CHF JPY CNY RMB SEK NOK DKK PLN CZK HUF RON BGN TRY RUB UAH BRL MXN CAD AUD NZD HKD TWD SGD "
    "KRW INR THB ZAR ILS AED SAR ISK KR ZŁ KČ"
)
_SIGNS = (
    "€ $ £ ¥ ₹ ₽ ₩ ₺ ₴ ₪ ₫ ฿ ₱ ₦ 元 円 圆 US$ CA$ C$ A$ AU$ NZ$ HK$ NT$ CN$ JP$ R$ S$ CN¥ JP¥ kr. Kr. Ft lei лв лв. руб "
    "руб. р. Fr Fr. SFr SFr. Rs Rs. TL"
)
_SAME = {
    "EUR": "€",
    "EURO": "€",
    "EUROS": "€",
    "USD": "$",
    "US$": "$",
    "GBP": "£",
    "ZŁ": "PLN",
    "KČ": "CZK",
    "Ft": "HUF",
}
_SAME |= dict.fromkeys(("RMB", "CNY", "CN¥", "JPY", "JP¥", "元", "円", "圆"), "¥")
_SAME |= dict.fromkeys(("Fr", "Fr.", "SFr", "SFr."), "CHF") | dict.fromkeys(("kr.", "Kr."), "KR")
_CURRENCIES = {word: _SAME.get(word, word) for word in _SIGNS.split()} | {
    word: _SAME.get(code, code) for code in _CODES.split() for word in (code, code.lower(), code.title())
}
"""What may stand before or behind a number, and the currency that is meant."""

_WORD = r"[^-+0-9.,'()\s][^-+0-9,'()\s]{0,4}"
_DRESSED = (
    rf"^(?P<lead>[-+(\s]*)(?:(?P<before>{_WORD})(?P<within>[-+\s]*))?"
    rf"(?P<body>[0-9.,][0-9.,' ]*)(?P<after>{_WORD})?\s*(?P<close>\)?)$"
)
_PLAIN = r"^[+-]?[0-9.,]+([eE][+-]?[0-9]+)?$"
_EXPONENT = r"([eE][+-]?[0-9]+)?"
_POINT = (
    rf"^[+-]?(([0-9]+(\.[0-9]*)?|\.[0-9]+){_EXPONENT}|"
    r"([1-9][0-9]{0,2}((,[0-9]{3})+|( [0-9]{3})+|('[0-9]{3})+)|[1-9][0-9]?(,[0-9]{2})+,[0-9]{3})(\.[0-9]*)?)$"
)
_COMMA = (
    rf"^[+-]?(([0-9]+(,[0-9]*)?|,[0-9]+){_EXPONENT}|"
    r"[1-9][0-9]{0,2}((\.[0-9]{3})+|( [0-9]{3})+|('[0-9]{3})+)(,[0-9]*)?)$"
)
_POINT_AND_THREE = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
_COMMA_AND_THREE = r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$"
_POINT_FOR_THOUSANDS = r"\..*[.,]"
_MARKS = {",": "commas", ".": "points", " ": "spaces", "'": "apostrophes"}
_HEAD = 1_000
_NO_SLIP = 0.1


def read_numbers(column: Column, name: str, *, decimal: Decimal | None, expected: str) -> Converted:
    """Reads the column `name` as float64, finite.

    `decimal` divides whole from fraction; if None, the column decides: what most of its cells can only be read with.
    `expected` is said of cells that are no number at all.
    """
    text = filled(column)
    if decimal != "," or not pc.any(pc.match_substring(text, ".")).as_py():
        numbers = cast_all(text, pa.float64())
        if numbers is not None and pc.all(pc.is_finite(numbers)).as_py() is not False:
            return Converted(numbers, unsure="" if decimal else _plain_doubt(text, name))
    cells = distinct(text, name)
    bare = _bare(cells.cells, name)
    fits: dict[Decimal, np.ndarray] = {".": matching(bare.numbers, _POINT), ",": matching(bare.numbers, _COMMA)}
    chosen = decimal or _decimal(bare.numbers, fits, cells.rows)
    values = _values(bare.numbers, fits[chosen], chosen)
    fine = true_at(pc.is_finite(values))
    stray = fits["," if chosen == "." else "."] & ~fits[chosen]
    other_notation = WITH_POINT if chosen == "." else WITH_COMMA
    problems = [
        (cells.spread_mask(mask), what)
        for mask, what in ((~fine & ~stray, expected), (stray, other_notation))
        if mask.any()
    ]
    values = cells.spread(pc.if_else(pa.array(fine), values, pa.scalar(None, pa.float64())))
    read_as, unsure = ([], []) if decimal else _doubts(cells.cells, bare.numbers, fits, chosen, name)
    return Converted(
        values, tuple(problems), cells.notes, "; ".join(read_as + bare.read_as), " ".join(unsure + bare.unsure)
    )


def _plain_doubt(text: Column, name: str) -> str:
    """A sentence where all cells of a plain column that hold a point have three digits behind it, as in 1.299."""
    pointed = text
    for part in (text.slice(0, _HEAD), text):  # the first cells nearly always settle it
        pointed = part.filter(pc.fill_null(pc.match_substring(part, "."), False))
        if len(pointed) and not pc.all(pc.match_substring_regex(pointed, _POINT_AND_THREE)).as_py():
            return ""
    return _doubt(f"“{pointed[0]}”", pointed[0].as_py(), name) if len(pointed) else ""


def _doubt(shown: str, number: str, name: str) -> str:
    """Says that "1,299", read as a thousand, or "1.299", read as one and a bit, may be the other."""
    whole, mark, rest = re.split("([.,])", number)
    ways = (f"{whole}{rest}", f"{whole}.{rest}")
    return (
        f"{shown} in {name} may mean {ways[0]} or {ways[1]}; it was read as {ways[mark == '.']}. "
        "Choose the decimal mark if that is wrong."
    )


@dataclass(frozen=True)
class _Bare:
    """The cells without currency signs, brackets and full-width digits."""

    numbers: pa.Array
    """Each cell's number in ASCII with its marks, "-1,299.00"; null where it can't be one."""
    read_as: list[str]
    unsure: list[str]


def _bare(cells: pa.Array, name: str) -> _Bare:
    text = plain_signs(cells)
    plain = matching(text, _PLAIN)
    if plain.all():
        return _Bare(text, [], [])
    dressed = pa.array(~plain)
    parts = pc.extract_regex(text.filter(dressed), _DRESSED)
    part = {field.name: pc.struct_field(parts, field.name) for field in parts.type}
    lead = pc.replace_substring_regex(pc.binary_join_element_wise(part["lead"], part["within"], ""), r"\s", "")
    in_brackets = true_at(pc.equal(lead, "("))
    sound = true_at(pc.and_(pc.is_valid(parts), pc.is_in(lead, pa.array(["", "+", "-", "("]))))
    sound &= in_brackets == true_at(pc.equal(part["close"], ")"))
    in_brackets &= sound
    with_currency = np.zeros(len(parts), dtype=bool)
    currencies: dict[str, str] = {}
    for word in (part["before"], part["after"]):
        has_word = true_at(pc.not_equal(word, ""))
        sound &= ~has_word | true_at(pc.is_in(word, pa.array(list(_CURRENCIES))))
        with_currency |= has_word
        currencies |= {_CURRENCIES[one]: one for one in pc.unique(word.filter(pa.array(has_word & sound))).to_pylist()}
    with_currency &= sound
    numbers = pc.binary_join_element_wise(
        pc.replace_substring(lead, "(", "-"), pc.utf8_trim_whitespace(part["body"]), ""
    )
    numbers = pc.if_else(pa.array(sound), numbers, pa.scalar(None, pa.string()))
    originals = cells.filter(dressed)
    read_as, unsure = [], []
    if with_currency.any():
        read_as += [f"currency left out, as in {example(originals, with_currency)}"]
    if len(currencies) > 1:
        shown = ", ".join(f"“{word}”" for word in currencies.values())
        unsure += [
            f"{name} has several currencies ({shown}); the numbers were read as if all were in the same. "
            "Bring them to one currency if that is wrong."
        ]
    if in_brackets.any():
        read_as += [f"brackets as a minus sign, as in {example(originals, in_brackets)}"]
    return _Bare(pc.replace_with_mask(text, dressed, numbers), read_as, unsure)


def _decimal(numbers: pa.Array, fits: dict[Decimal, np.ndarray], rows: np.ndarray) -> Decimal:
    """The decimal mark that most rows can only be read with; the point where there is no telling."""
    only_comma = fits[","] & ~fits["."]
    surely_comma, surely_point = rows[only_comma].sum(), rows[fits["."] & ~fits[","]].sum()
    # "1.299" means a thousand only where decimal commas are no slip: a price list has few odd cents among whole euros.
    lone = rows[matching(numbers, _POINT_AND_THREE)].sum()
    is_rule = surely_comma > lone or (surely_comma > 1 and surely_comma > _NO_SLIP * lone)
    has_both = bool((only_comma & matching(numbers, _POINT_FOR_THOUSANDS)).any())
    return "," if surely_comma > surely_point and (is_rule or has_both) else "."


def _values(numbers: pa.Array, fits: np.ndarray, decimal: Decimal) -> pa.Array:
    """float64, null where a number doesn't fit the notation; 1e400 is infinite."""
    numbers = pc.if_else(pa.array(fits), numbers, pa.scalar(None, pa.string()))
    numbers = pc.replace_substring_regex(numbers, "[,' ]" if decimal == "." else "[.' ]", "")
    return pc.cast(pc.replace_substring(numbers, ",", "."), pa.float64())


def _doubts(
    cells: pa.Array, numbers: pa.Array, fits: dict[Decimal, np.ndarray], decimal: Decimal, name: str
) -> tuple[list[str], list[str]]:
    """How the marks were read, and what of it may be wrong."""
    used = fits[decimal]
    sure = used & ~fits["," if decimal == "." else "."]
    has = {mark: used & true_at(pc.match_substring(numbers, mark)) for mark in _MARKS}
    grouped = np.any([has[mark] for mark in _MARKS if mark != decimal], axis=0)
    found: dict[str, list[str]] = {}
    if has[decimal].any() and (decimal == "," or (fits[","] & ~used).any()):
        best = next(mask for mask in (has[decimal] & grouped, has[decimal] & sure, has[decimal]) if mask.any())
        found[example(cells, best)] = [f"decimal {'comma' if decimal == ',' else 'point'}"]
    for mark, called in _MARKS.items():
        if mark != decimal and has[mark].any():
            best = has[mark] & has[decimal] if (has[mark] & has[decimal]).any() else has[mark]
            found.setdefault(example(cells, best), []).append(f"{called} between thousands")
    read_as = [f"{' and '.join(ways)}, as in {shown}" for shown, ways in found.items()]
    unsure = []
    thousands = used & matching(numbers, _POINT_AND_THREE)
    if decimal == "," and thousands.any() and thousands.sum() >= sure.sum():
        unsure += [
            f"{example(cells, thousands)} in {name} was read as {numbers.filter(pa.array(thousands))[0].as_py().replace('.', '')}, "
            f"because others, such as {example(cells, sure)}, have a decimal comma. Choose the decimal mark if that is wrong."
        ]
    if decimal == "." and not sure.any():
        for pattern in (_COMMA_AND_THREE, _POINT_AND_THREE):
            doubtful = matching(numbers, pattern)
            if doubtful.any():
                unsure += [_doubt(example(cells, doubtful), numbers.filter(pa.array(doubtful))[0].as_py(), name)]
    return read_as, unsure
