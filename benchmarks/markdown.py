"""A Markdown table, row by row: on the screen, and in a file too if asked for. Needs nothing else."""

from __future__ import annotations

from pathlib import Path


def row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


class Table:
    """What was said so far is in the file at any moment, so that a long benchmark can be stopped."""

    def __init__(self, *header: str, out: Path | None = None):
        self.lines: list[str] = []
        self.out = out
        self.say(row(*header))
        self.say("|" + "---|" * len(header))

    def say(self, line: str) -> None:
        self.lines.append(line)
        print(line, flush=True)
        if self.out:
            self.out.write_text("\n".join(self.lines) + "\n", encoding="utf-8")
