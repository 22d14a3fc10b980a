"""Which column of a file is which of ours: as a person chose, or as their names and cells suggest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from recsys_core.errors import InvalidTable
from recsys_core.tables.columns import COLUMNS, REQUIRED, Kind, plain_name
from recsys_core.tables.formulas import unmarked
from recsys_core.tables.header_row import looks_like_data
from recsys_core.tables.mapping import Mapping
from recsys_core.tables.reading import TextTable, quoted
from recsys_core.tables.suggestion import Suggested, suggest
from recsys_core.tables.table_kind import guess_kind

REASON_COLUMNS = ("row", "column", "found", "expected")
"""What stands before the text of a rejected row in the file that a person downloads, mends and uploads again."""
_IN_FILE = " (file)"
_SAMPLE = 300
_ONLY_CHANGES = "A file that only changes products of the catalog needs no titles: fill in from it (“merge”)."


class MissingColumn(InvalidTable):
    """A required column wasn't found; a person can say which of the file's it is."""

    def __init__(self, message: str, text: TextTable, theirs: dict[str, str]):
        super().__init__(message)
        self.text = text
        """The file as it was read."""
        self.theirs = theirs
        """Our columns that were found, for sure or perhaps → the file's."""


@dataclass(frozen=True)
class Matched:
    """The columns of a file that are kept."""

    ours: dict[str, str]
    """Name in the file → name in the table, in the order of the file."""
    attributes: frozenset[str]
    """The file's columns that are none of ours."""
    why: dict[str, tuple[str, bool]]
    """Our column → why it was guessed, and whether that is sure; none for those that were chosen."""
    notes: tuple[str, ...]


def match_columns(
    text: TextTable, kind: Kind, mapping: Mapping = Mapping(), needed: Sequence[str] | None = None
) -> Matched:
    """`needed` are the columns that must be there, by default all that are required of a table of that kind.

    Raises MissingColumn if one of them isn't found, InvalidTable if the mapping names a column that isn't there.
    """
    needed = REQUIRED[kind] if needed is None else needed
    found = own_columns(text)
    notes = []
    mended = len(found) < text.table.num_columns
    left_out = set(mapping.left_out)
    if mended:
        notes.append(f"{text.name} holds rows that were rejected before; the columns with the reasons were left out.")
    elsewhere = _elsewhere(text, kind)
    if elsewhere and not mapping.columns:
        notes.append(elsewhere)
    chosen = _chosen(text, kind, mapping)
    open_columns = [name for name in found if name not in left_out and name not in chosen.values()]
    sample = text.table.select(open_columns).slice(0, _SAMPLE)
    guessed = {ours: suggested for ours, suggested in suggest(sample, kind).items() if ours not in mapping.columns}
    theirs = chosen | {ours: suggested.theirs for ours, suggested in guessed.items()}
    # A column that has our name is ours, whatever is in it: what is wrong there is told row by row.
    for name in open_columns:
        ours_ = plain_name(name)
        if ours_ in {*COLUMNS[kind]} - {*mapping.columns, *theirs} and name not in theirs.values():
            theirs[ours_] = name
    if not chosen and not any(suggested.sure for suggested in guessed.values()) and any(map(looks_like_data, found)):
        raise MissingColumn(
            f"Row {text.header_row} of {text.name} doesn't hold column names but data ({quoted(found, 4)}). "
            f"Put a row with the names above it; a table of {kind} needs {quoted(list(REQUIRED[kind]))}.",
            text,
            {},
        )
    _check_needed(text, kind, needed, theirs, guessed, elsewhere)
    named = {column: ours for ours, column in theirs.items()}
    attributes = frozenset(name for name in found if name not in named and name not in left_out)
    ours = _names(found, kind, named, attributes, mended)
    notes += [
        f"“{suggested.theirs}” was read as {ours_}: {suggested.why}."
        for ours_, suggested in guessed.items()
        if not suggested.sure
    ]
    why = {ours_: (suggested.why, suggested.sure) for ours_, suggested in guessed.items()}
    return Matched(ours, attributes, why, tuple(notes))


