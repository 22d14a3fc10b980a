"""The verbs in a shell: python -m recsys_core VERB --workspace W ...

Exit code 0: done; 2: bad input, with a plain message on stderr; 1: failure. With --json the last line of the output is
one JSON object.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_core.errors import Cancelled, DamagedArtefact, InvalidSetting, LaunchdeskError, NotThere, RunFailed
from recsys_core.shell import catalog
from recsys_core.shell.parts import Outcome, opened_workspace, with_bar, write

if TYPE_CHECKING:
    import pandas as pd

    from recsys_core.categories.placement import Trust
    from recsys_core.content.encoder import Encoder
    from recsys_core.run_context import RunContext
    from recsys_core.workspace import Workspace

WORDS, PRETRAINED, BOTH = "words", "pretrained", "both"


def train(arguments: argparse.Namespace) -> Outcome:
    from recsys_core.runs.jobs import TrainSettings, train_source_model
    from recsys_core.settings import parsed

    settings = TrainSettings(seed=arguments.seed, device=arguments.device, model=parsed(arguments.set))
    workspace = opened_workspace(arguments)
    result = with_bar(settings.seed, settings.device, lambda run: train_source_model(workspace, settings, run))
    judged = f", ndcg@20 on held-out products {result['ndcg']:.4f}" if result["ndcg"] is not None else ""
    return (
        f"Source model trained on {result['products']:,} products and {result['customers']:,} customers "
        f"in {result['epochs']} epochs{judged}.",
        result,
    )


def launch(arguments: argparse.Namespace) -> Outcome:
    from recsys_core.adaptation.registry import AUTO, method_named
    from recsys_core.runs.jobs import LaunchSettings, adapt_launch
    from recsys_core.selection.uncertainty import sentences
    from recsys_core.settings import parsed
    from recsys_core.tables.columns import Kind
    from recsys_core.workspace.imports import Upload, already_known, check_files

    chosen = parsed(arguments.set)
    if arguments.method != AUTO:
        method_named(arguments.method, chosen)
    workspace = opened_workspace(arguments)
    if workspace.model() is None:
        raise NotThere("There is no source model in this workspace yet. Run the verb train first.")
    given: dict[Kind, Path | None] = {"products": arguments.products, "interactions": arguments.interactions}
    checked = check_files({kind: Upload.of(path) for kind, path in given.items() if path is not None})
    record = checked.publish_launch(workspace, arguments.name)
    settings = LaunchSettings(
        launch=record.id,
        method=arguments.method,
        settings=chosen,
        budget=arguments.budget,
        seed=arguments.seed,
        device=arguments.device,
    )
    result = with_bar(settings.seed, settings.device, lambda run: adapt_launch(workspace, settings, run))
    lines = [f"{table.name}: {table.summary()}" for table in checked.tables.values()]
    known = already_known(workspace, checked.tables["products"].frame)
    if known:
        lines.append(f"{len(known):,} of these products are in the catalog already, such as {known[0]}.")
    lines.append(
        f"Launch “{record.name}”: {result['products']:,} new products, {result['first_sales']:,} first sales "
        f"({result['unknown_supporters']:,} of {result['supporters']:,} supporters are unknown to the catalog)."
    )
    if result["choice"]:
        for row in result["choice"]["table"]:
            figure = f"ndcg@20 {row['ndcg']:.4f} ({row['low']:.4f}–{row['high']:.4f})" if "ndcg" in row else row["note"]
            lines.append(f"  {row['method']:<12} {figure}")
        lines.append(f"Method: {result['method']}. {result['choice']['reason']}")
    else:
        lines.append(f"Method: {result['method']}.")
    lines += sentences(result["uncertainty"])
    return "\n".join(lines), result


def recommend(arguments: argparse.Namespace) -> Outcome:
    from recsys_core.workspace.exports import recommendations_csv

    customers = _customer_ids(arguments.customers) if arguments.customers else None
    frame = opened_workspace(arguments).load_adapted(arguments.launch).recommend(customers, arguments.top)
    write(arguments.out, recommendations_csv(frame))
    without = frame.attrs.get("without_history", 0)
    said = f"{len(frame):,} rows for {frame['customer_id'].nunique():,} customers written to {arguments.out}."
    if without:
        said += f" {without:,} of them have no history: nothing speaks for one product more than another, so the order is the file's."
    return said, {"rows": len(frame), "customers_without_history": without, "out": str(arguments.out)}


def audience(arguments: argparse.Namespace) -> Outcome:
    from recsys_core.workspace.exports import audience_csv

    frame = (
        opened_workspace(arguments).load_adapted(arguments.launch).audience(top=arguments.top, share=arguments.share)
    )
    write(arguments.out, audience_csv(frame))
    said = f"{len(frame):,} rows for {frame['product_id'].nunique():,} products written to {arguments.out}."
    return said, {"rows": len(frame), "out": str(arguments.out)}


def similarity(arguments: argparse.Namespace) -> Outcome:
    from recsys_core.categories.similarity import similarity_table
    from recsys_core.workspace.exports import similarity_csv

    workspace = opened_workspace(arguments)
    catalog = workspace.catalog()
    encoder = None if arguments.by == "customers" else _encoder(arguments, workspace)

    def compare(run: RunContext) -> pd.DataFrame:
        vectors = None if encoder is None else encoder.encode(catalog.products, run=run)
        return similarity_table(catalog, arguments.level, arguments.by, vectors, run=run)

    frame = with_bar(arguments.seed, arguments.device, compare)
    write(arguments.out, similarity_csv(frame))
    categories = frame["category"].nunique()
    said = f"{len(frame):,} pairs of {categories:,} categories, compared by {arguments.by}, written to {arguments.out}."
    return said, {"rows": len(frame), "categories": categories, "by": arguments.by, "out": str(arguments.out)}


def place_products(arguments: argparse.Namespace) -> Outcome:
    from dataclasses import asdict

    from recsys_core.categories.placement import place
    from recsys_core.workspace.exports import placement_csv
    from recsys_core.workspace.imports import Upload, check_files

    checked = check_files({"products": Upload.of(arguments.products)}).tables["products"]
    workspace = opened_workspace(arguments)
    catalog = workspace.catalog()
    encoder = _encoder(arguments, workspace)

    def body(run: RunContext) -> tuple[pd.DataFrame, Trust]:
        return place(catalog.products, checked.frame, encoder, arguments.top, arguments.errors, thorough=True, run=run)

    frame, trust = with_bar(arguments.seed, arguments.device, body)
    write(arguments.out, placement_csv(frame))
    known = int(frame.loc[frame["rank"] == 1, "known"].sum())
    others = "; the others are unlike anything here" if known < len(checked.frame) else ""
    right = "n/a" if trust.first_of_answered is None else f"{trust.first_of_answered:.0%}"
    said = (
        f"{checked.summary()}\n{known:,} of {len(checked.frame):,} products are placed{others}.\n"
        f"Of {trust.products:,} products held out of the catalog {trust.answered:.0%} were placed so, {right} of them rightly; the "
        f"right category came first for {trust.first:.0%} of all, among the first three for {trust.first_three:.0%} "
        f"(calibration error {trust.calibration_error:.3f}).\nWritten to {arguments.out}."
    )
    return said, {"products": len(checked.frame), "known": known, "held_out": asdict(trust), "out": str(arguments.out)}


def _encoder(arguments: argparse.Namespace, workspace: Workspace) -> Encoder | None:
    """What is to read the products' texts beside their words."""
    if arguments.text == WORDS:
        if arguments.model:
            raise InvalidSetting(f"--model names a pretrained text model; give --text {PRETRAINED} or {BOTH} with it.")
        return None
    from recsys_core.content.combination import CombinedEncoder
    from recsys_core.content.pretrained import PretrainedEncoder

    pretrained = PretrainedEncoder(arguments.model, workspace.text_vectors())
    # Placing puts words beside whatever encoder it is given.
    both = arguments.text == BOTH and arguments.verb != "place"
    return CombinedEncoder(pretrained) if both else pretrained


