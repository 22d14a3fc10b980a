"""Launchdesk's core: who to show a new product to, from its first few sales or from none.

On frames, with no workspace:

    import recsys_core
    source = recsys_core.train(products, interactions)
    adapted = recsys_core.launch(source, new_products, first_sales)
    recommendations = recsys_core.recommend(adapted, top=20)
    audience = recsys_core.audience(adapted, share=0.05)
    figures = recsys_core.backtest(products, interactions)

The same verbs on a workspace folder are in the shell: python -m recsys_core --help.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recsys_core.code_version import __version__ as __version__

if TYPE_CHECKING:
    from recsys_core.verbs import audience, backtest, launch, read, recommend, train

__all__ = ["audience", "backtest", "launch", "read", "recommend", "train"]


def __getattr__(name: str) -> Any:
    """Loads a verb when it is asked for: importing the package alone imports neither torch nor scikit-learn."""
    if name in __all__:
        from recsys_core import verbs

        return getattr(verbs, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
