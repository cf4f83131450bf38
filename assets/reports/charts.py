"""One chart per question: a ready frame in, an Altair chart out.

Belongs here: marks, axes, order and annotation.
Does not belong here: reading, counting, judging, rounding, a colour; frames arrive with their texts written.
That goes to `figures.py` (frames), `numbers.py` (texts) and `theme.py` (colours).

A chart that has a slice dimension declares the parameters `f_version`, `f_region` or `f_workload` (empty: no
filter) and dims the marks outside the slice, so that a page can steer it without a new drawing.
"""

from typing import TYPE_CHECKING, Any

import polars as pl

from assets.reports.theme import TONES, chart_config, var

if TYPE_CHECKING:
    import altair as alt

WIDTH = 690  # of a static drawing: A4 between its margins; the page redraws at the width it has
_HALO = {"stroke": var("surface"), "strokeWidth": 4}
_DIMMED = 0.18
_SPLIT_LINES = "split(datum.label, '\\n')"  # a newline in a name breaks its label
_WIDEST_NAME = 180  # px of an axis label


def budget_burndown(frame: pl.DataFrame, *, columns: int = 3) -> "alt.FacetChart":
    """When did the budget go? One panel per objective, day against share of the window's budget left.

    `frame`: one row per (panel, day), panels in reading order; `panel` (a newline breaks the heading), `day`
    (Date), `left` and `pace` (1 = the whole budget, 0 = spent), `verdict`, `end_label` (on the last day, else
    empty), `day_text`, `left_text`, `bad`.
    """
    import altair as alt

    lowest = min(-0.25, _extreme(frame["left"].min()))
    days = frame.with_columns(pl.col("day").cast(pl.Datetime("ms", "UTC")))
    axis = alt.Axis(format="%-d %b", tickCount=4, grid=False, labelFlush=True)
    base = alt.Chart(days).encode(alt.X("day:T", title=None, scale=alt.Scale(type="utc"), axis=axis))
    y = alt.Y(
        "left:Q",
        title=None,
        scale=alt.Scale(domain=[lowest, 1.05], nice=False),
        axis=alt.Axis(values=[-1, -0.5, 0, 0.5, 1] if lowest < -0.25 else [0, 0.5, 1], labelExpr=_as_percent()),
    )
    color = _verdict_color("verdict")
    pace = base.mark_line(stroke=var("mark"), strokeWidth=1, strokeDash=[3, 3]).encode(y=alt.Y("pace:Q"))
    zero = alt.Chart(days).mark_rule(stroke=var("ink-2")).encode(y=alt.datum(0))
    area = base.mark_area(opacity=0.14).encode(y=y, color=color)
    line = base.mark_line(strokeWidth=2).encode(y=y, color=color)
    end = base.transform_filter("datum.end_label !== ''")
    dot = end.mark_point(filled=True, size=44, opacity=1).encode(y=y, color=color)
    label = end.mark_text(align="right", fontWeight=600, fill=var("ink"), **_HALO).encode(
        x=alt.value("width"), y=alt.value(4), text="end_label:N"
    )
    hover = base.mark_point(size=160, opacity=0, filled=True).encode(
        y=y, tooltip=_tips(panel="objective", day_text="day", left_text="budget left", bad="bad so far")
    )
    panels = frame["panel"].unique(maintain_order=True).to_list()
    heading_lines = max(panel.count("\n") + 1 for panel in panels)
    return _finish(
        alt.layer(pace, zero, area, line, dot, label, hover)
        .properties(width=186, height=112)
        .facet(
            facet=alt.Facet("panel:N", sort=panels, title=None, header=alt.Header(labelExpr=_SPLIT_LINES)),
            columns=columns,
            spacing={"row": 46 + 16 * heading_lines, "column": 26},
            bounds="flush",  # panels stand at exactly their width; labels overhang into the spacing
        )
        .resolve_axis(x="independent")
    )


