"""What a method leaves behind: the numbers by which any new product, with any support, is brought to a score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from recsys_core.errors import CannotRun
from recsys_core.models.head import CustomerSide, NewProducts, ProductSide, Scorer


class Side(Protocol):
    """Products ready to be scored."""

    def scores(self, customers: CustomerSide) -> np.ndarray:
        """(n_customers, n) float32."""
        ...

    def take(self, products: np.ndarray) -> Side:
        """The side of those products (positions) alone."""
        ...

    def arrays(self) -> dict[str, np.ndarray]: ...


class Adapter(ABC):
    """Needs no torch: pages explain with it. Products don't depend on each other: one alone scores as among all."""

    kind: ClassVar[str]
    """Its name in a saved file."""

    @abstractmethod
    def side(self, scorer: Scorer, new: NewProducts) -> Side: ...

    @abstractmethod
    def arrays(self) -> dict[str, np.ndarray]: ...

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """As JSON."""

    @classmethod
    @abstractmethod
    def of(cls, arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> Self: ...

    @classmethod
    def average(cls, adapters: Sequence[Self]) -> Adapter:
        """The adapter whose weights are the means of theirs. Raises CannotRun if these can't be averaged."""
        raise CannotRun(
            f"The weights of {cls.kind} can't be averaged. Average outputs instead, or choose another member."
        )

    def stored_side(self, arrays: Mapping[str, np.ndarray]) -> Side:
        """The side whose `arrays()` were saved."""
        return ProductSide.of_arrays(arrays)
