"""Which version should I worry about, and where? An analysis of the published snapshot, as a marimo notebook.

Belongs here: choosing an objective, a window and a version, and setting the answers beside each other in sentences.
Does not belong here: counting and judging (`assets/slo/`), the report's charts and their findings (`assets/reports/`).
`make notebook` opens it. It only reads: the snapshot, and the objectives that the report was judged by.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Which version should I worry about?")

with app.setup(hide_code=True):
    import json
    from collections.abc import Iterable, Sequence
    from dataclasses import replace
    from datetime import date, timedelta
    from pathlib import Path

    import altair as alt
    import duckdb
    import marimo as mo
    import polars as pl
    from markupsafe import Markup

    from assets.frames import query
    from assets.moments import end_of
    from assets.reports import drawing, figures, findings, numbers
    from assets.reports.micro import STATES
    from assets.reports.scores import LOOK_BACKS, Day, Score, budget_text, worst
    from assets.reports.slices import DIMENSIONS, Focus, Slice, missed, slices, version_key
    from assets.reports.snapshot import SNAPSHOT
    from assets.reports.tables import Table
    from assets.reports.theme import chart_config, var
    from assets.reports.untrusted import for_markdown, shown
    from assets.slo.classification import outcome_sql
    from assets.slo.evidence import with_evidence
    from assets.slo.objectives import Objective, load_objectives
    from assets.slo.slices import finest
    from assets.slo.status import windows
    from assets.sql_files import compose
    from pipelines.settings import load_settings

    COUNTS = ("good", "bad", "pending", "excluded")
    MOST_OTHERS = 7  # versions beside the chosen one in the chart of durations, which has room for eight
    # How a bad operation ended, by its state.
    ENDINGS = {
        "failed": "failed",
        "succeeded": "succeeded, but not as the objective asks",
        "running": "still running past the time allowed",
    }


@app.cell(hide_code=True)
def title():
    mo.md("""
    # Which version should I worry about, and where?

    Choose an objective and a window. The version that looks worst is chosen for you; choose another one to compare.
    Counts and verdicts are those of the newest published report, by the report's own rules.
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
def read_fleet(snapshot):
    fleet = query(
        snapshot,
        """
        -- One row per SLO and window of the newest report: the whole fleet.
        SELECT *
        FROM slo.status
        WHERE report_date = (SELECT max(report_date) FROM slo.status) AND slice_by = ''
        """,
    )
    report_date = fleet["report_date"][0]
    said(
        "<p>Report of <strong>{}</strong>, as of {}; “today” below is that day.</p>",
        numbers.long_day(report_date),
        numbers.moment(end_of(report_date)),
    )
    return fleet, report_date


@app.cell
def choose_objective(fleet, objectives):
    _labels = {each.name: f"{shown(each.display_name)} ({shown(each.name)})" for each in objectives.objectives}
    _worst = worst(tuple(standing(each, each.name, fleet.filter(slo=each.name)) for each in objectives.objectives))
    slo_choice = mo.ui.dropdown(
        {label: name for name, label in _labels.items()},
        value=_labels[_worst.objective.name] if _worst else None,
        label="Objective",
    )
    return (slo_choice,)


@app.cell
def chosen_objective(slo_choice):
    slo = slo_choice.value
    return (slo,)


@app.cell
def choose_window(objectives, slo):
    mo.stop(slo is None, mo.md("No objective is defined, so there is nothing to look at."))
    as_published = next(each for each in objectives.objectives if each.name == slo)
    window_choice = mo.ui.dropdown(
        {numbers.plural(days, "day"): name for name, days in windows(as_published).items()},
        value=numbers.plural(as_published.window_days, "day"),
        label="Window",
    )
    return as_published, window_choice


@app.cell
def chosen_window(window_choice):
    window = window_choice.value
    return (window,)


@app.cell(hide_code=True)
def show_choices(slo_choice, window_choice):
    mo.hstack([slo_choice, window_choice], justify="start", gap=2)
    return