def backtest(arguments: argparse.Namespace) -> Outcome:
    from recsys_core.runs.backtest_job import BacktestSettings, replay_launches
    from recsys_core.selection.backtests.result import load_figures
    from recsys_core.selection.backtests.words import summary
    from recsys_core.settings import parsed, with_settings
    from recsys_core.workspace.backtests import backtest_folder
    from recsys_core.workspace.exports import metrics_csv

    given = {
        "methods": None if arguments.methods is None else _listed(arguments.methods),
        "shots": _whole_numbers(arguments.shots),
        "model": parsed(arguments.set),
    } | {name: getattr(arguments, name) for name in ("cuts", "by", "top", "seed", "device")}
    settings = with_settings(BacktestSettings, given, "the backtest")
    workspace = opened_workspace(arguments)
    result = with_bar(settings.seed, settings.device, lambda run: replay_launches(workspace, settings, run))
    metrics, facts = load_figures(backtest_folder(workspace, result["backtest"]))
    write(arguments.out, metrics_csv(metrics))
    lines = [*summary(metrics, facts), *facts["warnings"], *facts["notes"], f"Written to {arguments.out}."]
    return "\n".join(lines), result | {"rows": len(metrics), "out": str(arguments.out)}


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _whole_numbers(text: str) -> list[int]:
    try:
        numbers = [int(part) for part in _listed(text)]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 0:
        raise InvalidSetting(f"--shots is “{text}”; expected whole numbers from 0, with commas, such as 0,1,2,5,10.")
    return numbers


