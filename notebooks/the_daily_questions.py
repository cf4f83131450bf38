"""The daily report's questions, asked of any part of the fleet, as a marimo notebook.

Belongs here: choosing a version, a region and a workload, and asking the report's questions of what they have in common.
Does not belong here: counting and judging (`assets/slo/`), the report's charts and their findings (`assets/reports/`).
It only reads: the published snapshot, and the objectives that the report was judged by.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="The daily questions")

with app.setup(hide_code=True):
    from collections.abc import Sequence
    from datetime import timedelta

    import altair as alt
    import duckdb
    import marimo as mo
    import polars as pl

    from assets.frames import query
    from assets.moments import end_of
    from assets.reports import drawing, figures, findings, numbers
    from assets.reports.figures import Figure
    from assets.reports.micro import STATES
    from assets.reports.scores import Score, budget_text, worst
    from assets.reports.slices import DIMENSIONS, Focus, lies_in, missed, name_of, slices, version_key
    from assets.reports.snapshot import SNAPSHOT
    from assets.reports.untrusted import shown
    from assets.slo.objectives import Objective, load_objectives
    from assets.slo.slices import finest
    from notebooks.which_version_to_worry_about import (
        as_table,
        every_day,
        fewest_to_judge,
        goal_of,
        judged_of,
        rows_of,
        said,
        standing,
        trouble_with,
    )
    from pipelines.settings import load_settings

    CHOSEN_BY = ("to_version", "region", "workload_type")
    LATELY_DAYS = 28  # reasons are those of upgrades that started in these days, as in the report


@app.cell(hide_code=True)
def title():
    mo.md("""
    # The daily questions

    Choose a version, a region or a workload, or several of them. Every answer below is about the upgrades that they have in
    common, by the verdicts and the charts of the newest published report.
    """)
    return


@app.cell
def open_snapshot():
    home = load_settings().home
    objectives = load_objectives(home.objectives)
    _trouble = trouble_with(home.published, objectives_sha256=objectives.sha256)
    mo.stop(_trouble is not None, mo.callout(said('<div style="white-space: pre-line">{}</div>', _trouble), kind="warn"))
    snapshot = duckdb.connect(home.published / SNAPSHOT, read_only=True)
    return objectives, snapshot


@app.cell
def read_status(snapshot):
    status = query(
        snapshot,
        """
        -- One row per SLO, window and slice of the newest report, in the report's order.
        SELECT *
        FROM slo.status
        WHERE report_date = (SELECT max(report_date) FROM slo.status)
        """,
    )
    report_date = status["report_date"][0]
    said("<p>Report of <strong>{}</strong>, as of {}.</p>", numbers.long_day(report_date), numbers.moment(end_of(report_date)))
    return report_date, status


@app.cell
def offer_choices(status):
    choices = mo.ui.dictionary(
        {
            column: mo.ui.dropdown(
                {"all": "", **{shown(value): value for value in values_of(status, column)}},
                value="all",
                searchable=True,
                label=DIMENSIONS[column].capitalize(),
            )
            for column in CHOSEN_BY
        }
    )
    return (choices,)


@app.cell
def chosen_place(choices):
    place = {column: value for column, value in choices.value.items() if value}
    return (place,)


@app.cell(hide_code=True)
def show_choices(choices):
    mo.hstack(choices.elements.values(), justify="start", gap=2)
    return


@app.cell
def read_days(objectives, place, report_date, snapshot, status):
    found = tuple(
        standing(
            objective,
            shown(objective.display_name),
            rows_of(status.filter(slo=objective.name), place),
            every_day(
                query(
                    snapshot,
                    """
                    -- One row per day on which something started in the chosen place, of one SLO.
                    SELECT
                        day,
                        sum(good)::BIGINT AS good,
                        sum(bad)::BIGINT AS bad,
                        sum(pending)::BIGINT AS pending,
                        sum(excluded)::BIGINT AS excluded
                    FROM slo.cells
                    WHERE
                        slo = $slo AND slice_by = $finest AND day >= $first_day AND day <= $report_date
                        AND ($to_version IS NULL OR to_version = $to_version)
                        AND ($region IS NULL OR region = $region)
                        AND ($workload_type IS NULL OR workload_type = $workload_type)
                    GROUP BY day
                    ORDER BY day
                    """,
                    {
                        "slo": objective.name,
                        "finest": ",".join(finest(objective)),
                        "first_day": report_date - timedelta(days=objective.window_days - 1),
                        "report_date": report_date,
                        **{column: place.get(column) for column in CHOSEN_BY},
                    },
                ),
                report_date,
                objective.window_days,
            ),
        )
        for objective in objectives.objectives
        if place.keys() <= set(objective.slice_by)
    )
    return (found,)


@app.cell
def how_are_we_doing(found, objectives, place):
    verdicts = verdict_table(found)
    mo.vstack(
        [
            mo.md("## How are we doing?"),
            said(
                "<p><strong>{}: {}</strong> {}</p>", place_name(place), in_short(found), not_judged(found, objectives.objectives)
            ),
            as_table(verdicts),
        ]
    )
    return (verdicts,)


@app.cell
def when_did_the_budget_go(found):
    mo.vstack(
        [
            mo.md("## When did the budget go?"),
            with_numbers(
                figures.budget_burndown(found),
                otherwise=f"No objective has the {numbers.FEWEST_FOR_A_RATE} upgrades here that it takes to draw a budget.",
            ),
        ]
    )
    return


@app.cell
def where_does_it_hurt(found, place, status):
    focus = narrowed(status, worst(found), place)
    mo.vstack(
        [
            mo.md("## Where does it hurt?"),
            with_numbers(focus and figures.excess_by_slice(focus), otherwise=nothing_to_set_apart(focus, place)),
            said("<p>{}</p>", findings.excess_note(focus) if focus and focus.slices else ""),
        ]
    )
    return (focus,)


@app.cell
def how_long_do_they_take(objectives, place, status):
    durations = [
        figure
        for number, objective in enumerate((each for each in objectives.objectives if each.limits_durations), start=1)
        if (figure := figures.duration_quantiles(whole_fleet(status, objective), status, number=number)) is not None
    ]
    mo.vstack(
        [
            mo.md("## How long do they take?"),
            said("<p>{}</p>", what_is_bright(place)),
            *(with_numbers(figure, otherwise="", place=place) for figure in durations),
        ]
        if durations
        else [mo.md("## How long do they take?"), said("<p>No upgrade that an objective times has succeeded.</p>")]
    )
    return (durations,)


@app.cell
def why_do_they_fail(place, report_date, snapshot):
    reasons = query(
        snapshot,
        """
        -- One row per category and side that answers for it, of upgrades in the chosen place that failed.
        SELECT error_category, responsibility, count(*)::BIGINT AS failed_count
        FROM upgrades.operations
        WHERE
            state = 'failed' AND day >= $first_day AND day <= $report_date
            AND ($to_version IS NULL OR coalesce(to_version, 'unknown') = $to_version)
            AND ($region IS NULL OR coalesce(region, 'unknown') = $region)
            AND ($workload_type IS NULL OR coalesce(workload_type, 'unknown') = $workload_type)
        GROUP BY ALL
        ORDER BY failed_count DESC, error_category, responsibility
        """,
        {
            "first_day": report_date - timedelta(days=LATELY_DAYS - 1),
            "report_date": report_date,
            **{column: place.get(column) for column in CHOSEN_BY},
        },
    )
    mo.vstack(
        [
            mo.md("## Why do they fail?"),
            with_numbers(figures.failure_reasons(reasons), otherwise=f"None that started in the last {LATELY_DAYS} days failed."),
        ]
    )
    return (reasons,)


@app.function(hide_code=True)
def values_of(status: pl.DataFrame, column: str) -> list[str]:
    """What can be chosen of a dimension: versions ascending, the others by name."""
    values = status.filter(slice_by=column)[column].unique().to_list()
    return sorted(values, key=version_key) if column == "to_version" else sorted(values)


@app.function(hide_code=True)
def place_name(place: dict[str, str]) -> str:
    """`1.31.2 · westeurope`, or the whole fleet."""
    return name_of(place) or "The whole fleet"


@app.function(hide_code=True)
def in_short(found: Sequence[Score]) -> str:
    """How many objectives are missed, met or cannot be told."""
    verdicts = [score.verdict for score in found]
    words = {"missed": "missed", "undecided": "cannot be told yet", "met": "met", "no_data": "without any upgrade"}
    return findings.listed([f"{verdicts.count(each)} {word}" for each, word in words.items() if each in verdicts] or ["–"]) + "."


@app.function(hide_code=True)
def not_judged(found: Sequence[Score], objectives: Sequence[Objective]) -> str:
    """The objectives that have no slice like the chosen one; empty when all have."""
    left_out = [shown(each.display_name) for each in objectives if each.name not in {score.objective.name for score in found}]
    return f"Not sliced like this: {findings.listed(left_out)}." if left_out else ""


@app.function(hide_code=True)
def verdict_table(found: Sequence[Score]) -> pl.DataFrame:
    """One row per objective, in the order of the files; counts stand beside every rate."""
    rows = []
    for score in found:
        achieved, interval = findings.achieved(score)
        allowed = budget_text(score.allowed)
        rows.append(
            (score.title, STATES[score.verdict][0], score.bad, score.total, allowed, achieved, interval, goal_of(score.objective))
        )
    names = ("Objective", "Verdict", "Bad", "Of", "Allowed", "Achieved", "Interval", "Target")
    return pl.DataFrame(rows, schema={name: pl.Int64 if name in {"Bad", "Of"} else pl.String for name in names}, orient="row")


@app.function(hide_code=True)
def narrowed(status: pl.DataFrame, score: Score | None, place: dict[str, str]) -> Focus | None:
    """The slices within a place that hold fewer upgrades than it does, and those that miss on their own; by one objective."""
    if score is None or score.verdict == "no_data":
        return None
    whole = (score.good, score.bad, score.pending, score.excluded)
    inside = [
        each
        for each in slices(status, score.objective)
        if each.values != place and lies_in(each.values, place) and each.counts != whole
    ]
    judged = judged_of(inside, score.objective)
    return Focus(score, len(judged), missed(judged))


@app.function(hide_code=True)
def nothing_to_set_apart(focus: Focus | None, place: dict[str, str]) -> str:
    """Why there is no chart of slices."""
    if focus is None:
        return "Nothing that an objective counts started here."
    if not focus.judged:
        fewest = fewest_to_judge(focus.score.objective)
        return (
            f"{place_name(place)} cannot be divided further: no narrower slice has the {fewest} upgrades it takes to be judged."
        )
    goal = goal_of(focus.score.objective)
    return f"{focus.score.title}: none of {numbers.plural(focus.judged, 'judged slice')} misses {goal}."


@app.function(hide_code=True)
def whole_fleet(status: pl.DataFrame, objective: Objective) -> Score:
    """The fleet's standing under one objective."""
    return standing(objective, shown(objective.display_name), rows_of(status.filter(slo=objective.name), {}))


