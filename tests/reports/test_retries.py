"""Retries: what becomes of first attempts, in words, in the chart and in the table."""

import pytest
from scipy import stats

from assets.reports import retries
from assets.reports.retries import section

FLEET = ("fleet", "", 1_000, 940, 5, 45, 33)  # 940 at once, 5 late, 55 not, of which 45 were retried and 33 rescued


def made(build, *attempts):
    return section(build.Input(attempts=list(attempts)).data())


def cells(found):
    return {row.cells[0]: row.cells[1:] for row in found["figure"].table.rows}


def test_both_rates_are_of_the_same_upgrades_and_rescues_of_those_that_did_not_arrive_at_once(build):
    found = made(build, FLEET)
    assert found["figure"].title == (
        "Retries rescued 33 of 55 upgrades: 94.00\u202f% reach their version at the first attempt, 97.80\u202f% in the end"
    )
    first, final, rescued = (
        stats.binomtest(good, total).proportion_ci(0.95, method="wilson") for good, total in ((940, 1000), (978, 1000), (33, 55))
    )
    assert cells(found)["Fleet"] == (
        "", "1,000",
        "94.00\u202f%", f"{100 * first.low:.2f}\u202f% – {100 * first.high:.2f}\u202f%",
        "97.80\u202f%", f"{100 * final.low:.2f}\u202f% – {100 * final.high:.2f}\u202f%",
        "45", "33 of 55", f"{100 * rescued.low:.1f}\u202f% – {100 * rescued.high:.1f}\u202f%",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fleet", "title"),
    [
        pytest.param((1_000, 1_000, 0, 0, 0), "All 1,000 upgrades reached their version at the first attempt", id="all at once"),
        pytest.param(
            (1_000, 990, 10, 0, 0),
            "99.00\u202f% reach their version at the first attempt, 100.00\u202f% in the end; none needed a retry",
            id="some of them late",
        ),
        pytest.param(
            (1_000, 990, 0, 0, 0),
            "99.00\u202f% reach their version at the first attempt, 99.00\u202f% in the end; none of the 10 others has been "
            "retried",
            id="nobody has tried again",
        ),
        pytest.param(
            (1_000, 990, 0, 4, 0),
            "Retries rescued 0 of 10 upgrades: 99.00\u202f% reach their version at the first attempt, 99.00\u202f% in the end",
            id="retries were in vain",
        ),
    ],
)
def test_the_title_says_what_retries_did(build, fleet, title):
    assert made(build, ("fleet", "", *fleet))["figure"].title == title


@pytest.mark.parametrize(
    ("attempts", "sentence"),
    [
        pytest.param([], "no upgrade has a decided first attempt", id="none"),
        pytest.param([("fleet", "", 1, 1, 0, 0, 0)], "only 1 upgrade has a decided first attempt", id="one"),
        pytest.param([("fleet", "", 29, 20, 0, 9, 9)], "only 29 upgrades have a decided first attempt", id="too few for a rate"),
    ],
)
def test_too_few_upgrades_have_a_sentence_and_no_chart(build, attempts, sentence):
    found = made(build, *attempts)
    assert found["figure"] is None
    assert found["empty"] == f"Too few to tell whether retries help: {sentence} in the last 28 days."


def test_a_small_slice_has_its_counts_and_no_rate(build):
    found = made(build, FLEET, ("region", "canary", 22, 20, 0, 2, 1))
    assert cells(found)["canary"] == ("region", "22", "too few to judge (n = 22)", "–", "–", "–", "2", "1 of 2", "–")
    assert "canary" not in str(found["figure"].chart.to_dict())


def test_the_largest_of_each_dimension_are_drawn_and_more_are_listed(build):
    versions = [("to_version", f"1.31.{number}", 500 - number, 480, 0, 9, 9) for number in range(10)]
    scopes = [("scope", scope, 200, 180, 5, 9, 7) for scope in ("addon", "cluster", "control_plane", "node_image", "node_pool")]
    found = made(build, FLEET, *scopes, *versions)
    names = [row["name"] for row in found["figure"].chart.to_dict()["datasets"].popitem()[1]]
    everything = ["Fleet", "addon", "cluster", "control_plane", "node_image", "node_pool"]
    assert names == [*everything, "1.31.0", "1.31.1", "1.31.2", "1.31.3"]
    assert list(cells(found)) == [*everything, *(f"1.31.{number}" for number in range(8))]
    assert "Without 2 rows of regions and versions" in found["figure"].table.note


def test_rows_of_a_version_or_region_name_their_slice_for_the_filter(build):
    found = made(build, FLEET, ("region", "eastus", 500, 480, 0, 9, 9), ("to_version", "1.31.2", 500, 480, 0, 9, 9))
    assert [row.scope for row in found["figure"].table.rows] == [{}, {"version": "1.31.2"}, {"region": "eastus"}]


def test_an_unknown_version_says_which_dimension_it_is_of(build):
    found = made(build, FLEET, ("to_version", "unknown", 500, 480, 0, 9, 9))
    assert "unknown (version)" in cells(found)


def test_a_name_that_nobody_vouches_for_is_shown_on_one_line(build):
    found = made(build, FLEET, ("region", "west\u202e<b>\n", 500, 480, 0, 9, 9))
    assert "west\ufffd<b>\ufffd" in cells(found)  # markup is the page's to escape
    assert retries.TITLE == "Retries"