@app.cell
def read_status(as_published, report_date, slo, snapshot, window):
    objective = replace(as_published, window=window, window_days=windows(as_published)[window])
    status = query(
        snapshot,
        """
        -- One row per window and slice of one SLO in one report, in the report's order.
        SELECT *
        FROM slo.status
        WHERE report_date = $report_date AND slo = $slo
        """,
        {"report_date": report_date, "slo": slo},
    )
    return objective, status


@app.cell
def find_versions(objective, status):
    mo.stop(
        "to_version" not in objective.slice_by,
        said(
            "{} is not sliced by version (slice-by: {}). Choose another objective.", objective.name, ", ".join(objective.slice_by)
        ),
    )
    ranked = versions_by_concern(status, objective)
    versions = version_table(ranked, objective)
    mo.vstack(
        [
            mo.md("## Which version?"),
            said("<p><strong>{}</strong> {}</p>", which_version(ranked, objective), by_chance(ranked, objective)),
        ]
    )
    return ranked, versions


@app.cell
def show_versions(objective, versions):
    _shown = version_table_as_shown(versions, objective)
    mo.vstack(
        [
            mo.ui.table(
                _shown,
                selection=None,
                show_data_types=False,
                show_column_summaries=False,
                format_mapping={"Beyond": budget_text, **dict.fromkeys(("Bad", "Of", "Running"), numbers.count)},
                text_justify_columns=dict.fromkeys(_shown.columns[2:], "right"),
            ),
            said(
                "<p>Beyond: bad ones beyond what the target allows. Achieved: the good share of the decided ones with its {} "
                "interval, not given below {} upgrades. A version is judged from {} on, and by a one-sided bound, not by the "
                "share alone.</p>",
                numbers.target_percent(objective.confidence),
                numbers.FEWEST_FOR_A_RATE,
                fewest_to_judge(objective),
            ),
        ]
    )
    return


@app.cell
def choose_version(ranked):
    _labels = {
        each.values["to_version"]: f"{each.name} ({numbers.count(each.bad)} bad of {numbers.count(each.total)})"
        for each in ranked
    }
    version_choice = mo.ui.dropdown(
        {label: name for name, label in _labels.items()},
        value=next(iter(_labels.values()), None),
        searchable=True,
        label="Version",
    )
    version_choice
    return (version_choice,)


@app.cell
def chosen_version(version_choice):
    mo.stop(version_choice.value is None)
    version = version_choice.value
    return (version,)


@app.cell
def find_slices(objective, status, version):
    chosen = next(each for each in slices(status, objective) if each.values == {"to_version": version})
    inside = narrower(status, objective, chosen)
    place = same_place(status, objective, inside)
    mo.vstack(
        [
            mo.md(f"## Where within {for_markdown(version)}?"),
            as_figure(figures.excess_by_slice(inside), otherwise=nothing_inside(inside)),
            said("<p>{}</p>", place),
        ]
    )
    return chosen, inside, place


@app.cell
def read_days(objective, report_date, slo, snapshot, version):
    daily = query(
        snapshot,
        """
        -- One row per day and side: the chosen version, and all others together; days on which something started.
        SELECT
            day,
            to_version = $version AS is_chosen,
            sum(good)::BIGINT AS good,
            sum(bad)::BIGINT AS bad,
            sum(pending)::BIGINT AS pending,
            sum(excluded)::BIGINT AS excluded
        FROM slo.cells
        WHERE slo = $slo AND slice_by = $finest AND day >= $first_day AND day <= $report_date
        GROUP BY ALL
        ORDER BY ALL
        """,
        {
            "slo": slo,
            "version": version,
            "finest": ",".join(finest(objective)),
            "first_day": report_date - timedelta(days=objective.window_days - 1),
            "report_date": report_date,
        },
    )
    return (daily,)