def excess_by_slice(frame: pl.DataFrame) -> "alt.LayerChart":
    """Where? Bars of bad upgrades beyond what each slice's target allows, with the interval as a line.

    `frame`: one row per slice; `rank` (0 on top), `slice`, `label` (a newline breaks it), `excess`,
    `excess_low`, `excess_high` (counts), `version`, `region`, `workload` ("all" where the slice spans it),
    `count_text`, `excess_text`.
    """
    import altair as alt

    parameters, inside = _slice_parameters("version", "region", "workload")
    y = alt.Y("rank:O", title=None, axis=None)
    domain = [min(0.0, _extreme(frame["excess_low"].min())), 1.02 * _extreme(frame["excess_high"].max())]
    x = alt.X(
        "excess:Q",
        title="bad upgrades beyond what the target allows",
        axis=alt.Axis(tickCount=5),
        scale=alt.Scale(domain=domain, nice=False),
    )
    base = alt.Chart(frame).encode(y=y, opacity=_emphasis(inside))
    tips = _tips(slice="slice", count_text="bad", excess_text="beyond the allowed")
    bars = base.mark_bar(height=12, fill=var("bad")).encode(x=x, tooltip=tips)
    interval = base.mark_rule(stroke=var("ink"), strokeWidth=1.5).encode(x="excess_low:Q", x2="excess_high:Q")
    end_low = base.mark_tick(color=var("ink"), thickness=1.5, height=7).encode(x="excess_low:Q")
    end_high = base.mark_tick(color=var("ink"), thickness=1.5, height=7).encode(x="excess_high:Q")
    # A name wider than the plot would squeeze the plot; it is whole in the tooltip and the table.
    names = _label_above(alt.Chart(frame), y, lift=25, limit=alt.ExprRef("width"))
    return _finish(
        alt.layer(bars, interval, end_low, end_high, names)
        .add_params(*parameters)
        .properties(width=WIDTH, height=56 * frame.height)
    )


def duration_quantiles(frame: pl.DataFrame) -> "alt.LayerChart":
    """Which scope is slow? p50 ○, p90 ○, p95 ◆, p99 | per scope on a log axis, against the objective's line.

    `frame`: one row per scope in the order of `rank` (from 0); `scope`, `label` (a newline breaks it), `version`,
    `workload` ("all" where it spans them), `p50`, `p90`, `p95`, `p99` (seconds > 0, null where too few), `judged`
    (the column that the target names, "p50" … "p99", or empty), `verdict`, `note` (stands right of the marks),
    `objective_seconds` with `objective_text`, `*_text` for the four.
    """
    import altair as alt

    parameters, inside = _slice_parameters("version", "workload")
    quantiles = ("p50", "p90", "p95", "p99")
    objective = float(frame["objective_seconds"][0])
    known = [value for name in quantiles for value in frame[name].drop_nulls().to_list()]
    shortest, longest = min([*known, objective]) * 0.75, max([*known, objective])
    scale = alt.Scale(type="log", domain=[shortest, longest * (longest / shortest) ** 0.34], nice=False)
    axis = alt.Axis(
        values=[tick for tick in _DURATION_TICKS if shortest <= tick <= longest * 1.25],
        labelExpr=_DURATION_LABEL,
        labelOverlap="greedy",
        title="duration (log scale)",
    )
    # Names begin at the left edge: a reader's font may be wider than the one this was measured with.
    longest_line = max(len(line) for name in frame["label"] for line in name.split("\n"))
    room = min(8 + 7.4 * longest_line, _WIDEST_NAME)
    row_height = 34 if frame["label"].str.contains("\n").any() else 27
    names = alt.Axis(
        labelAlign="left",
        labelPadding=room,
        labelLimit=_WIDEST_NAME,
        labelColor=var("ink"),
        labelExpr="split(names[datum.value], '\\n')",
        labelLineHeight=13,
    )
    y = alt.Y("rank:O", title=None, axis=names)
    parameters.append(alt.param(name="names", value=frame["label"].to_list()))

    def x(name: str) -> Any:
        return alt.X(f"{name}:Q", scale=scale, axis=axis)

    tips = _tips(scope="scope", **{f"{name}_text": name for name in quantiles})
    base = alt.Chart(frame).encode(y=y, opacity=_emphasis(inside))
    line = alt.Chart(frame.head(1)).mark_rule(stroke=var("ink"), strokeWidth=1.2).encode(x=x("objective_seconds"))
    limit = (
        alt.Chart(frame.head(1))
        .mark_text(align="left", baseline="bottom", dx=-1, fill=var("ink"), fontWeight=600)
        .encode(x=x("objective_seconds"), y=alt.value(-3), text="objective_text:N")
    )
    span = base.mark_rule(stroke=var("mark-2"), strokeWidth=2).encode(x=x("p50"), x2="p99:Q")
    layers = [line, limit, span]
    for name in quantiles:
        plain = base.transform_filter(f"datum.judged !== '{name}'").encode(x=x(name), tooltip=tips)
        if name == "p99":
            layers.append(plain.mark_point(shape="stroke", angle=90, size=90, stroke=var("ink-2"), strokeWidth=2))
        else:
            layers.append(plain.mark_point(filled=True, fill=var("surface"), stroke=var("ink-2"), strokeWidth=1.5, size=44))
    for name in quantiles:
        layers.append(
            base.transform_filter(f"datum.judged === '{name}'")
            .mark_point(filled=True, shape="diamond", size=120)
            .encode(x=x(name), color=_verdict_color("verdict"), tooltip=tips)
        )
    layers.append(
        base.transform_filter("isValid(datum.p99)").mark_text(align="left", dx=9, **_HALO).encode(x=x("p99"), text="note:N")
    )
    layers.append(
        base.transform_filter("!isValid(datum.p99)").mark_text(align="left", **_HALO).encode(x=alt.value(6), text="note:N")
    )
    return _finish(alt.layer(*layers).add_params(*parameters).properties(width=WIDTH - 90, height=row_height * frame.height))


