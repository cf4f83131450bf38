"""Colours: legible in light and dark, named in one place."""

import re
from pathlib import Path

import pytest

from assets.reports import charts, theme

TEXTS = ["ink", "ink-2", "ink-3", "good", "bad", "unsure"]
GROUNDS = ["bg", "surface", "surface-2"]
TEXT_PAIRS = [
    *((text, ground) for text in TEXTS for ground in GROUNDS),
    *((text, f"heat-{shade}") for text in ("ink", "ink-2") for shade in (0, 1, 2)),
    ("ink", "heat-3"),
    ("on-heat-4", "heat-4"),
    ("surface", "ink"),  # tooltips
    ("surface", "good"),  # the tick in a disc
    ("surface", "bad"),
]
MARK_PAIRS = [
    *((mark, "surface") for mark in ("mark", "line-2", "good", "bad", "unsure", "ink", "focus")),
    *((mark, "bg") for mark in ("line-2", "focus")),  # the filter's controls
]


def contrast(first: str, second: str) -> float:
    """WCAG 2.2 contrast ratio of two hex colours."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_contrast_formula_gives_the_known_extremes():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS, ids=lambda token: token)
def test_text_is_legible_on_its_ground(text, ground, side):
    assert contrast(theme.TOKENS[text][side], theme.TOKENS[ground][side]) >= 4.5


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), MARK_PAIRS, ids=lambda token: token)
def test_marks_and_controls_stand_out_from_their_ground(mark, ground, side):
    assert contrast(theme.TOKENS[mark][side], theme.TOKENS[ground][side]) >= 3


def test_dark_tokens_apply_to_screens_only():
    assert "@media screen and (prefers-color-scheme:dark){:root{--bg:#101317" in theme.css()


def test_a_misspelt_token_is_refused_with_the_accepted_ones():
    with pytest.raises(KeyError, match=r"inkk.*accepted: bg, surface.*theme\.TOKENS"):
        theme.var("inkk")


def test_colours_without_css_are_the_light_ones_and_foreign_names_stay():
    assert theme.in_light("fill:var(--bad);x:var(--unknown)") == "fill:#B0340A;x:var(--unknown)"


def test_no_colour_is_written_outside_the_tokens():
    folder = Path(charts.__file__).parent
    for path in [folder / "charts.py", folder / "micro.py", folder / "templates" / "page.html.j2"]:
        assert not re.findall(r"#[0-9A-Fa-f]{6}\b", path.read_text(encoding="utf-8")), path.name


def test_every_token_the_page_uses_is_declared():
    folder = Path(charts.__file__).parent
    used = {
        name
        for path in [*folder.glob("*.py"), *(folder / "templates").iterdir()]
        for name in re.findall(r"var\(--([a-z0-9-]+)[,)]", path.read_text(encoding="utf-8"))
    }
    assert used - {"token"} <= {*theme.TOKENS, "font", "tone"}
