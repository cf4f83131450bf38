"""One chart per question: a ready frame in, an Altair chart out.

Belongs here: marks, axes, order and annotation.
Does not belong here: reading, counting, judging, rounding, a colour; frames arrive with their texts written.
That goes to `figures.py` (frames), `numbers.py` (texts) and `theme.py` (colours).

A chart that has a slice dimension declares the parameters `f_version`, `f_region` or `f_workload` (empty: no
filter) and dims the marks outside the slice, so that a page can steer it without a new drawing.
"""

import math
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


def change_waterfall(frame: pl.DataFrame) -> "alt.LayerChart":
    """What changed? A row per step from one ratio to another: diamonds are ratios, bars what moved them.

    `frame`: one row per step; `rank` (0 on top), `step`, `label` (above the row), `start`, `end` (ratios, the same for a
    diamond), `kind` (`total`, `better`, `worse` or `same`), `value_text`. No ratio is a bar: the axis does not begin at 0.
    """
    import altair as alt

    y = alt.Y("rank:O", title=None, axis=None)
    ends = [_extreme(value) for name in ("start", "end") for value in (frame[name].min(), frame[name].max())]
    room = max(0.06 * (max(ends) - min(ends)), 1e-6)
    decimals = min(max(round(-math.log10(max(ends) - min(ends) + room)) - 1, 0), 5)
    x = alt.X(
        "start:Q",
        title="share of good upgrades",
        axis=alt.Axis(tickCount=5, labelExpr=f"format(datum.value * 100, '.{decimals}f') + '\u202f%'"),
        scale=alt.Scale(domain=[min(ends) - room, max(ends) + room], nice=False, zero=False),
    )
    kinds = {"better": "good", "worse": "bad", "same": "mark"}
    color = alt.Color("kind:N", legend=None, scale=alt.Scale(domain=list(kinds), range=[var(token) for token in kinds.values()]))
    base = alt.Chart(frame).encode(y=y, tooltip=_tips(step="step", value_text="value"))
    parts = base.transform_filter("datum.kind !== 'total'").encode(x=x, color=color)
    bars = parts.mark_bar(height=12).encode(x2="end:Q")
    ends_at = parts.mark_tick(thickness=1.5, height=16).encode(x="end:Q")  # also where the part is nothing
    diamonds = base.transform_filter("datum.kind === 'total'").mark_point(
        shape="diamond", filled=True, size=120, opacity=1, fill=var("ink")
    )
    names = _label_above(alt.Chart(frame), y, lift=11)
    return _finish(alt.layer(bars, ends_at, diamonds.encode(x=x), names).properties(width=WIDTH, height=44 * frame.height))


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