@app.cell
def compare_with_others(daily, objective, report_date, status, version):
    this = standing(
        objective,
        shown(version),
        rows_of(status, {"to_version": version}),
        every_day(daily.filter(pl.col("is_chosen")), report_date, objective.window_days),
    )
    others = standing(
        objective,
        "All other versions",
        without(rows_of(status, {}), rows_of(status, {"to_version": version}), confidence=objective.confidence),
        every_day(daily.filter(~pl.col("is_chosen")), report_date, objective.window_days),
    )
    course = daily_course([this, others])
    mo.vstack(
        [
            mo.md(f"## When, and is it only {for_markdown(version)}?"),
            said("<p><strong>{}.</strong> {}</p>", findings.title_budget([this]), compared(this, others)),
            said(
                "<p>Bars: bad upgrades by the day they started; each panel has its own scale. Lines: what the target allows.</p>"
            ),
            drawing.light(daily_bars(course)),
            mo.accordion({"Numbers behind this chart": as_table(course_table(this, others))}),
        ]
    )
    return course, others, this


@app.cell
def show_durations(fleet, objective, slo, status, version):
    _heading = mo.md("## How long do upgrades take?")
    _not_timed = said("<p>This objective is not about durations. Choose one that is, to see quantiles by version.</p>")
    mo.stop(not objective.limits_durations, mo.vstack([_heading, _not_timed]))
    durations = figures.duration_quantiles(
        standing(objective, shown(objective.display_name), fleet.filter(slo=slo)),
        beside(status, objective, version),
        number=1,
    )
    mo.vstack(
        [
            _heading,
            as_figure(
                durations,
                otherwise="No upgrade succeeded in the window, so there is no duration to show.",
                highlighted=shown(version),
            ),
        ]
    )
    return (durations,)


@app.cell
def read_bad_ones(objective, report_date, snapshot, version):
    bad_ones = query(
        snapshot,
        compose(
            """
            -- One row per state, side and reason: operations of the chosen version that the objective counts as bad.
            WITH judged AS (
                SELECT state, error_category, responsibility, error_code, {outcome} AS outcome
                FROM upgrades.operations
                WHERE
                    day >= $first_day AND day <= $report_date
                    AND coalesce(to_version, 'unknown') = $version
                    AND ({total_where})
            )
            SELECT state, error_category, responsibility, error_code, count(*)::BIGINT AS bad
            FROM judged
            WHERE outcome = 'bad'
            GROUP BY ALL
            ORDER BY bad DESC, state, error_category, responsibility, error_code
            """,
            outcome=outcome_sql(objective),
            total_where=objective.total_where,
        ),
        {
            "version": version,
            "first_day": report_date - timedelta(days=objective.window_days - 1),
            "report_date": report_date,
            "as_of": end_of(report_date),
        },
    )
    return (bad_ones,)


@app.cell
def show_reasons(bad_ones, chosen, version):
    reasons = failure_reasons(bad_ones)
    mo.vstack(
        [
            mo.md(f"## Why do upgrades to {for_markdown(version)} fail?"),
            said("<p>{}</p>", how_they_ended(bad_ones, expected=chosen.bad)),
            as_figure(
                figures.failure_reasons(reasons),
                otherwise="No upgrade of it that counts as bad has failed.",
                subtitle="Failed upgrades by category of their error code; one scale. An unknown code counts as platform.",
            ),
            mo.accordion({"Error codes": as_table(error_codes(bad_ones))}),
        ]
    )
    return (reasons,)


@app.cell
def conclude(inside, others, place, ranked, this):
    conclusion = what_can_be_said(this, others, inside, place, versions=len(ranked))
    mo.vstack([mo.md("## What can be said"), *(said("<p>{}</p>", sentence) for sentence in conclusion)], gap=1)
    return (conclusion,)


