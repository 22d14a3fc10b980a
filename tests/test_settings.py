from __future__ import annotations

import pytest
from pydantic import BaseModel, PositiveInt

from recsys_core.adaptation.registry import METHODS
from recsys_core.errors import InvalidSetting
from recsys_core.models.source_model import SourceModelConfig
from recsys_core.settings import parsed, text_of, value_of, with_settings


class Some(BaseModel, frozen=True, extra="forbid"):
    epochs: PositiveInt = 3
    order: str = "first"
    quick: bool = False


def test_text_becomes_settings() -> None:
    given = parsed(["epochs=5", "order=second", "quick=true"])
    assert with_settings(Some, given, "it") == Some(epochs=5, order="second", quick=True)
    assert parsed(["rate=1e-3", "scales=0.5, 0.1"]) == {"rate": 0.001, "scales": [0.5, 0.1]}


@pytest.mark.parametrize("value", [3, 0.25, True, False, "second", [0.5, 0.25], ["ridge", "maml"]])
def test_a_value_is_read_as_it_was_written(value: object) -> None:
    assert value_of(text_of(value)) == value


def test_every_setting_says_what_it_means_or_has_a_name_that_does() -> None:
    """A page shows the docstrings: they must be there to be shown."""
    described = SourceModelConfig.model_fields["adversarial_weight"].description
    assert described is not None
    assert "moved the worst way" in described
    told = [field.description for method in METHODS.values() for field in method.settings_type.model_fields.values()]
    assert sum(text is not None for text in told) > len(told) / 2


@pytest.mark.parametrize("wrong", ["epochs", "=5", ""])
def test_what_is_no_setting_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidSetting, match="name=value"):
        parsed([wrong])


def test_a_wrong_name_or_value_is_named_with_what_there_is() -> None:
    with pytest.raises(InvalidSetting, match=r"epoch”.*Its settings: epochs, order, quick"):
        with_settings(Some, {"epoch": 5}, "the model")
    with pytest.raises(InvalidSetting, match=r"epochs.*the model.*0.*greater than 0"):
        with_settings(Some, {"epochs": 0}, "the model")
