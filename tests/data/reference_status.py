"""A second opinion on counting: what operations count as, and how many of each in every window and slice, in plain Python.

Belongs here: the contract's rules for good, bad, pending and excluded, windows, slices and quantiles, how much more would
tell; the shipped objectives once more, written by hand.
Does not belong here: operations (`reference_fold.py`), intervals and verdicts (`tests/slo/test_intervals.py`).
"""

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import combinations
from operator import ge, gt, le, lt
from typing import Any

Row = dict[str, Any]
Key = tuple[Any, ...]

DIMENSIONS = ("to_version", "to_minor", "region", "workload_type", "trigger", "scope", "provider")
ALONE = ("to_minor", "scope", "trigger", "provider")
OUTCOMES = ("good", "bad", "pending", "excluded")
QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
_OPERATORS = {"lte": le, "lt": lt, "gte": ge, "gt": gt}


@dataclass(frozen=True)
class Rule:
    """One objective: which operations belong to it, and either `good`, a deadline, or `op` and `limit` for what is `measured`."""

    slo: str
    total: Callable[[Row], bool] = lambda _operation: True
    good: Callable[[Row], bool] | None = None
    deadline: timedelta = timedelta(hours=24)
    op: str | None = None
    limit: timedelta | None = None
    measured: str = "duration"  # or "delay", from the scheduled time to the start
    failures_count: bool = True
    slice_by: tuple[str, ...] = ("to_version", "region", "workload_type")
    window: str = "28d"
    window_days: int = 28


def _reached_the_version(operation: Row) -> bool:
    return operation["state"] == "succeeded" and operation["version_confirmed"] is not False


SHIPPED = (
    Rule("upgrade-success", good=_reached_the_version),
    Rule("platform-upgrade-success", lambda each: each["responsibility"] != "customer", good=_reached_the_version),
    Rule("first-attempt-success", lambda each: each["attempt"] == 1, good=_reached_the_version),
    Rule("control-plane-duration", lambda each: each["scope"] == "control_plane", op="lte", limit=timedelta(minutes=20)),
    Rule("node-pool-duration", lambda each: each["scope"] == "node_pool", op="lte", limit=timedelta(minutes=45)),
    Rule(
        "scheduled-start",
        lambda each: each["scheduled_at"] is not None,
        op="lte",
        limit=timedelta(hours=24),
        measured="delay",
    ),
)


def outcome(operation: Row, rule: Rule, *, as_of: datetime) -> str:
    """What the operation counts as at that moment; it belongs to the objective."""
    state, duration = operation["state"], _duration(operation)
    if rule.measured == "delay":
        return _beginning(operation, rule, as_of=as_of)
    if state in ("cancelled", "superseded", "skipped", "scheduled"):
        return "excluded"
    if rule.good is not None:
        if state == "running":
            return "pending" if as_of - operation["started_at"] < rule.deadline else "bad"
        in_time = duration is None or duration <= rule.deadline
        return "good" if rule.good(operation) and in_time else "bad"
    assert rule.op is not None
    assert rule.limit is not None
    if state == "running":
        # Only an upper limit can be missed by growing older.
        too_old = rule.op in ("lte", "lt") and not _OPERATORS[rule.op](as_of - operation["started_at"], rule.limit)
        return "bad" if too_old else "pending"
    if duration is None:
        return "excluded"
    if state == "failed":
        return "bad" if rule.failures_count else "excluded"
    return "good" if _OPERATORS[rule.op](duration, rule.limit) else "bad"


def _beginning(operation: Row, rule: Rule, *, as_of: datetime) -> str:
    """What an operation counts as where it matters when it began."""
    assert rule.op is not None
    assert rule.limit is not None
    if operation["scheduled_at"] is None:
        return "excluded"
    if operation["started_at"] is not None:
        return "good" if _OPERATORS[rule.op](operation["started_at"] - operation["scheduled_at"], rule.limit) else "bad"
    if operation["state"] != "scheduled":
        if operation["state"] in ("succeeded", "failed") or operation["finished_at"] is None or rule.op not in ("lte", "lt"):
            return "excluded"  # begun when nobody knows, or called off before it began
        return "excluded" if _OPERATORS[rule.op](operation["finished_at"] - operation["scheduled_at"], rule.limit) else "bad"
    too_old = rule.op in ("lte", "lt") and not _OPERATORS[rule.op](as_of - operation["scheduled_at"], rule.limit)
    return "bad" if too_old else "pending"