@app.function(hide_code=True)
def trouble_with(published: Path, *, objectives_sha256: str) -> str | None:
    """Why there is nothing to analyse, and what to do; None when the snapshot can be read."""
    file = published / SNAPSHOT
    if not file.exists():
        return (
            f"There is no snapshot at {file}; a run that passes the checks of the data writes it.\n"
            "With deliveries in the home: run `upgrade-slo run`, then this notebook again.\n"
            "To try it with a synthetic fleet: run `upgrade-slo simulate` before.\n"
            "For another home: set UPGRADE_SLO_HOME."
        )
    remedy = "Run `upgrade-slo run`, which writes it anew, then this notebook again."
    try:
        with duckdb.connect(file, read_only=True) as db:
            [(day,)] = db.execute("SELECT max(report_date) FROM slo.status").fetchall()
    except duckdb.Error as error:
        return f"{file} cannot be read as a snapshot: {error}\n{remedy}"
    manifest = published / str(day) / "manifest.json"
    if day is None or not manifest.exists():
        return f"{file} holds no report that is published beside it.\n{remedy}"
    if json.loads(manifest.read_bytes())["objectives_sha256"] != objectives_sha256:
        return f"The objectives have changed since the report of {day}, so its verdicts are not about them.\n{remedy}"
    return None


@app.function(hide_code=True)
def goal_of(objective: Objective) -> str:
    """The target as written: `99 %`."""
    return numbers.target_percent(objective.target)


@app.function(hide_code=True)
def fewest_to_judge(objective: Objective) -> int:
    """The decided operations from which on a slice is judged, as in the report."""
    return max(objective.min_events, 1)


@app.function(hide_code=True)
def standing(objective: Objective, title: str, looks: pl.DataFrame, days: Sequence[Day] = ()) -> Score:
    """Anything with counts per window as the score that the report's sentences and charts take.

    `looks`: at most one row per window, with the counts and what follows from them, named as in `slo.status`.
    """
    rows = {row["window"]: row for row in looks.iter_rows(named=True)}
    own = rows.get(objective.window, {})
    return Score(
        objective=objective,
        title=title,
        verdict=own.get("verdict") or "no_data",
        **{name: own.get(name) or 0 for name in COUNTS},
        sli=own.get("sli"),
        low=own.get("sli_low"),
        high=own.get("sli_high"),
        detectable_sli=own.get("detectable_sli"),
        upgrades_needed=own.get("upgrades_needed"),
        budget_allowed=own.get("budget_allowed") or 0.0,
        burn={name: rows.get(name, {}).get("burn_rate") for name in LOOK_BACKS},
        burn_total={name: rows.get(name, {}).get("total") or 0 for name in LOOK_BACKS},
        days=tuple(days),
    )


@app.function(hide_code=True)
def rows_of(status: pl.DataFrame, values: dict[str, str]) -> pl.DataFrame:
    """The rows of exactly the slice with these values, one per window; of the fleet when there are none."""
    return status.filter(pl.col(name) == values[name] if name in values else pl.col(name).is_null() for name in DIMENSIONS)


@app.function(hide_code=True)
def without(whole: pl.DataFrame, part: pl.DataFrame, *, confidence: float) -> pl.DataFrame:
    """What is left of a slice without a part of it, per window, judged by the same rules."""
    counts = part.select("window", *(pl.col(name).alias(f"{name}_of_part") for name in COUNTS))
    left = (
        whole.select("window", "target", *COUNTS)
        .join(counts, on="window", how="left")
        .with_columns(
            *(pl.col(name) - pl.col(f"{name}_of_part").fill_null(0) for name in COUNTS),
            confidence=pl.lit(confidence),
        )
    )
    return with_evidence(left)


@app.function(hide_code=True)
def versions_by_concern(status: pl.DataFrame, objective: Objective) -> list[Slice]:
    """Every version in the window: those that miss first, then those that cannot be told, met, and too few to judge.

    Within each, those furthest beyond chance first, as the report ranks slices.
    """
    fewest = fewest_to_judge(objective)
    order = {"missed": 0, "undecided": 1, "met": 2}

    def concern(each: Slice) -> tuple:
        place = order.get(each.verdict, 3) if each.total >= fewest else 3
        return place, -each.sharpness, version_key(each.values["to_version"])

    return sorted((each for each in slices(status, objective) if set(each.values) == {"to_version"}), key=concern)


