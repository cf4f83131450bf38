"""Objectives: what the pipeline evaluates, taken from OpenSLO files or from the set that ships with it.

Belongs here: which files count, our metric source, what of OpenSLO is evaluated and what is refused,
the `Objective` that all later steps read.
Does not belong here: the format itself (`assets/slo/openslo.py`), the allowed SQL
(`assets/slo/expressions.py`), when windows begin and end (`assets/slo/windows.py`), counting (`assets/slo/sql/`).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from assets.slo.alert_rules import DAYS_LOOKED_AT, FEWEST_BAD, AlertRule, Notice, allowed_share, short_minutes
from assets.slo.annotations import DEFAULTS, LONGEST_DURATION_DAYS, default, read_annotations
from assets.slo.expressions import ExpressionError, rebuild
from assets.slo.openslo import (
    AlertCondition,
    AlertPolicy,
    CalendarStart,
    Documents,
    Goal,
    MetricSource,
    Shorthand,
    Sli,
    Slo,
    read_documents,
)
from assets.yaml_fields import Found, Place, Problem

SHIPPED = Path(__file__).parent / "shipped"

_SECONDS_PER_DAY = 86_400
_SOURCE_FIELDS = ("table", "where")
_TABLE = "operations"
# What a threshold metric can be of: from start to finish, or from the scheduled time to the start.
DURATION, START_DELAY = "duration_seconds", "start_delay_seconds"
_THRESHOLD_ONLY = "only with a threshold metric"
_LONGEST_SECONDS = LONGEST_DURATION_DAYS * _SECONDS_PER_DAY
_SECONDS_ACCEPTED = f"seconds from 0 to {_LONGEST_SECONDS}, for example 1200"
_DAYS_ACCEPTED = f"whole days up to {LONGEST_DURATION_DAYS}d, for example 28d, 24h or 1M"
_BY_OPERATIONS = "Occurrences"
_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_LONGEST_MONTH_DAYS = 31
_FIRST_YEAR, _LAST_YEAR = 1970, 2999  # of a calendar; with the longest window after it, no date leaves Python's own


@dataclass(frozen=True, slots=True)
class Calendar:
    """Periods of the same number of months or days on the clocks of a place, one after the other from `start_time` on.

    Either `months` or `days` is 0.
    """

    start_time: datetime  # as the clocks there show it
    time_zone: str  # as IANA names it
    months: int
    days: int


@dataclass(frozen=True)
class Objective:
    """One objective, ready to be evaluated; ratios are in 0..1, durations in seconds.

    `total_where` and `good_where` are boolean SQL over the columns of upgrades.operations and never NULL.
    """

    name: str
    display_name: str
    description: str
    service: str
    kind: str  # "ratio" | "threshold"
    total_where: str  # TRUE when every operation counts
    good_where: str | None  # of a ratio
    op: str | None  # of a threshold: lte, lt, gte, gt, over what is `measured`
    value: float | None  # of a threshold
    target: float
    window: str  # as written, such as 28d
    window_days: int  # of a calendar's window the most that it can touch; `windows.on_day` has those of a report day
    deadline_seconds: int
    failed: str  # "never-finishes" | "excluded"
    slice_by: tuple[str, ...]
    confidence: float
    min_events: int
    late_data_horizon_seconds: int
    fdr: float = default("fdr")  # the false discovery rate, by Benjamini and Hochberg
    calendar: Calendar | None = None  # None: the window rolls
    budgeting_method: str = _BY_OPERATIONS  # or "Timeslices", "RatioTimeslices"
    slice_seconds: int = 0  # the length of a time slice, where the budget is one of slices
    slice_target: float | None = None  # of Timeslices: the ratio from which a slice is good
    measured: str = DURATION  # of a threshold, what `value` limits: DURATION or START_DELAY
    alert_rules: tuple[AlertRule, ...] | None = None  # None: the shipped tiers apply

    @property
    def limits_durations(self) -> bool:
        """Whether it is about how long operations take, and not about whether they succeed or when they begin."""
        return self.kind == "threshold" and self.measured == DURATION


@dataclass(frozen=True)
class Objectives:
    """The objectives in the order of the files' names; `sha256` of the files' names and bytes."""

    objectives: tuple[Objective, ...]
    sha256: str


class ObjectivesError(ValueError):
    """Files that cannot be used; `problems` has one line for each thing to correct."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"{count} in the objectives", *self.problems]))