@app.function(hide_code=True)
def what_is_bright(place: dict[str, str]) -> str:
    """What the charts of durations, which show the fleet by version and by workload, do with the choice."""
    bright = name_of({column: value for column, value in place.items() if column != "region"})
    region = " They are not divided by region." if "region" in place else ""
    return f"Of the whole fleet, by version and workload.{f' All but {bright} is dimmed.' if bright else ''}{region}"


@app.function(hide_code=True)
def with_numbers(figure: Figure | None, *, otherwise: str, place: dict[str, str] | None = None) -> mo.Html:
    """A figure of the report with its finding and its numbers, dimmed outside of a place; or why there is none."""
    if figure is None:
        return said("<p>{}</p>", otherwise)
    heading = said("<p><strong>{}.</strong> {}</p>", figure.title.rstrip("."), figure.subtitle)
    return mo.vstack([heading, steered(figure, place or {}), mo.accordion({"Numbers behind this chart": as_table(figure.table)})])


@app.function(hide_code=True)
def steered(figure: Figure, place: dict[str, str]) -> alt.Chart:
    """The report's chart with what lies outside of a place dimmed, by those of its parameters that are a dimension."""
    chart = drawing.light(figure.chart)
    wanted = {f"f_{DIMENSIONS[column]}": shown(value) for column, value in place.items()}
    for parameter in chart.params if wanted else ():
        name = parameter.to_dict()["name"]
        if name in wanted:
            parameter["value"] = wanted[name]
    return chart


if __name__ == "__main__":
    app.run()
