"""How a file was read, and which of its columns is which of ours: a guess to confirm or to correct."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from recsys_core.errors import InvalidTable
from recsys_core.tables.checking import CheckedTable, ColumnRead
from recsys_core.tables.columns import COLUMNS, REQUIRED, Kind
from recsys_core.tables.mapping import Mapping
from recsys_core.tables.matching import MissingColumn, own_columns
from recsys_core.tables.reading import DELIMITERS, TextTable
from recsys_core.tables.source import ENCODING_NAMES
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import one_line, plain

NONE = "not in the file"
GUESS = "Guessed"
ENCODINGS = [name for name in ENCODING_NAMES if name not in ("utf-8-sig", "utf-16-le", "utf-16-be")]
DECIMALS = {"": GUESS, ".": "Point: 1,299.50", ",": "Comma: 1.299,50"}
DATES = {
    "": GUESS,
    "ymd": "Year, month, day",
    "dmy": "Day, month, year",
    "mdy": "Month, day, year",
}
LABELS: dict[str, str] = {
    "product_id": "Product id",
    "customer_id": "Customer id",
    "title": "Title",
    "description": "Description",
    "category": "Category",
    "brand": "Brand",
    "price": "Price",
    "tags": "Tags",
    "image_url": "Address of a picture",
    "launched_at": "Launched on",
    "event_type": "Kind of event",
    "quantity": "Quantity",
    "unit_price": "Price of one",
    "rating": "Rating",
    "timestamp": "Time",
}


def reading_form(
    part: str, round_: int, kind: Kind, mapping: Mapping, table: CheckedTable | None, error: InvalidTable | None
) -> Mapping | None:
    """The guess, with what a person can change of it; the new choices once they want the file read so."""
    text = error.text if isinstance(error, MissingColumn) else None
    used = _used(mapping, table, text)
    reads = {} if table is None else {read.ours: read for read in table.columns}
    doubtful = [read for read in reads.values() if read.unsure or not read.sure]
    for read in doubtful:
        if read.unsure:
            st.warning(f"{plain(read.theirs, 60)}: {plain(read.unsure, 300)}", icon=":material/help:")
    found = _found(table, text)
    with (
        st.expander(
            _headline(used, kind, found), icon=":material/table_edit:", expanded=error is not None or bool(doubtful)
        ),
        st.form(f"reading-{part}-{round_}", border=False),
    ):
        key = f"{part}-{round_}"
        chosen = _file_choices(key, mapping, used, table, text)
        columns, left_out = _column_choices(key, kind, mapping, reads, found, text, error)
        if not st.form_submit_button(
            "Read it this way", icon=":material/refresh:", type="secondary" if error is None else "primary"
        ):
            return None
    return chosen.model_copy(update={"columns": columns, "left_out": left_out})


def _used(mapping: Mapping, table: CheckedTable | None, text: TextTable | None) -> Mapping:
    """The choices with which the file was read, as far as they are known."""
    if table is not None:
        return table.mapping
    return mapping if text is None else mapping.model_copy(update=text.reading())


def _found(table: CheckedTable | None, text: TextTable | None) -> list[str]:
    if table is not None:
        return table.column_names
    return [] if text is None else own_columns(text)


def _headline(used: Mapping, kind: Kind, found: list[str]) -> str:
    said = [f"sheet “{plain(used.sheet, 30)}”"] if used.sheet else []
    said += [ENCODING_NAMES.get(used.encoding, used.encoding)] if used.encoding else []
    said += [f"{DELIMITERS[used.delimiter]}s"] if used.delimiter else []
    said += [f"names in row {used.header_row}"] if used.header_row and used.header_row > 1 else []
    known = sum(used.columns.get(name) is not None for name in COLUMNS[kind])
    said += [f"{known} of {counted(len(found), 'column')} recognised"] if found else []
    return f"How it was read: {', '.join(said)}" if said else "How to read it"


def _file_choices(
    key: str, mapping: Mapping, used: Mapping, table: CheckedTable | None, text: TextTable | None
) -> Mapping:
    """Encoding, delimiter, sheet, row of the names, notation of numbers and dates. "" stands for a guess."""
    sheets = table.sheets if table is not None else text.sheets if text is not None else ()
    is_text = used.encoding is not None or not (sheets or used.sheet)
    cells = [*st.columns(3), *st.columns(3)]
    choices: dict[str, object] = {}
    if is_text:
        encodings = ["", *ENCODINGS]
        choices["encoding"] = cells[0].selectbox(
            "Encoding",
            encodings,
            index=_at(encodings, mapping.encoding),
            format_func=lambda name: ENCODING_NAMES[name] if name else _guess(ENCODING_NAMES.get(used.encoding or "")),
            key=f"encoding-{key}",
        )
        delimiters = ["", *DELIMITERS]
        choices["delimiter"] = cells[1].selectbox(
            "Between values",
            delimiters,
            index=_at(delimiters, mapping.delimiter),
            format_func=lambda sign: DELIMITERS[sign] if sign else _guess(DELIMITERS.get(used.delimiter or "")),
            key=f"delimiter-{key}",
        )
    elif sheets:
        sheet = cells[0].selectbox(
            "Sheet", sheets, _at(sheets, used.sheet), lambda name: one_line(name, 60), key=f"sheet-{key}"
        )
        choices["sheet"] = sheet if mapping.sheet or sheet != used.sheet else ""
    row = cells[2].number_input("Column names are in row", 1, 10_000, used.header_row or 1, key=f"header-{key}")
    choices["header_row"] = row if mapping.header_row or row != (used.header_row or 1) else ""
    notations: list[tuple[str, str, dict[str, str]]] = [("decimal", "Numbers", DECIMALS), ("dates", "Dates", DATES)]
    for cell, (name, label, options) in zip(cells[3:5], notations, strict=True):
        at = _at(list(options), getattr(mapping, name))
        choices[name] = cell.selectbox(label, list(options), at, options.__getitem__, key=f"{name}-{key}")
    return Mapping.model_validate({name: choice or None for name, choice in choices.items()})


def _column_choices(
    key: str,
    kind: Kind,
    mapping: Mapping,
    reads: dict[str, ColumnRead],
    found: list[str],
    text: TextTable | None,
    error: InvalidTable | None,
) -> tuple[dict[str, str | None], tuple[str, ...]]:
    """For each column of ours a choice among theirs, with cells before and after; then what isn't wanted at all."""
    if not found:
        return mapping.columns, mapping.left_out
    guessed = error.theirs if isinstance(error, MissingColumn) else {}
    columns: dict[str, str | None] = {}
    for name in COLUMNS[kind]:
        read = reads.get(name)
        theirs = read.theirs if read is not None else guessed.get(name)
        label, choice, shown = st.columns([1.1, 1.6, 3], vertical_alignment="center")
        needed = name in REQUIRED[kind]
        label.markdown(f"**{LABELS[name]}**{' :red[*]' if needed else ''}  \n:small[:gray[{name}]]".replace("_", "\\_"))
        options = ["", *found]
        picked = choice.selectbox(
            LABELS[name],
            options,
            index=_at(options, theirs),
            format_func=lambda column: one_line(column, 60) or NONE,
            key=f"column-{name}-{key}",
            label_visibility="collapsed",
        )
        shown.markdown(_shown(read, theirs, text))
        # What was guessed stays a guess, so that the choices fit the next file, too.
        if name in mapping.columns or picked != (theirs or "") or isinstance(error, MissingColumn):
            columns[name] = picked or None
    others = [
        column for column in found if column not in {read.theirs for read in reads.values() if read.ours in LABELS}
    ]
    left_out = st.multiselect(
        "Columns that aren't wanted",
        found,
        [column for column in mapping.left_out if column in found],
        format_func=lambda column: one_line(column, 60),
        key=f"left-out-{key}",
        help="All other columns are kept: as attributes, by which products and customers are told apart and found.",
    )
    if others and reads:
        names = ", ".join(f"“{plain(column, 30)}”" for column in others[:6])
        st.caption(f"Kept as attributes: {names}{f' and {len(others) - 6:,} more' if len(others) > 6 else ''}.")
    return columns, tuple(left_out)


def _shown(read: ColumnRead | None, theirs: str | None, text: TextTable | None) -> str:
    """Some cells as they came, and what they became."""
    if read is None:
        if theirs is None or text is None:
            return ""
        cells = [cell for cell in text.table.column(theirs).slice(0, 50).to_pylist() if cell.strip()]
        return " · ".join(plain(cell, 30) for cell in cells[:3])
    pairs = [
        plain(cell, 30)
        if cell.strip() == value
        else f"{plain(cell, 30)} :gray[→] {f'**{plain(value, 30)}**' if value else ':red[can’t be read]'}"
        for cell, value in read.examples
    ]
    said = [] if read.sure else [f":orange[:material/help: please check: {plain(read.why, 80)}]"]
    said += [f":gray[{plain(read.read_as, 80)}]"] if read.read_as else []
    return "  \n".join([" · ".join(pairs), *said])


def _guess(name: str | None) -> str:
    return f"{GUESS}: {name}" if name else GUESS


def _at(options: Sequence[str], wanted: str | None) -> int:
    return options.index(wanted) if wanted in options else 0