def compress(arguments: argparse.Namespace) -> Outcome:
    from recsys_core.adaptation.compression.recipe import recipe_named
    from recsys_core.runs.jobs import CompressSettings, compress_launch

    if arguments.by is not None:
        recipe_named(arguments.by, arguments.keep)
    workspace = opened_workspace(arguments)
    launch_id = workspace.launch_record(arguments.launch).id
    settings = CompressSettings(launch=launch_id, by=arguments.by, keep=arguments.keep)
    result = with_bar(settings.seed, settings.device, lambda run: compress_launch(workspace, settings, run))
    lines = [_variant(row) for row in result["rows"]]
    lines.insert(
        0, f"{'':<25}{'memory':>11}{'on disk':>11}{'scores':>10}{'lists':>10}{'ndcg@20':>9}{'same places':>13}"
    )
    lines.append(
        f"Times are for {result['customers']:,} customers and all {result['products']:,} products; ndcg@20 is of "
        f"{result['replayed']:,} replayed products with {result['shots']} first sales; same places: of the first {result['top']}."
    )
    if arguments.by is not None:
        lines.append(f"Launch “{result['launch']}” now uses: {arguments.by}.")
    return "\n".join(lines), result


def _variant(row: dict[str, Any]) -> str:
    name = row["variant"] if row["part"] == "launch" else f"source towers: {row['variant']}"
    if "note" in row:
        return f"{name:<25}{row['note']}"
    shown = {
        "memory_bytes": f"{row['memory_bytes'] / 1000:,.0f} kB",
        "file_bytes": f"{(row['file_bytes'] or 0) / 1000:,.0f} kB",
        "score_ms": f"{row.get('score_ms') or 0:.1f} ms",
        "list_ms": f"{row.get('list_ms') or 0:.1f} ms",
        "ndcg": f"{row['ndcg'] or 0:.4f}",
        "overlap": f"{row['overlap']:.1%}",
    }
    widths = (11, 11, 10, 10, 9, 13)
    said = ((text if row.get(what) is not None else "–") for what, text in shown.items())
    return f"{name:<25}" + "".join(f"{text:>{width}}" for text, width in zip(said, widths, strict=True))


def worker(arguments: argparse.Namespace) -> Outcome:
    from recsys_core.runs.worker import run_worker

    run_worker(opened_workspace(arguments), parent=arguments.parent)


def _customer_ids(path: Path) -> list[str]:
    from recsys_core.tables.checking import read_table
    from recsys_core.workspace.imports import Upload

    return read_table(Upload.of(path).source, "customers", name=path.name).frame["customer_id"].tolist()


