"""Strings from telemetry: what may be shown, and what they can no longer do."""

import pytest

from assets.reports.untrusted import for_chat, for_markdown, sentence, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("westeurope", "westeurope", id="an ordinary name stays as it is"),
        pytest.param("Zürich 東京", "Zürich 東京", id="so do letters of every alphabet"),
        pytest.param(None, "–", id="absence is a dash"),
        pytest.param("", "", id="an empty name stays empty"),
        pytest.param("a\nb\r\nc", "a�b��c", id="a line break cannot begin a new line"),
        pytest.param("a\x00\x1b[31m", "a��[31m", id="control characters are visible and inert"),
        pytest.param("safe\u202etxt.exe", "safe�txt.exe", id="text direction cannot be turned"),
        pytest.param("a\u2028b\u200bc", "a�b�c", id="invisible separators are visible"),
        pytest.param("\ud800x", "�x", id="a lone surrogate cannot break the encoding"),
        pytest.param("<b>", "<b>", id="markup is left to the renderer's escaping"),
        pytest.param("=cmd()", "=cmd()", id="a formula is only text here"),
    ],
)
def test_shown_is_one_visible_line(text, expected):
    assert shown(text) == expected


def test_a_very_long_name_is_cut_where_it_can_be_seen():
    assert shown("x" * 5000) == "x" * 119 + "…"
    assert sentence("x" * 5000) == "x" * 399 + "…"


@pytest.mark.parametrize(
    "text", ["<!channel>", "<@U123>", "@here", "```", "`code`", "<https://example.org|click>", "a&lt;b", "#general"]
)
def test_chat_text_cannot_mention_link_or_close_a_code_block(text):
    assert not set("<>@`&#") & set(for_chat(text))


def test_markdown_cannot_be_opened_from_a_name():
    assert for_markdown("a|b <img> [x](y) *z* `c`") == r"a\|b &lt;img&gt; \[x\](y) \*z\* \`c\`"