def duration_survival(frame: pl.DataFrame) -> "alt.LayerChart":
    """How long? The share that has finished by each time, a curve per series, against the objective's line and diamond.

    `frame`: one row per point, the fleet's series first, times ascending; `series` (from 0), `name`, `kind` (`fleet`, `bad` or
    `good`), `is_few` (drawn dashed and in steps), `version`, `region`, `workload` ("all" where it spans them), `seconds`,
    `share`, `label` with its `side` (`left` or `right` of that point, empty elsewhere), `share_text`, `time_text` (at points that
    answer to a pointer, else empty), `limit_seconds`, `target`, `objective_text`, `until` (seconds, where the axis ends).
    """
    import altair as alt

    about = ("name", "kind", "is_few", "version", "region", "workload")
    series = frame.select("series", *about).unique("series", maintain_order=True)
    objective = alt.Chart(frame.select("limit_seconds", "target", "objective_text").head(1))
    parameters, inside = _slice_parameters("version", "region", "workload")
    until = float(frame["until"][0])
    step = next((each for each in _DURATION_TICKS if until / each <= _MOST_TICKS), _DURATION_TICKS[-1])
    unit, word = (1, "s") if step < 60 else (60, "min") if step < 3600 else (3600, "h")
    x = alt.X(
        "seconds:Q",
        title="time since the upgrade started",
        scale=alt.Scale(domain=[0, until], nice=False),
        axis=alt.Axis(values=list(range(0, int(until) + 1, step)), labelExpr=f"datum.value / {unit} + '\u202f{word}'"),
    )
    y = alt.Y(
        "share:Q",
        title="finished by then",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], labelExpr=_as_percent()),
    )
    kinds = {"fleet": "ink", "bad": "bad", "good": "good"}
    color = alt.Color("kind:N", legend=None, scale=alt.Scale(domain=list(kinds), range=[var(token) for token in kinds.values()]))

    def curves(points: pl.DataFrame) -> Any:
        of_series = alt.LookupData(data=series, key="series", fields=list(about))
        shown = alt.Chart(points).transform_lookup(lookup="series", from_=of_series)
        return shown.encode(x=x, y=y, opacity=_emphasis(inside))

    points = frame.select("series", "seconds", "share")
    layers = [
        objective.mark_rule(stroke=var("ink"), strokeWidth=1.2).encode(x="limit_seconds:Q"),
        curves(points)
        .transform_filter("!datum.is_few")
        .mark_line(clip=True, strokeWidth=2)
        .encode(color=color, detail="series:N", strokeDash=_dashed("datum.kind === 'fleet'", [2, 2])),
        curves(points)
        .transform_filter("datum.is_few")
        .mark_line(clip=True, strokeWidth=2, interpolate="step-after")
        .encode(color=color, detail="series:N", strokeDash=_dashed("datum.kind === 'fleet'", [2, 2], otherwise=[6, 3])),
        objective.mark_point(shape="diamond", filled=True, size=120, color=var("ink"), opacity=1).encode(
            x="limit_seconds:Q", y="target:Q"
        ),
        objective.mark_text(align="left", dx=7, fill=var("ink"), fontWeight=600, **_HALO).encode(
            x="limit_seconds:Q", y=alt.datum(0.06), text="objective_text:N"
        ),
    ]
    labels = frame.filter(pl.col("side") != "").select("series", "seconds", "share", "label", "side")
    for side, align, dx in (("left", "right", -9), ("right", "left", 9)):
        layers.append(
            curves(labels)
            .transform_filter(f"datum.side === '{side}'")
            .mark_text(align=align, dx=dx, fontWeight=600, **_HALO)
            .encode(text="label:N", color=color)
        )
    hover = frame.filter(pl.col("time_text") != "").select("series", "seconds", "share", "share_text", "time_text")
    layers.append(
        curves(hover)
        .mark_point(size=120, opacity=0, filled=True)
        .encode(opacity=alt.value(0), tooltip=_tips(name="upgrades", time_text="after", share_text="finished"))
    )
    return _finish(alt.layer(*layers).add_params(*parameters).properties(width=WIDTH - 60, height=280))


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


def retry_dumbbell(frame: pl.DataFrame) -> "alt.LayerChart":
    """Do retries help? ○ the share that arrives at the first attempt, ● in the end, and a line from one to the other.

    `frame`: one row per scope; `rank` (0 on top), `name`, `label` (above the line), `version`, `region` ("all" where it spans
    them), `first`, `final` (ratios), `first_text`, `final_text`, `rescued_text`, `is_fleet` (drawn in ink). The scale does not
    begin at 0.
    """
    import altair as alt

    parameters, inside = _slice_parameters("version", "region")
    y = alt.Y("rank:O", title=None, axis=None)
    lowest = min(_extreme(frame["first"].min()), 0.999)
    domain = [lowest - 0.06 * (1 - lowest), 1 + 0.02 * (1 - lowest)]
    decimals = min(max(round(-math.log10(1 - lowest)) - 1, 0), 3)

    def x(name: str) -> Any:
        axis = alt.Axis(tickCount=5, labelExpr=f"format(datum.value * 100, '.{decimals}f') + '\u202f%'")
        scale = alt.Scale(domain=domain, nice=False, zero=False)
        return alt.X(f"{name}:Q", title="share of upgrades that reached their version", axis=axis, scale=scale)

    tips = _tips(name="upgrades", first_text="at the first attempt", final_text="in the end", rescued_text="retries")
    base = alt.Chart(frame).encode(y=y, opacity=_emphasis(inside), tooltip=tips)
    color = alt.condition("datum.is_fleet", alt.value(var("ink")), alt.value(var("good")))
    line = base.mark_rule(stroke=var("mark-2"), strokeWidth=3).encode(x=x("first"), x2="final:Q")
    first = base.mark_point(filled=True, fill=var("surface"), strokeWidth=2, size=70, opacity=1).encode(
        x=x("first"), stroke=color
    )
    final = base.mark_point(filled=True, size=90, opacity=1).encode(x=x("final"), color=color)
    names = _label_above(alt.Chart(frame), y, lift=9)
    return _finish(alt.layer(line, first, final, names).add_params(*parameters).properties(width=WIDTH, height=38 * frame.height))


_DURATION_TICKS = [
    1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800,
]  # fmt: skip
_MOST_TICKS = 8  # of times from 0 on
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


def _dashed(test: str, dash: list[int], *, otherwise: list[int] | None = None) -> Any:
    import altair as alt

    return alt.when(test).then(alt.value(dash)).otherwise(alt.value(otherwise or [1, 0]))


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
