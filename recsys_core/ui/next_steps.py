"""The path from a shop's files to the lists, with the step that comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from recsys_core.runs.states import RunState
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.workspace import CatalogVersion, LaunchRecord, ModelRecord

Stand = Literal["done", "next", "later"]

SIGNS: dict[Stand, str] = {
    "done": ":green[:material/check_circle:]",
    "next": ":primary[:material/arrow_circle_right:]",
    "later": ":gray[:material/radio_button_unchecked:]",
}


@dataclass(frozen=True)
class Step:
    """One step of the path: our own title and button, and a sentence that is Markdown (user text in it escaped)."""

    title: str
    sentence: str
    page: str
    button: str
    done: bool


def steps(
    version: CatalogVersion | None, model: ModelRecord | None, launches: list[LaunchRecord], at_work: RunState | None
) -> list[Step]:
    """The four steps, as they stand; `at_work` is the run that is at work, if there is one."""
    working = at_work.kind if at_work else None
    newest = launches[0] if launches else None
    adapted = next((launch for launch in launches if launch.adapted), None)
    name = f"“{plain(newest.name, 40)}”" if newest else ""
    outdated = version is not None and model is not None and model.catalog_version != version.id
    if working == "train":
        train = "It is at work now."
    elif outdated:
        train = "The catalog is newer than the source model."
    else:
        train = "Learned from the catalog." if model else "Learn once from all of the shop's history."
    if working == "launch":
        launch = "An adaptation is at work now."
    elif adapted:
        launch = f"{counted(sum(1 for each in launches if each.adapted), 'launch', 'launches')} ready."
    else:
        launch = f"{name} waits to be adapted." if newest else "Bring new products and their first sales, if any."
    return [
        Step(
            "Load data",
            counted(version.products, "product") + " in the catalog." if version else "Products, and who bought them.",
            "catalog.py",
            "Open the catalog" if version else "Upload files",
            version is not None,
        ),
        Step(
            "Train",
            train,
            "train.py",
            "Watch the training" if working == "train" else "Train the source model",
            model is not None and not outdated and working != "train",
        ),
        Step(
            "Launch",
            launch,
            "launch.py",
            "Watch it" if working == "launch" else "Open the launch" if newest else "Create a launch",
            adapted is not None and working != "launch",
        ),
        Step("Take the lists", "Who gets which product, as CSV.", "launch.py", "Open the lists", False),
    ]


def next_steps(path: list[Step], *, button: bool = True) -> None:
    """Draws the steps in a row; the next one stands out and has the button to go on with, unless `button` is False."""
    coming = next(number for number, step in enumerate(path) if not step.done)
    for number, (column, step) in enumerate(zip(st.columns(len(path), gap="small"), path, strict=True)):
        stand: Stand = "done" if step.done else "next" if number == coming else "later"
        with column.container(border=True, height="stretch", key=f"step-{stand}-{number}", gap="xsmall"):
            st.markdown(f"{SIGNS[stand]} **{number + 1}. {step.title}**")
            st.caption(step.sentence)
            if (
                stand == "next"
                and button
                and st.button(step.button, type="primary", key=f"go-{number}", width="stretch")
            ):
                st.switch_page(step.page)
            if stand == "done":
                st.page_link(
                    step.page,
                    label=step.button if step.title == "Load data" else "Open",
                    icon=":material/arrow_forward:",
                )
