"""What an operation counts as for an objective: good, bad, pending or excluded, as SQL.

Belongs here: the rules of the two kinds of objective, composed from expressions that `expressions.py` has rebuilt.
Does not belong here: parsing expressions and objectives (`expressions.py`, `objectives.py`), counting (`cells.py`).
"""

from assets.slo.objectives import Objective
from assets.sql_files import compose, sql_beside

sql = sql_beside(__file__)

_OPERATORS = {"lte": "<=", "lt": "<", "gte": ">=", "gt": ">"}
_UPPER_LIMITS = ("lte", "lt")
_ENDED_WITHOUT_VERDICT = "state IN ('cancelled', 'superseded', 'skipped', 'scheduled')"


def outcome_sql(objective: Objective) -> str:
    """A SQL expression over `upgrades.operations` and `$as_of`: 'good', 'bad', 'pending' or 'excluded'.

    It holds for operations with `total_where`; ages and deadlines are compared in whole microseconds.
    """
    return _ratio(objective) if objective.kind == "ratio" else _threshold(objective)


def judged_sql(objective: Objective, condition: str) -> str:
    """A query: one row per operation of the objective's total that meets a condition on `upgrades.operations`, with `outcome`.

    Its other columns: `day`, `dated_at`, and the dimensions of slices. Parameter: `$as_of`, and those of the condition.
    """
    parts = {"outcome": outcome_sql(objective), "total_where": objective.total_where, "condition": condition}
    return compose(sql("judged_operations"), **parts)


def longest_wait_seconds(objective: Objective) -> float:
    """The age after which a running operation of this objective no longer changes its outcome."""
    if objective.kind == "ratio":
        return objective.deadline_seconds
    assert objective.value is not None
    return objective.value if objective.op in _UPPER_LIMITS else 0.0


def _ratio(objective: Objective) -> str:
    deadline_us = objective.deadline_seconds * 1_000_000
    return f"""CASE
        WHEN {_ENDED_WITHOUT_VERDICT} THEN 'excluded'
        WHEN state = 'running' THEN CASE WHEN {_age_us()} < {deadline_us} THEN 'pending' ELSE 'bad' END
        WHEN ({objective.good_where}) AND coalesce({_duration_us()} <= {deadline_us}, true) THEN 'good'
        ELSE 'bad'
    END"""


def _threshold(objective: Objective) -> str:
    assert objective.op is not None
    assert objective.value is not None
    operator, value_us = _OPERATORS[objective.op], round(objective.value * 1_000_000)
    failed = "'excluded'" if objective.failed == "excluded" else "'bad'"
    # Age only grows: an upper limit is missed for good once it is passed, a lower one may still be reached at any age.
    can_be_good = f"{_age_us()} {operator} {value_us}" if objective.op in _UPPER_LIMITS else f"{_age_us()} IS NOT NULL"
    return f"""CASE
        WHEN {_ENDED_WITHOUT_VERDICT} THEN 'excluded'
        WHEN state = 'running' THEN CASE WHEN {can_be_good} THEN 'pending' ELSE 'bad' END
        WHEN duration_seconds IS NULL THEN 'excluded'
        WHEN state = 'failed' THEN {failed}
        WHEN {_duration_us()} {operator} {value_us} THEN 'good'
        ELSE 'bad'
    END"""


def _age_us() -> str:
    return "(epoch_us($as_of) - epoch_us(started_at))"


def _duration_us() -> str:
    return "CASE WHEN duration_seconds IS NOT NULL THEN epoch_us(finished_at) - epoch_us(started_at) END"
