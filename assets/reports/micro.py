"""Graphics the size of a word: verdict glyphs, the error-budget bar and the daily sparkline.

Belongs here: small SVG drawn directly into a line or a table cell; arguments are numbers and our own words.
Does not belong here: charts with axes (`charts.py`) and the numbers themselves (`scores.py`).
Strings from data never enter these drawings except through `escape`.
"""

from collections.abc import Sequence

from markupsafe import Markup, escape

# 16 × 16, `currentColor`; the shape differs as well as the colour.
_DISC_AND_TICK = (
    '<circle cx="8" cy="8" r="7.4" fill="currentColor"/>'
    '<path d="M4.5 8.2 7 10.7l4.6-5" fill="none" stroke="var(--surface)" stroke-width="1.9"/>'
)
_DIAMOND_AND_CROSS = (
    '<path d="M8 .2 15.8 8 8 15.8.2 8z" fill="currentColor"/>'
    '<path d="m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8" stroke="var(--surface)" stroke-width="1.9"/>'
)
_DASHED_RING = '<circle cx="8" cy="8" r="6.9" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="2.7 1.64"/>'
_QUESTION = '<path d="M6 6.3a2 2 0 1 1 3 1.8c-.7.4-1 .8-1 1.5M8 11v1.5" fill="none" stroke="currentColor" stroke-width="1.6"/>'
_DASH = '<path d="M5.4 8h5.2" stroke="currentColor" stroke-width="1.6"/>'

# state: (word, tone, glyph, plain-text mark)
STATES: dict[str, tuple[str, str, str, str]] = {
    "met": ("Met", "good", _DISC_AND_TICK, "[ok]"),
    "missed": ("Missed", "bad", _DIAMOND_AND_CROSS, "[X]"),
    "undecided": ("Cannot tell yet", "unsure", _DASHED_RING + _QUESTION, "[?]"),
    "no_data": ("No data", "unsure", _DASHED_RING + _DASH, "[?]"),
    "passed": ("Passed", "good", _DISC_AND_TICK, "[ok]"),
    "warned": ("Warning", "unsure", _DASHED_RING + _QUESTION, "[?]"),
    "failed": ("Failed", "bad", _DIAMOND_AND_CROSS, "[X]"),
    "preliminary": ("Preliminary", "unsure", _DASHED_RING + _QUESTION, "[?]"),
    "final": ("Final", "good", _DISC_AND_TICK, "[ok]"),
}
BUDGET_CUT = 1.6  # the bar's scale ends at 160 % of the budget, the same for every objective


def glyph(state: str) -> Markup:
    """The state's shape alone, for beside a text that already names the state."""
    drawing = Markup(STATES[state][2])  # noqa: S704 - our own
    frame = Markup('<svg class="glyph" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{}</svg>')
    return frame.format(drawing)


def badge(state: str, text: str | None = None) -> Markup:
    """Shape, word and colour of a state; `text` replaces the word."""
    word, tone, _, _ = STATES[state]
    return Markup('<span class="badge {}">{}{}</span>').format(tone, glyph(state), text or word)


def budget_bar(*, spent: float, low: float, high: float, tone: str) -> Markup:
    """Share of the budget spent (1 = all that is allowed) with its interval, on one scale for all objectives.

    What lies beyond the budget is hatched; everything is cut at `BUDGET_CUT`.
    """
    width = 150

    def at(share: float) -> str:
        return f"{min(max(share, 0.0), BUDGET_CUT) / BUDGET_CUT * (width - 2) + 1:.1f}"

    def rect(start: float, end: float, fill: str) -> str:
        extent = float(at(end)) - float(at(start))
        return f'<rect x="{at(start)}" y="4" width="{extent:.1f}" height="9" fill="{fill}"/>'

    parts = [rect(0, 1, "var(--surface-2)"), rect(0, min(spent, 1), f"var(--{tone})")]
    if spent > 1:
        parts.append(rect(1, spent, "url(#hatch)"))
    whisker = f"M{at(low)} 16H{at(high)}M{at(low)} 14v4M{at(high)} 14v4"
    if high > BUDGET_CUT:  # cut: an arrowhead instead of an end
        whisker = f"M{at(low)} 16H{at(high)}M{at(low)} 14v4m{width - 5 - float(at(low)):.1f}-4 4 2-4 2"
    parts.append(f'<path d="{whisker}" fill="none" stroke="var(--ink)" stroke-width="1.2"/>')
    parts.append(f'<path d="M{at(1)} 1v18" stroke="var(--ink)" stroke-width="2"/>')
    drawing = Markup("".join(parts))  # noqa: S704 - numbers and our own words
    frame = Markup('<svg class="bar" viewBox="0 0 {0} 20" width="{0}" height="20" aria-hidden="true">{1}</svg>')
    return frame.format(width, drawing)


def sparkline(ratios: Sequence[float | None], *, target: float, label: str) -> Markup:
    """Daily ratios, oldest first; None is a day without operations and breaks the line.

    Dotted line: the target. Diamond: a day below it. Dot: the last day, when it has operations.
    """
    width, height = 122, 34
    known = [ratio for ratio in ratios if ratio is not None]
    if not known:
        return Markup("")
    low, high = min(*known, target), max(*known, target)
    pad = (high - low or 0.001) * 0.14
    low, high = low - pad, high + pad

    def x(index: int) -> float:
        return 4 + index * (width - 8) / max(len(ratios) - 1, 1)

    def y(ratio: float) -> float:
        return 3 + (height - 6) * (1 - (ratio - low) / (high - low))

    path, pen_up, below = [], True, []
    for index, ratio in enumerate(ratios):
        if ratio is None:
            pen_up = True
            continue
        path.append(f"{'M' if pen_up else 'L'}{x(index):.1f} {y(ratio):.1f}")
        pen_up = False
        if ratio < target:
            below.append(f"M{x(index):.1f} {y(ratio) - 2.7:.1f}l2.7 2.7-2.7 2.7-2.7-2.7z")
    last = ratios[-1]
    dot = f'<circle cx="{x(len(ratios) - 1):.1f}" cy="{y(last):.1f}" r="2.8" fill="var(--ink)"/>' if last is not None else ""
    return Markup(
        '<svg class="spark" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{label}">'
        '<path d="M0 {goal}H{w}" stroke="var(--ink-3)" stroke-dasharray="2 2"/>'
        '<path d="{path}" fill="none" stroke="var(--mark)" stroke-width="1.4"/>'
        '<path d="{below}" fill="var(--bad)"/>{dot}</svg>'
    ).format(
        w=width, h=height, label=escape(label), goal=f"{y(target):.1f}", path="".join(path),
        below="".join(below), dot=Markup(dot),  # noqa: S704 - numbers
    )  # fmt: skip
