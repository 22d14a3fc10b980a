from __future__ import annotations

import pytest
from pydantic import BaseModel, PositiveInt

from recsys_core.errors import InvalidSetting
from recsys_core.settings import parsed, with_settings


class Some(BaseModel, frozen=True, extra="forbid"):
    epochs: PositiveInt = 3
    order: str = "first"
    quick: bool = False


def test_text_becomes_settings() -> None:
    given = parsed(["epochs=5", "order=second", "quick=true"])
    assert with_settings(Some, given, "it") == Some(epochs=5, order="second", quick=True)
    assert parsed(["rate=1e-3"]) == {"rate": 0.001}


@pytest.mark.parametrize("wrong", ["epochs", "=5", ""])
def test_what_is_no_setting_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidSetting, match="name=value"):
        parsed([wrong])


def test_a_wrong_name_or_value_is_named_with_what_there_is() -> None:
    with pytest.raises(InvalidSetting, match=r"epoch”.*Its settings: epochs, order, quick"):
        with_settings(Some, {"epoch": 5}, "the model")
    with pytest.raises(InvalidSetting, match=r"epochs.*the model.*0.*greater than 0"):
        with_settings(Some, {"epochs": 0}, "the model")
