"""The durations of the page: which curves are drawn, what the table lists, and what is said where there is too little."""

import html
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from assets.reports import drawing
from assets.reports.durations import sections, singled_out
from assets.reports.page import render
from assets.reports.scores import scores

LIMIT = {"kind": "threshold", "op": "lte", "value": 3600.0, "good_where": None, "target": 0.95, "display_name": "Duration"}


def plain(text: str) -> str:
    return text.replace("\u202f", " ")


def cells(row) -> list[str]:
    return [plain(re.sub(r"<small>(.*)</small>", r" (\1)", cell)) for cell in row.cells]


@pytest.fixture
def slo(build):
    return build.objective("d", **LIMIT)


@pytest.fixture
def section(build, slo):
    """The only section of a report whose durations are these rows."""

    def of(*rows, objective=slo):
        given = build.Input().add(objective, [(950, 50)])
        given.durations = list(rows)
        data = given.data()
        [only] = sections(data, scores(data))
        return only

    return of


def test_a_figure_tells_the_share_its_interval_the_bounds_and_who_falls_short(build, slo, section):
    figure = section(
        build.duration_row(slo, upgrades=1_000, share=0.96, low=0.946, high=0.971),
        build.duration_row(slo, "workload_type", "ml_batch", upgrades=400, share=0.80),
        build.duration_row(slo, "workload_type", "web", upgrades=600, share=0.97),
    )["figure"]
    assert figure.id == "survival-1"
    assert plain(figure.title) == "Duration: 96.00 % finish within 60 min (target 95 %); ml_batch falls short"
    assert "Fleet: 95 % interval 94.60 % – 97.10 %; whatever becomes of those still running, 95.00 % – 97.00 %." in plain(
        figure.subtitle
    )
    assert "at most 3 slices whose whole 99 % interval is below 95 %." in plain(figure.subtitle)
    assert figure.title in figure.description
    assert [column.title for column in figure.table.columns][6:] == [
        "Within 60\u202fmin", "95\u202f% interval", "Exact bounds", "p50", "p90", "p95", "p99",
    ]  # fmt: skip
    assert cells(figure.table.rows[0]) == [
        "Fleet", "", "1,000", "10", "10", "0", "96.00 %", "94.60 % – 97.10 %", "95.00 % – 97.00 %",
        "30 min (27 min – 33 min)", "60 min (54 min – 66 min)", "90 min (81 min – 99 min)", "> 672 h",
    ]  # fmt: skip
    assert [row.scope for row in figure.table.rows] == [{}, {"workload": "ml_batch"}, {"workload": "web"}]
    svg = drawing.svg(figure.chart, prefix="x")
    for text in ("Fleet", "ml_batch", "95\u202f% within 60\u202fmin", "120\u202fmin"):
        assert text in svg
    assert "web" not in svg
    assert drawing.spec(figure.chart, validate=True) == drawing.spec(figure.chart)


def test_at_most_three_slices_stand_beside_the_fleet_those_furthest_from_the_target_first(build, slo):
    given = build.Input().add(slo, [(950, 50)])
    given.durations = [
        build.duration_row(slo, upgrades=5_000, share=0.93),
        build.duration_row(slo, "scope", "node_pool", upgrades=5_000, share=0.93),  # the fleet under another name
        build.duration_row(slo, "to_version", "1.31.2", upgrades=900, share=0.90),
        build.duration_row(slo, "to_version", "1.31.3", upgrades=1_100, share=0.99),
        build.duration_row(slo, "to_version", "1.31.4", upgrades=29, share=0.50),
        build.duration_row(slo, "region", "eastus", upgrades=1_000, share=0.60),
        build.duration_row(slo, "workload_type", "web", upgrades=1_000, share=0.60),  # the same upgrades
        build.duration_row(slo, "workload_type", "batch", upgrades=40, share=0.0, bound_high=0.01),
        build.duration_row(slo, "workload_type", "stateful", upgrades=1_200, share=0.945),  # too close to tell
    ]
    data = given.data()
    [score] = scores(data)
    assert [(row["value"], row["kind"]) for row in singled_out(data.durations.slices, score)] == [
        ("batch", "bad"), ("eastus", "bad"), ("1.31.2", "bad"),
    ]  # fmt: skip
    # Without two of them there is room for the one that is clear of the target where the fleet is not.
    fewer = data.durations.slices.filter(~data.durations.slices["value"].is_in(["batch", "1.31.2", "web"]))
    assert [(row["value"], row["kind"]) for row in singled_out(fewer, score)] == [("eastus", "bad"), ("1.31.3", "good")]


def test_the_largest_eight_of_a_dimension_have_rows_versions_ascending_and_the_others_are_named(build, slo, section):
    figure = section(
        build.duration_row(slo, upgrades=1_000, share=0.96),
        *(
            build.duration_row(slo, "to_version", f"1.{minor}.0", upgrades=100, share=0.96)
            for minor in (10, 9, 31, 8, 7, 6, 5, 4)
        ),
        build.duration_row(slo, "to_version", "1.3.0", upgrades=50, share=0.96),
        build.duration_row(slo, "to_version", "unknown", upgrades=40, share=0.96),
    )["figure"]
    assert [row.cells[0] for row in figure.table.rows] == ["Fleet", *(f"1.{minor}.0" for minor in (4, 5, 6, 7, 8, 9, 10, 31))]
    assert figure.table.note.endswith("Without a row, with fewer upgrades: version 1.3.0 and unknown.")