@app.function(hide_code=True)
def version_table(ranked: Sequence[Slice], objective: Objective) -> pl.DataFrame:
    """One row per version, in the order given; ratios are null where there are too few operations for a rate."""
    fewest = fewest_to_judge(objective)
    rows = []
    for each in ranked:
        has_rate = each.total >= numbers.FEWEST_FOR_A_RATE
        rows.append(
            {
                "version": each.name,
                "verdict": STATES[each.verdict][0] if each.total >= fewest or not each.total else "Too few to judge",
                "bad": each.bad,
                "total": each.total,
                "beyond": each.excess,
                "achieved": each.good / each.total if has_rate else None,
                "low": each.sli_low if has_rate else None,
                "high": each.sli_high if has_rate else None,
                "pending": each.pending,
            }
        )
    schema = {
        **dict.fromkeys(("version", "verdict"), pl.String),
        **dict.fromkeys(("bad", "total"), pl.Int64),
        **dict.fromkeys(("beyond", "achieved", "low", "high"), pl.Float64),
        "pending": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema)


@app.function(hide_code=True)
def version_table_as_shown(versions: pl.DataFrame, objective: Objective) -> pl.DataFrame:
    """`version_table` with readers' headings, and its ratios as texts; numbers stay numbers and can be sorted."""
    decimals = numbers.percent_decimals(objective.target, is_duration=objective.kind == "threshold")
    achieved, interval = [], []
    for row in versions.iter_rows(named=True):
        has_rate = row["achieved"] is not None
        achieved.append(numbers.percent_against(row["achieved"], objective.target, decimals) if has_rate else numbers.MISSING)
        interval.append(numbers.interval(row["low"], row["high"], decimals) if has_rate else numbers.MISSING)
    return versions.select(
        pl.col("version").alias("Version"),
        pl.col("verdict").alias("Verdict"),
        pl.col("bad").alias("Bad"),
        pl.col("total").alias("Of"),
        pl.col("beyond").alias("Beyond"),
        pl.Series("Achieved", achieved, dtype=pl.String),
        pl.Series("Interval", interval, dtype=pl.String),
        pl.col("pending").alias("Running"),
    )


@app.function(hide_code=True)
def judged_of(ranked: Iterable[Slice], objective: Objective) -> list[Slice]:
    """Those with enough operations for a verdict to be worth something."""
    return [each for each in ranked if each.total >= fewest_to_judge(objective)]


@app.function(hide_code=True)
def which_version(ranked: Sequence[Slice], objective: Objective) -> str:
    """The answer in one sentence, for every state the versions can be in."""
    goal, judged = goal_of(objective), judged_of(ranked, objective)
    if not ranked:
        return "No version: nothing that this objective counts started in the window."
    if not judged:
        return f"No version has the {fewest_to_judge(objective)} decided upgrades it takes to be judged."
    missing = [each for each in judged if each.verdict == "missed"]
    unsure = [each for each in judged if each.verdict == "undecided"]
    if missing:
        first = missing[0]
        head = (
            f"{len(missing)} of {numbers.plural(len(judged), 'judged version')} "
            f"{'misses' if len(missing) == 1 else 'miss'} the {goal} target"
        )
        evidence = (
            f"{numbers.count(first.bad)} bad of {numbers.count(first.total)}, {budget_text(first.excess)} more than allowed"
        )
        return f"{head}; {first.name} stands out most: {evidence}."
    if unsure:
        return f"No version misses the {goal} target; for {len(unsure)} of {len(judged)} judged it cannot be told yet."
    return f"Every one of {numbers.plural(len(judged), 'judged version')} meets the {goal} target."


@app.function(hide_code=True)
def by_chance(ranked: Sequence[Slice], objective: Objective) -> str:
    """How many would miss by chance; empty when none does."""
    judged = judged_of(ranked, objective)
    if len(judged) < 2 or not any(each.verdict == "missed" for each in judged):
        return ""
    expected = max(len(judged) * (1 - objective.confidence), 1)
    return f"By chance alone, up to {numbers.count(expected)} would if every one ran exactly at the target."


