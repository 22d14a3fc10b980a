"""Where things are kept: catalog versions, source models, launches, and the records that name them."""

from recsys_core.workspace.location import open_workspace
from recsys_core.workspace.records import (
    AdaptedRecord,
    CatalogVersion,
    LaunchRecord,
    ModelRecord,
)
from recsys_core.workspace.workspace import Workspace

__all__ = ["AdaptedRecord", "CatalogVersion", "LaunchRecord", "ModelRecord", "Workspace", "open_workspace"]
