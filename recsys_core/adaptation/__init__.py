"""Methods that learn from a few shots."""

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.adaptation.method import Method

__all__ = ["AdaptedModel", "Method"]