def load_objectives(folder: Path | None) -> Objectives:
    """The objectives of a folder's *.yaml files; the shipped set when there is no such folder.

    Raises:
        ObjectivesError: with every problem of every file, when there is any.
    """
    if folder is None or not folder.exists():
        folder = SHIPPED
    if not folder.is_dir():
        raise ObjectivesError([str(Problem(str(folder), 1, "file", "a file", "a folder of *.yaml files"))])
    visible = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    problems = [
        Problem(f"{folder.name}/{path.name}", 1, "file", f"the suffix {path.suffix}", ".yaml")
        for path in visible
        if path.suffix != ".yaml" and path.suffix.lower() in (".yml", ".yaml")  # else overlooked silently
    ]
    files = [(f"{folder.name}/{path.name}", path) for path in visible if path.suffix == ".yaml"]
    loaded = _load(files, problems)
    if not loaded.objectives:
        accepted = "at least one SLO in the *.yaml files (or no folder, for the shipped set)"
        raise ObjectivesError([str(Problem(folder.name, 1, "file", "no SLO", accepted))])
    return loaded


def read_objectives(files: Sequence[Path]) -> Objectives:
    """The objectives of exactly these files, which messages call by the paths given.

    Raises:
        ObjectivesError: with every problem of every file, when there is any.
    """
    return _load([(str(path), path) for path in files], [])


def _load(files: Sequence[tuple[str, Path]], problems: list[Problem]) -> Objectives:
    contents = []
    digest = hashlib.sha256()
    for name, path in files:
        try:
            content = path.read_bytes()
        except OSError as error:
            why = error.strerror or type(error).__name__
            problems.append(Problem(name, 1, "file", f"nothing ({why})", "a file that can be read"))
            continue
        contents.append((name, content))
        # Lengths first, so that no other split into names and bytes gives the same digest.
        for part in (path.name.encode("utf-8", "surrogateescape"), content):
            digest.update(len(part).to_bytes(8, "big") + part)
    documents = read_documents(contents)
    objectives = _Evaluation(documents).objectives()
    problems += documents.problems
    if problems:
        raise ObjectivesError([str(problem) for problem in sorted(set(problems))])
    return Objectives(tuple(objectives), digest.hexdigest())


@dataclass(frozen=True, slots=True)
class _Indicator:
    """What an SLI measures: a ratio has `good_where`, a threshold what is `measured`."""

    total_where: str
    good_where: str | None = None
    measured: str | None = None


