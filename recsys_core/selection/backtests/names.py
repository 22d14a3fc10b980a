"""What the baselines are called, and what they do; the methods have their names in the registry."""

from __future__ import annotations

RANDOM, POPULARITY, CONTENT, ALSO_BOUGHT = "random", "popularity", "content neighbours", "content and baskets"
BASELINES = {
    RANDOM: "Any order at all.",
    POPULARITY: "What sells in its category, to those who buy most.",
    CONTENT: "Products whose words are like what the customer bought.",
    ALSO_BOUGHT: "The same, and products whose first buyers bought what the customer bought.",
}
