"""The bodies of the runs: the same function is called by the worker and by the shell verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import Field, PositiveFloat

from recsys_core.errors import NotThere
from recsys_core.run_context import RunContext
from recsys_core.runs.backtest_job import BacktestSettings, replay_launches
from recsys_core.runs.category_jobs import PlaceSettings, StudySettings, as_routed, place_products, study_categories
from recsys_core.runs.job_settings import JobSettings
from recsys_core.tables.columns import PLACED_BY
from recsys_core.workspace import Workspace


class TrainSettings(JobSettings):
    """Settings of the training of the source model."""

    model: dict[str, Any] = Field(default_factory=dict)
    """Fields of `SourceModelConfig`; those left out stay as they usually are."""


class LaunchSettings(JobSettings):
    """Settings of an adaptation."""

    launch: str
    """Id of the launch."""
    method: str = "auto"
    """Name of the method; auto picks one by a small backtest."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Settings of a method that was named; those left out stay as they usually are."""
    budget: PositiveFloat = 120
    """Seconds in which auto may try methods; on the sample shop two CPU cores need less for all of them."""


class CompressSettings(JobSettings):
    """Settings of making a launch's model smaller."""

    launch: str
    """Id of the launch."""
    by: str | None = None
    """How: the name of a recipe, or “none” to go back to the model as it was; without it all are compared, none is taken."""
    keep: float = 0.2
    """Share of each product's numbers that pruning leaves."""
    device: Literal["auto", "cpu", "cuda"] = "cpu"
    """Nothing here is done on a GPU."""


def train_source_model(workspace: Workspace, settings: TrainSettings, run: RunContext) -> dict[str, Any]:
    """Trains the source model on the newest catalog and publishes it; returns its summary.

    Raises NotThere without a catalog, InvalidTable for one that has nothing to learn from, InvalidSetting.
    """
    from recsys_core.models.source_model import SourceModel, source_model_config

    config = source_model_config(settings.model)
    version = workspace.needed_catalog_version()
    catalog = workspace.catalog(version.id)
    # Another attempt may find newer data, and must not go on with weights that were learned on the old.
    model = SourceModel(config).fit(catalog, run=run.within(version.id))
    judged = [epoch["ndcg"] for epoch in model.history_ if "ndcg" in epoch]
    summary = {
        "products": len(model.product_ids_),
        "customers": len(model.customer_ids_),
        "pairs": int(model.weights_.nnz),
        "held_out_products": len(model.held_out_),
        "epochs": len(model.history_) - 1,
        "history": model.history_,
        "ndcg_start": judged[0] if judged else None,
        "ndcg": max(judged) if judged else None,
        "replayed": model.replayed_,
        "device": run.device,
    }
    run.check()
    record = workspace.publish_model(
        model.save,
        catalog_version=version.id,
        settings=settings.model_dump() | {"model": model.config.model_dump(mode="json")},
        summary=summary,
    )
    return {"model": record.id, "catalog_version": version.id, **summary}


