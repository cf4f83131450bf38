"""Which status row answers which question, and the budget's printed arithmetic."""

from datetime import date

import pytest

from assets.reports.scores import budget_text, by_urgency, printable_budget, scores, tally, worst


@pytest.mark.parametrize(
    ("allowed", "text"),
    [
        pytest.param(1178.85, "1,179", id="large budgets are whole"),
        pytest.param((1 - 0.9) * 10, "1", id="the noise of floats does not show"),
        pytest.param(0.4, "0.4", id="small ones keep a decimal"),
        pytest.param(0.0, "0", id="nothing is nothing"),
    ],
)
def test_budgets_print_as_operations(allowed, text):
    assert budget_text(printable_budget(allowed)) == text


def test_allowed_bad_and_left_add_up_as_printed(build):
    data = build.Input().add(build.objective(), [(116_560, 1_325)]).data()
    [score] = scores(data)
    assert (score.allowed, score.left) == (1179, -146)
    assert score.allowed - score.left == score.bad


def test_a_score_takes_the_fleet_row_of_its_own_window_and_its_look_backs(build):
    slo = build.objective(window="7d", window_days=7)
    given = build.Input().add(slo, [(100, 0)] * 20 + [(90, 10)] * 7 + [(99, 1)])
    given.status.append(build.status_row(slo, 1, 1, region="eastus"))
    [score] = scores(given.data())
    assert (score.good, score.bad) == (6 * 90 + 99, 6 * 10 + 1)
    assert score.burn["1d"] == pytest.approx(1.0)
    assert score.burn["28d"] == pytest.approx(71 / 2800 / 0.01)
    assert score.burn_total == {"1d": 100, "3d": 300, "7d": 700, "28d": 2800}
    assert len(score.window_days) == 7
    assert len(score.days) == 28


def test_days_without_rows_are_days_without_operations(build):
    data = build.Input().add(build.objective(), [(5, 1)]).data()
    [score] = scores(data)
    assert [each.ratio for each in score.days[:-1]] == [None] * 27
    assert score.days[-1].day == date(2025, 2, 12)
    assert score.days[-1].ratio == pytest.approx(5 / 6)


def test_an_objective_without_any_row_is_a_score_of_nothing(build):
    given = build.Input(objectives=[build.objective()])
    [score] = scores(given.data())
    assert (score.verdict, score.total, score.sli, score.spent) == ("no_data", 0, None, None)
    assert set(score.burn.values()) == {None}


def test_objectives_with_one_display_name_are_told_apart(build):
    given = build.Input(objectives=[build.objective("a", display_name="Success"), build.objective("b", display_name="Success")])
    assert [score.title for score in scores(given.data())] == ["Success (a)", "Success (b)"]


def states(build):
    """Met, missed, a large undecided, a small missed and nothing, in this order."""
    return (
        build.Input()
        .add(build.objective("met"), [(10_000, 10)])
        .add(build.objective("missed"), [(9_000, 500)])
        .add(build.objective("close"), [(9_900, 100)])
        .add(build.objective("small"), [(8, 2)])
        .add(build.objective("nothing"), [(0, 0)])
    )


def test_the_worst_is_missed_before_undecided_before_met_and_a_handful_gives_way(build):
    found = scores(states(build).data())
    by_name = {score.objective.name: score for score in found}
    assert [score.verdict for score in found] == ["met", "missed", "undecided", "missed", "no_data"]
    assert worst(found).objective.name == "missed"
    assert worst((by_name["small"], by_name["close"])).objective.name == "small"
    assert worst((by_name["met"], by_name["close"], by_name["nothing"])).objective.name == "close"
    assert worst((by_name["nothing"], by_name["met"])).objective.name == "met"
    assert worst(()) is None


def test_the_tally_counts_what_has_no_data_as_not_told(build):
    assert tally(scores(states(build).data())) == (2, 2, 1)


def test_urgency_puts_missed_first_and_keeps_file_order_within(build):
    names = [score.objective.name for score in by_urgency(scores(states(build).data()))]
    assert names == ["missed", "small", "close", "nothing", "met"]
