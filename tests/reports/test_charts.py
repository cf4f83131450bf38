"""Charts: what a frame becomes, in every state of the frame, without colours or clocks of their own."""

import json
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from xml.etree import ElementTree

import polars as pl
import pytest

from assets.reports import charts, drawing, figures, retries
from assets.reports.scores import scores
from assets.reports.slices import standing_out


def marks(svg: str) -> int:
    """How many visible shapes and texts a drawing has."""
    return len(re.findall(r"<(?:path|text|line|rect)\b", svg))


@pytest.fixture(scope="module")
def drawn(fleet_data):
    """Every figure of a whole fleet, by id."""
    found = scores(fleet_data)
    made = [
        figures.budget_burndown(found),
        figures.excess_by_slice(standing_out(fleet_data, found)),
        figures.duration_quantiles(found[2], fleet_data.status, number=1),
        retries.section(fleet_data)["figure"],
        figures.failure_reasons(fleet_data.reasons),
    ]
    return {figure.id: figure for figure in made}


def test_every_figure_of_a_fleet_draws_and_has_words_and_numbers(drawn):
    assert list(drawn) == ["burndown", "excess", "quantiles-1", "retries", "reasons"]
    for figure in drawn.values():
        assert marks(drawing.svg(figure.chart, prefix=figure.id)) > 20
        assert drawing.spec(figure.chart, validate=True) == drawing.spec(figure.chart)  # by the schema of Vega-Lite
        assert figure.title
        assert figure.subtitle.endswith(".")
        assert figure.title in figure.description
        assert figure.table.rows


def test_charts_colour_with_tokens_only(drawn):
    for figure in drawn.values():
        assert not re.findall(r"#[0-9A-Fa-f]{6}", json.dumps(drawing.spec(figure.chart)))


def test_two_drawings_of_one_chart_are_the_same_bytes_and_ids_begin_with_the_figure(drawn):
    first, second = (drawing.svg(drawn["burndown"].chart, prefix="burndown") for _ in range(2))
    assert first == second
    ids = re.findall(r' id="([^"]*)"', first)
    assert all(found.startswith("burndown-") for found in ids)
    assert set(re.findall(r"url\(#([^)]*)\)", first)) <= set(ids)


def test_a_png_is_drawn_in_light_colours(drawn):
    assert drawing.png(drawn["excess"].chart, scale=1)[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_chart_for_a_notebook_has_no_token_left(drawn):
    assert "var(--" not in json.dumps(drawing.light(drawn["reasons"].chart).to_dict())


def test_days_stay_the_same_days_in_every_time_zone():
    program = (
        "from datetime import date, timedelta; import polars as pl\n"
        "from assets.reports import charts, drawing\n"
        "days = [date(2025, 1, 16) + timedelta(days=n) for n in range(28)]\n"
        "frame = pl.DataFrame({'panel': ['A'] * 28, 'day': days, 'left': [1 - n / 28 for n in range(28)],"
        " 'pace': [1.0] * 28, 'verdict': ['met'] * 28, 'end_label': [''] * 28, 'day_text': ['d'] * 28,"
        " 'left_text': ['l'] * 28, 'bad': ['0'] * 28})\n"
        "print(drawing.svg(charts.budget_burndown(frame), prefix='x'))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "TZ": zone}, capture_output=True, check=True, text=True
        ).stdout
        for zone in ("Pacific/Auckland", "America/Los_Angeles")
    ]
    assert outputs[0] == outputs[1]
    assert "9 Feb" in outputs[0]


def burndown_frame(days: int, left: float, label: str) -> pl.DataFrame:
    return pl.DataFrame({
        "panel": ["A\nlong name"] * days,
        "day": [date(2025, 2, 12) - timedelta(days=days - 1 - n) for n in range(days)],
        "left": [left] * days,
        "pace": [0.5] * days,
        "verdict": ["undecided"] * days,
        "end_label": [""] * (days - 1) + [label],
        "day_text": ["x"] * days,
        "left_text": ["x"] * days,
        "bad": ["1"] * days,
    })  # fmt: skip