def adapt_launch(workspace: Workspace, settings: LaunchSettings, run: RunContext) -> dict[str, Any]:
    """Adapts the newest source model to a launch and publishes the result; returns its summary.

    Raises NotThere without a source model or without that launch.
    """
    from recsys_core.selection.auto import adapt
    from recsys_core.selection.uncertainty import with_uncertainty

    # Before the products: what is placed meanwhile then counts as not taken in.
    placements = workspace.launch_record(settings.launch).placements
    launch, support_version = workspace.load_launch_version(settings.launch)
    record = workspace.model()
    if record is None:
        raise NotThere("There is no source model in this workspace yet. Train one first.")
    run.progress("Reading the source model", 0, 1)
    source = workspace.load_model(record.id)
    launch = as_routed(workspace, launch, settings.launch)
    placed = int(launch.products[PLACED_BY].notna().sum()) if PLACED_BY in launch.products else 0
    data = f"{record.id}-{support_version}-{placements}-{placed}"
    adapted, choice = adapt(
        source,
        launch,
        settings.method,
        settings=settings.settings,
        budget=settings.budget,
        run=run.within(data),
    )
    adapted, uncertainty = with_uncertainty(adapted, workspace.catalog(record.catalog_version), run=run)
    summary = {
        "method": adapted.method,
        "asked": settings.method,
        "choice": None if choice is None else asdict(choice),
        "products": len(launch.product_ids),
        "first_sales": len(launch.support),
        "products_with_first_sales": int(launch.support["product_id"].nunique()),
        "unknown_supporters": launch.unknown_supporters(source.customer_ids_),
        "supporters": int(launch.support["customer_id"].nunique()),
        "details": adapted.summary,
        "uncertainty": uncertainty,
        "placements": placements,
        "ways": adapted.ways.value_counts().to_dict(),
        "device": run.device,
    }
    run.check()
    published = workspace.publish_adapted(
        workspace.launch_record(settings.launch).id,
        adapted.save,
        model=record.id,
        method=adapted.method,
        settings=settings.model_dump(),
        summary=summary,
        support_version=support_version,
    )
    return {"adapted": published.id, "launch": launch.name, **summary}


def compress_launch(workspace: Workspace, settings: CompressSettings, run: RunContext) -> dict[str, Any]:
    """Compares smaller variants of a launch's model, or publishes the one asked for; returns the table.

    `of` in it is the id of the model as it was. Raises NotThere without recommendations, InvalidSetting, CannotRun.
    """
    from recsys_core.adaptation.compression.adapter import as_it_was, compress
    from recsys_core.adaptation.compression.comparison import compare
    from recsys_core.adaptation.compression.recipe import recipe_named

    recipe = None if settings.by is None else recipe_named(settings.by, settings.keep)
    launch = workspace.launch_record(settings.launch)
    run.progress("Reading the recommendations", 0, 1)
    adapted, record = workspace.load_adapted(launch.id), launch.adapted
    if record is None:
        raise NotThere(f"The launch “{launch.name}” has no recommendations yet. Adapt it first.")
    of = record.summary.get("compression", {}).get("of", record.id)
    told = {"launch": launch.name, "of": of, "by": settings.by, "keep": settings.keep}
    if settings.by is None:
        return told | asdict(compare(adapted, run=run, keep=settings.keep))
    chosen = as_it_was(adapted) if recipe is None else compress(adapted, recipe)
    by = () if recipe is None else (recipe.by,)
    told |= asdict(compare(adapted, run=run, by=by, keep=settings.keep, towers=False))
    run.check()
    if (now := workspace.launch_record(launch.id).adapted) is None or now.id != record.id:
        raise NotThere(f"The launch “{launch.name}” was adapted again meanwhile. Compare again, then choose.")
    published = workspace.publish_adapted(
        launch.id,
        chosen.save,
        model=record.model,
        method=record.method,
        settings=record.settings,
        summary=record.summary | {"compression": told},
        support_version=record.support_version,
    )
    return {"adapted": published.id, **told}


@dataclass(frozen=True)
class Job:
    """A kind of run: its settings and its body."""

    settings: type[JobSettings]
    body: Callable[[Workspace, Any, RunContext], dict[str, Any]]
    """Called with the workspace, an object of `settings`, and the context; returns what can be kept as JSON.

    After the worker was killed it is called again with the same checkpoints folder.
    """


Jobs = Mapping[str, Job]

JOBS: dict[str, Job] = {
    "train": Job(TrainSettings, train_source_model),
    "launch": Job(LaunchSettings, adapt_launch),
    "compress": Job(CompressSettings, compress_launch),
    "categories": Job(StudySettings, study_categories),
    "place": Job(PlaceSettings, place_products),
    "backtest": Job(BacktestSettings, replay_launches),
}
