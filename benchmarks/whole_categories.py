"""How well whole categories, each taken for new once, are placed beside their siblings, and how true the probabilities are.

    python -m benchmarks.whole_categories PRODUCTS.parquet [PRODUCTS.parquet ...] [--cache FOLDER] [--out FILE]

Each category is judged by a calibration of nine tenths of the others'; the temperature of the similarities, one number, is of all.
Beside the calibration error of the first parent's probability, in ten bins of equal width, stands what it would be by chance if all
probabilities were true: with few categories a bin's share is off by luck. --cache keeps the encoder's vectors.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.categories import arguments, read
from benchmarks.markdown import Table, row
from recsys_core.categories.levels import Categories
from recsys_core.categories.new_category import learn
from recsys_core.categories.similarity import product_words
from recsys_core.content.combination import CombinedEncoder
from recsys_core.content.pretrained import PretrainedEncoder
from recsys_core.run_context import RunContext
from recsys_core.workspace.text_vectors import TextVectors

DRAWS = 200


def by_chance(foretold: np.ndarray) -> float:
    """The mean calibration error, in ten bins, if each came true with just its probability; foretold: (n,)."""
    draws = np.random.default_rng(0).random((DRAWS, len(foretold))) < foretold
    bins = np.minimum((10 * foretold).astype(int), 9)
    gaps = [np.abs((draws - foretold)[:, bins == number].sum(axis=1)) for number in range(10)]
    return float(np.sum(gaps, axis=0).mean() / len(foretold))


def main() -> None:
    given = arguments(__doc__)
    header = ("right parent first", "first three", "calibration error", "by chance alone", "answered at 10 % errors")
    table = Table("data", "texts by", "categories", *header, out=given.out)
    for path in given.products:
        products = read(path)
        with TemporaryDirectory() as folder:
            encoder = CombinedEncoder(PretrainedEncoder(cache=TextVectors(given.cache or folder)))
            texts = {"words": product_words(products), "both": encoder.encode(products, run=RunContext())}
        for name, vectors in texts.items():
            learned = learn(Categories.of(products), vectors)
            trust = learned.trust
            chance = by_chance(learned.foretold)
            figures = (trust.first, trust.first_three, trust.calibration_error, chance, trust.answered)
            table.say(row(path.parent.name, name, f"{trust.products:,}", *(f"{figure:.3f}" for figure in figures)))


if __name__ == "__main__":
    main()