def _duration(operation: Row) -> timedelta | None:
    started_at, finished_at = operation["started_at"], operation["finished_at"]
    if started_at is None or finished_at is None or finished_at < started_at:
        return None
    return finished_at - started_at


def counts(operations: Iterable[Row], rules: Iterable[Rule], *, report_date: date) -> dict[Key, dict[str, int]]:
    """The four counts by (slo, window, slice_by, value of each dimension or None); only slices with an operation."""
    found: dict[Key, Counter[str]] = defaultdict(Counter)
    for rule, window, operation in _looked_at(operations, rules, report_date):
        result = outcome(operation, rule, as_of=_end_of(report_date))
        for slice_ in slices_of(operation, rule):
            found[rule.slo, window, *slice_][result] += 1
    return {key: {name: counted[name] for name in OUTCOMES} for key, counted in found.items()}


def quantiles(operations: Iterable[Row], rules: Iterable[Rule], *, report_date: date) -> dict[Key, dict[str, float]]:
    """Of threshold objectives, by the same key: the time that a share of the operations did not exceed.

    Durations are those of succeeded operations, delays those of all that began.
    """
    found: dict[Key, list[float]] = defaultdict(list)
    for rule, window, operation in _looked_at(operations, rules, report_date):
        if rule.limit is None:
            continue
        if rule.measured == "delay":
            is_told = operation["scheduled_at"] is not None and operation["started_at"] is not None
            time_ = operation["started_at"] - operation["scheduled_at"] if is_told else None
        else:
            time_ = _duration(operation) if operation["state"] == "succeeded" else None
        if time_ is not None:
            for slice_ in slices_of(operation, rule):
                found[rule.slo, window, *slice_].append(time_.total_seconds())
    return {key: {name: nearest_rank(values, share) for name, share in QUANTILES.items()} for key, values in found.items()}


def nearest_rank(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    in_order = sorted(values)
    return in_order[max(math.ceil(share * len(in_order)) - 1, 0)]


@cache
def told(good: int, bad: int, *, target: float) -> tuple[float | None, int]:
    """At a confidence of 95 %: the ratio that so many operations show as missed four times in five, and how many good ones more
    would meet the target."""
    total, alpha, same = good + bad, 0.05, 1e-9
    fewest = bisect_left(range(total + 1), True, key=lambda k: 1 - _at_most(k - 1, total, 1 - target) < alpha - same)
    halves = bisect_left(range(2**40), True, key=lambda i: 1 - _at_most(fewest - 1, total, i / 2**40) >= 0.8)
    enough = bisect_left(range(10**6), True, key=lambda n: n >= max(total, 1) and _at_most(bad, n, 1 - target) <= alpha + same)
    return (1 - halves / 2**40 if fewest <= total else None), enough - total


def _at_most(k: int, n: int, failing: float) -> float:
    """The chance of at most k failures among n operations, each failing with this probability."""
    if k < 0 or failing >= 1:
        return float(k >= n)
    if failing == 0:
        return 1.0
    # In logarithms: of many operations none fails so rarely that it would count as never.
    chance, odds = n * math.log1p(-failing), failing / (1 - failing)
    found = math.exp(chance)
    for bad in range(1, min(k, n) + 1):
        chance += math.log((n - bad + 1) / bad * odds)
        found += math.exp(chance)
    return min(found, 1.0)


def _looked_at(operations: Iterable[Row], rules: Iterable[Rule], report_date: date) -> Iterator[tuple[Rule, str, Row]]:
    for operation in operations:
        for rule in rules:
            if rule.total(operation):
                windows = {rule.window: rule.window_days, "1d": 1, "3d": 3, "7d": 7, "28d": 28}
                for window, days in windows.items():
                    if report_date - timedelta(days=days) < operation["day"] <= report_date:
                        yield rule, window, operation


def slices_of(operation: Row, rule: Rule) -> Iterator[Key]:
    """(slice_by, value of each dimension or None) of every slice that the operation is in."""
    for size in range(len(rule.slice_by) + 1):
        for chosen in combinations(rule.slice_by, size):
            yield _slice(operation, chosen)
    for dimension in ALONE:
        if dimension not in rule.slice_by:
            yield _slice(operation, (dimension,))


def _slice(operation: Row, chosen: tuple[str, ...]) -> Key:
    return (",".join(chosen), *(operation[each] or "unknown" if each in chosen else None for each in DIMENSIONS))


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time()) + timedelta(days=1)
