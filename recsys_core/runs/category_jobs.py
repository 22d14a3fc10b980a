"""The bodies of the runs about categories: the atlas of a catalog, and places for products."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from recsys_core.errors import CannotRun, NotThere
from recsys_core.run_context import RunContext
from recsys_core.runs.job_settings import JobSettings
from recsys_core.workspace import Workspace
from recsys_core.workspace.atlases import atlas_record, publish_atlas
from recsys_core.workspace.placements import given_categories, keep_suggestions, remembered

if TYPE_CHECKING:
    from recsys_core.content.pretrained import PretrainedEncoder
    from recsys_core.dataset import Dataset, Launch
    from recsys_core.models.source_model import SourceModel
    from recsys_core.selection.router import Routing

MOST_FOREIGN = 50
"""So many foreign categories, at most, are placed as wholes."""
Text = Literal["words", "both"]
"""What reads texts: TF-IDF words, or these and the pretrained encoder."""


class StudySettings(JobSettings):
    """Settings of the comparison of a catalog's categories."""

    text: Text = "both"
    """What reads the products' texts."""
    model: str | None = None
    """Name or folder of another pretrained text model."""


class PlaceSettings(JobSettings):
    """Settings of placing products in the shop's own tree."""

    launch: str | None = None
    """Id of the launch whose products are placed; None: those of the catalog that have no category."""
    text: Text = "both"
    model: str | None = None
    errors: float = Field(default=0.1, ge=0, le=1)
    """Share of the products called known that may be in a wrong category."""
    together: bool = False
    """Whether products that came with the same category go to the same place."""


def study_categories(workspace: Workspace, settings: StudySettings, run: RunContext) -> dict[str, Any]:
    """Compares the categories of the newest catalog and publishes the atlas. Raises NotThere without categories."""
    from recsys_core.categories.atlas import Atlas
    from recsys_core.categories.levels import Categories
    from recsys_core.content.combination import CombinedEncoder
    from recsys_core.content.pretrained import PretrainedEncoder
    from recsys_core.selection.router import judge_placement

    version = workspace.needed_catalog_version()
    catalog = workspace.catalog(version.id)
    Categories.of(catalog.products)
    vectors, share = None, None
    if settings.text == "both":
        encoder = CombinedEncoder(PretrainedEncoder(settings.model, workspace.text_vectors()))
        vectors = encoder.encode(catalog.products, run=run)
        share = encoder.share_
    atlas = Atlas.of(catalog, vectors, text=settings.text, share=share, run=run)
    routing: dict[str, Any]
    try:
        routing = judge_placement(catalog, run=run).as_dict()
    except CannotRun as error:
        routing = {"note": str(error)}
    model = workspace.model()
    known = model is not None and model.catalog_version == version.id
    expected = expectations(workspace.load_model(model.id), catalog, run) if model is not None and known else {}
    summary = {
        "expected": expected,
        "trained": known,
        "levels": {str(number): len(level.names) for number, level in atlas.levels.items()},
        "share": share,
        "routing": routing,
    }
    run.check()
    record = publish_atlas(
        workspace, atlas.save, catalog_version=version.id, settings=settings.model_dump(), summary=summary
    )
    return {"atlas": record.id, "catalog_version": version.id, **summary}


def expectations(source: SourceModel, catalog: Dataset, run: RunContext) -> dict[str, Any]:
    """What a new product of each first-level category can expect of first sales: the fields of `Certainty`, where it is known.

    Replayed on all held-out products of the category; the model learned from none, though two thirds weighed its signals.
    """
    from recsys_core.adaptation.formula import FormulaAdapter
    from recsys_core.categories.levels import Categories
    from recsys_core.selection.certainty import certainty

    categories = Categories.of(catalog.products, 1)
    expected = {}
    for number, name in enumerate(run.track(categories.names, "Replaying launches", len(categories.names))):
        held = source.held_out_[categories.of_product[source.held_out_] == number]
        try:
            expected[name] = certainty(source, FormulaAdapter(uses_support=True), held, run=run).as_dict()
        except CannotRun:
            continue
    return expected


