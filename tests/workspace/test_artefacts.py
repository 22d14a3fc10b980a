"""A real source model and a real adapted model, through the workspace and back."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys_core.adaptation.registry import method_named
from recsys_core.errors import DamagedArtefact
from recsys_core.models.source_model import SourceModel, SourceModelConfig
from recsys_core.run_context import RunContext
from recsys_core.workspace import Workspace

WORDS = ["red", "blue", "green", "mug", "lamp", "bowl", "glass", "wood", "tin", "small", "large", "old"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a catalog, a source model, and a launch that was adapted."""
    random = np.random.default_rng(0)
    titles = [" ".join(random.choice(WORDS, 3, replace=False)) for _ in range(60)]
    products = pd.DataFrame({"product_id": [f"p{number}" for number in range(60)], "title": titles})
    pairs = random.integers(0, [80, 60], (900, 2))
    sales = pd.DataFrame({"customer_id": [f"c{row}" for row, _ in pairs], "product_id": [f"p{p}" for _, p in pairs]})
    workspace = Workspace(tmp_path_factory.mktemp("filled"))
    version = workspace.publish_catalog(products, sales, None, files=[], report={})
    config = SourceModelConfig(epochs=1, content_dimensions=8, taste_dimensions=8, pairs_per_epoch=2000)
    source = SourceModel(config).fit(workspace.catalog(), run=RunContext())
    model = workspace.publish_model(source.save, catalog_version=version.id, settings={}, summary={})
    new = pd.DataFrame({"product_id": ["n1", "n2"], "title": ["red mug old", "tin lamp small"]})
    support = pd.DataFrame({"customer_id": ["c1", "c2"], "product_id": ["n1", "n2"]})
    workspace.create_launch("New", new, support)
    launch, support_version = workspace.load_launch_version("New")
    adapted = method_named("prototype").adapt(source, launch, run=RunContext())
    workspace.publish_adapted(
        "New",
        adapted.save,
        model=model.id,
        method="prototype",
        settings={},
        summary={},
        support_version=support_version,
    )
    adapted.recommend(top=2).to_parquet(workspace.folder / "expected.parquet")
    workspace.close()
    return workspace.folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """A copy, which is a workspace of its own: rows hold no absolute paths."""
    subprocess.run(["cp", "-r", str(filled), str(tmp_path / "copy")], check=True)
    return tmp_path / "copy"


def test_an_adapted_model_scores_the_same_in_another_process_without_torch(folder: Path) -> None:
    code = (
        "import sys\nfrom recsys_core.workspace import Workspace\n"
        "adapted = Workspace(sys.argv[1]).load_adapted('New')\n"
        "adapted.recommend(top=2).to_parquet(sys.argv[1] + '/again.parquet')\n"
        "print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (done.stdout, done.stderr) == ("False\n", "")
    expected, again = (pd.read_parquet(folder / f"{name}.parquet") for name in ("expected", "again"))
    assert len(expected) == 80 * 2 - 2
    pd.testing.assert_frame_equal(expected, again)


@pytest.mark.parametrize("kind", ["models/*/arrays.safetensors", "launches/*/adapted-*/arrays.safetensors"])
def test_a_flipped_bit_is_refused(folder: Path, kind: str) -> None:
    file = next(folder.glob(kind))
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    with pytest.raises(DamagedArtefact, match=r"arrays\.safetensors"):
        Workspace(folder).load_adapted("New")


def test_a_newer_model_does_not_change_what_was_adapted(folder: Path) -> None:
    workspace = Workspace(folder)
    record = workspace.launch_record("New").adapted
    version = workspace.catalog_version()
    assert record is not None
    assert version is not None
    newer = workspace.publish_model(
        workspace.load_model().save, catalog_version=version.id, settings={}, summary={"newer": True}
    )
    assert workspace.model() == newer
    assert newer.id != record.model
    (folder / "models" / newer.id / "arrays.safetensors").write_bytes(b"")
    assert len(workspace.load_adapted("New").recommend(["c5"])) == 2
