"""What changed since yesterday, on counts written in the tests."""

import html
import itertools
import re
from datetime import date, datetime

import polars as pl
import pytest

from assets.reports import charts, drawing
from assets.reports.basis import Basis
from assets.reports.changes import section
from assets.reports.model import read_report_data
from assets.reports.page import render
from assets.reports.restated import Figures, Moved, Restated
from assets.reports.scores import scores
from assets.slo.objectives import load_objectives
from tests.data.whole_home import lines_of, new_home

MINUS = "\u2212"


def narrow(text: str) -> str:
    return text.replace("\u202f", " ")


def made(build, slo, *slices, restated=None):
    """One objective with (good, bad, good before, bad before) per finest slice."""
    given = build.Input().add(slo, [(sum(each[0] for each in slices), sum(each[1] for each in slices))])
    given.shifted = [(slo.name, *each) for each in slices]
    given.restated = restated
    return given


def told(given):
    data = given.data()
    return section(data, scores(data))


def cells(table, row=0):
    return [narrow(cell) for cell in table.rows[row].cells]


def test_the_change_is_told_in_steps_that_lead_from_one_day_to_the_other(build):
    # The better slice shrinks, the worse one grows, one leaves and one enters; the counts are those of `test_change.py`.
    given = made(build, build.objective(), (396, 4, 990, 10), (810, 90, 450, 50), (0, 0, 99, 1), (45, 5, 0, 0))
    found = told(given)
    figure = found["figure"]
    assert narrow(figure.title) == (
        f"Upgrade success: 96.19 % became 92.67 % ({MINUS}3.521 pp), mostly as more upgrades went to slices that do worse"
    )
    assert "by version, region and workload" in figure.subtitle
    assert [tuple(map(narrow, row.cells)) for row in figure.table.rows] == [
        ("11 Feb 2025", "96.19 %"),
        ("Slices did better or worse", "±0.000 pp"),
        ("Upgrades in other slices than before", f"{MINUS}3.071 pp"),
        ("Slices that entered", f"{MINUS}0.164 pp"),
        ("Slices that left", f"{MINUS}0.286 pp"),
        ("12 Feb 2025", "92.67 %"),
    ]
    assert cells(found["table"])[2:9] == [
        "96.19 %", "92.67 %", f"{MINUS}3.521 pp", "±0.000 pp", f"{MINUS}3.071 pp", f"{MINUS}0.164 pp", f"{MINUS}0.286 pp",
    ]  # fmt: skip
    assert "as known now" in found["note"]


def test_every_step_begins_where_the_one_above_it_ended(build):
    found = told(made(build, build.objective(), (396, 4, 990, 10), (810, 90, 450, 50), (0, 0, 99, 1), (45, 5, 0, 0)))
    frame = found["figure"].chart.to_dict()["datasets"]
    [steps] = frame.values()
    assert [step["kind"] for step in steps] == ["total", "same", "worse", "worse", "worse", "total"]
    for above, below in itertools.pairwise(steps):
        assert below["start"] == pytest.approx(above["end"], abs=1e-12)


def test_an_objective_whose_verdict_is_another_is_drawn_before_one_that_moved_further(build):
    given = made(build, build.objective("steady", target=0.5), (900, 100, 990, 10))
    tipped = build.objective("tipped", target=0.9, slice_by=("region",))
    given.add(tipped, [(915, 85)])
    given.shifted.append(("tipped", 915, 85, 925, 75))
    found = told(given)
    assert narrow(found["figure"].title) == (
        f"Tipped went from “Met” to “Cannot tell yet”: 92.5 % became 91.5 % ({MINUS}1.000 pp), mostly as slices did worse"
    )
    assert "by region." in found["figure"].subtitle
    assert [row.cells[0] for row in found["table"].rows] == ["Steady", "Tipped"]
    assert cells(found["table"], 1)[-1] == "from “Met” to “Cannot tell yet”, mostly as slices did worse"


@pytest.mark.parametrize(
    ("slices", "words"),
    [
        pytest.param([(95, 5, 90, 10)], "mostly as slices did better", id="better"),
        pytest.param([(90, 10, 95, 5)], "mostly as slices did worse", id="worse"),
        pytest.param([(90, 0, 10, 0), (5, 5, 45, 45)], "mostly as more upgrades went to slices that do better", id="mix"),
        pytest.param([(50, 50, 50, 50), (90, 10, 0, 0)], "mostly as slices entered that do better than the others", id="new"),
        pytest.param([(90, 10, 90, 10), (0, 0, 50, 50)], "mostly as slices left that did worse than the others", id="gone"),
        pytest.param([(50, 0, 45, 5), (0, 0, 45, 5), (40, 10, 0, 0)], "the parts cancel out", id="nothing in sum"),
        pytest.param([(45, 5, 45, 5)], "no part moved it", id="nothing at all"),
    ],
)
def test_the_words_name_the_part_that_most_of_the_change_is(build, slices, words):
    assert cells(told(made(build, build.objective(target=0.8), *slices))["table"])[-1].endswith(words)


