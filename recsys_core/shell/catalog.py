"""The verbs of the catalog: import, versions, restore, export."""

from __future__ import annotations

import argparse
import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from recsys_core.errors import InvalidSetting
from recsys_core.shell.parts import Outcome, opened_workspace, with_bar, write
from recsys_core.tables.columns import KINDS
from recsys_core.tables.source import ENCODING_NAMES

if TYPE_CHECKING:
    from recsys_core.run_context import RunContext
    from recsys_core.tables.columns import Kind
    from recsys_core.tables.mapping import Mapping
    from recsys_core.workspace.imports import CheckedFiles, Plan

_GUESSED = ("cp1252", "gb18030")
"""Encodings that are told, because other letters could be meant."""
_FILE_CHOICES = ("encoding", "delimiter", "sheet", "header_row", "decimal", "dates")


def import_arguments(added: argparse.ArgumentParser) -> None:
    for kind in KINDS:
        added.add_argument(f"--{kind}", type=Path, metavar="FILE", help="CSV, TSV (.gz, too), XLSX or Parquet")
    added.add_argument(
        "--archive", type=Path, metavar="ZIP", help="a whole workspace that was exported, instead of tables"
    )
    added.add_argument(
        "--mapping",
        type=Path,
        metavar="JSON",
        help='how to read the files: {"products": {"columns": {"title": "Bezeichnung"}, "decimal": ","}}, or one for all',
    )
    added.add_argument("--encoding", help="such as utf-8, cp1252 or gb18030; guessed if left out")
    added.add_argument("--delimiter", help="what stands between values: , ; | or tab; guessed if left out")
    added.add_argument("--sheet", help="of a workbook; the first one with text if left out")
    added.add_argument("--header-row", type=int, metavar="N", help="the row of the column names; guessed if left out")
    added.add_argument("--decimal", choices=(".", ","), help="what divides whole from fraction; guessed if left out")
    added.add_argument("--dates", choices=("ymd", "dmy", "mdy"), help="order of day, month, year; guessed if left out")
    added.add_argument(
        "--on-duplicate",
        choices=("keep", "replace", "merge"),
        default="keep",
        help="a row that is there already: keep it (the default), take the file's, or fill in what the file has",
    )
    added.add_argument(
        "--missing",
        choices=("keep", "remove"),
        default="keep",
        help="rows of the catalog that the file lacks: keep them (the default), or remove them",
    )
    added.add_argument(
        "--rejected", type=Path, metavar="CSV", help="write the rows that can't be used, with the reasons"
    )
    added.add_argument("--dry-run", action="store_true", help="check and compare, but import nothing")


def import_files(arguments: argparse.Namespace) -> Outcome:
    from recsys_core.workspace.imports import Upload, check_files

    if arguments.archive is not None:
        return _import_archive(arguments)
    mappings = _mappings(arguments)
    given = {kind: path for kind in KINDS if (path := getattr(arguments, kind)) is not None}
    if not given:
        raise InvalidSetting(
            "Nothing to import: name at least one of --products, --interactions, --customers, --archive."
        )
    _check_rejected(arguments.rejected, list(given.values()))
    uploads = {kind: Upload.of(path, mappings[kind]) for kind, path in given.items()}
    workspace = opened_workspace(arguments)

    def body(run: RunContext) -> tuple[CheckedFiles, Plan]:
        checked = check_files(uploads, arguments.on_duplicate, run)
        return checked, checked.plan(workspace, arguments.on_duplicate, arguments.missing, run)

    checked, plan = with_bar(0, "cpu", body)
    lines = _told(checked, plan)
    if arguments.rejected is not None:
        lines += _write_rejected(checked, arguments.rejected)
    report = plan.report | {
        "rejected": checked.rejected,
        "difference": {kind: some.difference.counts() for kind, some in plan.combined.items()},
    }
    if arguments.dry_run:
        return "\n".join([*lines, "Nothing was imported: this was a dry run."]), report
    version = plan.publish(workspace, who())
    lines += ["The catalog has all of this already; no new version was made."] if plan.changes_nothing else []
    lines.append(
        f"Catalog: {version.products:,} products, {version.customers:,} customers, {version.interactions:,} interactions."
    )
    return "\n".join(lines), report | {"catalog_version": version.id}


