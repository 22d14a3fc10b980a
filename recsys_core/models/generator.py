"""A generator of tastes from content, beside a discriminator that it has to deceive (after GAR, Chen et al. 2022).

The generator G makes a vector in the frozen co-purchase factor space from a product's dense content c_p. It learns from
customers u with taste z_u, without the product, and products p with factor v_p that they bought; all vectors have length 1:

    discriminator   ln(1 + exp(D(z_u, G c_p) - D(z_u, v_p)))    tells the real factor from the generated vector
    generator       the softmax's cross-entropy of <z_u, G c_p> over the products of a batch,
                    + weight · ln(1 + exp(D(z_u, v_p) - D(z_u, G c_p)))

with D(z, v) = <tanh(z U), tanh(v V)>. The softmax leaves open what all generated vectors have in common; the discriminator
keeps them among real factors. GAR asks for nearness to the real factor instead of the softmax; here that is where G starts:
at the ridge regression of factors on content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys_core.content.unit_rows import unit_rows
from recsys_core.evaluation.metrics import ndcg
from recsys_core.models.batches import Batch, TaskSampler
from recsys_core.models.content_space import ContentVectors
from recsys_core.models.training import Schedule, one_core_left, train
from recsys_core.run_context import RunContext

if TYPE_CHECKING:
    from recsys_core.models.source_model import SourceModel

STAGE = "Training the generator"
LEARNING_RATE = 1e-3
VIEW = 64
"""Columns of U and V."""
SHARPNESS_START = 10.0
RIDGE = 10.0
"""In products that say nothing and lie nowhere."""


class GeneratorNetwork(nn.Module):
    """G, U and V, and their losses."""

    def __init__(self, start: np.ndarray, seed: int):
        """start: (d, r) float32 G."""
        super().__init__()
        rng, r = np.random.default_rng(seed), start.shape[1]
        views = rng.normal(scale=r**-0.5, size=(2, r, VIEW)).astype(np.float32)
        self.generator = nn.Parameter(torch.tensor(start))
        self.customer_view, self.product_view = (nn.Parameter(torch.tensor(view)) for view in views)
        self.sharpness = nn.Parameter(torch.tensor(SHARPNESS_START))

    def parameter_groups(self, scalar_rate: float, weight_decay: float) -> list[dict]:
        matrices = [self.generator, self.customer_view, self.product_view]
        return [
            {"params": matrices, "lr": LEARNING_RATE, "weight_decay": weight_decay},
            {"params": [self.sharpness], "lr": scalar_rate, "weight_decay": 0.0},
        ]

    def loss(self, batch: Batch, adversarial_weight: float) -> Tensor:
        """Both losses in one; each has a slope in its own matrices alone. batch: as `described` has the products."""
        customers, products, mask, target = (
            torch.as_tensor(array, device=self.sharpness.device)
            for array in (batch.customers, batch.products, batch.mask, batch.target)
        )
        r = self.generator.shape[1]
        tastes, real = (functional.normalize(rows[:, :r], dim=1) for rows in (customers, products))
        made = functional.normalize(products[:, r:] @ self.generator, dim=1)
        ranking = functional.cross_entropy(self.sharpness * (tastes @ made.T) + mask, target)
        if not adversarial_weight:
            return ranking
        views = self.customer_view, self.product_view
        fixed = self.customer_view.detach(), self.product_view.detach()
        real, made = real[target], made[target]
        telling = functional.softplus(_fits(tastes, made.detach(), *views) - _fits(tastes, real, *views)).mean()
        deceiving = functional.softplus(_fits(tastes, real, *fixed) - _fits(tastes, made, *fixed)).mean()
        return ranking + telling + adversarial_weight * deceiving

    def matrix(self) -> np.ndarray:
        """(d, r) G."""
        return self.generator.detach().cpu().numpy().copy()


def _fits(tastes: Tensor, vectors: Tensor, customer_view: Tensor, product_view: Tensor) -> Tensor:
    """D: (b,) of row by row."""
    return (torch.tanh(tastes @ customer_view) * torch.tanh(vectors @ product_view)).sum(1)


def trained_generator(source: SourceModel, content: ContentVectors, run: RunContext) -> np.ndarray | None:
    """G (d, r) float32, learned from what `source` shows; of held-out products `choosing` alone stops it in time.

    source: described, its towers needn't be trained; content: of its catalog. None where products say nothing, or nothing
    is bought together.
    """
    config, factors = source.config, source.strict_factors
    if not content.dense.shape[1] or not factors.shape[1]:
        return None
    network = GeneratorNetwork(_regression(content.dense, factors), run.seed).to(run.device)
    optimizer = torch.optim.AdamW(network.parameter_groups(config.scalar_rate, config.weight_decay))
    sampler = TaskSampler(source.shown_, described(content, factors))
    size = min(config.batch_size, len(sampler.products))

    def losses(epoch: int) -> Iterator[Tensor]:
        rng = np.random.default_rng([run.seed, epoch])
        for batch in sampler.epoch(rng, size, config.pairs_per_epoch):
            yield network.loss(batch, config.generator_adversarial_weight)

    with one_core_left():
        train(
            network,
            optimizer,
            # Whoever asks for the generator gets it: the regression that it starts at isn't among the choices.
            Schedule(config.generator_epochs, sampler.n_batches(size, config.pairs_per_epoch), config.patience, 1),
            losses=losses,
            evaluate=_judge(source, content, network, run),
            run=replace(run, checkpoints=run.checkpoints / "generator" if run.checkpoints else None),
            stage=STAGE,
        )
    return network.matrix()


def described(content: ContentVectors, factors: np.ndarray) -> ContentVectors:
    """Products with their factors and dense content side by side, so that a batch has both; no words."""
    dense = np.hstack([factors, content.dense])
    return ContentVectors(sp.csr_matrix((len(dense), 0), dtype=np.float32), dense)


def _regression(content: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """(d, r): of the sold products' factors, scaled to length 1, on their content."""
    sold = factors.any(axis=1)
    content, places = content[sold], unit_rows(factors[sold])
    gram = content.T @ content + RIDGE * np.eye(content.shape[1])
    return np.linalg.solve(gram, content.T @ places).astype(np.float32)


def _judge(
    source: SourceModel, content: ContentVectors, network: GeneratorNetwork, run: RunContext
) -> Callable[[], float] | None:
    """Mean ndcg@20 of the generated vectors alone over buyers of `choosing`; None without any."""
    products = source.choosing()
    queries = source.sales_.of(products).launch(0).queries
    buyers = np.flatnonzero(np.diff(queries.indptr))
    if not len(buyers):
        return None
    judges = np.sort(np.random.default_rng(run.seed).permutation(buyers)[: source.config.judged_customers])
    tastes = unit_rows(source.shown_[judges] @ source.strict_factors)

    def evaluate() -> float:
        made = unit_rows(content.dense[products] @ network.matrix())
        return float(ndcg(lambda rows: tastes[rows] @ made.T, queries[judges]).mean())

    return evaluate