@pytest.mark.parametrize(
    ("slices", "sentence"),
    [
        pytest.param(
            [(95, 5, 0, 0)],
            "No earlier report to compare with: nothing had been decided in any window by 11 Feb 2025.",
            id="the first report ever",
        ),
        pytest.param(
            [(95, 5, 14, 0)],
            "No objective has the 30 upgrades on both days that it takes to compare rates.",
            id="too few a day earlier",
        ),
        pytest.param(
            [(0, 0, 95, 5)],
            "No objective has the 30 upgrades on both days that it takes to compare rates.",
            id="nothing today",
        ),
        pytest.param(
            [(95, 5, 95, 5), (10, 0, 10, 0)],
            "No objective's ratio moved since the day before, nor did any part of it.",
            id="nothing moved",
        ),
        pytest.param(
            [],
            "No earlier report to compare with: nothing had been decided in any window by 11 Feb 2025.",
            id="nothing ever",
        ),
    ],
)
def test_without_anything_to_draw_a_sentence_says_why_and_the_table_stays(build, slices, sentence):
    found = told(made(build, build.objective(), *slices))
    assert (found["figure"], found["nothing"]) == (None, sentence)
    assert len(found["table"].rows) == 1


def test_too_few_upgrades_show_their_number_and_no_rate(build):
    found = told(made(build, build.objective(), (14, 0, 95, 5)))
    assert cells(found["table"])[2:5] == ["95.00 %", "n = 14", "–"]


def test_a_revision_begins_with_what_the_replaced_one_had(build):
    def figures(good, bad):
        return Figures(good=good, bad=bad, pending=0, excluded=0, sli=good / (good + bad), verdict="missed")

    slo = build.objective()
    moved = (
        Moved(slo.name, "7d", {}, figures(50, 50), figures(90, 10)),
        Moved(slo.name, "28d", {}, figures(85, 15), figures(90, 10)),
    )
    restated = Restated(revision=2, fleet=moved, slices=(), deliveries=None, inputs=())
    found = told(made(build, slo, (90, 10, 90, 10), restated=restated))
    assert [tuple(map(narrow, row.cells)) for row in found["figure"].table.rows][:3] == [
        ("12 Feb 2025, in revision 2", "85.00 %"),
        ("Restated", "+5.000 pp"),
        ("11 Feb 2025", "90.00 %"),
    ]
    assert "On top: what the revision that this one replaces had" in found["figure"].subtitle


def test_the_chart_draws_with_tokens_only_and_fits_the_schema(build):
    found = told(made(build, build.objective(), (90, 10, 95, 5)))
    chart = found["figure"].chart
    assert drawing.spec(chart, validate=True) == drawing.spec(chart)
    assert not re.findall(r"#[0-9A-Fa-f]{6}", str(drawing.spec(chart)))
    assert "Slices did better or worse" in drawing.svg(chart, prefix="x")


def test_a_waterfall_without_any_span_still_draws():
    row = {"rank": 0, "step": "a", "label": "a", "start": 1.0, "end": 1.0, "kind": "total", "value_text": "1"}
    assert "100.0" in drawing.svg(charts.change_waterfall(pl.DataFrame([row])), prefix="x")


def test_the_page_has_the_section_in_every_state(build):
    slo = build.objective(display_name="<b>Success</b>")
    for slices in ([(90, 10, 95, 5)], [(95, 5, 0, 0)]):
        page = render(made(build, slo, *slices).data())
        assert '<section id="changed"' in page
        assert "<b>Success" not in page
    assert html.escape("No earlier report to compare with") in page
    assert '<section id="changed"' not in render(build.Input().data())


def test_both_windows_are_counted_from_what_is_known_now(tmp_path):
    home = new_home(tmp_path / "home")

    def line(name: str, started: int, **more: str) -> list[str]:
        return lines_of(name, datetime(2026, 11, started, 8), **more)  # noqa: DTZ001 - UTC, as everywhere

    # Windows of 7 days: the 13th to the 19th, and the 12th to the 18th.
    home.deliver(date(2026, 11, 18), *line("both", 18), *line("other", 18, outcome="failed", region="eastus"), *line("out", 12))
    home.deliver(date(2026, 11, 19), *line("new", 19), *line("late", 17), *line("long-ago", 11))
    home.bring_to(date(2026, 11, 19))
    objectives = load_objectives(home.home.objectives)
    with home.warehouse.transaction() as db:
        data = read_report_data(
            db,
            day=date(2026, 11, 19),
            objectives=objectives,
            basis=Basis("inputs", "objectives", "inventory", "code"),
            verdicts=(),
        )
    assert data.shifted.rows() == [
        ("speed", 0, 1, 0, 1), ("speed", 3, 0, 3, 0), ("success", 0, 1, 0, 1), ("success", 3, 0, 3, 0),
    ]  # fmt: skip