def failure_reasons(frame: pl.DataFrame, *, columns: int = 2) -> "alt.FacetChart":
    """Why? Failed upgrades per category, a panel per side that answers for them, on one scale.

    `frame`: one row per (panel, category); `panel`, `rank` (0 on top of its panel), `category`, `label`
    (above the bar), `failed_count`, `count_text`, `is_platform` (drawn strong; the others are context).
    """
    import altair as alt

    y = alt.Y("rank:O", title=None, axis=None)
    x = alt.X("failed_count:Q", title="failed upgrades", axis=alt.Axis(tickCount=4, tickMinStep=1, format=",d"))
    base = alt.Chart(frame)
    color = alt.condition("datum.is_platform", alt.value(var("bad")), alt.value(var("mark")))
    bars = base.mark_bar(height=10).encode(
        y=y, x=x, color=color, tooltip=_tips(category="category", panel="answerable", count_text="failed")
    )
    panels = frame["panel"].unique(maintain_order=True).to_list()
    return _finish(
        alt.layer(bars, _label_above(base, y, lift=9))
        .properties(width=318, height=38 * frame["rank"].n_unique())
        .facet(
            facet=alt.Facet("panel:N", sort=panels, title=None),
            columns=columns,
            spacing={"row": 70, "column": 34},
            bounds="flush",
        )
    )


_DURATION_TICKS = [
    1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800,
]  # fmt: skip
_DURATION_LABEL = (
    "datum.value < 60 ? datum.value + ' s' : datum.value < 3600 ? datum.value / 60 + ' min' : datum.value / 3600 + ' h'"
)


def _finish(chart: Any) -> Any:
    return chart.configure(**chart_config())


def _extreme(value: object) -> float:
    """A column's smallest or largest value, which places an axis; 0 for an empty column."""
    return float(value) if isinstance(value, int | float) else 0.0


def _as_percent() -> str:
    return "replace(format(datum.value * 100, '.0f'), '-', '\u2212') + '\u202f%'"


def _tips(**titles: str) -> list[Any]:
    import altair as alt

    return [alt.Tooltip(f"{field}:N", title=title) for field, title in titles.items()]


def _verdict_color(field: str) -> Any:
    import altair as alt

    return alt.Color(
        f"{field}:N",
        legend=None,
        scale=alt.Scale(domain=list(TONES), range=[var(tone) for tone in TONES.values()]),
    )


def _slice_parameters(*dimensions: str) -> tuple[list[Any], str]:
    import altair as alt

    tests = (f"(f_{name} === '' || datum.{name} === 'all' || datum.{name} === f_{name})" for name in dimensions)
    return [alt.param(name=f"f_{name}", value="") for name in dimensions], " && ".join(tests)


def _emphasis(inside: str) -> Any:
    import altair as alt

    return alt.when(inside).then(alt.value(1)).otherwise(alt.value(_DIMMED))


def _label_above(base: Any, y: Any, *, lift: int, **more: Any) -> Any:
    """Names above their bars: no axis that squeezes the plot on a phone, no cut name."""
    import altair as alt

    return base.mark_text(
        align="left",
        baseline="bottom",
        dx=1,
        dy=-lift,
        fill=var("ink-2"),
        lineBreak="\n",
        lineHeight=16,
        **_HALO,
        **more,
    ).encode(y=y, x=alt.value(0), text="label:N")
