"""How a header name can be read: without units, the table's name or a language; nearly as a known word; or as saying nothing."""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from recsys_core.tables.columns import Kind
from recsys_core.tables.header_words import key, meanings, words
from recsys_core.tables.other_names import not_ours

_CUTOFF = 0.85


@dataclass(frozen=True)
class Variant:
    """One way to read a header name."""

    key: str
    sure: bool = True
    only_price: bool = False


SAYS_ID = re.compile("(id|code|number|no|nr|nummer|numero|sku|asin|key|编号|编码|代码|号)$")
_BRACKETS = re.compile(r"[(\[{<【].*?[)\]}>】]")
_UNIT = re.compile(
    r"\W*(€|\$|£|¥|元|eur|euros?|usd|gbp|chf|cny|rmb|cad|aud|jpy|yuan|人民币|utc|gmt|cet|stk|stück|pcs|件|个|st|ttc|ht|brutto|"
    r"netto|html|url|id|inkl.*|incl.*|excl.*|x,\s?y.*|exkl.*|iva.*|mwst|[a-z]{2})\W*",
    re.IGNORECASE,
)


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MONEY = _set(
    "eur euro euros usd gbp chf cny rmb cad aud jpy yuan ttc ht brutto netto gross net inkl incl inc exkl excl ex mwst ust "
    "vat tva iva con sin in tax taxes included excluded 元"
)
_TABLES: dict[Kind, frozenset[str]] = {
    "products": _set("product products item article artikel produkt produit producto goods"),
    "interactions": _set(
        "order orders purchase transaction line lines lineitem sale item items event bestellung products"
    ),
    "customers": frozenset(("customer", "kunde", "client", "cliente")),
}
_BARE = _set("id number nr no code name key type ref reference date status total")
_TAILS = _set("fr es it zh cn us uk gb eng ger deu fra esp token float tokenseq")
_HAN = re.compile(r"[\u3400-\u9fff]+(?:ID|SKU)?", re.IGNORECASE)


@cache
def variants(name: str, kind: Kind) -> tuple[Variant, ...]:
    """The ways to read a header name, the plainest first."""
    name = unicodedata.normalize("NFKC", name).strip()
    name = re.sub(r"^(g:|_+)|:(token|float|token_seq|float_seq)$", "", name)
    found = [Variant(key(name))]
    if found[0].key in not_ours() and found[0].key not in meanings(kind):
        return ()
    plain = _BRACKETS.sub(" ", name).strip()
    in_brackets = _BRACKETS.findall(name)
    known = meanings(kind)
    known_unit = all(_UNIT.fullmatch(bracket[1:-1]) or key(bracket) in known for bracket in in_brackets)
    if plain and in_brackets:
        found.append(Variant(key(plain), known_unit))
    else:
        plain = name
    parts = words(plain)
    money = [part.removesuffix("元") or part for part in parts if part not in _MONEY]
    if money and money != parts:
        found.append(Variant("".join(money), known_unit, only_price=True))
    if len(parts) > 1:
        rest = "".join(parts[1:])
        if parts[0] in _TABLES[kind] and not set(parts[1:]) <= _BARE:
            found.append(Variant(rest, False))
        if parts[-1] in _TAILS or parts[-1].isdigit():
            found.append(Variant("".join(parts[:-1]), False))
    han = "".join(_HAN.findall(name))
    for parts in (re.split(r"\s*[/|\n]\s*", plain), [han, _HAN.sub(" ", name)] if han else []):
        keys = [key(part) for part in parts if re.search(r"\w", part)]
        if len(keys) == 2:  # one name in two languages, say
            found += [Variant(part, all(part in known for part in keys)) for part in keys]
    return tuple(variant for variant in found if variant.sure or variant.key not in not_ours())


def near_words(mine: str, kind: Kind) -> list[str]:
    """The words for our columns that `mine`, a name's key, may be with a slip of the pen, the nearest first."""
    if len(mine) < 5:
        return []
    possible = [word for word in _by_start(kind).get(mine[0], ()) if abs(len(word) - len(mine)) <= 2]
    near = difflib.get_close_matches(mine, possible, n=2, cutoff=_CUTOFF)
    return [word for word in near if _slips(mine, word) and not _adds_a_word(mine, word)]


@cache
def _by_start(kind: Kind) -> dict[str, tuple[str, ...]]:
    """The longer words for our columns, by their first letter."""
    long = sorted(
        word for word, all_ in meanings(kind).items() if len(word) >= 5 and any(meaning.strong for meaning in all_)
    )
    return {start: tuple(group) for start, group in itertools.groupby(long, key=lambda word: word[0])}


def _slips(mine: str, other: str) -> bool:
    """Whether the names differ by a letter or two."""
    changes = difflib.SequenceMatcher(None, mine, other).get_opcodes()
    wrong = sum(max(to - start, there - here) for tag, start, to, here, there in changes if tag != "equal")
    return wrong <= (1 if len(mine) < 8 else 2)


def _adds_a_word(mine: str, other: str) -> bool:
    """Whether one name is the other and a word more, as "category id" is to "category": then it means something else."""
    short, long = sorted((mine, other), key=len)
    rest = long.removeprefix(short) if long.startswith(short) else long.removesuffix(short)
    return len(rest) < len(long) and (len(rest) > 1 and not rest.isdigit())


@cache
def meaningless(name: str) -> bool:
    """Whether a header name says nothing: "Column 3", "x1", "字段2", "B"."""
    return bool(
        re.fullmatch(
            r"(column|col|spalte|colonne|columna|field|feld|champ|campo|var|variable|unnamed|attr|attribute|value|wert|"
            r"列|栏|字段|[a-z]{0,2})[\s_:.\-]*\d*",
            name.strip().casefold(),
        )
    )
