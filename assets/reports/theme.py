"""Design tokens: every colour of the page and its charts, for light and for dark, and the typeface.

Belongs here: the tokens, the CSS that declares them, and the chart configuration built from them.
Does not belong here: layout and what a chart shows; that goes to `templates/page.css` and `charts.py`.
Charts write `var(--token)` into their SVG, so one drawing serves light, dark and paper.
"""

import re
from typing import Any

# token: (light, dark)
TOKENS: dict[str, tuple[str, str]] = {
    "bg": ("#F7F7F5", "#101317"),
    "surface": ("#FFFFFF", "#181C21"),
    "surface-2": ("#F1F2F2", "#22272E"),
    "line": ("#DDDFE1", "#333941"),
    "line-2": ("#868D95", "#7B858F"),
    "ink": ("#15181C", "#ECEEF0"),
    "ink-2": ("#454C54", "#BAC1C9"),
    "ink-3": ("#5F666E", "#9AA3AD"),
    "good": ("#0B5CA0", "#74B4F0"),
    "good-soft": ("#E4EFF8", "#16304A"),
    "bad": ("#B0340A", "#FF9468"),
    "bad-soft": ("#FBE8DF", "#44210F"),
    "unsure": ("#5D5475", "#BDB3DE"),
    "unsure-soft": ("#EEECF4", "#2B2740"),
    "mark": ("#7F8891", "#7F8994"),
    "mark-2": ("#B9BFC5", "#505963"),
    "heat-0": ("#CFE3F4", "#1A4264"),
    "heat-1": ("#EEEFEF", "#262B32"),
    "heat-2": ("#F8D3BD", "#5C3421"),
    "heat-3": ("#F1A67B", "#8C4A28"),
    "heat-4": ("#B0340A", "#FF9468"),
    "on-heat-4": ("#FFFFFF", "#1A0D06"),
    "focus": ("#0B5CA0", "#9CCBF7"),
}
FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
TONES = {"met": "good", "missed": "bad", "undecided": "unsure", "no_data": "unsure"}


def var(token: str) -> str:
    """The CSS reference to a token. A misspelt token is an error here, not a black bar on the page."""
    if token not in TOKENS:
        raise KeyError(f"colour token is {token!r}; accepted: {', '.join(TOKENS)}. Add it to theme.TOKENS.")
    return f"var(--{token})"


def css() -> str:
    """Custom properties for light, and for dark on screens only: paper is always light."""
    light, dark = (";".join(f"--{name}:{pair[side]}" for name, pair in TOKENS.items()) for side in (0, 1))
    return (
        f":root{{color-scheme:light dark;{light};--font:{FONT}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    )


def in_light(text: str) -> str:
    """`text` with every token reference replaced by its light colour, for renderers without CSS."""
    return re.sub(r"var\(--([\w-]+)\)", lambda m: TOKENS[m[1]][0] if m[1] in TOKENS else m[0], text)


def chart_config() -> dict[str, Any]:
    """The Vega-Lite configuration of every chart: horizontal axis titles, a quiet grid, no borders."""
    label = {"labelFont": FONT, "labelFontSize": 12, "titleFont": FONT, "titleFontSize": 12}
    return {
        "background": "transparent",
        "font": FONT,
        "aria": False,
        "padding": 2,
        "view": {"stroke": None},
        "axis": {
            **label,
            "labelColor": var("ink-2"),
            "labelLimit": 0,
            "labelPadding": 6,
            "titleColor": var("ink-3"),
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "gridColor": var("line"),
            "domain": False,
            "ticks": False,
        },
        "axisX": {"titleAnchor": "start"},
        "axisY": {
            "titleAngle": 0,
            "titleAlign": "left",
            "titleBaseline": "bottom",
            "titleX": 0,
            "titleY": -8,
        },
        "header": {
            "labelFont": FONT,
            "labelFontSize": 13,
            "labelFontWeight": 600,
            "labelColor": var("ink"),
            "labelAnchor": "start",
            "labelLimit": 0,
            "title": None,
        },
        "text": {"font": FONT, "fontSize": 12, "fill": var("ink-2")},
    }