class _Evaluation:
    """From documents to objectives; what cannot be evaluated is added to the problems of the documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._problems = documents.problems
        # Every annotation and metric source is checked, whether an SLO uses it or not.
        self._annotations = {id(metadata): read_annotations(metadata, self._problems) for metadata in documents.every_metadata}
        self._indicators = {id(sli): self._indicator(sli) for sli in documents.every_sli}
        for condition in documents.every_condition:
            self._check_windows(condition)

    def objectives(self) -> list[Objective]:
        read = [self._objective(slo) for slo in self._documents.slos]
        return [objective for objective in read if objective is not None]

    def _report(self, place: Place, read: str, accepted: str) -> None:
        self._problems.append(place.problem(read=read, accepted=accepted))

    # SLO

    def _objective(self, slo: Slo) -> Objective | None:
        named = slo.indicator
        sli = self._documents.slis.get(named.value) if isinstance(named, Found) else named
        annotations = dict(self._annotations[id(slo.metadata)])
        if sli is not None:
            annotations = {**self._annotations[id(sli.metadata)], **annotations}
            self._check_kind(sli, slo.goal, annotations)
        self._check_alerts(slo)
        alert_rules = self._alert_rules(slo)
        window = self._window(slo)
        indicator = self._indicators[id(sli)] if sli else None
        goal = slo.goal
        if window is None or indicator is None or goal is None or goal.target is None or slo.budgeting_method is None:
            return None
        method = slo.budgeting_method.value
        self._check_slices(method, goal, window)
        calendar = _calendar(window, slo.window.calendar) if slo.window else None
        if slo.metadata.name is None or slo.service is None:
            return None
        values = {name: default(name) for name in DEFAULTS}
        values |= {name: found.value for name, found in annotations.items()}
        return Objective(
            name=slo.metadata.name.value,
            display_name=slo.metadata.display_name or slo.metadata.name.value,
            description=slo.description,
            service=slo.service.value,
            kind="threshold" if indicator.measured else "ratio",
            total_where=indicator.total_where,
            good_where=indicator.good_where,
            op=goal.op.value if goal.op else None,
            value=goal.value.value if goal.value else None,
            target=goal.target.value,
            window=window.text,
            window_days=_most_days(window, calendar),
            deadline_seconds=values["deadline"],
            failed=values["failed"],
            slice_by=values["slice-by"],
            confidence=values["confidence"],
            min_events=values["min-events"],
            late_data_horizon_seconds=values["late-data-horizon"],
            fdr=values["fdr"],
            calendar=calendar,
            budgeting_method=method,
            slice_seconds=goal.slice_window.value.seconds if goal.slice_window and method != _BY_OPERATIONS else 0,
            slice_target=goal.slice_target.value if goal.slice_target and method == "Timeslices" else None,
            measured=indicator.measured or DURATION,
            alert_rules=alert_rules,
        )

    def _window(self, slo: Slo) -> Shorthand | None:
        """The length of the window: whole days, or real months of a calendar."""
        if slo.window is None:
            return None
        if slo.window.calendar is not None and not self._starts_in_time(slo.window.calendar):
            return None
        if slo.window.duration is None:
            return None
        duration = slo.window.duration.value
        if duration.seconds % _SECONDS_PER_DAY or duration.seconds > _LONGEST_SECONDS:
            self._report(slo.window.duration.place, duration.text, _DAYS_ACCEPTED)
            return None
        return duration

    def _starts_in_time(self, calendar: CalendarStart) -> bool:
        start = calendar.start_time
        if start is not None and not _FIRST_YEAR <= start.value.year <= _LAST_YEAR:
            self._report(start.place, str(start.value), f"a startTime in the years {_FIRST_YEAR} to {_LAST_YEAR}")
        return start is not None and calendar.time_zone is not None

    def _check_slices(self, method: str, goal: Goal, window: Shorthand) -> None:
        """Refuses time slices that are longer than what they divide."""
        slice_ = goal.slice_window
        if method != _BY_OPERATIONS and slice_ is not None and slice_.value.seconds > window.seconds:
            self._report(slice_.place, slice_.value.text, f"a duration of at most the time window's, {window.text}")

    def _check_kind(self, sli: Sli, goal: Goal | None, annotations: dict[str, Found[Any]]) -> None:
        """What a ratio or a threshold needs from its SLO, whether the SLI is inline or referred to."""
        if sli.ratio is not None and sli.threshold is None:
            if "failed" in annotations:
                self._report(annotations["failed"].place, "failed beside a ratio metric", _THRESHOLD_ONLY)
            for name in ("op", "value"):
                if goal is not None and name in goal.fields:
                    goal.fields.report(name, read=f"{name} beside a ratio metric", accepted=_THRESHOLD_ONLY)
            return
        indicator = self._indicators[id(sli)]
        if indicator and indicator.measured == START_DELAY and "failed" in annotations:
            accepted = f"only with value: {DURATION}, since what failed may well have begun in time"
            self._report(annotations["failed"].place, f"failed beside value: {START_DELAY}", accepted)
        if sli.threshold is not None and goal is not None:
            if "op" not in goal.fields:
                goal.fields.report("op", read="nothing", accepted="lte, lt, gte or gt")
            if "value" not in goal.fields:
                goal.fields.report("value", read="nothing", accepted=_SECONDS_ACCEPTED)
            elif goal.value is not None and not 0 <= goal.value.value <= _LONGEST_SECONDS:
                self._report(goal.value.place, f"{goal.value.value:g}", _SECONDS_ACCEPTED)

    # SLI

    def _indicator(self, sli: Sli) -> _Indicator | None:
        if sli.threshold is not None:
            total = self._where(sli.threshold, fields=(*_SOURCE_FIELDS, "value"))
            spec = sli.threshold.spec
            measured = spec.choice("value", (DURATION, START_DELAY), required=True) if spec else None
            return _Indicator(total, measured=measured.value) if total and measured else None
        if sli.ratio is None:
            return None
        good_source, bad_source = sli.ratio.good, sli.ratio.bad
        if sli.ratio.raw is not None and sli.ratio.raw_type is not None:
            # A ready-made ratio is over all operations: the share of those that its condition holds for.
            is_success = sli.ratio.raw_type.value == "success"
            good_source, bad_source = (sli.ratio.raw, None) if is_success else (None, sli.ratio.raw)
        total = "TRUE" if sli.ratio.raw is not None else self._where(sli.ratio.total)
        good = self._where(good_source, must_select=True, template="({}) IS TRUE")
        # A bad metric leaves everything else good, also where its condition is NULL.
        bad = self._where(bad_source, must_select=True, template="({}) IS NOT TRUE")
        good_where = good or bad
        return _Indicator(total, good_where=good_where) if total and good_where else None

    def _where(
        self,
        source: MetricSource | None,
        *,
        must_select: bool = False,
        template: str = "({}) IS TRUE",
        fields: tuple[str, ...] = _SOURCE_FIELDS,
    ) -> str | None:
        """The condition of a metric source that may have these fields, never NULL for a row; None when it could not be read.

        `must_select` refuses a source without `where`.
        """
        if source is None or source.spec is None:
            return None
        spec = source.spec
        for name in spec.names():
            if name not in fields:
                self._report(spec.place_of(name), "an unknown field", ", ".join(fields))
        spec.choice("table", (_TABLE,), required=True)
        if "where" not in spec.names() and not must_select:
            return "TRUE"
        where = spec.text("where", accepted="a condition in SQL, for example state = 'succeeded'", required=True)
        if where is None:
            return None
        try:
            rebuilt = rebuild(where.value)
        except ExpressionError as error:
            self._report(where.place, error.read, error.accepted)
            return None
        return template.format(rebuilt)

    # Alerting

    def _check_windows(self, condition: AlertCondition) -> None:
        """Refuses windows that nothing can be counted in, and a wait that outlasts what is looked at."""
        if condition.lookback is None:
            return
        lookback = condition.lookback.value
        if lookback.seconds > _LONGEST_SECONDS:
            self._report(condition.lookback.place, lookback.text, f"a duration of at most {LONGEST_DURATION_DAYS}d")
        short = self._annotations[id(condition.metadata)].get("short-window")
        if short and short.value >= lookback.seconds:
            self._report(short.place, f"{short.value} seconds", f"a duration below the lookbackWindow, {lookback.text}")
        longest_days = 1 if lookback.seconds < _SECONDS_PER_DAY else DAYS_LOOKED_AT
        if condition.after and condition.after.value.seconds >= longest_days * _SECONDS_PER_DAY:
            accepted = f"a duration below {longest_days}d for a lookbackWindow of {lookback.text}"
            self._report(condition.after.place, condition.after.value.text, accepted)

    def _check_alerts(self, slo: Slo) -> None:
        """Refuses an alert that can never fire: no burn rate exceeds 1 / (1 - target)."""
        target = slo.goal.target if slo.goal else None
        for _, condition in self._policies(slo):
            if target is None or condition.threshold is None:
                continue
            highest = 1 / allowed_share(target.value)
            asked = Fraction(repr(condition.threshold.value))
            is_strict = condition.op is not None and condition.op.value == "gt"
            if asked > highest or (is_strict and asked == highest):
                place = condition.threshold.place
                threshold = f"{condition.threshold.value:g} ({place.file}:{place.line})"
                self._report(
                    target.place,
                    f"a target of {target.value:g}, at which no burn rate exceeds {float(highest):.4g}",
                    f"a target at which the alert threshold {threshold} can be reached",
                )

    def _alert_rules(self, slo: Slo) -> tuple[AlertRule, ...] | None:
        """One rule per condition of the SLO's policies, with everybody whom they notify; None without a list of policies."""
        if slo.alert_policies is None:
            return None
        rules: dict[str, AlertRule] = {}
        for policy, condition in self._policies(slo):
            rule = self._alert_rule(policy, condition)
            if rule is None:
                continue
            known = rules.get(rule.name, replace(rule, notices=()))
            if condition.metadata.name and replace(rule, notices=known.notices) != known:
                accepted = "a condition of another name, or the same one, beside the others of this SLO"
                self._report(condition.metadata.name.place, f"{rule.name}, which means another condition too", accepted)
            rules[rule.name] = replace(known, notices=(*known.notices, *rule.notices))
        return tuple(rules.values())

    def _alert_rule(self, policy: AlertPolicy, condition: AlertCondition) -> AlertRule | None:
        name, severity, op = condition.metadata.name, condition.severity, condition.op
        threshold, lookback = condition.threshold, condition.lookback
        if name is None or severity is None or op is None or threshold is None or lookback is None:
            return None
        annotations = self._annotations[id(condition.metadata)]
        long = lookback.value.seconds // 60
        short = annotations["short-window"].value // 60 if "short-window" in annotations else short_minutes(long)
        return AlertRule(
            name=name.value,
            severity=severity.value,
            threshold=Fraction(repr(threshold.value)),
            long_minutes=long,
            short_minutes=short,
            fewest_bad=annotations["min-bad-events"].value if "min-bad-events" in annotations else FEWEST_BAD,
            after_minutes=condition.after.value.seconds // 60 if condition.after else 0,
            is_strict=op.value == "gt",
            notices=tuple(
                Notice(target, policy.when_breaching, policy.when_resolved, policy.when_no_data) for target in policy.targets
            ),
        )

    def _policies(self, slo: Slo) -> list[tuple[AlertPolicy, AlertCondition]]:
        """The SLO's alert policies that could be read, each with its condition."""
        documents, found = self._documents, []
        for named in slo.alert_policies or ():
            policy = documents.alert_policies.get(named.value) if isinstance(named, Found) else named
            if policy is None:
                continue
            condition = policy.condition
            if isinstance(condition, Found):
                condition = documents.alert_conditions.get(condition.value)
            if condition is not None:
                found.append((policy, condition))
        return found


def _calendar(window: Shorthand, start: CalendarStart | None) -> Calendar | None:
    """The calendar of windows that begin at `start`; None when the window rolls."""
    if start is None or start.start_time is None or start.time_zone is None:
        return None
    months = _MONTHS.get(window.unit, 0) * window.amount
    days = 0 if months else window.seconds // _SECONDS_PER_DAY
    return Calendar(start.start_time.value, start.time_zone.value, months, days)


def _most_days(window: Shorthand, calendar: Calendar | None) -> int:
    """How many days in UTC the window touches at most."""
    if calendar is None:
        return window.seconds // _SECONDS_PER_DAY
    return calendar.months * _LONGEST_MONTH_DAYS + calendar.days + 1  # it may begin and end within a day