@app.function(hide_code=True)
def narrower(status: pl.DataFrame, objective: Objective, chosen: Slice) -> Focus:
    """The slices within a version that hold fewer operations than it does, and those of them that miss on their own."""
    within = [
        each
        for each in slices(status, objective)
        if len(each.values) > 1 and each.is_within(chosen) and each.counts != chosen.counts
    ]
    able = judged_of(within, objective)
    score = standing(objective, chosen.name, rows_of(status, chosen.values))
    return Focus(score, len(able), missed(able))


@app.function(hide_code=True)
def nothing_inside(inside: Focus) -> str:
    """Why there is no chart of slices."""
    if not inside.judged:
        fewest = fewest_to_judge(inside.score.objective)
        return (
            f"{inside.score.title} cannot be divided further: no narrower slice has the {fewest} upgrades it takes to be judged."
        )
    goal = goal_of(inside.score.objective)
    return (
        f"No place stands out within {inside.score.title}: none of {numbers.plural(inside.judged, 'judged slice')} misses {goal}."
    )


@app.function(hide_code=True)
def same_place(status: pl.DataFrame, objective: Objective, inside: Focus) -> str:
    """What the other versions did in the place that stands out; empty when none does."""
    if not inside.slices:
        return ""
    first = inside.slices[0]
    place = {name: value for name, value in first.values.items() if name not in {"to_version", "to_minor"}}
    left = without(rows_of(status, place), rows_of(status, first.values), confidence=objective.confidence)
    rest = standing(objective, "", left)
    goal = goal_of(objective)
    where = " · ".join(shown(value) for value in place.values())
    if rest.verdict == "no_data":
        return f"No upgrade to another version was decided in {where}, so version and place cannot be told apart."
    counts = f"In {where}, the other versions had {numbers.count(rest.bad)} bad of {numbers.count(rest.total)}"
    verdict = {
        "met": f"{counts} and meet {goal} there.",
        "missed": f"{counts} and miss {goal} there as well.",
        "undecided": f"{counts}; whether they meet {goal} there cannot be told yet.",
    }[rest.verdict]
    if first.total < numbers.FEWEST_FOR_A_RATE or not rest.has_rate:
        return f"{verdict} That is too few to tell version and place apart."
    if first.sli_high < rest.low:
        return f"{verdict} The whole interval of {inside.score.title} in that place lies below theirs."
    return f"{verdict} The intervals in that place overlap, so version and place are not told apart."


@app.function(hide_code=True)
def every_day(daily: pl.DataFrame, last: date, length: int) -> list[Day]:
    """Counts of the days of the window, oldest first; days without any are zero."""
    known = {row["day"]: Day(row["day"], *(row[name] for name in COUNTS)) for row in daily.iter_rows(named=True)}
    days = (last - timedelta(days=back) for back in reversed(range(length)))
    return [known.get(day, Day(day, 0, 0, 0, 0)) for day in days]


@app.function(hide_code=True)
def daily_course(sides: Sequence[Score]) -> pl.DataFrame:
    """One row per side and day: bad operations, and how many the target allows among those decided."""
    return pl.DataFrame(
        [
            {
                "panel": side.title,
                "day": each.day,
                "bad": each.bad,
                "allowed": (1 - side.objective.target) * (each.good + each.bad),
                "day_text": numbers.day(each.day),
                "count_text": f"{numbers.count(each.bad)} of {numbers.count(each.good + each.bad)}",
            }
            for side in sides
            for each in side.days
        ]
    )


@app.function(hide_code=True)
def daily_bars(course: pl.DataFrame) -> alt.FacetChart:
    """When? Bars of bad upgrades per day with a line at what the target allows, a panel per side on its own scale.

    `course`: as `daily_course` returns it.
    """
    days = course["day"].n_unique()
    step = 660 / days
    axis = alt.Axis(format="%-d %b", tickCount=min(days, 7), grid=False)
    base = alt.Chart(course.with_columns(pl.col("day").cast(pl.Datetime("ms", "UTC")))).encode(
        alt.X("day:T", title=None, scale=alt.Scale(type="utc", padding=step), axis=axis),
        tooltip=[alt.Tooltip("day_text:N", title="day"), alt.Tooltip("count_text:N", title="bad")],
    )
    y = alt.Axis(tickCount=3, tickMinStep=1, format=",d")
    bars = base.mark_bar(size=0.7 * step, fill=var("bad")).encode(alt.Y("bad:Q", title=None, axis=y))
    allowed = base.mark_tick(size=0.9 * step, thickness=1.5, color=var("ink"), orient="horizontal").encode(alt.Y("allowed:Q"))
    return (
        alt.layer(bars, allowed)
        .properties(width=690, height=110)
        .facet(facet=alt.Facet("panel:N", sort=course["panel"].unique(maintain_order=True).to_list(), title=None), columns=1)
        .resolve_scale(y="independent")
        .configure(**chart_config())
    )


