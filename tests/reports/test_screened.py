"""Slices against the rest of the fleet, on counts written in the tests."""

import pytest

from assets.reports.page import render
from assets.reports.scores import scores
from assets.reports.screened import by_chance, section


def narrow(text: str) -> str:
    return text.replace("\u202f", " ")


def told(given):
    data = given.data()
    return section(data, scores(data))


def fleet(build, slo, *slices, good=9_900, bad=100):
    """A fleet with slices of (good, bad, values)."""
    given = build.Input().add(slo, [(good, bad)])
    given.status += [build.status_row(slo, *counts, **values) for *counts, values in slices]
    return given


@pytest.fixture
def uneven(build):
    """50 of 100 bad ones in 200 of 10,000 upgrades, all of them in one region, which also holds a workload that is only there."""
    return fleet(
        build,
        build.objective(),
        (150, 50, {"region": "eastus"}),
        (150, 50, {"region": "eastus", "workload_type": "ml_batch"}),
        (140, 48, {"region": "eastus", "to_version": "1.31.2"}),
        (4_950, 25, {"region": "westeurope"}),
        (4_800, 25, {"region": "uksouth"}),
    )


def test_a_finding_is_shown_with_its_counts_those_of_the_rest_and_what_chance_would_give(uneven):
    found = told(uneven)
    assert found["title"] == "3 of 5 slices of 1 objective fail more than the rest: eastus"
    [row] = found["table"].rows
    # (50 / 200) / (50 / 9,800) = 49; the sample's odds ratio of 65 is a little above the conditional one.
    assert [narrow(cell) for cell in row.cells[:6]] == [
        "eastus<small>region</small>", "Upgrade success", "50 of 200", "25.00 %", "50 of 9,800", "0.51 %",
    ]  # fmt: skip
    assert row.cells[6] == "49×"
    assert row.cells[7].startswith("64.")
    assert row.cells[8] == "fewer than 1 in 1,000,000"
    assert row.scope == {"region": "eastus"}
    assert "at most 1 in 10 is expected to be there by chance" in found["note"]
    assert found["unseen"] is None


def test_of_findings_that_hold_each_other_only_the_first_is_listed_and_the_broader_of_two_alike_is_first(uneven):
    assert [row.cells[0] for row in told(uneven)["table"].rows] == ["eastus<small>region</small>"]


def test_each_objective_has_its_own_findings_in_one_list(build, uneven):
    other = build.objective("platform", target=0.995)
    uneven.add(other, [(9_960, 40)])
    uneven.status.append(build.status_row(other, 180, 20, region="eastus"))
    found = told(uneven)
    assert [row.cells[1] for row in found["table"].rows] == ["Upgrade success", "Platform"]
    assert found["title"] == "4 of 6 slices of 2 objectives fail more than the rest: eastus"


def test_where_nothing_is_found_it_is_said_what_would_have_been(build):
    given = fleet(
        build, build.objective(), (4_950, 50, {"region": "eastus"}), (198, 2, {"region": "uksouth"}), (5, 0, {"scope": "x"})
    )
    found = told(given)
    assert found["title"] == "No slice fails more than the rest; 3 slices were compared"
    assert found["table"] is None
    [row] = found["unseen"].rows
    title, compared, largest, from_largest, middling, from_middling = map(narrow, row.cells)
    assert (title, compared, largest, middling) == ("Upgrade success", "3", "5,000", "200")
    assert from_largest.endswith("× the rest")
    assert float(from_largest.split(" %")[0]) < float(from_middling.split(" %")[0])


@pytest.mark.parametrize(
    ("slices", "changes", "title"),
    [
        pytest.param([], {}, "No slice has what it takes to be compared with the rest of the fleet", id="no slices"),
        pytest.param(
            [(9_900, 100, {"region": "only"})],
            {},
            "No slice has what it takes to be compared with the rest of the fleet",
            id="the only slice is the fleet",
        ),
        pytest.param(
            [(150, 50, {"region": "eastus"})],
            {"kind": "threshold", "op": "lte", "value": 900.0},
            "No objective counts successes, so there are no failure rates to compare",
            id="durations only",
        ),
    ],
)
def test_without_anything_to_compare_the_reason_is_given(build, slices, changes, title):
    found = told(fleet(build, build.objective(**changes), *slices))
    assert found == {"title": title, "table": None, "unseen": None, "note": ""}


def test_other_windows_and_slices_of_other_objectives_are_not_compared(build):
    slo = build.objective()
    given = fleet(build, slo)
    given.status.append(build.status_row(slo, 150, 50, window="7d", region="eastus"))
    assert told(given)["title"].startswith("No slice has what it takes")


def test_too_few_upgrades_show_no_rate_and_a_rest_without_failures_no_multiple(build):
    slo = build.objective()
    few = told(fleet(build, slo, (5, 15, {"region": "eastus"}))).get("table").rows[0].cells
    assert (few[3], few[6]) == ("n = 20", "–")
    alone = told(fleet(build, slo, (100, 100, {"region": "eastus"}))).get("table").rows[0].cells
    assert alone[6] == "none elsewhere"
    assert alone[7].endswith(" or more")


@pytest.mark.parametrize(
    ("adjusted", "words"),
    [
        (0.1, "at most 1 in 10"),
        (0.0999, "at most 1 in 10"),
        (0.0202, "at most 1 in 49"),
        (1 / 4_899, "at most 1 in 4,800"),
        (1e-6, "at most 1 in 1,000,000"),
        (9e-7, "fewer than 1 in 1,000,000"),
        (0.0, "fewer than 1 in 1,000,000"),
    ],
)
def test_chance_is_rounded_so_that_it_is_never_said_too_rare(adjusted, words):
    assert by_chance(adjusted) == words


def test_the_page_never_speaks_of_significance_and_escapes_names(build):
    given = fleet(build, build.objective(), (150, 50, {"region": "<script>alert(1)</script>"}))
    page = render(given.data())
    assert '<section id="screened"' in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "significan" not in page.split("<script")[0]
    assert '<section id="screened"' not in render(build.Input().data())