@pytest.mark.parametrize(("days", "left"), [(1, 1.0), (28, -1.0), (90, 0.0)])
def test_a_budget_of_one_day_or_all_overspent_still_draws(days, left):
    svg = drawing.svg(charts.budget_burndown(burndown_frame(days, left, "4,012 over")), prefix="x")
    assert "4,012 over" in svg


HOSTILE = ["<script>alert(1)</script>", "=cmd()", '"><img src=x onerror=alert(1)>', "a&b", "x' + alert(1) + '", "\x00\x1b\ud800"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_in_drawing_specification_and_png(build, name):
    slo = build.objective()
    given = build.Input().add(slo, [(9_650, 250)])
    given.status.append({**build.status_row(slo, 80, 20, region="x"), "region": name.encode("utf-8", "ignore").decode()})
    data = given.data()
    figure = figures.excess_by_slice(standing_out(data, scores(data)))
    svg = drawing.svg(figure.chart, prefix="x")
    tags = {element.tag.split("}")[1] for element in ElementTree.fromstring(svg).iter()}  # noqa: S314 - our own drawing
    assert tags <= {"svg", "g", "path", "text", "tspan", "line", "rect", "defs", "clipPath"}
    assert drawing.png(figure.chart, scale=1).startswith(b"\x89PNG")


def test_a_duration_objective_judges_the_quantile_its_target_names(build):
    slo = build.objective("d", kind="threshold", op="lte", value=900.0, target=0.9)
    given = build.Input().add(slo, [(950, 50)], quantiles=(100.0, 700.0, 800.0, 1200.0))
    given.status.append(build.status_row(slo, 12, 2, to_version="1.32.0", quantiles=(1.0, 2.0, 3.0, 4.0)))
    data = given.data()
    figure = figures.duration_quantiles(scores(data)[0], data.status, number=1)
    assert figure.subtitle.startswith("Diamond: p90, which the objective judges; circles: p50 and p95;")
    few = figure.table.rows[1]
    assert few.cells[:3] == ("1.32.0", "14", "–")
    assert "too few to judge (n = 14)" in drawing.svg(figure.chart, prefix="x")


def test_a_target_between_the_quantiles_or_a_lower_limit_judges_none_of_them(build):
    for changes in ({"target": 0.97, "op": "lte"}, {"target": 0.95, "op": "gte"}):
        slo = build.objective("d", kind="threshold", value=900.0, **changes)
        data = build.Input().add(slo, [(950, 50)], quantiles=(0.0, 0.0, 0.0, 0.0)).data()
        figure = figures.duration_quantiles(scores(data)[0], data.status, number=1)
        assert figure.subtitle.startswith("Circles: p50 and p90 and p95;")
        assert marks(drawing.svg(figure.chart, prefix="x")) > 5


def test_figures_without_anything_to_draw_are_absent(build):
    slo = build.objective("d", kind="threshold", op="lte", value=900.0)
    data = build.Input().add(slo, [(0, 0)]).data()
    found = scores(data)
    assert figures.budget_burndown(found) is None
    assert figures.duration_quantiles(found[0], data.status, number=1) is None
    assert figures.failure_reasons(data.reasons) is None


def test_reasons_stand_in_two_panels_with_the_side_named_where_it_is_neither(build):
    given = build.Input()
    given.reasons = [
        ("drain_timeout", "platform", 5),
        ("quota", "customer", 3),
        ("image_pull", "dependency", 9),
        ("old", "platform", 0),
    ]
    figure = figures.failure_reasons(given.data().reasons)
    assert figure.title == "image_pull is the most common reason: 9 of 17 failed upgrades"
    svg = drawing.svg(figure.chart, prefix="x")
    for text in ("Platform", "Customer or dependency", "drain_timeout: 5", "image_pull (dependency): 9"):
        assert text in svg


def test_importing_the_page_does_not_load_the_chart_library():
    heavy = "{'altair', 'vl_convert', 'scipy', 'jinja2'}"
    program = f"import sys, assets.reports.page, assets.reports.summary; print({heavy} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout
    assert found.strip() == "set()"
