"""The source model's network: the score of `head.py` as a torch module, and its loss."""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys_core.models.batches import Batch
from recsys_core.models.head import Head

MASKED = -1e4


class Network(nn.Module):
    """Holds the numbers of a `Head` as parameters; see there for shapes and for the formula."""

    def __init__(self, head: Head):
        super().__init__()
        self.log_word_weights = nn.Parameter(torch.tensor(np.log(head.word_weights)))
        self.customer_tower = nn.Parameter(torch.tensor(head.customer_tower))
        self.product_tower = nn.Parameter(torch.tensor(head.product_tower))
        self.placement = nn.Parameter(torch.tensor(head.placement))
        self.taste = nn.Parameter(torch.tensor(head.taste))
        self.popularity = nn.Parameter(torch.tensor(head.popularity))
        self.log_prior_shots = nn.Parameter(torch.tensor(np.log(head.prior_shots)))
        self.mixture = nn.Parameter(torch.tensor(head.mixture))

    def parameter_groups(self, learning_rate: float, scalar_rate: float, weight_decay: float) -> list[dict]:
        """Maps move slowly from their informed start; the few mixing numbers have far to go, and no decay."""
        maps = [self.customer_tower, self.product_tower, self.placement, self.taste]
        slow = [self.log_word_weights, self.popularity]
        return [
            {"params": maps, "lr": learning_rate, "weight_decay": weight_decay},
            {"params": slow, "lr": scalar_rate / 4, "weight_decay": 0.0},
            {"params": [self.mixture, self.log_prior_shots], "lr": scalar_rate, "weight_decay": 0.0},
        ]

    def forward(self, batch: Batch) -> Tensor:
        """Scores (b, c) of the batch's customers and products."""
        device = self.mixture.device

        def tensor(array: np.ndarray) -> Tensor:
            return torch.as_tensor(array, device=device)

        shots = tensor(batch.shots)
        prior = self.log_prior_shots.exp()
        mixture = self.mixture[:, :1] + self.mixture[:, 1:] * torch.log1p(shots)
        product_content = tensor(batch.product_content)
        weight = self.log_word_weights[tensor(batch.tokens)].exp()
        scores = mixture[0] * torch.sparse.mm(
            _sparse(batch.customer_words, device), tensor(batch.product_words) * weight[:, None]
        )
        towers = (tensor(batch.customer_content) @ self.customer_tower) @ (product_content @ self.product_tower).T
        scores = scores + mixture[1] * towers
        prototypes = tensor(batch.supporter_taste) @ self.taste + prior * (product_content @ self.placement)
        prototypes = prototypes / (shots + prior)[:, None]
        scores = scores + mixture[2] * ((tensor(batch.customer_taste) @ self.taste) @ prototypes.T)
        scores = scores + mixture[3] * (shots > 0) * tensor(batch.supporters)
        return scores + product_content @ self.popularity

    def loss(self, batch: Batch, log_frequency_strength: float) -> Tensor:
        """In-batch softmax cross-entropy with log-frequency correction; other purchases of the customer are masked."""
        device = self.mixture.device
        scores = self(batch) - log_frequency_strength * torch.as_tensor(batch.log_frequency, device=device)
        scores = scores.masked_fill(torch.as_tensor(batch.known, device=device), MASKED)
        return functional.cross_entropy(scores, torch.as_tensor(batch.target, device=device))

    def head(self) -> Head:
        """The numbers as arrays."""

        def array(parameter: Tensor) -> np.ndarray:
            return parameter.detach().cpu().numpy().copy()

        return Head(
            word_weights=np.exp(array(self.log_word_weights)),
            customer_tower=array(self.customer_tower),
            product_tower=array(self.product_tower),
            placement=array(self.placement),
            taste=array(self.taste),
            popularity=array(self.popularity),
            prior_shots=np.exp(array(self.log_prior_shots)),
            mixture=array(self.mixture),
        )


def _sparse(matrix: sp.csr_matrix, device: torch.device) -> Tensor:
    with warnings.catch_warnings():
        # "Sparse CSR tensor support is in beta state": only the product with a dense matrix is used here.
        warnings.simplefilter("ignore", UserWarning)
        return torch.sparse_csr_tensor(
            torch.as_tensor(matrix.indptr.astype(np.int64)),
            torch.as_tensor(matrix.indices.astype(np.int64)),
            torch.as_tensor(matrix.data.astype(np.float32)),
            size=matrix.shape,
            device=device,
        )