def _elsewhere(text: TextTable, kind: Kind) -> str:
    """A sentence where the file looks like another of the tables; else ""."""
    likely = guess_kind(text.table.select(own_columns(text)).slice(0, _SAMPLE))
    return "" if likely in (None, kind) else f"It looks like a table of {likely}: was it given in the right place?"


def _check_needed(
    text: TextTable,
    kind: Kind,
    needed: Sequence[str],
    theirs: dict[str, str],
    guessed: dict[str, Suggested],
    elsewhere: str,
) -> None:
    """Raises MissingColumn unless each column that must be there is, and is surely that."""
    doubtful = {ours: guessed[ours] for ours in needed if ours in guessed and not guessed[ours].sure}
    missing = [name for name in needed if name not in theirs or name in doubtful]
    if not missing:
        return
    hints = [f"Perhaps “{suggested.theirs}” is {ours} ({suggested.why})." for ours, suggested in doubtful.items()]
    said = [
        f"{text.name} has no column {quoted(missing)}, which a table of {kind} needs.",
        f"Found {quoted(own_columns(text))}.",
        *([elsewhere] if elsewhere else []),
        *hints,
        *([_ONLY_CHANGES] if missing == ["title"] else []),
        "Say which of them it is, add it, or check that this is the right file.",
    ]
    raise MissingColumn(" ".join(said), text, theirs)


def _names(
    found: list[str], kind: Kind, named: dict[str, str], attributes: frozenset[str], mended: bool
) -> dict[str, str]:
    """The file's columns that are kept → their names in the table, in the order of the file."""
    ours: dict[str, str] = {}
    taken = {*COLUMNS[kind], *found}
    for column in found:
        if column in named:
            ours[column] = named[column]
        elif column in attributes:
            # Its own name is its to keep, unless one of ours is called so.
            ours[column] = free_name(
                _attribute(column, mended, found), {*taken, *ours.values()} - {column} | set(COLUMNS[kind])
            )
    return ours


def own_columns(text: TextTable) -> list[str]:
    """The columns of a file, without the reasons that ours of rejected rows has before them: they have done their work."""
    names = text.table.column_names
    return names[len(REASON_COLUMNS) :] if tuple(names[: len(REASON_COLUMNS)]) == REASON_COLUMNS else names


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, with as many " (file)" behind it as it takes to be none of those that are taken."""
    while name in taken:
        name += _IN_FILE
    return name


def unmarked_name(column: str, found: list[str]) -> str:
    """A column's name without the ' that keeps a spreadsheet from running it, unless another column is called so."""
    plain = unmarked(column)
    # A name doesn't begin with a space or a line break: there, the ' is no mark of ours.
    return column if plain in found or plain != plain.strip() else plain


def _chosen(text: TextTable, kind: Kind, mapping: Mapping) -> dict[str, str]:
    unknown = [ours for ours in mapping.columns if ours not in COLUMNS[kind]]
    if unknown:
        raise InvalidTable(
            f"The mapping of {text.name} names {quoted(unknown)}, which a table of {kind} doesn't have. "
            f"Expected any of {quoted(list(COLUMNS[kind]))}."
        )
    chosen = {ours: column for ours, column in mapping.columns.items() if column is not None}
    absent = [column for column in chosen.values() if column not in text.table.column_names]
    if absent:
        raise InvalidTable(
            f"{text.name} has no column {quoted(absent)}, which the mapping names. Found {quoted(text.table.column_names)}."
        )
    twice = [column for column in chosen.values() if list(chosen.values()).count(column) > 1]
    if twice:
        both = [ours for ours, column in chosen.items() if column == twice[0]]
        raise InvalidTable(f"“{twice[0]}” of {text.name} was chosen for {quoted(both)}. Choose it for one of them.")
    return chosen


def _attribute(column: str, mended: bool, found: list[str]) -> str:
    """An attribute's name: the file's own."""
    if mended and column.endswith(_IN_FILE) and column.removesuffix(_IN_FILE) in REASON_COLUMNS:
        return column.removesuffix(_IN_FILE)
    return unmarked_name(column, found)
