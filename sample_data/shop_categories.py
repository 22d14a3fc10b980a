"""The shop's categories, read from a product's title by the keyword table in categories.csv."""

from __future__ import annotations

import csv
import re
from pathlib import Path

TABLE = Path(__file__).with_name("categories.csv")


class Phrase:
    """Words in a row that a title holds, whatever their case and the marks between them.

    A plural matches too ("mug": "mugs"), a star stands for any ending ("neckl*"),
    and "+" joins parts that may stand anywhere ("steel + table").
    """

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self._parts = [_pattern(part) for part in text.split("+")]

    def within(self, words: str) -> bool:
        """Whether a title holds the phrase; the title as `plain` gives it."""
        return all(part.search(words) for part in self._parts)


class Categories:
    """An ordered keyword table; the first rule of which a title holds a phrase gives its category.

    A row of the file is one rule: a category, and its phrases, separated by ";".
    """

    def __init__(self, table: Path = TABLE) -> None:
        with table.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.rules = [(row["category"], [Phrase(text) for text in row["phrases"].split(";")]) for row in rows]

    def of(self, title: str) -> str:
        """The category of a title, as "Kitchen > Mugs & cups"; "" where no rule matches."""
        words = plain(title)
        for category, phrases in self.rules:
            if any(phrase.within(words) for phrase in phrases):
                return category
        return ""


def plain(title: str) -> str:
    """The words of a title in lower case, without marks: "Children's T-shirt" is "childrens t shirt"."""
    return " ".join(re.findall(r"[a-z0-9]+", title.lower().replace("'", "")))


def _pattern(part: str) -> re.Pattern[str]:
    words = re.findall(r"[a-z0-9*]+", part.lower())
    if not words:
        raise ValueError(f"found an empty phrase in the keyword table, expected words: {part!r}")
    ends = [word.replace("*", "[a-z0-9]*") if "*" in word else f"{word}(?:s|es)?" for word in words]
    return re.compile(r"\b" + " ".join(ends) + r"\b")