def parser() -> argparse.ArgumentParser:
    everything = argparse.ArgumentParser(prog="python -m recsys_core", description="Launchdesk in a shell.")
    verbs = everything.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, body: Callable[[argparse.Namespace], Outcome], sentence: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=sentence, description=sentence)
        added.set_defaults(body=body)
        added.add_argument("--workspace", type=Path, required=True, metavar="FOLDER")
        added.add_argument("--json", action="store_true", help="print one JSON object last")
        return added

    def computing(added: argparse.ArgumentParser) -> None:
        added.add_argument("--seed", type=int, default=0)
        added.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")

    def settable(added: argparse.ArgumentParser) -> None:
        added.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting; may be given many times"
        )

    def reading(added: argparse.ArgumentParser) -> None:
        added.add_argument(
            "--text", choices=(WORDS, PRETRAINED, BOTH), default=WORDS, help="what reads the products' texts"
        )
        added.add_argument("--model", metavar="NAME", help="folder or name of another pretrained text model")

    added = verb("import", catalog.import_files, "Check a shop's files and add their good rows to the catalog.")
    catalog.import_arguments(added)
    added = verb("versions", catalog.versions, "List the versions of the catalog, newest first.")
    added = verb("restore", catalog.restore, "Make an older version of the catalog the newest again.")
    added.add_argument("--version", required=True, metavar="ID", help="as the verb versions shows it")
    added = verb("export", catalog.export, "Write a table of the catalog, or the whole workspace, as a file.")
    catalog.export_arguments(added)
    added = verb("train", train, "Train the source model on the newest catalog.")
    computing(added)
    settable(added)
    added = verb("launch", launch, "Add new products, with their first sales where there are any, and adapt to them.")
    added.add_argument("--name", required=True)
    added.add_argument("--products", type=Path, required=True, metavar="CSV")
    added.add_argument("--interactions", type=Path, metavar="CSV", help="the first sales")
    added.add_argument("--method", default="auto", help="auto (the default), or the name of a method")
    added.add_argument("--budget", type=float, default=120.0, help="seconds in which auto may try methods (120)")
    computing(added)
    settable(added)
    added = verb(
        "recommend", recommend, "Rank a launch's products for every customer with history, or for those listed."
    )
    added.add_argument("--launch", required=True, metavar="NAME")
    added.add_argument("--customers", type=Path, metavar="CSV", help="a file with a column customer_id")
    added.add_argument("--top", type=int, default=20)
    added.add_argument("--out", type=Path, required=True, metavar="CSV")
    added = verb("audience", audience, "Rank the customers with history for each product of a launch.")
    added.add_argument("--launch", required=True, metavar="NAME")
    size = added.add_mutually_exclusive_group(required=True)
    size.add_argument("--top", type=int)
    size.add_argument("--share", type=float, help="share of all customers, such as 0.05")
    added.add_argument("--out", type=Path, required=True, metavar="CSV")
    added = verb("similarity", similarity, "Compare the catalog's categories with each other.")
    added.add_argument("--level", type=int, help="how many parts of the path tell categories apart (all of them)")
    added.add_argument("--by", choices=("meaning", "customers", "combined"), default="combined")
    reading(added)
    computing(added)
    added.add_argument("--out", type=Path, required=True, metavar="CSV")
    added = verb("place", place_products, "Say where new products belong among the catalog's categories.")
    added.add_argument("--products", type=Path, required=True, metavar="CSV")
    added.add_argument("--top", type=int, default=3, help="how many categories a product (3)")
    added.add_argument(
        "--errors", type=float, default=0.1, help="share of placed products that may be in a wrong category (0.1)"
    )
    reading(added)
    computing(added)
    added.add_argument("--out", type=Path, required=True, metavar="CSV")
    added = verb(
        "backtest", backtest, "Replay launches from the catalog's past, and tell what each method would have found."
    )
    added.add_argument("--methods", metavar="NAMES", help="with commas; all of them if left out")
    added.add_argument("--shots", default="0,1,2,5,10", help="numbers of first sales, with commas (0,1,2,5,10)")
    added.add_argument("--cuts", type=int, default=2, help="how many times the past is cut (2)")
    added.add_argument(
        "--by",
        choices=("auto", "date", "product", "category"),
        default="auto",
        help="what is held out: all that was first sold after a date, random products, or whole categories",
    )
    added.add_argument("--top", type=int, default=20, help="length of the lists (20)")
    computing(added)
    settable(added)
    added.add_argument("--out", type=Path, required=True, metavar="CSV")
    added = verb("compress", compress, "Compare smaller variants of a launch's model, or take one.")
    added.add_argument("--launch", required=True, metavar="NAME")
    added.add_argument(
        "--by", help="none, int8, prune, prune+int8, distil or distil+int8: takes that one; without it all are compared"
    )
    added.add_argument("--keep", type=float, default=0.2, help="share of the numbers that pruning leaves (0.2)")
    added = verb("worker", worker, "Do the runs that the app's pages start.")
    added.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    return everything


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    started = time.monotonic()
    try:
        said, data = given.body(given)
    except LaunchdeskError as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, RunFailed | Cancelled | DamagedArtefact) else 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 1
    except Exception:
        logging.exception("Unexpected failure")
        print("This failed for a reason that Launchdesk doesn't know; the lines above tell where.", file=sys.stderr)
        return 1
    print(said)
    if given.json:
        from recsys_core.workspace.json_values import json_ready

        print(json.dumps(json_ready(data) | {"seconds": round(time.monotonic() - started, 2)}, allow_nan=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
