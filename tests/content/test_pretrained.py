"""With the real weights of the installed package, and no network."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys_core.content import pretrained
from recsys_core.content.encoder import Encoder
from recsys_core.content.pretrained import BATCH, PACKAGE, STAGE, WEIGHTS, PretrainedEncoder
from recsys_core.content.product_text import product_text
from recsys_core.errors import Cancelled, DamagedArtefact, InvalidSetting
from recsys_core.run_context import RunContext
from recsys_core.workspace.text_vectors import TextVectors

ROOT = Path(__file__).parents[2]
RUN = RunContext()
COLOURS, THINGS = ["red", "blue", "old", "tin", "small"], ["mug", "lamp", "bowl", "dress", "hammer", "shelf", "towel"]


def titles(*names: str | None) -> pd.DataFrame:
    return pd.DataFrame({"title": list(names)})


def many(number: int) -> pd.DataFrame:
    """Distinct titles of many lengths."""
    return titles(*(f"{COLOURS[n % 5]} {' '.join(THINGS[: n % 7 + 1])} {n}" for n in range(number)))


class Watched:
    """A run that keeps its reports of reading, and is told to stop once `stop_at` texts are done."""

    def __init__(self, stop_at: int | None = None):
        self.reports: list[tuple[int, int]] = []
        self.stop_at = stop_at
        self.run = RunContext(report=self.report, stop_asked=self.stop)

    def report(self, values: dict[str, Any]) -> None:
        assert values["stage"] == STAGE
        self.reports.append((values["done"], values["total"]))

    def stop(self) -> bool:
        return self.stop_at is not None and bool(self.reports) and self.reports[-1][0] >= self.stop_at

    @property
    def read(self) -> int:
        """How many texts the model was asked to read."""
        return self.reports[-1][1] if self.reports else 0


def packaged_folder() -> Path:
    spec = find_spec(PACKAGE)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "model"


@pytest.fixture(scope="module")
def encoder() -> PretrainedEncoder:
    return PretrainedEncoder()


@pytest.fixture
def package() -> Iterator[Path]:
    """The model's folder in a copy of the package, which the caller puts in front of the installed one."""
    with TemporaryDirectory() as folder:
        shutil.copytree(packaged_folder().parent, Path(folder) / PACKAGE)
        yield Path(folder) / PACKAGE / "model"


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A folder of one's own with the model's files."""
    shutil.copytree(packaged_folder(), tmp_path / "mine", copy_function=lambda old, new: Path(new).symlink_to(old))
    return tmp_path / "mine"


def flip(file: Path) -> None:
    """Changes the last byte; a link becomes a file."""
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.unlink()
    file.write_bytes(content)


def test_like_meanings_are_near(encoder: PretrainedEncoder) -> None:
    as_declared: Encoder = encoder
    dress, gown, drill = as_declared.encode(titles("blue dress", "navy gown", "drill bits"), run=RUN)
    assert dress @ gown > 0.4
    assert dress @ drill < 0.2


def test_vectors_are_the_librarys_whatever_the_order_and_repeats(encoder: PretrainedEncoder) -> None:
    from sentence_transformers import SentenceTransformer

    products = many(100)
    products = pd.concat([products, titles(None, " ? "), products.head(3)], ignore_index=True)
    watched = Watched()
    rows = encoder.encode(products, run=watched.run)
    assert rows.shape == (105, 384)
    assert rows.dtype == np.float32
    assert watched.read == 100
    assert not rows[100:102].any()
    np.testing.assert_array_equal(rows[102:], rows[:3])
    bare = SentenceTransformer(str(packaged_folder()), device="cpu", local_files_only=True)
    np.testing.assert_allclose(rows[:100], bare.encode(product_text(products)[:100]), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(rows[:100], axis=1), 1, rtol=1e-5)


def test_products_that_say_nothing_have_rows_of_zeros(encoder: PretrainedEncoder) -> None:
    assert encoder.encode(titles(None, ""), run=RUN).tolist() == [[0.0] * 384] * 2
    assert encoder.encode(pd.DataFrame({"product_id": []}), run=RUN).shape == (0, 384)


def test_a_second_run_reads_only_what_is_new(tmp_path: Path) -> None:
    first, second, third = Watched(), Watched(), Watched()
    rows = PretrainedEncoder(cache=TextVectors(tmp_path)).encode(many(5), run=first.run)
    longer = PretrainedEncoder(cache=TextVectors(tmp_path)).encode(many(7), run=second.run)
    again = PretrainedEncoder(cache=TextVectors(tmp_path)).encode(many(7), run=third.run)
    assert (first.read, second.read, third.read) == (5, 2, 0)
    np.testing.assert_array_equal(longer[:5], rows)
    np.testing.assert_array_equal(again, longer)


def test_with_every_text_known_neither_the_library_nor_torch_is_imported(tmp_path: Path) -> None:
    rows = PretrainedEncoder(cache=TextVectors(tmp_path)).encode(titles("red mug", "tin lamp", None), run=RUN)
    code = (
        "import sys\nimport numpy as np\nimport pandas as pd\n"
        "from recsys_core.content.pretrained import PretrainedEncoder\n"
        "from recsys_core.run_context import RunContext\nfrom recsys_core.workspace.text_vectors import TextVectors\n"
        "products = pd.DataFrame({'title': ['red mug', 'tin lamp', None]})\n"
        "rows = PretrainedEncoder(cache=TextVectors(sys.argv[1])).encode(products, run=RunContext())\n"
        "np.save(sys.argv[1] + '/rows.npy', rows)\n"
        "print([name for name in ('sentence_transformers', 'transformers', 'torch') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("[]\n", "")
    np.testing.assert_array_equal(np.load(tmp_path / "rows.npy"), rows)


def test_a_fresh_process_asks_no_network_and_prints_nothing() -> None:
    code = (
        "import sys\n"
        "asked = []\n"
        "sys.addaudithook(lambda event, _: asked.append(event) if event.startswith('socket.') else None)\n"
        "import socket\n"
        "asked.clear()\n"
        "import pandas as pd\n"
        "from recsys_core.content.pretrained import PretrainedEncoder\nfrom recsys_core.run_context import RunContext\n"
        "rows = PretrainedEncoder().encode(pd.DataFrame({'title': ['red mug']}), run=RunContext())\n"
        "talk = [event for event in asked if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto')]\n"
        "print(rows.shape, talk)\n"
        "try:\n    socket.create_connection(('127.0.0.1', 9), timeout=1)\nexcept OSError:\n    pass\n"
        "print('socket.connect' in asked)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("(1, 384) []\nTrue\n", "")


def test_a_run_stopped_in_the_middle_goes_on_there(tmp_path: Path) -> None:
    stopped, second = Watched(stop_at=64), Watched()
    with pytest.raises(Cancelled):
        PretrainedEncoder(cache=TextVectors(tmp_path)).encode(many(150), run=stopped.run)
    assert stopped.reports[-1] == (64, 150)
    rows = PretrainedEncoder(cache=TextVectors(tmp_path)).encode(many(150), run=second.run)
    assert second.read == 150 - 64 - BATCH["cpu"], "the batch at work when it was told is finished"
    np.testing.assert_allclose(rows, PretrainedEncoder().encode(many(150), run=RUN), atol=1e-5)


def test_what_was_read_is_kept_while_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a killed process leaves it, too."""
    monkeypatch.setattr(pretrained, "KEPT_TOGETHER", 64)
    kept: dict[int, int] = {}
    encoder = PretrainedEncoder(cache=TextVectors(tmp_path))
    keys = [pretrained._key(text) for text in product_text(many(150))]

    def report(values: dict[str, Any]) -> None:
        kept[values["done"]] = len(TextVectors(tmp_path).get(encoder.name, keys))

    encoder.encode(many(150), run=RunContext(report=report))
    assert kept == {0: 0, 32: 0, 64: 64, 96: 64, 128: 128, 150: 150}


