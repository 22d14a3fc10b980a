"""What the cells of a column of text look like: numbers, prices, dates, codes, links; in shares."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from functools import cached_property

from recsys_core.tables.columns import CUSTOMER, PRODUCT

_LONGEST = 400


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NUMBER = re.compile(r"[+-]?\d[\d.,'’\s]*")
_MONEY_MARK = r"(?:€|\$|£|¥|￥|元|zł|kr\.?|R\$|US\$|CHF|Fr\.|EUR|Euro|USD|GBP|CNY|RMB|CAD|AUD|JPY|SEK|PLN|MXN)"
_PRICE = re.compile(rf"(?:{_MONEY_MARK}\s*)?[+-]?\d[\d.,'’\s]*(?:,-|\.-)?(?:\s*{_MONEY_MARK})?", re.IGNORECASE)
_CURRENCY = re.compile(rf"{_MONEY_MARK}\s*[+-]?\d.*|.*\d(?:,-|\.-)?\s*{_MONEY_MARK}", re.IGNORECASE)
_CENTS = re.compile(r".*\d[.,]\d\d?\D*")
_DECIMAL = re.compile(r"[+-]?(\d+|\d{1,3}([.,'’\s]\d{3})+)[.,](?!0+$)\d{1,6}|[+-]?[.,]\d+")
_INTEGER = re.compile(r"\d+(\.0)?")
_CODE = re.compile(r"[A-Za-z0-9][\w./:#+|*&=-]*")
_URL = re.compile(r"(https?:)?//\S+|www\.\S+", re.IGNORECASE)
_FILE = re.compile(r".*\.(jpe?g|png|webp|gif|svg|avif|bmp|tiff?)\b.*", re.IGNORECASE | re.DOTALL)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_MONTH = (
    r"(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz]|janv|f[eé]vr?|mars|avr|juin|juil|ao[uû]t|d[eé]c|"
    r"ene|abr|ago|dic)[a-zäéû]*\.?"
)
_DATE = re.compile(
    r"(?:(?:19|20)\d\d\s?[-/.年]\s?(?:0?[1-9]|1[0-2])(?:\s?[-/.月]\s?(?:0?[1-9]|[12]\d|3[01]))?[日月]?(?:[T\s,].*)?"
    r"|(?:0?[1-9]|[12]\d|3[01])\s?[-/.]\s?(?:0?[1-9]|[12]\d|3[01])\s?[-/.]\s?(?:(?:19|20)\d\d|\d\d)(?:[T\s,].*)?"
    rf"|(?:[a-zäé]+\.?,?\s)?\d{{1,2}}\.?[-/\s](?:de\s)?{_MONTH}[-/\s,]+(?:de\s)?(?:\d\d|(?:19|20)\d\d)(?:[T\s,:].*)?"
    rf"|(?:[a-z]+,?\s)?{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s(?:19|20)\d\d(?:[T\s,].*)?"
    rf"|{_MONTH}[-/\s]\d{{1,2}}[-/,\s]+(?:19|20)?\d\d(?:[T\s,].*)?|{_MONTH}[-/\s](?:19|20)?\d\d|(?:0?[1-9]|1[0-2])[./](?:19|20)\d\d)",
    re.IGNORECASE,
)
_EPOCH = re.compile(
    r"(?:[89]\d{8}|1\d{9})(?:\d{3}|\d{6})?(?:\.\d+)?|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?"
    r"|1\.\d+E\+?(?:0?9|12)",
    re.IGNORECASE,
)
_SERIAL = re.compile(r"(?:[3-5]\d{4})(?:[.,]\d+)?")
_YEAR = re.compile(r"(?:19|20)\d\d(?:\.0)?")
_FLAGS = _set("yes no true false y n t f ja nein oui non si sí 是 否 on off 0 1")
_EVENTS = _set(
    "view click purchase cart addtocart transaction order buy bought sale return refund like wishlist pv fav impression "
    "kauf rückgabe retoure ansicht bestellung verkauf achat vue retour vente commande compra venta vista devolución "
    "购买 浏览 收藏 加购 点击 退货 支付 下单 加购物车 detail checkout play listen pageview productview viewed purchased clicked"
)


class Look:
    """What a column holds; shares are of its cells that aren't empty."""

    def __init__(self, cells: Iterable[object]):
        texts = ["" if cell is None else str(cell)[:_LONGEST].strip() for cell in cells]
        self.cells = [text for text in texts if text]
        self.count = len(self.cells)

    def _share(self, holds: Callable[[str], object]) -> float:
        return sum(bool(holds(cell)) for cell in self.cells) / self.count if self.count else 0.0

    @cached_property
    def distinct(self) -> float:
        return len(set(self.cells)) / self.count if self.count else 0.0

    @property
    def repeats(self) -> bool:
        """Whether these are surely no ids of a table's rows, which would be distinct."""
        return self.count >= 5 and self.distinct < 0.9

    @cached_property
    def length(self) -> float:
        return sum(map(len, self.cells)) / self.count if self.count else 0.0

    @cached_property
    def digits(self) -> float:
        return self._share(re.compile(r"\d").search)

    @cached_property
    def letters(self) -> float:
        return self._share(re.compile(r"[^\W\d_]").search)

    @cached_property
    def numbers(self) -> float:
        return self._share(_NUMBER.fullmatch)

    @cached_property
    def prices(self) -> float:
        return self._share(_PRICE.fullmatch)

    @cached_property
    def currencies(self) -> float:
        return self._share(_CURRENCY.fullmatch)

    @cached_property
    def cents(self) -> float:
        return self._share(_CENTS.fullmatch)

    @cached_property
    def decimals(self) -> float:
        return self._share(_DECIMAL.fullmatch)

    @cached_property
    def integers(self) -> float:
        return self._share(_INTEGER.fullmatch)

    @cached_property
    def largest(self) -> float:
        return max((float(cell) for cell in self.cells if _INTEGER.fullmatch(cell)), default=0.0)

    @cached_property
    def codes(self) -> float:
        """Cells of one piece, such as A-17 or 4711."""
        return self._share(_CODE.fullmatch)

    @cached_property
    def coded(self) -> float:
        """Cells of one piece with a digit or in capitals only, such as A-17, 4711 or MUG-BL."""
        return self._share(lambda cell: _CODE.fullmatch(cell) and (re.search(r"\d", cell) or cell.isupper()))

    @cached_property
    def phrases(self) -> float:
        """Cells of several words, or of at least four Chinese characters."""
        return self._share(re.compile(r"[^\W_]{2,}\s+\S*[^\W_]|[\u3400-\u9fff]{4}").search)

    @cached_property
    def dates(self) -> float:
        return self._share(_DATE.fullmatch)

    @cached_property
    def epochs(self) -> float:
        """Cells that are a moment as a number: seconds since 1970, or 20240331."""
        return self._share(_EPOCH.fullmatch)

    @cached_property
    def serials(self) -> float:
        """Cells that are a day as spreadsheets count them."""
        return self._share(_SERIAL.fullmatch)

    @cached_property
    def years(self) -> float:
        return self._share(_YEAR.fullmatch)

    @cached_property
    def urls(self) -> float:
        return self._share(_URL.match)

    @cached_property
    def pictures(self) -> float:
        return self._share(lambda cell: "/" in cell or _URL.match(cell) or _FILE.fullmatch(cell))

    @cached_property
    def emails(self) -> float:
        return self._share(_EMAIL.fullmatch)

    @cached_property
    def flags(self) -> float:
        return self._share(lambda cell: cell.casefold() in _FLAGS)

    @cached_property
    def events(self) -> float:
        return self._share(lambda cell: re.sub(r"[\s_-]", "", cell.casefold()) in _EVENTS)

    @cached_property
    def counts_up(self) -> bool:
        """Whether it is 1, 2, 3: a row's number."""
        if self.count < 2 or self.integers < 1:
            return False
        numbers = [float(cell) for cell in self.cells]
        return all(after - before == 1 for before, after in itertools.pairwise(numbers))

    @cached_property
    def sort_of_id(self) -> str | None:
        """Whose ids these are by their first letter, where they all have one: C17 a customer's, P17 a product's."""
        if self.emails >= 0.9:
            return CUSTOMER
        starts = {match[0].upper() for cell in self.cells if (match := re.match(r"[A-Za-z]+(?=[\W_]?\d)", cell))}
        if len(starts) != 1:
            return None
        start = starts.pop()
        if re.fullmatch(r"C|U|K|KD|KU|CUST|CUSTOMER|USER|USR|CLI|CL|MEMBER|KUNDE|VIP|HY|B?UYER", start):
            return CUSTOMER
        return PRODUCT if re.fullmatch(r"P|A|I|S|B|SKU|ART|ITEM|PROD|PRODUCT|SP|REF|PRD|ITM", start) else None