def test_too_few_upgrades_have_no_figure_and_a_slice_of_too_few_no_rate(build, slo, section):
    assert section(build.duration_row(slo, upgrades=29, share=0.9)) == {
        "figure": None, "empty": "Duration: too few upgrades to tell how long they take (n = 29).", "notes": [],
    }  # fmt: skip
    assert section()["empty"] == "Duration: too few upgrades to tell how long they take (none started in the window)."
    figure = section(
        build.duration_row(slo, upgrades=30, share=0.9), build.duration_row(slo, "region", "eastus", upgrades=29, share=0.9)
    )["figure"]
    assert cells(figure.table.rows[1])[6:] == ["too few to judge (n = 29)", *["–"] * 6]
    assert 'stroke-dasharray="2,2"' in drawing.svg(figure.chart, prefix="x")


def test_a_share_that_nobody_was_seen_for_long_enough_to_tell_is_open_and_one_without_a_band_has_none(build, slo, section):
    open_ = section(build.duration_row(slo, upgrades=100, share=None, std_error=None, bound_low=0.2, bound_high=1.0))["figure"]
    assert plain(open_.title) == "Duration: no upgrade has been seen for 60 min yet, so that the share within it is open"
    assert "Fleet: whatever becomes of those still running, 20.00 % – 100.00 %." in plain(open_.subtitle)
    whole = section(build.duration_row(slo, upgrades=100, share=1.0, low=None, high=1.0, p99=None, p99_low=5.0))["figure"]
    assert cells(whole.table.rows[0])[6:8] == ["100.00 %", "–"]


def test_durations_that_only_polls_tell_and_cancelled_upgrades_are_named(build, slo, section):
    row = build.duration_row(slo, upgrades=1_000, share=0.96)
    assert section(row)["notes"] == []
    assert section({**row, "upper_bounds": 1, "cancelled": 2})["notes"] == [
        "1 duration of 980 is an upper bound: only the poll that first saw the end is known, so that more may have kept the "
        "limit than it seems.",
        "2 upgrades were cancelled or superseded: counted until then, and in no bound, so that an estimate may lie outside of "
        "the bounds.",
    ]


def test_objectives_beyond_the_third_have_a_sentence_in_place_of_a_figure(build, slo):
    given = build.Input()
    for number in range(4):
        objective = replace(slo, name=f"d{number}", display_name=f"Duration {number}")
        given.add(objective, [(950, 50)]).durations.append(
            build.duration_row(objective, upgrades=1_000, share=None, std_error=None)
        )
    data = given.data()
    *drawn, last = sections(data, scores(data))
    assert [each["figure"].id for each in drawn] == ["survival-1", "survival-2", "survival-3"]
    assert last["figure"] is None
    assert plain(last["empty"]) == (
        "Duration 3: no upgrade has been seen for 60 min yet, so that the share within it is open. "
        "Fleet: whatever becomes of those still running, 0.00 % – 1.00 %."
    )


def test_an_objective_that_leaves_failures_out_says_so(build, slo, section):
    lenient = replace(slo, failed="excluded")
    figure = section(build.duration_row(lenient, upgrades=100, share=0.96), objective=lenient)["figure"]
    assert "failed ones are left out" in figure.subtitle


@pytest.mark.parametrize("value", [0.0, 30.0, 86_400.0, 31_622_400.0])
def test_a_limit_of_any_length_draws(build, slo, section, value):
    objective = replace(slo, value=value)
    figure = section(build.duration_row(objective, upgrades=100, share=0.96), objective=objective)["figure"]
    assert drawing.svg(figure.chart, prefix="x").startswith("<svg")


def test_hostile_names_are_text_in_drawing_and_page(build, slo):
    given = build.Input().add(slo, [(950, 50)])
    given.durations = [
        build.duration_row(slo, upgrades=1_000, share=0.96),
        build.duration_row(slo, "region", "<script>alert(1)</script>", upgrades=300, share=0.4),
        build.duration_row(slo, "workload_type", "x' + alert(1) + '\u202e", upgrades=310, share=0.3),
    ]
    data = given.data()
    [only] = sections(data, scores(data))
    svg = drawing.svg(only["figure"].chart, prefix="x")
    tags = {element.tag.split("}")[1] for element in ElementTree.fromstring(svg).iter()}  # noqa: S314 - our own drawing
    assert tags <= {"svg", "g", "path", "text", "tspan", "line", "rect", "defs", "clipPath"}
    text = render(data)
    assert "<script>alert(1)" not in text
    assert "\u202e" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_the_page_shows_the_figure_its_notes_and_why_another_is_missing(fleet_data):
    text = plain(html.unescape(render(fleet_data)))
    shown = text[text.index('<section id="duration"') : text.index('<section id="retries"')]
    assert re.findall(r'<figure id="fig-([^"]+)"', shown) == ["survival-1", "quantiles-1"]
    assert "17 durations of 23,520 are upper bounds" in shown
    assert "Control plane within 15 min: too few upgrades to tell how long they take (n = 14)." in shown
    assert "<small>27 min – 33 min</small>" in shown
    assert "3 upgrades running longer than 24 h, oldest first" in shown
