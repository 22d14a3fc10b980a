import pytest

from recsys_core.ui.plain import for_html, one_line, plain

HOSTILE = [
    "**x** _y_ ~~z~~",
    "[x](javascript:alert(1))",
    "![](http://evil.example/x.png)",
    "$x$ and $$y$$",
    ":red[x] :material/home: :smile:",
    "<img src=x onerror=alert(1)>",
    "`code`",
    "a -> b <- c -- d >= e ~= f",
    "www.example.com https://example.com me@example.com",
    "# head",
    "1. item",
    "- list",
    "| a | b |",
    "a\\b \\*c",
    "&amp; &lt;",
]


def read_back(text: str) -> str:
    """What Markdown shows of an escaped text: each backslash before punctuation is taken away, joiners can't be seen."""
    shown, escaped = "", False
    for letter in text.replace("\u2060", ""):
        if letter == "\\" and not escaped:
            escaped = True
            continue
        shown, escaped = shown + letter, False
    return shown


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_typed(text):
    assert read_back(plain(text)) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_markdown_knows_stays_bare(text):
    escaped = plain(text)
    for at, letter in enumerate(escaped):
        if letter in "*_~[]()!$:<>`#|&@":
            assert escaped[at - 1] == "\\", escaped


@pytest.mark.parametrize(
    "text", [":material/home:", ":smile:", "->", "www.example.com", "https://example.com", "a@b.com"]
)
def test_what_streamlit_replaces_after_markdown_is_kept_apart(text):
    assert "\u2060" in plain(text)


def test_plain_text_stays_readable():
    assert plain("Mug, blue rim") == "Mug, blue rim"


def test_one_line_without_control_characters_or_turned_direction():
    assert one_line("a\r\nb\x00c\u202ed\t") == "a b c d"


def test_long_text_is_cut():
    assert one_line("x" * 300) == "x" * 199 + "…"


def test_html_and_latex_of_plotly_are_escaped():
    assert for_html("<b>&$x$ %{y}") == "&lt;b&gt;&amp;&#36;x&#36; %&#123;y}"
