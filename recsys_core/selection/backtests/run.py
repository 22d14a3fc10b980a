"""A backtest: splits of the past, a source model for each, and every way of recommending asked on it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recsys_core.adaptation.registry import METHODS, method_named
from recsys_core.dataset import Dataset
from recsys_core.errors import CannotRun
from recsys_core.evaluation.pseudo_launch import HeldOutBy
from recsys_core.evaluation.split import Split, splits
from recsys_core.models.source_model import SourceModel, source_model_config
from recsys_core.run_context import RunContext
from recsys_core.selection.backtests.names import BASELINES
from recsys_core.selection.backtests.replay import Replay
from recsys_core.selection.backtests.replayed import Replayed, Said
from recsys_core.selection.backtests.result import Backtest
from recsys_core.selection.backtests.ways import Methods

SHOTS = (0, 1, 2, 5, 10)
TOP = 20
CUTS = 2


def backtest(
    catalog: Dataset,
    *,
    methods: Sequence[str] | None = None,
    shots: Sequence[int] = SHOTS,
    cuts: int = CUTS,
    by: HeldOutBy | None = None,
    top: int = TOP,
    model: Mapping[str, Any] | None = None,
    run: RunContext,
) -> Backtest:
    """Replays launches from a catalog's past.

    methods: names in the registry, None: all of them; the baselines are always replayed beside them. by: see `splits`; None:
    by date where sales have times and that tells enough, else by product. model: settings of the source model that aren't the usual ones.
    Goes on from `run.checkpoints` after a kill.
    Raises CannotRun where there is too little to replay, InvalidSetting for a method or setting that there isn't.
    """
    names = list(METHODS if methods is None else dict.fromkeys(methods))
    for name in names:
        method_named(name)
    source_model_config(model or {})
    how: dict[str, Any] = {"methods": names, "shots": shots, "top": top, "model": model, "run": run}
    if by is not None or not catalog.has_times:
        return replayed(splits(catalog, by or "product", cuts, run.seed), **how)
    try:
        return replayed(splits(catalog, "date", cuts, run.seed), **how)
    except CannotRun as error:
        note = f"{error} Random products were replayed instead; that is easier than what is really new."
    run.log(note)
    how["run"] = run.within("products")
    return replayed(splits(catalog, "product", cuts, run.seed), notes=[note], **how)


def replayed(
    found: Sequence[Split],
    *,
    methods: Sequence[str],
    shots: Sequence[int] = SHOTS,
    top: int = TOP,
    model: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
    run: RunContext,
) -> Backtest:
    """The same for splits that are there already; notes: to be kept with what is found."""
    parts, notes = [], list(notes)
    for number, split in enumerate(found):
        steps = Steps(number, len(found), len(methods) + len(BASELINES) + 2, run)
        try:
            parts.append(_one(split, methods, sorted(set(shots)), top, model or {}, steps))
        except CannotRun as error:
            notes.append(str(error))
    if not parts:
        raise CannotRun(" ".join(notes))
    return Backtest.of(parts, notes, top=top, seed=run.seed, run=run)


@dataclass
class Steps:
    """Progress over all splits, and a place for what is done already."""

    split: int
    splits: int
    each: int
    run: RunContext
    done: int = 0

    def next(self) -> None:
        self.run.progress("Replaying launches", self.split * self.each + self.done, self.splits * self.each)
        self.done += 1

    @property
    def quiet(self) -> RunContext:
        """The run for what has progress of its own: a part of ours. Several share it, so it keeps no checkpoints."""
        return replace(self.run, report=lambda _: None, checkpoints=None)

    def folder(self, name: str) -> Path | None:
        return self.run.within(f"split-{self.split}").within(name).checkpoints


def _one(
    split: Split, methods: Sequence[str], shots: Sequence[int], top: int, model: Mapping[str, Any], steps: Steps
) -> Replayed:
    steps.next()
    source = _trained(split, model, steps)
    steps.next()
    replay = Replay(split, source, shots, top, steps.quiet)
    fitted = Methods(source, split.catalog, steps.quiet)
    most = replay.launch(max(replay.shots))
    stage, said, unable = replay.stage(), [], {}
    baselines = replay.baselines.ways()
    for name in (*baselines, *methods):
        steps.next()
        folder = steps.folder(f"said-{name.replace(' ', '-')}")
        if folder is not None and folder.exists():
            said.append(Said.load(folder))
            continue
        started = time.monotonic()
        try:
            way = baselines[name] if name in baselines else fitted.way(name, most)
            one = replay.said(name, way)
        except CannotRun as error:
            unable[name] = str(error)
            continue
        one = replace(one, seconds=round(time.monotonic() - started, 2))
        if folder is not None:
            one.save(folder)
        said.append(one)
        steps.run.log(f"{split.name}: {name} took {one.seconds:.0f} s")
    return Replayed(stage, said, unable)


def _trained(split: Split, model: Mapping[str, Any], steps: Steps) -> SourceModel:
    folder = steps.folder("source")
    if folder is not None and folder.exists():
        return SourceModel.load(folder)
    run = replace(steps.quiet, checkpoints=steps.folder("training"))
    source = SourceModel(source_model_config(model)).fit(split.catalog, run=run)
    if folder is not None:
        source.save(folder)
    return source
