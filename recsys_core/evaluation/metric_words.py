"""What each figure means, in one sentence for a merchandiser, and which direction is good."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    name: str
    label: str
    sentence: str
    higher_is_better: bool = True
    undefined: str = "nobody had anything to find"
    """Why it is n/a where it is."""


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "recall", "Recall", "Of the new products that a customer bought later, the share that stood in the list."
        ),
        Metric("precision", "Precision", "Of the places in a customer's list, the share that was bought later."),
        Metric("f1", "F1", "Recall and precision in one figure; it is low if either is."),
        Metric(
            "ndcg",
            "ndcg",
            "Whether what a customer bought later stood high in the list: 1 if all of it came first, 0 if none was there.",
        ),
        Metric(
            "map",
            "MAP",
            "How clean the top of a list is: the mean precision down to each product that was bought later.",
        ),
        Metric(
            "mrr",
            "MRR",
            "How soon the first right product comes: 1 at the first place, 1/2 at the second, 1/3 at the third.",
        ),
        Metric(
            "hit_rate",
            "Hit rate",
            "The share of customers whose list held at least one product that they bought later.",
        ),
        Metric(
            "auc",
            "AUC",
            "Of a product that was bought and one that wasn't, how often the bought one stood higher; 0.5 is chance.",
            undefined="nobody had both bought and unbought products in the list",
        ),
        Metric(
            "accuracy",
            "Accuracy",
            "The share of right calls if every listed product is called bought and every other one not; high for anybody, "
            "as most products aren't bought.",
        ),
        Metric(
            "capture",
            "Buyers captured",
            "Of a product's later buyers, the share among the first 5% of customers.",
            undefined="no product had a later buyer",
        ),
        Metric(
            "lift",
            "Lift",
            "How many times as many buyers the first 5% of customers hold as 5% drawn at random.",
            undefined="no product had a later buyer",
        ),
        Metric("coverage", "Products shown", "The share of the new products that stand in anybody's list."),
        Metric(
            "novelty",
            "Novelty",
            "How little known the listed products are, in bits: one more is half as many buyers.",
            undefined="nobody got a list",
        ),
        Metric(
            "diversity",
            "Variety",
            "How unlike each other the products of one list are: 0 all the same, 1 nothing in common.",
            undefined="no list held two products",
        ),
        Metric(
            "popularity",
            "Popularity bias",
            "How many buyers the listed products have beside the average product: 1 is the same, 2 twice as many.",
            higher_is_better=False,
            undefined="no new product was bought",
        ),
        Metric(
            "gini",
            "Unevenness (Gini)",
            "How unequally often products are shown: 0 all alike, near 1 a few take every place.",
            higher_is_better=False,
            undefined="nobody got a list",
        ),
        Metric(
            "served",
            "Customers served",
            "Of those who bought the new products, the share with a history, to whom anything could be recommended.",
        ),
        Metric(
            "ece",
            "Error of the chances",
            "How far the chances of listed products were from what was really bought, on average (expected calibration error).",
            higher_is_better=False,
            undefined="it gives scores, not chances, or had too few purchases to learn chances from",
        ),
    )
}