def test_changed_weights_are_refused(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(package.parents[1]))
    assert PretrainedEncoder().encode(titles("red mug"), run=RUN).any(), "the copy itself is right"
    flip(package / WEIGHTS)
    with pytest.raises(DamagedArtefact, match=r"other weights than expected.*SHA-256.*Set up again"):
        PretrainedEncoder().encode(titles("red mug"), run=RUN)
    (package / WEIGHTS).unlink()
    with pytest.raises(DamagedArtefact, match=r"has no model\.safetensors\. Set up again"):
        PretrainedEncoder().encode(titles("red mug"), run=RUN)


def test_a_package_without_its_other_files_or_none_at_all_is_said_plainly(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(package.parents[1]))
    (package / "config.json").write_text("{}")
    with pytest.raises(DamagedArtefact, match="can't be loaded, though its weights are right"):
        PretrainedEncoder().encode(titles("red mug"), run=RUN)
    monkeypatch.setitem(sys.modules, PACKAGE, None)
    with pytest.raises(DamagedArtefact, match="isn't installed"):
        PretrainedEncoder().encode(titles("red mug"), run=RUN)


def test_a_folder_is_known_by_its_content(linked: Path, encoder: PretrainedEncoder, tmp_path: Path) -> None:
    mine = PretrainedEncoder(str(linked))
    rows = mine.encode(titles("red mug"), run=RUN)
    np.testing.assert_allclose(rows, encoder.encode(titles("red mug"), run=RUN), atol=1e-6)
    elsewhere = tmp_path / "elsewhere" / "mine"
    shutil.copytree(linked, elsewhere, symlinks=True)
    assert PretrainedEncoder(str(elsewhere)).name == mine.name
    names = {mine.name}
    for file in (WEIGHTS, "tokenizer.json", "1_Pooling/config.json"):
        flip(elsewhere / file)
        names.add(PretrainedEncoder(str(elsewhere)).name)
    assert len(names) == 4
    (elsewhere / WEIGHTS).unlink()


