"""What an operation counts as for an objective: good, bad, pending or excluded, as SQL.

Belongs here: the rules of the two kinds of objective, composed from expressions that `expressions.py` has rebuilt.
Does not belong here: parsing expressions and objectives (`expressions.py`, `objectives.py`), counting (`cells.py`).
"""

from dataclasses import dataclass

from assets.slo.annotations import default
from assets.slo.objectives import DURATION, START_DELAY, Objective
from assets.sql_files import compose, sql_beside
from assets.telemetry.flags import Flag

sql = sql_beside(__file__)

_OPERATORS = {"lte": "<=", "lt": "<", "gte": ">=", "gt": ">"}
_UPPER_LIMITS = ("lte", "lt")
_FAILED = {"never-finishes": "bad", "excluded": "excluded"}
_ENDED_WITHOUT_VERDICT = "state IN ('cancelled', 'superseded', 'skipped', 'scheduled')"
# It succeeded, and the version seen afterwards, when one was seen, is the wanted one.
REACHED_ITS_VERSION = "state = 'succeeded' AND version_confirmed IS NOT FALSE"


@dataclass(frozen=True, slots=True)
class _Span:
    """What a threshold measures, as SQL: the time between two moments of an operation, which may not have come to the second."""

    since: str
    until: str
    open_state: str  # in which the second moment is still to come
    left_out: str  # the operations without a span that could be long or short
    known: str  # the operations whose span can be told


_SPANS = {
    DURATION: _Span("started_at", "finished_at", "running", _ENDED_WITHOUT_VERDICT, "duration_seconds IS NOT NULL"),
    # One that ended before it began, or whose start nobody reported, has no delay.
    START_DELAY: _Span("scheduled_at", "started_at", "scheduled", "scheduled_at IS NULL", "started_at IS NOT NULL"),
}


def outcome_sql(objective: Objective) -> str:
    """A SQL expression over `upgrades.operations` and `$as_of`: 'good', 'bad', 'pending' or 'excluded'.

    It holds for operations with `total_where`; ages and deadlines are compared in whole microseconds.
    """
    if objective.kind == "ratio":
        assert objective.good_where is not None
        return _success(objective.good_where, objective.deadline_seconds)
    return _threshold(objective)


def reached_sql() -> str:
    """The same for the question whether an operation reached its version in time, which no objective has to ask.

    Good and bad are what the shipped objective on success calls so, with the deadline that applies when nobody sets one.
    """
    return _success(REACHED_ITS_VERSION, default("deadline"))


def judged_sql(objective: Objective, condition: str) -> str:
    """A query: one row per operation of the objective's total that meets a condition on `upgrades.operations`, with `outcome`.

    Its other columns: `day`, `dated_at`, and the dimensions of slices. Parameter: `$as_of`, and those of the condition.
    """
    parts = {"outcome": outcome_sql(objective), "total_where": objective.total_where, "condition": condition}
    return compose(sql("judged_operations"), **parts)


def seconds_sql(objective: Objective) -> tuple[str, str]:
    """What a threshold measures, in seconds, and a condition for the operations whose quantiles are told.

    Durations are told of operations that succeeded, delays of all that began; one that began early has a negative delay.
    """
    if objective.limits_durations:  # a roll that ended before anything can have been replaced says nothing of durations
        return "duration_seconds", f"state = 'succeeded' AND duration_seconds IS NOT NULL AND flags & {Flag.SUSPECTED_NOOP:d} = 0"
    return f"{_between_us('scheduled_at', 'started_at')} / 1e6", "scheduled_at IS NOT NULL AND started_at IS NOT NULL"


def longest_wait_seconds(objective: Objective) -> float:
    """The age after which an operation that runs, or is still to begin, no longer changes its outcome for this objective."""
    if objective.kind == "ratio":
        return objective.deadline_seconds
    assert objective.value is not None
    return objective.value if objective.op in _UPPER_LIMITS else 0.0


def _success(good_where: str, deadline_seconds: int) -> str:
    deadline_us = deadline_seconds * 1_000_000
    age_us, duration_us = _between_us("started_at", "$as_of"), _between_us("started_at", "finished_at")
    return f"""CASE
        WHEN {_ENDED_WITHOUT_VERDICT} THEN 'excluded'
        WHEN state = 'running' THEN CASE WHEN {age_us} < {deadline_us} THEN 'pending' ELSE 'bad' END
        WHEN ({good_where}) AND (duration_seconds IS NULL OR {duration_us} <= {deadline_us}) THEN 'good'
        ELSE 'bad'
    END"""


def _threshold(objective: Objective) -> str:
    assert objective.op is not None
    assert objective.value is not None
    span, operator, value_us = _SPANS[objective.measured], _OPERATORS[objective.op], round(objective.value * 1_000_000)
    age_us = _between_us(span.since, "$as_of")
    # Age only grows: an upper limit is missed for good once it is passed, a lower one may still be reached at any age.
    can_be_good = f"{age_us} {operator} {value_us}" if objective.op in _UPPER_LIMITS else f"{age_us} IS NOT NULL"
    # Calling off what had not begun in time does not mend it.
    called_off = ""
    if objective.measured == START_DELAY and objective.op in _UPPER_LIMITS:
        in_time = f"{_between_us(span.since, 'finished_at')} {operator} {value_us}"
        called_off = f"WHEN started_at IS NULL AND {_ENDED_WITHOUT_VERDICT} AND NOT ({in_time}) THEN 'bad'"
    # A failed operation never finished; it began all the same.
    failed = f"WHEN state = 'failed' THEN '{_FAILED[objective.failed]}'" if objective.limits_durations else ""
    return f"""CASE
        WHEN {span.left_out} THEN 'excluded'
        WHEN state = '{span.open_state}' THEN CASE WHEN {can_be_good} THEN 'pending' ELSE 'bad' END
        {called_off}
        WHEN NOT ({span.known}) THEN 'excluded'
        {failed}
        WHEN {_between_us(span.since, span.until)} {operator} {value_us} THEN 'good'
        ELSE 'bad'
    END"""


def _between_us(since: str, until: str) -> str:
    return f"(epoch_us({until}) - epoch_us({since}))"