@app.function(hide_code=True)
def course_table(this: Score, others: Score) -> pl.DataFrame:
    """One row per day: decided and bad operations of the chosen version and of all others."""
    return pl.DataFrame(
        [
            {
                "Day": numbers.day(mine.day),
                f"{this.title}: bad": mine.bad,
                f"{this.title}: of": mine.good + mine.bad,
                "Others: bad": theirs.bad,
                "Others: of": theirs.good + theirs.bad,
            }
            for mine, theirs in zip(this.days, others.days, strict=True)
        ]
    )


@app.function(hide_code=True)
def compared(this: Score, others: Score) -> str:
    """Whether the counts tell the version from all others together; by whole intervals, never by points."""
    if others.verdict == "no_data":
        return "No upgrade to another version was decided in the window, so there is nothing to compare with."
    if not this.has_rate or not others.has_rate:
        return f"Too few upgrades to compare it with the other versions (n = {this.total} and {numbers.count(others.total)})."
    (mine, my_interval), (theirs, their_interval) = findings.achieved(this), findings.achieved(others)
    sides = f"{mine} ({my_interval}) against {theirs} ({their_interval}) of all other versions together"
    if this.high < others.low:
        verdict = "its whole interval lies below theirs"
    elif this.low > others.high:
        verdict = "its whole interval lies above theirs"
    else:
        verdict = "the intervals overlap, so the counts do not tell them apart"
    also = " The others miss the target as well." if others.verdict == "missed" else ""
    return f"It achieved {sides}: {verdict}.{also}"


@app.function(hide_code=True)
def beside(status: pl.DataFrame, objective: Objective, version: str) -> pl.DataFrame:
    """The status with no more versions than the chart of durations holds, the chosen one among them."""
    is_version = pl.col("slice_by") == "to_version"
    own = status.filter(pl.col("window") == objective.window)
    largest = own.filter(is_version & (pl.col("to_version") != version)).sort("total", "to_version", descending=[True, False])
    kept = [version, *largest["to_version"].head(MOST_OTHERS)]
    return own.filter(~is_version | pl.col("to_version").is_in(kept))


@app.function(hide_code=True)
def failure_reasons(bad_ones: pl.DataFrame) -> pl.DataFrame:
    """Bad operations that failed, per category and side that answers for them."""
    return (
        bad_ones.filter(pl.col("state") == "failed")
        .group_by("error_category", "responsibility")
        .agg(pl.col("bad").sum().alias("failed_count"))
        .sort("failed_count", "error_category", "responsibility", descending=[True, False, False])
    )


@app.function(hide_code=True)
def how_they_ended(bad_ones: pl.DataFrame, *, expected: int) -> str:
    """The bad operations by the state they are in, as the sum it is; a warning where it is not the published count."""
    by_state = dict(bad_ones.group_by("state").agg(pl.col("bad").sum()).iter_rows())
    found = sum(by_state.values())
    if found != expected:
        return f"The operations of the snapshot hold {found} bad ones, the report {expected}: do not rely on the reasons below."
    if not found:
        return "None of its upgrades counts as bad in the window."
    parts = [f"{numbers.count(by_state[state])} {words}" for state, words in ENDINGS.items() if state in by_state]
    return f"Of {numbers.plural(found, 'bad upgrade')}, {findings.listed(parts)}."


