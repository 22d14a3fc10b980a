from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

from planted import SMALL, planted_shop

from recsys_core.dataset import Dataset, Launch
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

# A busy machine is no fault, and the same examples each time make a failure one that can be looked at.
settings.register_profile("everywhere", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("everywhere")


@pytest.fixture(scope="session")
def supporter_shop() -> tuple[Dataset, Launch]:
    """A shop in which only first sales tell who will buy."""
    return planted_shop(words_tell=False)[:2]


@pytest.fixture(scope="session")
def supporter_source(supporter_shop: tuple[Dataset, Launch]) -> SourceModel:
    return SourceModel(SMALL).fit(supporter_shop[0], run=RunContext())


@pytest.fixture(scope="session")
def word_shop() -> tuple[Dataset, Launch]:
    """A shop in which only words tell who will buy."""
    return planted_shop(words_tell=True)[:2]


@pytest.fixture(scope="session")
def word_source(word_shop: tuple[Dataset, Launch]) -> SourceModel:
    return SourceModel(SMALL).fit(word_shop[0], run=RunContext())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first: those that drive a browser come last."""
    items.sort(key=lambda item: "browser" in item.path.parts)
