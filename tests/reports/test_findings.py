"""Sentences for every state the data can be in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from assets.reports import findings, tables
from assets.reports.restated import Figures, Moved, Restated
from assets.reports.scores import scores
from assets.reports.slices import standing_out
from tests.reports.test_alerts import alert

N = "\u202f"
MISSED = [(9_650, 250), (95, 5)]  # 255 of 10,000: 155 over the 100 allowed; today 5 of 100
MET = [(10_000, 10)]  # 90 of 100.1 left
CLOSE = [(9_880, 115), (0, 0)]
SMALL = [(13, 1)]
NOTHING = [(0, 0)]


def data_of(build, *objectives):
    """A report on objectives given as (name, daily counts)."""
    given = build.Input()
    for name, counts in objectives:
        given.add(build.objective(name), counts)
    return given.data()


@pytest.mark.parametrize(
    ("objectives", "expected"),
    [
        pytest.param(
            [("upgrade-success", MISSED), ("other", MET)],
            f"Upgrade success missed its 99{N}% target: 255 bad of 10,000, 155 over the 100 allowed.",
            id="one missed objective gives its counts",
        ),
        pytest.param(
            [("a-name-that-takes-most-of-the-line-alone", MISSED)],
            f"A name that takes most of the line alone missed its 99{N}% target: 155 over the 100 allowed.",
            id="a long name leaves fewer of them",
        ),
        pytest.param(
            [("first", MISSED), ("second", [(8_000, 900)]), ("third", MET)],
            "2 of 3 objectives missed; worst is Second: 811 over the 89 allowed.",
            id="of several the one that overspent most is named",
        ),
        pytest.param(
            [("first", MET), ("second", [(10_000, 30)])],
            "All 2 objectives met; the tightest has 70 of 100 failures left.",
            id="all met names how close it is",
        ),
        pytest.param([("only", MET)], f"Only met its 99{N}% target with 90 of 100 failures left.", id="a single met one"),
        pytest.param(
            [("first", MET), ("second", [(9_885, 115)]), ("third", SMALL)],
            "No objective missed; 2 cannot be judged yet.",
            id="undecided ones are counted",
        ),
        pytest.param(
            [("first", NOTHING), ("second", NOTHING)],
            "No data: no upgrade was decided in any objective's window.",
            id="no data at all is not success",
        ),
        pytest.param([], "No objective is defined, so there is nothing to judge.", id="no objective"),
        pytest.param(
            [("first", [*MISSED, (0, 0)])],
            f"No upgrades started on 12 Feb 2025. First still misses its 99{N}% target.",
            id="an empty day keeps the window's verdict",
        ),
        pytest.param(
            [("first", [*MET, (0, 0)]), ("second", [*MET, (0, 0)])],
            "No upgrades started on 12 Feb 2025. Every objective is met over its window.",
            id="an empty day after good ones",
        ),
        pytest.param(
            [("first", CLOSE)],
            "No upgrades started on 12 Feb 2025. No objective missed; 1 cannot be judged yet.",
            id="an empty day after unclear ones",
        ),
    ],
)
def test_the_headline_says_the_worst_verdict(build, objectives, expected):
    data = data_of(build, *objectives)
    assert findings.headline(data, scores(data)) == expected


def test_headlines_stay_within_ninety_characters_unless_the_name_alone_is_longer(build):
    data = data_of(build, ("a" * 63, MISSED))
    assert len(findings.headline(data, scores(data))) <= 90


def test_a_failed_gate_replaces_every_verdict(build):
    given = build.Input().add(build.objective(), MISSED)
    given.checks = [
        ("slo", "volume", "warning", False, "1", "2"),
        ("telemetry", "ledger balances", "error", False, "3 unexplained", "0 unexplained"),
    ]
    data = given.data()
    assert findings.headline(data, scores(data)) == "Do not use this report: ledger balances failed."


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param(MISSED, "255 bad of 10,000, 155 over the 100 allowed. Today still burns 5.0×.", id="missed and burning"),
        pytest.param(
            [(9_650, 250), (9_900, 10)],
            "260 bad of 19,810, 62 over the 198 allowed. Today burns 0.1×, so it is recovering.",
            id="missed and recovering",
        ),
        pytest.param(
            [(9_650, 250), (8, 2)],
            "252 bad of 9,910, 153 over the 99 allowed. Too few today to see a trend (n = 10).",
            id="missed with a handful today",
        ),
        pytest.param(
            [(9_650, 250), (0, 0)],
            "250 bad of 9,900, 151 over the 99 allowed. Nothing was decided today.",
            id="missed with an empty day",
        ),
        pytest.param(MET, "10 bad of 10,010, 90 of 100 left.", id="met"),
        pytest.param(
            [(9_905, 95)],
            # 118 of 10,000 is the first count that misses 99 % (P = .042); at 1.27 % as many fail four times in five.
            "95 bad of 10,000, 5 of 100 left, but the interval still contains the target. "
            f"A failure rate under 1.27{N}% could have gone unseen.",
            id="undecided within budget",
        ),
        pytest.param(
            [(9_885, 115)],
            "115 bad of 10,000, 15 over the 100 allowed, but the interval still contains the target. "
            f"A failure rate under 1.27{N}% could have gone unseen.",
            id="undecided beyond budget",
        ),
        pytest.param(NOTHING, "No upgrade in the window.", id="nothing happened"),
    ],
)
def test_each_objective_has_a_sentence_for_its_state(build, counts, expected):
    data = data_of(build, ("success", counts))
    assert findings.score_sentence(scores(data)[0]) == expected


def test_a_handful_is_told_how_many_clean_ones_would_tell(build):
    # One bad at 95 %: n = 93 is the smallest with P(X ≤ 1; n, .05) ≤ .05, so 79 more than 14.
    given = build.Input().add(build.objective("cp", target=0.95), SMALL)
    [score] = scores(given.data())
    expected = f"1 bad of 14 upgrades. At least 79 clean ones in a row would be needed to show 95{N}%."
    assert findings.score_sentence(score) == expected
    assert findings.achieved(score) == ("n = 14", "")


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (SMALL, f"1 bad of 14 time slices. At least 79 clean ones in a row would be needed to show 95{N}%."),
        (NOTHING, "No time slice in the window."),
    ],
)
def test_a_budget_of_time_slices_is_told_in_time_slices(build, counts, expected):
    given = build.Input().add(build.objective("cp", target=0.95, budgeting_method="Timeslices", slice_seconds=3_600), counts)
    [score] = scores(given.data())
    assert findings.score_sentence(score) == expected


def test_only_pending_upgrades_are_named_as_such(build):
    given = build.Input().add(build.objective(), NOTHING)
    given.status = [{**row, "pending": 3, "excluded": 1} for row in given.status]
    [score] = scores(given.data())
    assert findings.score_sentence(score) == "No upgrade decided in the window: 3 pending and 1 excluded."


def takeaways(data):
    found = scores(data)
    return findings.takeaways(data, found, standing_out(data, found))


def test_a_quiet_day_needs_no_action(build):
    given = build.Input().add(build.objective(), [(1_000, 1)] * 28)
    given.quarantine = []
    assert takeaways(given.data()) == []


def test_a_missed_objective_sends_the_reader_to_its_slice_without_naming_a_cause(build):
    slo = build.objective()
    given = build.Input().add(slo, MISSED)
    given.status.append(build.status_row(slo, 800, 200, to_version="1.31.2", region="westeurope"))
    first = takeaways(given.data())[0]
    assert first.action == "Look at 1.31.2 · westeurope first."
    assert first.evidence == f"200 bad of 1,000, 190 more than 99{N}% allows. This is where, not why: slices overlap."
    assert first.anchor == "hurts"


def test_a_missed_objective_without_such_a_slice_is_about_the_fleet(build):
    first = takeaways(data_of(build, ("success", MISSED)))[0]
    assert first.action == "Look at the whole fleet for Success."


def test_takeaways_are_at_most_three_and_the_most_urgent_first(build):
    given = build.Input().add(build.objective("a"), MISSED).add(build.objective("b"), MISSED)
    given.overdue = [build.overdue_row()]
    given.checks.append(("slo", "volume", "warning", False, "12", "at least 20"))
    assert [each.anchor for each in takeaways(given.data())] == ["hurts", "budget", "overdue"]


def test_overdue_upgrades_warnings_and_quarantine_are_takeaways_of_their_own(build):
    given = build.Input().add(build.objective(), [(1_000, 1)] * 28)
    given.overdue = [build.overdue_row(), build.overdue_row(cluster_id="c-2")]
    given.checks.append(("slo", "volume", "warning", False, "12", "at least 20"))
    texts = [(each.action, each.evidence) for each in takeaways(given.data())]
    assert texts == [
        (
            f"Unblock 2 upgrades running longer than 24{N}h.",
            f"The oldest, on cluster c-17 in westeurope, started 76{N}h 12{N}min ago.",
        ),
        ("Check 1 data-quality warning.", "volume: observed 12, rule at least 20."),
        ("Mend the sender of 1 quarantined record.", "Delivered today; most often invalid_json in canonical, 1."),
    ]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param(
            [(50, 0)] * 27 + [(0, 0)], "No upgrade started on 12 Feb 2025; 27 of the 27 days before had some.", id="a sudden one"
        ),
        pytest.param([(0, 0)] * 28, "No upgrade started on 12 Feb 2025; nor in the four weeks before.", id="one of many"),
        pytest.param(([(50, 0)] * 2 + [(0, 0)] * 2) * 7, None, id="a usual one is nothing to do"),
    ],
)
def test_an_empty_day_questions_the_delivery_unless_such_days_are_usual(build, counts, expected):
    given = build.Input().add(build.objective(), counts)
    given.quarantine = []
    assert [each.evidence for each in takeaways(given.data())] == ([] if expected is None else [expected])


def test_a_day_that_spends_a_tenth_of_a_met_budget_is_worth_watching(build):
    given = build.Input().add(build.objective(), [(1_000, 1)] * 27 + [(900, 40)])  # allowed 279.67, today 40
    given.quarantine = []
    [only] = takeaways(given.data())
    assert only.action == "Watch Upgrade success."
    assert only.evidence == f"12 Feb 2025 alone spent 14{N}% of its budget: 40 bad of 940."


@pytest.mark.parametrize(("state", "first"), [("firing", "Look at eastus first."), ("quiet", None)])
def test_a_slice_that_stands_out_is_looked_at_as_soon_as_an_alert_fires(build, state, first):
    slo = build.objective()
    given = build.Input().add(slo, [(9_940, 60)])  # of 100 allowed
    given.status += [build.status_row(slo, 160, 40, region="eastus")]
    given.alerts, given.quarantine = [alert(state)], []
    assert next((each.action for each in takeaways(given.data())), None) == first


@pytest.mark.parametrize(
    ("names", "expected"),
    [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"), (["a", "b", "c", "d"], "a, b and 2 more")],
)
def test_lists_are_written_out_until_they_are_long(names, expected):
    assert findings.listed(names) == expected


@pytest.mark.parametrize(
    ("objectives", "expected"),
    [
        pytest.param(
            [("a", [(0, 0), (9_000, 60), (900, 41), (0, 0)])], "A had spent its whole budget by 11 Feb", id="the day it ran out"
        ),
        pytest.param([("a", MISSED), ("b", MISSED)], "2 of 2 objectives have spent their budgets: A and B", id="several"),
        pytest.param(
            [("a", MET), ("b", [(10_000, 30)])], "Every objective drawn has budget left; B has the least, 70 of 100", id="none"
        ),
        pytest.param([("a", MET)], "A has 90 of 100 left", id="a single one"),
    ],
)
def test_the_budget_title_names_who_ran_out(build, objectives, expected):
    assert findings.title_budget(scores(data_of(build, *objectives))) == expected


def test_no_slice_stands_out_is_said_with_the_number_that_were_judged(build):
    slo = build.objective()
    given = build.Input().add(slo, MISSED)
    given.status += [build.status_row(slo, 4_000, 10, region="eastus"), build.status_row(slo, 5, 1, region="tiny")]
    data = given.data()
    focus = standing_out(data, scores(data))
    assert findings.title_excess(focus) == f"no slice stands out; none of the 1 judged misses 99{N}% on its own"


@pytest.mark.parametrize(
    ("op", "expected"),
    [("lte", "within"), ("lt", "in less than"), ("gte", "taking at least"), ("gt", "taking more than")],
)
def test_a_duration_goal_says_its_comparison(build, op, expected):
    slo = build.objective("d", kind="threshold", op=op, value=3600.0, target=0.95)
    given = build.Input().add(slo, MET)
    assert findings.duration_goal(scores(given.data())[0]) == f"95{N}% {expected} 60{N}min"


def test_a_preliminary_report_names_the_report_that_settles_it(build):
    # The day, 24 h of deadline and 72 h for late data: the report four days later.
    given = build.Input().add(build.objective(), MET)
    given.status = [{**row, "pending": 88} for row in given.status]
    data = given.data()
    assert findings.maturity_note(data, scores(data)) == "settled in the report of 16 Feb 2025; 88 upgrades still running"
    given.settled_on = data.report_date
    assert findings.maturity_note(given.data(), ()) == ""
    given.settled_on = None
    assert findings.maturity_note(given.data(), ()) == ""


def test_the_ledger_is_the_sum_it_claims_to_be_or_says_otherwise(build):
    given = build.Input()
    assert findings.ledger_line(given.data()) == "103 records = 100 accepted + 2 duplicate + 1 quarantined"
    given.ledger = [("canonical", 1, 0, 0, 9, 0, 9, 5, 1, 1, 1)]
    assert findings.ledger_line(given.data()) == "9 records ≠ 5 accepted + 1 duplicate + 1 quarantined + 1 not an upgrade"


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([], "No checks were recorded"),
        ([(True, "error")], "The only check passed"),
        ([(True, "error"), (False, "warning")], "1 of 2 checks passed; 1 warning"),
        ([(False, "error"), (False, "warning"), (False, "warning")], "0 of 3 checks passed; 1 error and 2 warnings"),
    ],
)
def test_checks_are_counted_by_outcome(build, checks, expected):
    given = build.Input()
    given.checks = [("slo", "c", severity, passed, "o", "r") for passed, severity in checks]
    assert findings.title_checks(given.data()) == expected


def test_names_from_data_cannot_break_a_sentence(build):
    given = build.Input().add(build.objective(display_name="Up\ngrade"), [(1_000, 1)] * 28)
    given.overdue = [build.overdue_row(cluster_id="c\n17", region="\u202ewest")]
    data = given.data()
    for each in takeaways(data):
        assert not set("\n\u202e") & set(each.action + each.evidence)
    assert scores(data)[0].title == "Up\ufffdgrade"
    assert scores(data)[0].days[-1].day - scores(data)[0].days[0].day == timedelta(days=27)


def test_all_overdue_upgrades_are_counted_however_few_are_shown(build):
    given = build.Input().add(build.objective(), [(1_000, 1)] * 28)
    given.overdue = [build.overdue_row()]
    data = replace(given.data(), overdue_count=4_012)
    assert findings.title_overdue(data) == f"4,012 upgrades running longer than 24{N}h, oldest first"
    assert tables.overdue(data).note.startswith("The first 25 of 4,012 upgrades")


def test_the_quarantine_is_counted_in_all_lately_and_today(build):
    given = build.Input()
    given.ledger = [("canonical", 1, 0, 0, 9, 0, 9, 2, 0, 7, 0)]
    given.quarantine = [("canonical", "invalid_json", 4, 1), ("canonical", "invalid_time", 2, 0)]
    assert findings.title_quarantine(given.data()) == "7 records in quarantine; 6 delivered in the last 28 days, 1 today"
    given.quarantine = []
    assert findings.title_quarantine(given.data()) == "7 records in quarantine; none delivered in the last 28 days"
    given.ledger = []
    assert findings.title_quarantine(given.data()) == "No record is in quarantine"


def test_what_is_no_upgrade_is_counted(build):
    given = build.Input()
    given.not_upgrades, given.other_operations = [("eks_updates", "update", 1)], [("abort", 1)]
    assert findings.title_not_upgrades(given.data()) == "1 record of the last 28 days is about something else than upgrades"
    assert findings.title_other_operations(given.data()) == (
        "1 operation of the last 28 days turned out to be no upgrade once all facts about it were put together"
    )
    given.not_upgrades, given.other_operations = (
        [("eks_updates", "update", 1_000), ("gke", "news", 2)],
        [("update", 5), ("abort", 1)],
    )
    assert findings.title_not_upgrades(given.data()) == "1,002 records of the last 28 days are about something else than upgrades"
    assert findings.title_other_operations(given.data()) == (
        "6 operations of the last 28 days turned out to be no upgrades once all facts about each were put together"
    )


def test_failures_with_unknown_codes_are_counted_in_all_not_only_those_listed(build):
    given = build.Input()
    given.unknown_codes = [("NodeAsleep", "eks", 40, 12, 1_060)]
    assert (
        findings.title_unknown_codes(given.data()) == "1,060 failed upgrades have 12 error codes that nobody has classified yet"
    )
    given.unknown_codes = [("NodeAsleep", "eks", 1, 1, 1)]
    assert findings.title_unknown_codes(given.data()) == "1 failed upgrade has 1 error code that nobody has classified yet"


def figures(good: int, bad: int, verdict: str) -> Figures:
    return Figures(good=good, bad=bad, pending=0, excluded=0, sli=good / (good + bad), verdict=verdict)


def restated(*fleet: Moved, changes: Sequence[str] | None = (), inputs: tuple[str, ...] = ()) -> Restated:
    deliveries = None if changes is None else pl.DataFrame({"change": changes}, schema={"change": pl.String})
    return Restated(revision=1, fleet=fleet, slices=(), deliveries=deliveries, inputs=inputs)


MET_BEFORE, MISSED_NOW = figures(990, 1, "met"), figures(900, 91, "missed")


@pytest.mark.parametrize(
    ("fleet", "expected"),
    [
        pytest.param([], "No figure of the fleet moved", id="nothing"),
        pytest.param(
            [("a", "28d", MET_BEFORE, figures(991, 1, "met")), ("a", "1d", MET_BEFORE, MISSED_NOW)],
            "Every verdict is as before; figures of 1 of 3 objectives moved",
            id="figures, and the verdict of a look-back, which is no objective's",
        ),
        pytest.param(
            [("a", "28d", MET_BEFORE, MISSED_NOW)],
            "The verdict of A was “Met” and is “Missed”",
            id="one verdict, both sides of it",
        ),
        pytest.param(
            [("a", "28d", None, MISSED_NOW)], "The verdict of A was not there and is “Missed”", id="an objective that is new"
        ),
        pytest.param(
            [("c", "28d", MET_BEFORE, MISSED_NOW), ("a", "28d", MISSED_NOW, MET_BEFORE)],
            "2 of 3 objectives have another verdict than before: A and C",
            id="several verdicts, in the order of the objectives",
        ),
        pytest.param(
            [("removed", "28d", MET_BEFORE, None)],
            "Every verdict is as before; figures of 1 of 3 objectives moved",
            id="an objective that is gone",
        ),
    ],
)
def test_a_revision_says_first_which_verdict_changed(build, fleet, expected):
    given = build.Input()
    for name in "abc":
        given.add(build.objective(name), MET)
    moved = [Moved(slo, window, {}, before, after) for slo, window, before, after in fleet]
    assert findings.title_moves(restated(*moved), scores(given.data())) == expected


@pytest.mark.parametrize(
    ("changes", "inputs", "expected"),
    [
        pytest.param(["new"], (), "Because of 1 new file", id="one file"),
        pytest.param(
            ["gone", "new", "changed", "new", "delivered again", "now a re-delivery", "no re-delivery any more"],
            (),
            "Because of 2 new files, 1 file delivered again, 1 changed file, 1 missing file and 2 files that count otherwise",
            id="files of every kind",
        ),
        pytest.param(
            [], ("objectives", "inventory", "reference", "code"),
            "Because of changed objectives, a changed inventory, changed reference data and other software",
            id="everything but files",
        ),
        pytest.param(["changed"], ("code",), "Because of 1 changed file and other software", id="both"),
        pytest.param(None, ("code",), "Because of other software", id="files that are not known, and something that is"),
        pytest.param(None, (), "It was not recorded which files revision 1 rests on", id="nothing that is known"),
        pytest.param([], (), "All inputs are the same; the report came out otherwise", id="nothing"),
    ],
)  # fmt: skip
def test_a_revision_says_because_of_what_it_is_there(changes, inputs, expected):
    assert findings.title_causes(restated(changes=changes, inputs=inputs)) == expected