def test_a_model_that_cannot_be_loaded_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("no model")
    (tmp_path / "empty").mkdir()
    for wrong in ("", str(tmp_path / "none"), str(file), "./none", "~/none/of/it", r"c:\none"):
        with pytest.raises(InvalidSetting, match="There is no folder"):
            PretrainedEncoder(wrong).encode(titles("red mug"), run=RUN)
        with pytest.raises(InvalidSetting, match="There is no folder"):
            _ = PretrainedEncoder(wrong).name
    with pytest.raises(InvalidSetting, match=r"empty” can't be loaded"):
        PretrainedEncoder(str(tmp_path / "empty")).encode(titles("red mug"), run=RUN)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    named = PretrainedEncoder("nobody/no-such-model")
    assert named.name == "nobody/no-such-model"
    with pytest.raises(InvalidSetting, match=r"nobody/no-such-model” can't be loaded"):
        named.encode(titles("red mug"), run=RUN)


def test_pickled_weights_are_not_read(linked: Path) -> None:
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(linked / WEIGHTS), linked / "pytorch_model.bin")
    (linked / WEIGHTS).unlink()
    with pytest.raises(InvalidSetting, match=r"model\.safetensors"):
        PretrainedEncoder(str(linked)).encode(titles("red mug"), run=RUN)
    (linked / "pytorch_model.bin").unlink()


@pytest.mark.skipif("not __import__('torch').cuda.is_available()", reason="needs a CUDA device; this machine has none")
@pytest.mark.gpu
def test_a_gpu_reads_the_same(encoder: PretrainedEncoder) -> None:
    on_gpu = PretrainedEncoder().encode(many(300), run=RunContext(device="cuda"))
    np.testing.assert_allclose(on_gpu, encoder.encode(many(300), run=RUN), atol=1e-3)
