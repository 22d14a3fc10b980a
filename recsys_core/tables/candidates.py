"""Which columns of a file may be which of ours, by how they are called."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

import pyarrow as pa

from recsys_core.tables.cell_fit import BAD, DOUBTFUL, cell_fit, surely_not
from recsys_core.tables.cell_looks import Look
from recsys_core.tables.columns import COLUMNS, CUSTOMER, Kind, plain_name
from recsys_core.tables.header_names import SAYS_ID, near_words, variants
from recsys_core.tables.header_words import MEANINGS, Meaning, key, meanings
from recsys_core.tables.other_names import not_ours

OWN = 100.0
"""The score of a column that has our name."""
_STRONG, _WEAK = 80.0, 40.0
_ROWS = 200
_CELLS = 60_000
"""How many cells are looked at in all: of a very wide file fewer rows."""


@dataclass(frozen=True)
class Candidate:
    """A column of the file that may be one of ours."""

    ours: str
    at: int
    """The column's position in the file."""
    score: float
    why: str
    sure: bool
    strong: bool = True
    """Whether its name means ours even where the file has others that could."""


Chosen = dict[str, Candidate]
"""Our column → the one that was given to it."""


class File:
    """A file's sample, read as a table of `kind`."""

    def __init__(self, sample: pa.Table, kind: Kind):
        self.kind: Kind = kind
        self.names: list[str] = sample.column_names
        rows = min(_ROWS, max(10, _CELLS // max(1, len(self.names))))
        self.looks = [Look(column.to_pylist()) for column in sample.slice(0, rows).columns]

    def free(self, chosen: Chosen) -> list[int]:
        """The positions of the columns that were given to none of ours."""
        taken = {candidate.at for candidate in chosen.values()}
        return [at for at in range(len(self.names)) if at not in taken]


def by_name(file: File) -> list[Candidate]:
    """By our own names and by the words that shops use."""
    return [candidate for at in range(len(file.names)) for candidate in _named(file, at)]


def _named(file: File, at: int) -> list[Candidate]:
    look, own, columns = file.looks[at], plain_name(file.names[at]), COLUMNS[file.kind]
    if own in columns and surely_not(own, look):
        return []
    found: Chosen = {}
    for variant in variants(file.names[at], file.kind):
        for meaning in meanings(file.kind).get(variant.key, ()):
            if (variant.only_price and columns[meaning.ours] != "price") or not (variant.sure or meaning.strong):
                continue
            fit = cell_fit(meaning.ours, file.kind, look, meaning.strong)
            if fit is None:
                continue
            score = _STRONG - 0.3 * meaning.rank if meaning.strong else _WEAK - 0.1 * meaning.rank
            score += fit - (0 if variant.sure else 10)
            if meaning.ours not in found or found[meaning.ours].score < score:
                sure = variant.sure and _is_sure(meaning, variant.key, fit, look)
                found[meaning.ours] = Candidate(meaning.ours, at, score, _why(meaning), sure, meaning.strong)
    if own in columns:
        found[own] = Candidate(own, at, OWN, "has our name", sure=True)
    scores = sorted((candidate.score for candidate in found.values() if candidate.strong), reverse=True)
    if len(scores) > 1 and scores[0] - scores[1] < -DOUBTFUL:  # "Produkt" may be a name or a number
        return [replace(candidate, sure=False) for candidate in found.values()]
    return list(found.values())


def _why(meaning: Meaning) -> str:
    return "by its name" if meaning.language == "English" else f"{meaning.language} for {MEANINGS[meaning.ours]}"


def _is_sure(meaning: Meaning, word: str, fit: float, look: Look) -> bool:
    """Whether a word and what stands below it leave no doubt."""
    if meaning.strong:
        return fit > DOUBTFUL or (fit > BAD * 2 and bool(SAYS_ID.search(word)))
    # A description that is as short as a name is one, and who buys may be known by an e-mail address.
    if meaning.ours == "title":
        return fit > 0 and look.length <= 60 and look.distinct >= 0.9
    return meaning.ours == CUSTOMER and look.emails >= 0.9


def by_spelling(file: File, chosen: Chosen) -> list[Candidate]:
    """By names that are nearly a word that shops use."""
    known = meanings(file.kind)
    found = []
    for at in file.free(chosen):
        mine = key(file.names[at])
        if mine in known or mine in not_ours():
            continue
        for word in near_words(mine, file.kind):
            for meaning in known[word]:
                fit = cell_fit(meaning.ours, file.kind, file.looks[at], meaning.strong)
                if meaning.ours not in chosen and meaning.strong and fit is not None:
                    score = 10 * difflib.SequenceMatcher(None, mine, word).ratio() + fit
                    why = f"spelled almost like a word for {MEANINGS[meaning.ours]}"
                    found.append(Candidate(meaning.ours, at, score, why, sure=False))
    return found