@app.function(hide_code=True)
def error_codes(bad_ones: pl.DataFrame) -> pl.DataFrame:
    """Failed ones by the code they failed with, most first."""
    failed = bad_ones.filter(pl.col("state") == "failed")
    return pl.DataFrame(
        {
            "Code": [shown(code) for code in failed["error_code"]],
            "Category": [shown(category) for category in failed["error_category"]],
            "Answerable": [shown(side) for side in failed["responsibility"]],
            "Failed": failed["bad"],
        }
    )


@app.function(hide_code=True)
def what_can_be_said(this: Score, others: Score, inside: Focus, place: str, *, versions: int) -> list[str]:
    """The conclusion, a paragraph per entry: the verdict, the comparison, the place, and what none of them shows."""
    goal = goal_of(this.objective)
    verdict = {
        "missed": f"{this.title} misses its {goal} target.",
        "undecided": f"Whether {this.title} meets its {goal} target cannot be told yet.",
        "met": f"{this.title} meets its {goal} target: there is no reason to worry about it as a whole.",
        "no_data": f"Nothing can be said about {this.title}.",
    }[this.verdict]
    if this.verdict != "no_data" and this.total < fewest_to_judge(this.objective):
        verdict = f"{this.title} has too few upgrades to be judged."
    said_so_far = [f"{verdict} {findings.score_sentence(this)} {compared(this, others)}"]
    if inside.slices:
        first = inside.slices[0]
        counts = f"{numbers.count(first.bad)} bad of {numbers.count(first.total)}, {budget_text(first.excess)} more than allowed"
        said_so_far.append(f"Look at {first.name} first: {counts}. {place}")
    else:
        said_so_far.append(nothing_inside(inside))
    caution = "This says where bad upgrades gather, not why: versions reach regions and workloads at different times."
    if this.verdict == "missed" and versions > 1:
        caution += f" It is one of {numbers.count(versions)} versions, and the worst of many tends to look worse than it is."
    if this.pending:
        caution += f" {numbers.plural(this.pending, 'upgrade')} to it still running can change its counts."
    said_so_far.append(caution)
    return said_so_far


@app.function(hide_code=True)
def said(template: str, *values: object) -> mo.Html:
    """Our own markup with values from the data in it, escaped."""
    return mo.Html(str(Markup(template).format(*values)))  # noqa: S704 - templates are literals of this file


@app.function(hide_code=True)
def as_table(table: Table | pl.DataFrame) -> mo.Html:
    """A table of the report, or a frame whose columns are headings, without anything to select."""
    if isinstance(table, Table):
        names = [column.title for column in table.columns]
        frame = pl.DataFrame([row.cells for row in table.rows], schema=dict.fromkeys(names, pl.String), orient="row")
        right = [column.title for column in table.columns if column.kind == "number"]
    else:
        frame, right = table, [name for name, kind in table.schema.items() if kind.is_numeric()]
    return mo.ui.table(
        frame,
        selection=None,
        show_data_types=False,
        show_column_summaries=False,
        show_search=False,
        text_justify_columns=dict.fromkeys(right, "right"),
    )


@app.function(hide_code=True)
def as_figure(
    figure: figures.Figure | None, *, otherwise: str, subtitle: str | None = None, highlighted: str | None = None
) -> mo.Html:
    """A figure of the report with its finding, what is drawn, and the numbers; or why there is none.

    `highlighted`: a version that stays bright while the other versions of the chart are dimmed.
    """
    if figure is None:
        return said("<p>{}</p>", otherwise)
    chart = drawing.light(figure.chart)
    for parameter in chart.params if highlighted else ():
        if parameter.to_dict()["name"] == "f_version":
            parameter["value"] = highlighted
    return mo.vstack(
        [
            said(
                "<p><strong>{}.</strong> {}{}</p>",
                figure.title.rstrip("."),
                subtitle or figure.subtitle,
                f" Versions other than {highlighted} are dimmed." if highlighted else "",
            ),
            chart,
            mo.accordion({"Numbers behind this chart": as_table(figure.table)}),
        ]
    )


if __name__ == "__main__":
    app.run()
