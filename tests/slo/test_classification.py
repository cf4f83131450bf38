"""What an operation counts as: every state, every side of every limit, for every kind of objective."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import product

import duckdb
import pytest

from assets.slo.classification import longest_wait_seconds, outcome_sql, reached_sql
from assets.slo.objectives import Objective, load_objectives
from tests.data.made_objectives import ratio, start, threshold
from tests.data.reference_status import Rule
from tests.data.reference_status import outcome as reference_outcome
from tests.data.small_home import Row, at

AS_OF = at("2026-11-21 00:00")
START = at("2026-11-20 00:00")  # the deadline of 24 hours is AS_OF itself
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
STATES = ("scheduled", "running", "succeeded", "failed", "cancelled", "superseded", "skipped")


def operation(state: str, *, started_at: datetime | None = START, took: timedelta | None = None, **more: object) -> Row:
    """An operation with what the rules look at; one that ended has a finish, `took` after its start."""
    finished_at = started_at + took if started_at is not None and took is not None else None
    if finished_at is None and state not in ("scheduled", "running"):
        finished_at = AS_OF
    skewed = started_at is not None and finished_at is not None and finished_at < started_at
    known = started_at is not None and finished_at is not None and not skewed
    return {
        "state": state,
        "started_at": started_at,
        "finished_at": finished_at,
        "duration_seconds": (finished_at - started_at) / timedelta(seconds=1) if known else None,
        "version_confirmed": None,
        "scheduled_at": None,
        **more,
    }


def announced(state: str, *, delay: timedelta | None = None, scheduled_at: datetime | None = START, **more: object) -> Row:
    """An operation that was scheduled, and begun after that delay, when there is one."""
    begun_at = scheduled_at + delay if scheduled_at is not None and delay is not None else None
    return operation(state, started_at=begun_at, scheduled_at=scheduled_at, **more)


def outcome(objective: Objective, *operations: Row, as_of: datetime = AS_OF) -> list[str]:
    """What each operation counts as, by the SQL that counts them."""
    return outcomes([objective], operations, as_of=as_of)[0]


def outcomes(objectives: Sequence[Objective], operations: Sequence[Row], *, as_of: datetime = AS_OF) -> list[list[str]]:
    return evaluated([outcome_sql(each) for each in objectives], operations, as_of=as_of)


def evaluated(expressions: Sequence[str], operations: Sequence[Row], *, as_of: datetime = AS_OF) -> list[list[str]]:
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        db.execute(
            "CREATE TABLE operations (place INTEGER, state VARCHAR, started_at TIMESTAMP, finished_at TIMESTAMP, "
            "duration_seconds DOUBLE, version_confirmed BOOLEAN, scheduled_at TIMESTAMP)"
        )
        rows = [[place, *each.values()] for place, each in enumerate(operations)]
        db.executemany("INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        statements = [f"SELECT {each} FROM operations ORDER BY place" for each in expressions]
        return [[row[0] for row in db.execute(each, {"as_of": as_of}).fetchall()] for each in statements]


# Both kinds


@pytest.mark.parametrize("state", ["cancelled", "superseded", "skipped", "scheduled"])
@pytest.mark.parametrize("objective", [ratio(good_where="TRUE"), threshold()], ids=lambda each: each.kind)
def test_what_was_called_off_or_never_began_is_excluded_whatever_its_duration(objective, state):
    quick, slow = (operation(state, took=took) for took in (timedelta(minutes=1), 3 * DAY))
    assert outcome(objective, quick, slow, operation(state, started_at=None)) == ["excluded"] * 3


# Ratio


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(operation("succeeded", took=timedelta(hours=1)), "good", id="a success is good"),
        pytest.param(operation("failed", took=timedelta(hours=1)), "bad", id="a failure is bad"),
        pytest.param(operation("succeeded", took=DAY), "good", id="finished exactly at the deadline is good"),
        pytest.param(operation("succeeded", took=DAY + MICROSECOND), "bad", id="finished a microsecond later is bad"),
        pytest.param(operation("failed", took=DAY), "bad", id="a failure is bad at the deadline too"),
        pytest.param(operation("succeeded", started_at=None), "good", id="a success without a start is judged by its state"),
        pytest.param(operation("failed", started_at=None), "bad", id="a failure without a start is bad"),
        pytest.param(
            operation("succeeded", took=-timedelta(hours=1)), "good", id="a success with clock skew is judged by its state"
        ),
        pytest.param(operation("running", started_at=START + MICROSECOND), "pending", id="just before the deadline: pending"),
        pytest.param(operation("running", started_at=START), "bad", id="running exactly at the deadline is bad"),
        pytest.param(operation("running", started_at=START - 30 * DAY), "bad", id="running long after the deadline is bad"),
        pytest.param(operation("running", started_at=AS_OF + DAY), "pending", id="started after the look at it is pending"),
        pytest.param(
            operation("succeeded", started_at=AS_OF - MICROSECOND, took=DAY), "good", id="what finishes after the look counts"
        ),
    ],
)
def test_a_ratio_counts(found, expected):
    assert outcome(ratio(), found) == [expected]


def test_the_deadline_is_the_objectives_own():
    hour = ratio(deadline_seconds=3600)
    ended = [operation("succeeded", took=took) for took in (timedelta(hours=1), timedelta(hours=1) + MICROSECOND)]
    running = [operation("running", started_at=AS_OF - age) for age in (timedelta(minutes=59), timedelta(hours=1))]
    assert outcome(hour, *ended, *running) == ["good", "bad", "pending", "bad"]


def test_a_failure_is_good_when_the_objective_says_so():
    # An SLI on something else than success: that the version afterwards was the right one.
    confirmed = ratio(good_where='("version_confirmed") IS TRUE')
    found = [
        operation(state, took=took, version_confirmed=True)
        for state, took in product(("succeeded", "failed"), (DAY, DAY + MICROSECOND))
    ]
    assert outcome(confirmed, *found) == ["good", "bad", "good", "bad"]


def test_running_does_not_ask_whether_the_operation_would_be_good():
    assert outcome(ratio(good_where="FALSE"), operation("running", started_at=START + MICROSECOND)) == ["pending"]
    assert outcome(ratio(good_where="TRUE"), operation("running", started_at=START)) == ["bad"]


# Threshold

LIMIT = timedelta(hours=1)
AROUND = (LIMIT - MICROSECOND, LIMIT, LIMIT + MICROSECOND)


@pytest.mark.parametrize(
    ("op", "succeeded", "running"),
    [
        ("lte", ["good", "good", "bad"], ["pending", "pending", "bad"]),
        ("lt", ["good", "bad", "bad"], ["pending", "bad", "bad"]),
        # Growing older, an operation comes to satisfy a lower limit and never ceases to: it is not bad while it runs.
        ("gte", ["bad", "good", "good"], ["pending", "pending", "pending"]),
        ("gt", ["bad", "bad", "good"], ["pending", "pending", "pending"]),
    ],
)
def test_a_threshold_compares_durations_and_ages_to_the_microsecond(op, succeeded, running):
    objective = threshold(op, 3600.0)
    assert outcome(objective, *(operation("succeeded", took=each) for each in AROUND)) == succeeded
    assert outcome(objective, *(operation("running", started_at=AS_OF - each) for each in AROUND)) == running


def test_a_limit_may_have_fractions_of_a_second():
    durations = [timedelta(seconds=0.1), timedelta(seconds=0.3), timedelta(microseconds=300_001)]
    assert outcome(threshold("lte", 0.3), *(operation("succeeded", took=each) for each in durations)) == ["good", "good", "bad"]


@pytest.mark.parametrize("op", ["lte", "lt", "gte", "gt"])
def test_a_failure_never_finished_however_long_it_took(op):
    failures = [operation("failed", took=each) for each in AROUND]
    assert outcome(threshold(op), *failures) == ["bad"] * 3
    assert outcome(threshold(op, failed="excluded"), *failures) == ["excluded"] * 3


@pytest.mark.parametrize("state", ["succeeded", "failed"])
@pytest.mark.parametrize("failed", ["never-finishes", "excluded"])
def test_an_end_without_a_duration_is_excluded_from_a_threshold(state, failed):
    found = [operation(state, started_at=None), operation(state, took=-timedelta(seconds=1))]
    assert outcome(threshold(failed=failed), *found) == ["excluded", "excluded"]


def test_a_threshold_has_no_deadline():
    # Two days are within three, though the deadline of ratios is one.
    found = [operation("succeeded", took=2 * DAY), operation("running", started_at=AS_OF - 2 * DAY)]
    assert outcome(threshold("lte", 3 * 86_400.0), *found) == ["good", "pending"]


# Start delay

LATE = 86_400.0  # START is that long before AS_OF


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(announced("running", delay=timedelta(hours=3)), "good", id="begun within the limit is good, whatever comes"),
        pytest.param(announced("succeeded", delay=DAY), "good", id="begun exactly at the limit is good"),
        pytest.param(announced("succeeded", delay=DAY + MICROSECOND), "bad", id="begun a microsecond later is bad"),
        pytest.param(announced("succeeded", delay=-DAY), "good", id="begun before its time is good"),
        pytest.param(announced("failed", delay=timedelta(0)), "good", id="one that failed began all the same"),
        pytest.param(announced("cancelled", delay=timedelta(0)), "good", id="so did one that was cancelled after its start"),
        pytest.param(announced("cancelled", delay=2 * DAY), "bad", id="and it may have begun too late"),
        pytest.param(announced("scheduled"), "pending", id="not begun exactly at the limit is pending"),
        pytest.param(announced("scheduled", scheduled_at=START - MICROSECOND), "bad", id="not begun past the limit is bad"),
        pytest.param(announced("scheduled", scheduled_at=AS_OF + DAY), "pending", id="scheduled for tomorrow is pending"),
        pytest.param(announced("cancelled"), "excluded", id="cancelled before its start is excluded"),
        pytest.param(announced("superseded", finished_at=START + DAY), "excluded", id="superseded within the limit too"),
        pytest.param(
            announced("cancelled", finished_at=START + DAY + MICROSECOND), "bad", id="called off later it had not begun"
        ),
        pytest.param(announced("skipped"), "excluded", id="skipped is excluded"),
        pytest.param(announced("succeeded"), "excluded", id="an end without a start is excluded: nobody knows when it began"),
        pytest.param(announced("failed"), "excluded", id="so is a failure before anything was touched"),
        pytest.param(operation("running"), "excluded", id="never scheduled is excluded while it runs"),
        pytest.param(operation("succeeded", took=DAY), "excluded", id="and when it has succeeded"),
    ],
)
def test_a_scheduled_operation_counts_by_when_it_began(found, expected):
    assert outcome(start("lte", LATE), found) == [expected]


def test_a_start_that_must_not_come_too_soon_is_awaited_for_ever():
    not_before = start("gte", 0.0)
    begun = [announced("running", delay=each) for each in (-MICROSECOND, timedelta(0), 9 * DAY)]
    waiting = announced("scheduled", scheduled_at=START - 900 * DAY)
    assert outcome(not_before, *begun, waiting) == ["bad", "good", "good", "pending"]


# Whether an operation reached its version, whatever the objectives are


def test_an_operation_reaches_its_version_as_the_shipped_objective_on_success_has_it():
    [shipped] = [each for each in load_objectives(None).objectives if each.name == "upgrade-success"]
    operations = [
        operation(state, took=took, version_confirmed=confirmed)
        for state, took, confirmed in product(STATES[2:], (timedelta(hours=1), DAY, DAY + MICROSECOND), (None, True, False))
    ] + [operation("running"), operation("running", started_at=START + MICROSECOND), operation("scheduled", started_at=None)]
    assert evaluated([reached_sql()], operations) == outcomes([shipped], operations)


# Everything at once, against a plain reading of the rules


def test_every_state_age_and_duration_counts_as_the_contract_reads():
    durations = (None, -MICROSECOND, timedelta(0), *AROUND, DAY - MICROSECOND, DAY, DAY + MICROSECOND)
    operations = [
        operation(state, started_at=started_at, took=took, version_confirmed=confirmed, scheduled_at=scheduled_at)
        for state, started_at, took, confirmed, scheduled_at in product(
            STATES,
            (None, START - MICROSECOND, *(AS_OF - each for each in AROUND), AS_OF, AS_OF + DAY),
            durations,
            (None, False),
            (None, *(AS_OF - each for each in AROUND)),
        )
        if not (state == "running" and (started_at is None or took is not None))
        and not (state == "scheduled" and (took or (started_at and scheduled_at)))
    ]

    def confirmed_or_unknown(found: Row) -> bool:
        return found["state"] == "succeeded" and found["version_confirmed"] is not False

    pairs = [
        (
            ratio(
                good_where='("state" = \'succeeded\' AND ("version_confirmed" IS NULL OR "version_confirmed")) IS TRUE',
                deadline_seconds=deadline,
            ),
            Rule("", good=confirmed_or_unknown, deadline=timedelta(seconds=deadline)),
        )
        for deadline in (3600, 86_400)
    ] + [
        (threshold(op, failed=failed), Rule("", op=op, limit=LIMIT, failures_count=failed != "excluded"))
        for op, failed in product(("lte", "lt", "gte", "gt"), ("never-finishes", "excluded"))
    ]
    pairs += [(start(op, 3600.0), Rule("", op=op, limit=LIMIT, measured="delay")) for op in ("lte", "lt", "gte", "gt")]
    assert len(operations) > 500
    found = outcomes([objective for objective, _ in pairs], operations)
    for (_, rule), counted in zip(pairs, found, strict=True):
        assert counted == [reference_outcome(each, rule, as_of=AS_OF) for each in operations]
        assert set(counted) == {"good", "bad", "pending", "excluded"}


@pytest.mark.parametrize("op", ["lte", "lt", "gte", "gt"])
def test_past_the_longest_wait_an_operation_that_has_not_begun_counts_the_same_for_ever(op):
    waited = timedelta(seconds=longest_wait_seconds(start(op)))
    found = [announced("scheduled", scheduled_at=AS_OF - waited - each) for each in (MICROSECOND, DAY, 4000 * DAY)]
    assert len(set(outcome(start(op), *found))) == 1


@pytest.mark.parametrize(
    "objective",
    [ratio(), ratio(deadline_seconds=60), *(threshold(op) for op in ("lte", "lt", "gte", "gt"))],
    ids=lambda each: each.op or f"deadline {each.deadline_seconds}",
)
def test_past_the_longest_wait_a_running_operation_counts_the_same_for_ever(objective):
    ages = [timedelta(seconds=longest_wait_seconds(objective)) + each for each in (MICROSECOND, DAY, 4000 * DAY)]
    assert len(set(outcome(objective, *(operation("running", started_at=AS_OF - age) for age in ages)))) == 1
