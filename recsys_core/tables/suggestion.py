"""Which column of a shop's file is which of ours: suggested from the names of the columns and from what they hold."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from recsys_core.tables.candidates import OWN, Candidate, Chosen, File, by_name, by_spelling
from recsys_core.tables.candidates_by_content import by_content
from recsys_core.tables.columns import COLUMNS, REQUIRED, Kind

_CLOSE_RIVAL = 6.0
"""Two columns whose scores for one of ours are no further apart both may be it."""


@dataclass(frozen=True)
class Suggested:
    """A column of the file that is likely one of ours."""

    theirs: str
    """Its name in the file."""
    why: str
    """The reason in plain words: “has our name”, “German for price”, “looks like dates”."""
    sure: bool
    """Whether a person needn't look at it."""


def suggest(sample: pa.Table, kind: Kind) -> dict[str, Suggested]:
    """Which columns of a file are which of ours in the table `kind`: {our column: suggestion}.

    `sample` holds some rows of the file (a few hundred are enough), its columns text and named as in the file.
    A column of the file is given to one of ours at most; ours without a likely one are left out.
    """
    file = File(sample, kind)
    chosen, named = choose_by_names(file)
    _give(chosen, by_content(file, chosen))
    return {
        ours: Suggested(file.names[best.at], best.why, best.sure and not _rivalled(best, chosen, named))
        for ours in COLUMNS[kind]
        if (best := chosen.get(ours))
    }


def choose_by_names(file: File) -> tuple[Chosen, list[Candidate]]:
    """The columns that names tell, and all that may be ours by their names."""
    chosen: Chosen = {}
    named = by_name(file)
    _give(chosen, named)
    _take_for_required(chosen, named, file.kind)
    _give(chosen, by_spelling(file, chosen))
    return chosen, named


def _give(chosen: Chosen, candidates: list[Candidate]) -> None:
    """Gives free columns to those of ours that have none yet, the best reasons first."""
    taken = {candidate.at for candidate in chosen.values()}
    for candidate in sorted(candidates, key=lambda candidate: -candidate.score):
        if candidate.ours not in chosen and candidate.at not in taken:
            chosen[candidate.ours] = candidate
            taken.add(candidate.at)


def _take_for_required(chosen: Chosen, candidates: list[Candidate], kind: Kind) -> None:
    """Takes a column from one that may be missing for one that may not: a lone description is the title."""
    for ours in REQUIRED[kind]:
        if ours in chosen:
            continue
        holders = {candidate.at: name for name, candidate in chosen.items() if name not in REQUIRED[kind]}
        possible = [candidate for candidate in candidates if candidate.ours == ours and candidate.at in holders]
        if possible:
            best = max(possible, key=lambda candidate: candidate.score)
            del chosen[holders[best.at]]
            chosen[ours] = best
            _give(chosen, candidates)


def _rivalled(mine: Candidate, chosen: Chosen, candidates: list[Candidate]) -> bool:
    """Whether a column that is left over could be the same of ours as well."""
    taken = {candidate.at for candidate in chosen.values()}
    return mine.score < OWN and any(
        other.ours == mine.ours and other.at not in taken and other.strong and other.score > mine.score - _CLOSE_RIVAL
        for other in candidates
    )
