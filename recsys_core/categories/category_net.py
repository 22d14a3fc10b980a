"""A small network that tells products' categories by their words and by dense vectors of their texts.

One hidden layer with much dropout, of words too, over sparse words (an embedding each) and dense vectors together; beside the
category it tells the parent, which keeps it from making too much of categories with a few products. Labels are smoothed (Szegedy et
al. 2016), as shops put the same thing here and there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.categories.levels import parents
from recsys_core.run_context import RunContext

HIDDEN = 512
DROPOUT = 0.7
WORD_DROPOUT = 0.5
SMOOTHING = 0.1
PARENT = 0.3
"""What the parent's loss counts beside the category's."""
GAIN = 1.5
"""Vectors of length 1 are made so long: small inputs learn slowly."""
RATE = 2e-3
BATCH = 128
EPOCHS = 20
STEPS = (300, 1500)
"""At least and at most so many, however few or many products there are."""
WARM_UP = 0.05
"""The share of the steps in which the rate rises; then it falls to 0."""
START = 0.05
"""Spread of the words' embeddings before training."""


@dataclass(frozen=True)
class Inputs:
    words: sp.csr_matrix
    """(n, n_words) float32."""
    dense: np.ndarray
    """(n, dimensions) float32."""

    def __getitem__(self, rows: np.ndarray | slice) -> Inputs:
        return Inputs(self.words[rows], self.dense[rows])


def log_chances(
    learned: Inputs, of_product: np.ndarray, wanted: Inputs, names: list[str], *, run: RunContext, stage: str
) -> np.ndarray:
    """(n_wanted, n_categories) float32 log-probabilities; of_product: (n_learned,) position in `names`, paths. Raises Cancelled.

    The same seed gives the same; torch's own random numbers stay as they were.
    """
    import torch
    from torch import Tensor, nn
    from torch.nn import functional

    rng = np.random.default_rng(run.seed)
    n, steps = len(of_product), int(np.clip(EPOCHS * len(of_product) / BATCH, *STEPS))
    above = pd.factorize(pd.Series(parents(names)))[0]
    targets = [torch.as_tensor(t, dtype=torch.int64, device=run.device) for t in (of_product, above[of_product])]

    with torch.random.fork_rng():
        torch.manual_seed(run.seed)
        words = nn.EmbeddingBag(max(learned.words.shape[1], 1), HIDDEN, mode="sum", sparse=True)
        nn.init.normal_(words.weight, std=START)
        dense = nn.Linear(learned.dense.shape[1], HIDDEN)
        heads = nn.ModuleList([nn.Linear(HIDDEN, len(names)), nn.Linear(HIDDEN, int(above.max()) + 1)])
        for part in (words, dense, heads):
            part.to(run.device)

        def hidden(batch: Inputs, drop: bool) -> Tensor:
            weights = GAIN * batch.words.data
            if drop:
                weights = weights * (rng.random(len(weights)) >= WORD_DROPOUT) / (1 - WORD_DROPOUT)
            at, starts = batch.words.indices, batch.words.indptr[:-1]
            at, starts = (torch.as_tensor(numbers, dtype=torch.int64, device=run.device) for numbers in (at, starts))
            weights = torch.as_tensor(weights, dtype=torch.float32, device=run.device)
            vectors = torch.as_tensor(GAIN * batch.dense, dtype=torch.float32, device=run.device)
            made = torch.relu(words(at, starts, per_sample_weights=weights) + dense(vectors))
            return functional.dropout(made, DROPOUT, training=drop)

        # Only the embeddings of a batch's words change: there are many more words than a batch has.
        optimizers: list[torch.optim.Optimizer] = [
            torch.optim.SparseAdam(words.parameters(), lr=RATE),
            torch.optim.Adam([*dense.parameters(), *heads.parameters()], lr=RATE),
        ]
        order = rng.permutation(n)
        for step in run.track(range(steps), stage, steps):
            if len(order) < min(BATCH, n):
                order = np.concatenate([order, rng.permutation(n)])
            rows, order = order[:BATCH], order[BATCH:]
            done = step / steps
            for optimizer in optimizers:
                optimizer.param_groups[0]["lr"] = RATE * min(1.0, (done + 1 / steps) / WARM_UP) * (1 - done)
                optimizer.zero_grad()
            seen = hidden(learned[rows], drop=True)
            losses = [
                functional.cross_entropy(head(seen), target[rows], label_smoothing=SMOOTHING)
                for head, target in zip(heads, targets, strict=True)
            ]
            (losses[0] + PARENT * losses[1]).backward()  # type: ignore[no-untyped-call]
            for optimizer in optimizers:
                optimizer.step()
        with torch.no_grad():
            told = [
                heads[0](hidden(wanted[slice(start, start + BATCH)], drop=False)).log_softmax(dim=1).cpu().numpy()
                for start in range(0, len(wanted.dense), BATCH)
            ]
    return np.concatenate(told) if told else np.zeros((0, len(names)), dtype=np.float32)
