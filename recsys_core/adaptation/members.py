"""Several methods as one: each is fitted, placed, and heard on held-out tasks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import AfterValidator, BeforeValidator

from recsys_core.adaptation.adapter import Adapter
from recsys_core.adaptation.method import Method
from recsys_core.adaptation.tasks import Tasks, tasks
from recsys_core.errors import CannotRun
from recsys_core.models.head import CustomerSide, NewProducts, Scorer
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

AT_MOST = 1500
"""So many customers, at most, say how good a member is."""
STAGE = "Weighing the members"


def single_method(name: str) -> str:
    """The name, if it is that of a method which isn't made of others; raises ValueError."""
    from recsys_core.adaptation.registry import METHODS

    singles = [other for other, method in METHODS.items() if method.single]
    if name not in singles:
        raise ValueError(f"a member is one of: {', '.join(singles)}")
    return name


MemberName = Annotated[str, AfterValidator(single_method)]
MemberNames = Annotated[
    tuple[MemberName, ...],
    BeforeValidator(lambda names: [n.strip() for n in names.split(",")] if isinstance(names, str) else names),
]
"""As a list, or as text with commas."""


@dataclass(frozen=True)
class Placed:
    """Adapters of the members for one set of products."""

    adapters: dict[str, Adapter]
    summaries: dict[str, Any]
    unable: dict[str, str]
    """Members that couldn't be placed → why."""


@dataclass(frozen=True)
class Members:
    """Methods that have learned what the catalog teaches them."""

    methods: dict[str, Method]
    left_out: dict[str, str]
    """Methods that can't run here → why."""

    @classmethod
    def fitted(
        cls, names: Sequence[str] | None, source: SourceModel, run: RunContext, known: Mapping[str, Method] = {}
    ) -> Members:
        """names: None means every method that isn't made of others; known: those that have learned from this source model
        already. Raises CannotRun if fewer than two can run."""
        from recsys_core.adaptation.registry import METHODS

        chosen = [name for name, method in METHODS.items() if method.single] if names is None else dict.fromkeys(names)
        methods, left_out = {}, {}
        for name in chosen:
            run.check()
            try:
                methods[name] = known.get(name) or METHODS[name]().fit(source, run=run.within(name))
            except CannotRun as error:
                left_out[name] = str(error)
        return cls(methods, left_out).without({})

    def without(self, unable: Mapping[str, str]) -> Members:
        """The others. Raises CannotRun if fewer than two are left."""
        methods = {name: method for name, method in self.methods.items() if name not in unable}
        left_out = self.left_out | dict(unable)
        if len(methods) < 2:
            reasons = "".join(f" {name}: {reason}" for name, reason in left_out.items())
            raise CannotRun(
                f"There must be two members at least, and {len(methods)} can run here.{reasons} "
                "Choose other members, or one method alone."
            )
        return Members(methods, left_out)

    def place(self, scorer: Scorer, new: NewProducts, run: RunContext) -> Placed:
        adapters, summaries, unable = {}, {}, {}
        for name, method in self.methods.items():
            run.check()
            try:
                adapters[name], summaries[name] = method.place(scorer, new, run=run.within(name))
            except CannotRun as error:
                unable[name] = str(error)
        return Placed(adapters, summaries, unable)


@dataclass(frozen=True)
class HeldOutScores:
    """What members say of held-out products, to customers of whom each has something to find."""

    scores: np.ndarray
    """(m, n_customers, n) float32, standardised: mean 0 and spread 1 over all pairs, for each member."""
    relevant: np.ndarray
    """(n_customers, n) bool: what is to be found."""
    hidden: np.ndarray
    """(n_customers, n) bool: the support."""
    activity: np.ndarray
    """(n_customers,) float32 ln(1 + products bought)."""


@dataclass(frozen=True)
class Scale:
    """Where a member's scores lie, and how far apart; for each number of first sales."""

    centre: np.ndarray
    """(m, K)."""
    spread: np.ndarray
    """(m, K) > 0."""