def _mappings(arguments: argparse.Namespace) -> dict[Kind, Mapping]:
    """For each table what --mapping and the other options say; the options win."""
    from pydantic import ValidationError

    from recsys_core.tables.mapping import Mapping

    read: dict[str, Any] = {}
    if arguments.mapping is not None:
        try:
            read = json.loads(arguments.mapping.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidSetting(f"“{arguments.mapping}” can't be read as JSON: {error}. Name another file.") from error
    if not isinstance(read, dict):
        raise InvalidSetting(f'“{arguments.mapping}” holds no JSON object. Expected one, such as {{"decimal": ","}}.')
    options = {name: value for name in _FILE_CHOICES if (value := getattr(arguments, name)) is not None}
    if options.get("delimiter") in ("tab", "\\t"):
        options["delimiter"] = "\t"
    by_kind = bool(read) and set(read) <= set(KINDS)
    if by_kind and not all(isinstance(choices, dict) for choices in read.values()):
        raise InvalidSetting(f"“{arguments.mapping}” holds no JSON object for one of the tables {', '.join(read)}.")
    try:
        return {
            kind: Mapping.model_validate((read.get(kind, {}) if by_kind else read) | options, strict=False)
            for kind in KINDS
        }
    except (ValidationError, TypeError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
        where = ".".join(map(str, first["loc"])) or "it"
        raise InvalidSetting(f"How to read the files isn't clear: {where}: {first['msg']}.") from error


def _told(checked: CheckedFiles, plan: Plan) -> list[str]:
    """What was found in each file, how it was read where that was a guess, and what it changes."""
    lines = []
    for table in checked.tables.values():
        lines.append(f"{table.name}: {table.summary()}")
        lines += [f"  read as {ENCODING_NAMES[table.mapping.encoding]}"] if table.mapping.encoding in _GUESSED else []
        lines += [f"  sheet “{table.mapping.sheet}”"] if table.mapping.sheet else []
        lines += [f"  {group.count:,} × {group.column or 'row'}: expected {group.expected}" for group in table.groups()]
        lines += [f"  {read.theirs} → {read.ours}" for read in table.columns if read.why and read.theirs != read.ours]
        lines += [f"  {read.theirs}: {read.read_as}" for read in table.columns if read.read_as]
        lines += [f"  {read.theirs}: {read.unsure}" for read in table.columns if read.unsure]
        lines += [f"  {note}" for note in table.notes]
    return [*lines, *plan.sentences(), *plan.fit.sentences()]


def _check_rejected(rejected: Path | None, given: list[Path]) -> None:
    """Raises InvalidSetting if the file for rejected rows would take an input's place, or can't be a table by its name."""
    if rejected is None:
        return
    if rejected.suffix.lower() not in (".csv", ".xlsx"):
        raise InvalidSetting(f"“{rejected}” should end in .csv or .xlsx: that says how the rejected rows are written.")
    places = [rejected, *(rejected.with_name(f"{rejected.stem}.{kind}{rejected.suffix}") for kind in KINDS)]
    if {path.resolve() for path in places} & {path.resolve() for path in given}:
        raise InvalidSetting(
            f"“{rejected}” is one of the files to import; the rejected rows would take its place. Name another."
        )


def _write_rejected(checked: CheckedFiles, path: Path) -> list[str]:
    """One file; of several tables with such rows, one each with the table's name in it."""
    from recsys_core.workspace.exports import safe_csv
    from recsys_core.workspace.spreadsheet import safe_xlsx

    made = {".csv": safe_csv, ".xlsx": safe_xlsx}[path.suffix.lower()]

    bad = {kind: table.rejected for kind, table in checked.tables.items() if len(table.rejected)}
    lines = []
    for kind, rejected in bad.items():
        to = path if len(bad) == 1 else path.with_name(f"{path.stem}.{kind}{path.suffix}")
        write(to, made(rejected))
        lines.append(f"{len(rejected):,} rejected rows written to {to}: mend them there, and import that file.")
    return lines


def _import_archive(arguments: argparse.Namespace) -> Outcome:
    from recsys_core.workspace.archive_import import import_archive

    if any(getattr(arguments, kind) is not None for kind in KINDS):
        raise InvalidSetting("--archive brings a whole workspace; import tables in a call of their own.")
    workspace = opened_workspace(arguments)
    counts = with_bar(0, "cpu", lambda run: import_archive(workspace, arguments.archive, run=run))
    return _holdings(f"Imported from {arguments.archive}", counts), counts


def _holdings(start: str, counts: dict[str, int]) -> str:
    there = {name.replace("_", " "): count for name, count in counts.items() if count and name != "bytes"}
    return (
        f"{start}: {', '.join(f'{name} {count:,}' for name, count in there.items())}; {counts['bytes'] / 1e6:,.1f} MB."
    )


def versions(arguments: argparse.Namespace) -> Outcome:
    from recsys_core.tables.difference import sentence_of
    from recsys_core.workspace.catalog_versions import versions as all_versions

    found = all_versions(opened_workspace(arguments))
    lines = []
    for version in found:
        by = f" by {version.who}" if version.who else ""
        restored = f" (restored from {version.restored_from})" if version.restored_from else ""
        names = ", ".join(str(file.get("name")) for file in version.files)
        lines.append(
            f"{version.id}  {version.created:%Y-%m-%d %H:%M} UTC{by}  {version.products:,} products, "
            f"{version.interactions:,} interactions  from {names}{restored}"
        )
        lines += [
            f"    {sentence_of(kind, version.difference[kind])}"
            for kind in KINDS
            if version.difference and kind in version.difference
        ]
    told = [
        {
            "id": version.id,
            "created": version.created.isoformat(),
            "who": version.who,
            "products": version.products,
            "interactions": version.interactions,
            "customers": version.customers,
            "files": version.files,
            "difference": version.difference,
            "restored_from": version.restored_from,
        }
        for version in found
    ]
    return "\n".join(lines or ["No catalog yet."]), {"versions": told}


def restore(arguments: argparse.Namespace) -> Outcome:
    from recsys_core.workspace.catalog_versions import restore as restore_version

    version = restore_version(opened_workspace(arguments), arguments.version, who())
    return (
        f"Restored: the catalog has {version.products:,} products and {version.interactions:,} interactions again.",
        {"catalog_version": version.id},
    )


def export_arguments(added: argparse.ArgumentParser) -> None:
    added.add_argument("--table", choices=KINDS, help="a table of the catalog; the whole workspace if left out")
    added.add_argument("--version", metavar="ID", help="of the catalog; the newest if left out")
    added.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="a table: .csv or .xlsx; a workspace: .zip"
    )


def export(arguments: argparse.Namespace) -> Outcome:
    workspace = opened_workspace(arguments)
    if arguments.table is None:
        from recsys_core.workspace.archive import export_archive

        if arguments.version is not None:
            raise InvalidSetting("--version goes with --table; a whole workspace has all versions.")
        counts = with_bar(0, "cpu", lambda run: export_archive(workspace, arguments.out, run=run))
        return _holdings(f"Written to {arguments.out}", counts), counts | {"out": str(arguments.out)}
    from recsys_core.workspace.exports import safe_csv
    from recsys_core.workspace.spreadsheet import safe_xlsx

    ending = arguments.out.suffix.lower()
    if ending not in (".csv", ".xlsx"):
        raise InvalidSetting(f"“{arguments.out}” should end in .csv or .xlsx: that says how the table is written.")
    kind = cast("Kind", arguments.table)
    frame = workspace.catalog(arguments.version).table(kind)
    if frame is None:
        raise InvalidSetting(f"The catalog has no table of {kind}.")
    write(arguments.out, safe_xlsx(frame, kind) if ending == ".xlsx" else safe_csv(frame))
    return f"{len(frame):,} {kind} written to {arguments.out}.", {"rows": len(frame), "out": str(arguments.out)}


def who() -> str | None:
    """The user of this shell, where the system knows one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None