def place_products(workspace: Workspace, settings: PlaceSettings, run: RunContext) -> dict[str, Any]:
    """Suggests categories for products that have none, or one that the catalog doesn't know; nothing is changed by it.

    Raises NotThere where there is nothing to place, or too little to learn from.
    """
    from recsys_core.categories.placement import place
    from recsys_core.categories.placement_reasons import reasons
    from recsys_core.content.pretrained import PretrainedEncoder

    version = workspace.needed_catalog_version()
    catalog = workspace.catalog(version.id).products
    new = to_place(workspace, settings.launch, catalog)
    encoder = PretrainedEncoder(settings.model, workspace.text_vectors()) if settings.text == "both" else None
    found, trust = place(catalog, new, encoder, 3, settings.errors, settings.together, thorough=True, run=run)
    found = reasons(catalog, new, found)
    told = found.merge(new[["product_id", "title", "given"]], on="product_id")
    tree = set(catalog["category"].dropna())
    before = {given: path for given, path in remembered(workspace).items() if path in tree}
    told["remembered"] = told["given"].map(before)
    whole = new_categories(catalog, new, encoder, settings.errors, run)
    first = found[found["rank"] == 1]
    # Last of all: a run that is cancelled leaves nothing.
    run.check()
    keep_suggestions(workspace, settings.launch, version.id, told)
    return {"products": len(new), "known": int(first["known"].sum()), "trust": asdict(trust), "categories": whole}


def new_categories(
    catalog: pd.DataFrame, new: pd.DataFrame, encoder: PretrainedEncoder | None, errors: float, run: RunContext
) -> dict[str, Any]:
    """Foreign categories as wholes: rows (given, products, rank, category, probability, known) and trust, or a note why not.

    new: with `given`, the category as it came. At most MOST_FOREIGN, those with the most products.
    """
    from recsys_core.categories.levels import Categories
    from recsys_core.categories.new_category import learn, place_category
    from recsys_core.categories.similarity import product_words
    from recsys_core.content.combination import CombinedEncoder

    sizes = new["given"].value_counts().head(MOST_FOREIGN)
    if sizes.empty:
        return {"rows": []}
    # The name that they came with isn't to tell them from the catalog's.
    bare = new.drop(columns="given").assign(category=pd.Series(pd.NA, new.index, dtype="str"))
    together = pd.concat([catalog, bare], ignore_index=True)
    both = None if encoder is None else CombinedEncoder(encoder).encode(together, run=run)
    vectors = product_words(together) if both is None else both
    try:
        learned = learn(Categories.of(catalog), vectors[: len(catalog)], errors)
    except NotThere as error:
        return {"rows": [], "note": str(error)}
    rows = []
    for given in run.track(sizes.index, "Placing new categories", len(sizes)):
        members = np.flatnonzero((new["given"] == given).to_numpy()) + len(catalog)
        placed, known = place_category(learned, vectors[members])
        rows += placed.assign(given=given, products=len(members), known=known).to_dict("records")
    return {"rows": rows, "trust": asdict(learned.trust)}


def to_place(workspace: Workspace, launch: str | None, catalog: pd.DataFrame) -> pd.DataFrame:
    """The products of a launch that have no category of the catalog, or the catalog's without any: as they came, with `given`.

    Raises NotThere if there is none.
    """
    products = catalog if launch is None else workspace.launch_products(launch)
    category = given_categories(products)
    title = products["title"] if "title" in products else products["product_id"]
    new = products.assign(given=category, title=title)[~category.isin(catalog["category"].dropna())]
    if new.empty:
        raise NotThere("Every product is in a category of the catalog already; there is nothing to place.")
    return new.reset_index(drop=True)


def as_routed(workspace: Workspace, launch: Launch, launch_id: str) -> Launch:
    """The launch with those of its placed categories that help here; see `selection/router.py`."""
    from recsys_core.selection.router import routed

    given = given_categories(workspace.launch_products(launch_id))
    return replace(launch, products=routed(launch.products, given, routing(workspace)))


def routing(workspace: Workspace) -> Routing | None:
    """What was found out on the newest catalog; None where that isn't known."""
    from recsys_core.selection.router import Routing

    version = workspace.catalog_version()
    record = None if version is None else atlas_record(workspace, version.id)
    return None if record is None else Routing.of_record(record.summary["routing"])