class Reference:
    """Held-out products with known buyers: on them members are weighed, and their scores brought to one scale."""

    def __init__(self, source: SourceModel, seed: int):
        """Raises CannotRun if there are too few products."""
        held_out = tasks(source, source.validating())
        if held_out is None:
            raise CannotRun(
                "The catalog has too few products with buyers to weigh methods against each other. "
                "Choose one method alone, or upload more interactions."
            )
        self.tasks: Tasks = held_out
        buyers = np.flatnonzero(np.diff(held_out.queries.indptr))
        self.buyers = np.sort(np.random.default_rng(seed).permutation(buyers)[:AT_MOST])
        self.customers: CustomerSide = held_out.scorer.customers(held_out.scorer.weights[self.buyers])

    @property
    def shots(self) -> np.ndarray:
        """(K,) rising: with so many first sales the products are there."""
        return np.array(sorted(self.tasks.new))

    def scale(self, adapters: Sequence[Adapter], run: RunContext) -> Scale:
        """A launch's own adapters are measured again: what is tuned on a launch has a scale of its own."""
        centre, spread = np.zeros((2, len(adapters), len(self.shots)))
        for column, shots in enumerate(run.track(self.shots, STAGE, len(self.shots))):
            for row, adapter in enumerate(adapters):
                scores = self._scores(adapter, shots)
                centre[row, column], spread[row, column] = scores.mean(), max(scores.std(), 1e-6)
        return Scale(centre, spread)

    def heard(self, members: Members, run: RunContext) -> tuple[Members, list[HeldOutScores]]:
        """The members that could be placed here, and what they say for each number of first sales.

        Raises CannotRun if that are fewer than two.
        """
        placed = []
        for shots in run.track(self.shots, STAGE, len(self.shots)):
            at = run.within(f"held_out_{shots}")
            placed.append(members.place(self.tasks.scorer, self.tasks.new[shots], at))
        able = members.without({name: reason for one in placed for name, reason in one.unable.items()})
        heard = []
        for shots, one in zip(self.shots, placed, strict=True):
            run.check()
            heard.append(self._heard([one.adapters[name] for name in able.methods], shots))
        return able, heard

    def _heard(self, adapters: Sequence[Adapter], shots: int) -> HeldOutScores:
        scores = np.stack([self._scores(adapter, shots) for adapter in adapters])
        scores -= scores.mean(axis=(1, 2), keepdims=True)
        scores /= np.maximum(scores.std(axis=(1, 2), keepdims=True), 1e-6)
        return HeldOutScores(
            scores,
            self.tasks.queries[self.buyers].toarray() > 0,
            self.tasks.new[shots].support[:, self.buyers].T.toarray() > 0,
            np.log1p(np.diff(self.tasks.scorer.weights.indptr)[self.buyers]).astype(np.float32),
        )

    def _scores(self, adapter: Adapter, shots: int) -> np.ndarray:
        """(n_customers, n)."""
        return adapter.side(self.tasks.scorer, self.tasks.new[shots]).scores(self.customers)


@dataclass(frozen=True)
class Panel:
    """Members that have learned what the catalog teaches them, and were heard on held-out products."""

    members: Members
    reference: Reference
    heard: list[HeldOutScores]
    """What they say, for each number of first sales."""

    @classmethod
    def of(
        cls, names: Sequence[str] | None, source: SourceModel, run: RunContext, known: Mapping[str, Method] = {}
    ) -> Panel:
        """See `Members.fitted`. Raises CannotRun if fewer than two can run, or there is too little to hear them on."""
        reference = Reference(source, run.seed)
        members, heard = reference.heard(Members.fitted(names, source, run, known), run)
        return cls(members, reference, heard)


class PanelMethod(Method):
    """A method that is made of several others, as its settings' `members` say."""

    single: ClassVar[bool] = False

    def fit(self, source: SourceModel, *, run: RunContext) -> Self:
        return self.fit_panel(Panel.of(self.settings.members, source, run), run)

    @abstractmethod
    def fit_panel(self, panel: Panel, run: RunContext) -> Self:
        """What `fit` does once the members are fitted and heard; the same panel serves several methods."""


def by_name(members: Members, shots: np.ndarray, values: np.ndarray) -> dict[str, dict[str, float]]:
    """values (m, K) as JSON: member → first sales → value."""
    columns = [str(k) for k in shots]
    return {
        name: dict(zip(columns, np.round(row, 4).tolist(), strict=True))
        for name, row in zip(members.methods, values, strict=True)
    }
