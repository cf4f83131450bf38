"""OpenSLO v1 documents, read strictly: typed objects with their places, and every problem at once.

Belongs here: the format's own rules for all seven kinds (fields, names, durations, references), as the public
Go SDK has them; where we are stricter, a comment says so.
Does not belong here: our annotations (`assets/slo/annotations.py`), our metric source and what is evaluated
(`assets/slo/objectives.py`), reading one field (`assets/yaml_fields.py`).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from assets.yaml_fields import Fields, Found, Place, Problem, cut, nearest, shown
from assets.yaml_source import Items, Mapping, Node, Scalar, read_yaml

API_VERSION = "openslo/v1"
BUDGETING_METHODS = ("Occurrences", "Timeslices", "RatioTimeslices")
OPERATORS = ("lte", "gte", "lt", "gt")

# The fields of each kind's `spec`, in the order in which messages list them.
SPEC_FIELDS = {
    "DataSource": ("description", "type", "connectionDetails"),
    "Service": ("description",),
    "SLI": ("description", "thresholdMetric", "ratioMetric"),
    "SLO": (
        "description",
        "service",
        "indicator",
        "indicatorRef",
        "budgetingMethod",
        "timeWindow",
        "objectives",
        "alertPolicies",
    ),
    "AlertPolicy": (
        "description",
        "alertWhenNoData",
        "alertWhenBreaching",
        "alertWhenResolved",
        "conditions",
        "notificationTargets",
    ),
    "AlertCondition": ("description", "severity", "condition"),
    "AlertNotificationTarget": ("description", "target"),
}
KINDS = tuple(SPEC_FIELDS)

_METADATA_FIELDS = ("name", "displayName", "labels", "annotations")
_GOAL_FIELDS = (
    "displayName",
    "op",
    "value",
    "target",
    "targetPercent",
    "timeSliceTarget",
    "timeSliceWindow",
    "indicator",
    "indicatorRef",
    "compositeWeight",
)

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")  # a label of RFC 1123
_NAME_ACCEPTED = "1 to 63 lower-case letters, digits and hyphens, the first and last no hyphen"
_KEY = r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?"
_LABEL_KEY = re.compile(_KEY)
_DOMAIN_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_ANNOTATION_KEY = re.compile(rf"(?=[^/]{{0,253}}/|[^/]*$)({_DOMAIN_LABEL}(\.{_DOMAIN_LABEL})*/)?{_KEY}")
_SHORTHAND = re.compile(r"([0-9]{1,9})([mhdwMQY])")
_START_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
SHORTHAND_ACCEPTED = "a whole number above 0 and one of m h d w M Q Y, for example 28d"

_LONGEST_DISPLAY_NAME = 63
_LONGEST_DESCRIPTION = 1050
_UNIT_SECONDS = {
    "m": 60,
    "h": 3_600,
    "d": 86_400,
    "w": 7 * 86_400,
    "M": 30 * 86_400,
    "Q": 90 * 86_400,
    "Y": 365 * 86_400,
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shorthand:
    """A duration of OpenSLO, such as 28d; never zero."""

    text: str
    amount: int
    unit: str

    @property
    def seconds(self) -> int:
        """The length of the duration; a month counts 30 days, a quarter 90, a year 365."""
        return self.amount * _UNIT_SECONDS[self.unit]


def parse_shorthand(text: str) -> Shorthand | None:
    """The duration that `text` writes, or None when it is not one (0d included: nothing lasts no time)."""
    match = _SHORTHAND.fullmatch(text)
    if match is None or int(match[1]) == 0:
        return None
    return Shorthand(text, int(match[1]), match[2])


# The objects. A field is None when it is absent or could not be read; in the latter case a problem says so.


@dataclass(frozen=True, slots=True)
class Metadata:
    """What every object says about itself; `owner` is its kind ("" when unknown), inline objects included."""

    owner: str
    name: Found[str] | None
    display_name: str
    annotations: tuple[tuple[str, Found[str]], ...]


@dataclass(frozen=True, slots=True)
class MetricSource:
    """Where a metric is read; the fields of `spec` are the source's own."""

    place: Place
    spec: Fields | None


@dataclass(frozen=True, slots=True)
class RatioMetric:
    """Counts of operations: `total` with `good` or `bad`, or a ready-made ratio `raw` of what `raw_type` says."""

    good: MetricSource | None
    bad: MetricSource | None
    total: MetricSource | None
    raw: MetricSource | None
    raw_type: Found[str] | None


@dataclass(frozen=True, slots=True)
class Sli:
    """An indicator: a ratio metric or a threshold metric."""

    metadata: Metadata
    ratio: RatioMetric | None
    threshold: MetricSource | None


@dataclass(frozen=True, slots=True)
class CalendarStart:
    """When a calendar's first period begins: a moment without a zone, on the clocks of `time_zone`."""

    start_time: Found[datetime] | None
    time_zone: Found[str] | None


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """The period an SLO is judged over: it rolls, or follows a calendar."""

    duration: Found[Shorthand] | None
    calendar: CalendarStart | None


@dataclass(frozen=True, slots=True)
class Goal:
    """The entry of an SLO's `objectives`; `target` is a ratio, whether written as ratio or as percentage."""

    fields: Fields
    op: Found[str] | None
    value: Found[float] | None
    target: Found[float] | None
    slice_target: Found[float] | None
    slice_window: Found[Shorthand] | None


@dataclass(frozen=True, slots=True)
class AlertCondition:
    """When to alert: the burn rate over `lookback` compared with `threshold` by `op`, for at least `after`."""

    metadata: Metadata
    severity: Found[str] | None
    op: Found[str] | None
    threshold: Found[float] | None
    lookback: Found[Shorthand] | None
    after: Found[Shorthand] | None


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """Which condition notifies whom, and of what; the condition is the object, or the reference to it."""

    metadata: Metadata
    condition: AlertCondition | Found[str] | None
    targets: tuple[str, ...]  # names of notification targets
    when_breaching: bool
    when_resolved: bool
    when_no_data: bool


@dataclass(frozen=True, slots=True)
class Slo:
    """An objective of a service; the indicator and the alert policies are objects, or references to them."""

    metadata: Metadata
    description: str
    service: Found[str] | None
    indicator: Sli | Found[str] | None
    budgeting_method: Found[str] | None
    window: TimeWindow | None
    goal: Goal | None
    alert_policies: tuple[AlertPolicy | Found[str], ...] | None  # empty when written as an empty list


@dataclass(slots=True)
class Documents:
    """Everything the files define; objects that have problems are here too, as far as they could be read.

    `slos` keeps the order of files and documents, the other kinds go by name. `every_metadata`, `every_sli`
    and `every_condition` include what is written inline.
    """

    slos: list[Slo] = field(default_factory=list)
    slis: dict[str, Sli] = field(default_factory=dict)
    alert_policies: dict[str, AlertPolicy] = field(default_factory=dict)
    alert_conditions: dict[str, AlertCondition] = field(default_factory=dict)
    every_metadata: list[Metadata] = field(default_factory=list)
    every_sli: list[Sli] = field(default_factory=list)
    every_condition: list[AlertCondition] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_documents(files: Sequence[tuple[str, bytes]]) -> Documents:
    """Reads files, given as (the name that messages use, content), in the order given.

    Never raises on content: every problem of every file is in `problems`, in no particular order.
    """
    reader = _Reader()
    for name, content in files:
        reader.read_file(name, content)
    reader.resolve_references()
    return reader.documents


class _Reader:
    """One reading of several files; collects objects, names, references and problems."""

    def __init__(self) -> None:
        self.documents = Documents()
        self._problems = self.documents.problems
        self._names: dict[str, dict[str, Place]] = {kind: {} for kind in KINDS}
        self._references: list[tuple[str, Found[str]]] = []
        self._complete = True

    def read_file(self, name: str, content: bytes) -> None:
        source = read_yaml(content)
        self._complete &= source.complete
        for flaw in source.flaws:
            self._problems.append(Problem(name, flaw.line, "file", flaw.read, flaw.accepted))
        for node in source.documents:
            self._read_document(name, node)

    def resolve_references(self) -> None:
        """Reports references to nothing, unless a file was cut short: its unread part may hold the name."""
        if not self._complete:
            return
        for kind, reference in self._references:
            names = self._names[kind]
            if reference.value not in names:
                known = f"the name of {_one(kind)} in these files ({', '.join(names) or 'there is none'})"
                self._report(reference.place, cut(reference.value), known + nearest(reference.value, [*names]))

    def _report(self, place: Place, read: str, accepted: str) -> None:
        self._problems.append(place.problem(read=read, accepted=accepted))

    def _fields(self, place: Place, node: Node, accepted: Sequence[str]) -> Fields | None:
        if isinstance(node, Mapping):
            return Fields(problems=self._problems, mapping=node, place=place, accepted=accepted)
        self._report(place, shown(node), f"a mapping of {', '.join(accepted)}")
        return None

    # Documents and what all kinds share

    def _read_document(self, file: str, node: Node) -> None:
        place = Place(file, node.line, "" if isinstance(node, Mapping) else "document")
        fields = self._fields(place, node, ("apiVersion", "kind", "metadata", "spec"))
        if fields is None:
            return
        fields.choice("apiVersion", (API_VERSION,), required=True)
        kind = fields.choice("kind", KINDS, required=True)
        metadata = self._metadata(fields, owner=kind.value if kind else "")
        if kind is None:
            return
        # A Service has nothing that it must say.
        spec = fields.mapping("spec", SPEC_FIELDS[kind.value], required=kind.value != "Service")
        is_new = self._is_new(kind.value, metadata.name)
        if spec is None:
            return
        read = self._spec_reader(kind.value)
        described = read(metadata, spec)
        if not is_new or metadata.name is None:
            return
        match described:
            case Slo():
                self.documents.slos.append(described)
            case Sli():
                self.documents.slis[metadata.name.value] = described
            case AlertPolicy():
                self.documents.alert_policies[metadata.name.value] = described
            case AlertCondition():
                self.documents.alert_conditions[metadata.name.value] = described

    def _spec_reader(self, kind: str) -> Callable[[Metadata, Fields], object]:
        readers: dict[str, Callable[[Metadata, Fields], object]] = {
            "DataSource": self._data_source,
            "Service": self._service,
            "SLI": self._sli,
            "SLO": self._slo,
            "AlertPolicy": self._alert_policy,
            "AlertCondition": self._alert_condition,
            "AlertNotificationTarget": self._notification_target,
        }
        return readers[kind]

    def _is_new(self, kind: str, name: Found[str] | None) -> bool:
        if name is None:
            return False
        first = self._names[kind].setdefault(name.value, name.place)
        if first is name.place:
            return True
        read = f"{name.value}, which {first.file}:{first.line} defines already"
        self._report(name.place, read, f"each name once among the documents of kind {kind}")
        return False

    def _metadata(self, fields: Fields, *, owner: str) -> Metadata:
        found = fields.mapping("metadata", _METADATA_FIELDS, required=True)
        name, display_name, annotations = None, "", []
        if found is not None:
            name = found.text("name", accepted=_NAME_ACCEPTED, required=True, fits=_NAME.fullmatch)
            title = _limited_text(found, "displayName", _LONGEST_DISPLAY_NAME)
            display_name = title.strip()
            self._labels(found)
            annotations = self._annotations(found)
        metadata = Metadata(owner, name, display_name, tuple(annotations))
        self.documents.every_metadata.append(metadata)
        return metadata

    def _labels(self, metadata: Fields) -> None:
        labels = metadata.mapping("labels", None)
        if labels is None:
            return
        for key in labels.names():
            self._check_key(labels, key, _LABEL_KEY, "a key of at most 63 letters, digits, - . _")
            node = labels.node(key)
            if not isinstance(node, Items):
                labels.text(key, accepted="text, or a list of texts", required=True, fits=_anything)
                continue
            for place, item in labels.items(key, accepted="") or ():
                if not isinstance(item, Scalar) or item.type != "text":
                    self._report(place, shown(item), "text")

    def _annotations(self, metadata: Fields) -> list[tuple[str, Found[str]]]:
        annotations = metadata.mapping("annotations", None)
        if annotations is None:
            return []
        found = []
        for key in annotations.names():
            self._check_key(annotations, key, _ANNOTATION_KEY, "a key such as my-domain.org/my-key")
            value = annotations.text(key, required=True, fits=_anything)
            if value is not None:
                found.append((key, value))
        return found

    def _check_key(self, fields: Fields, key: str, pattern: re.Pattern[str], accepted: str) -> None:
        if not pattern.fullmatch(key):
            fields.report(key, read=f'the key "{cut(key)}"', accepted=accepted)

    def _reference(self, fields: Fields, name: str, kind: str, *, required: bool = False) -> Found[str] | None:
        reference = fields.text(name, accepted=f"the name of {_one(kind)}", required=required, fits=_NAME.fullmatch)
        if reference is not None:
            self._references.append((kind, reference))
        return reference

    def _referred_or_inline(
        self,
        place: Place,
        node: Node,
        *,
        reference: str,
        kind: str,
        read: Callable[[Metadata, Fields], T | None],
    ) -> T | Found[str] | None:
        """A list entry that names an object, or writes it out with kind, metadata and spec."""
        fields = self._fields(place, node, (reference, "kind", "metadata", "spec"))
        if fields is None:
            return None
        written_out = [name for name in ("kind", "metadata", "spec") if name in fields]
        if (reference in fields) == bool(written_out):
            both = f"{reference} and {written_out[0]}" if written_out else "neither"
            self._report(place, both, f"either {reference}, or kind, metadata and spec of {_one(kind)}")
            return None
        if reference in fields:
            return self._reference(fields, reference, kind)
        fields.choice("kind", (kind,), required=True)
        metadata = self._metadata(fields, owner=kind)
        spec = fields.mapping("spec", SPEC_FIELDS[kind], required=True)
        return None if spec is None else read(metadata, spec)

    # DataSource, Service, SLI

    def _data_source(self, _metadata: Metadata, spec: Fields) -> None:
        _limited_text(spec, "description", _LONGEST_DESCRIPTION)
        spec.text("type", accepted="the type of the data source", required=True)
        if "connectionDetails" not in spec:
            spec.report("connectionDetails", read="nothing", accepted="what the data source needs, at least {}")

    def _service(self, _metadata: Metadata, spec: Fields) -> None:
        _limited_text(spec, "description", _LONGEST_DESCRIPTION)

    def _sli(self, metadata: Metadata, spec: Fields) -> Sli:
        _limited_text(spec, "description", _LONGEST_DESCRIPTION)
        spec.exactly_one("thresholdMetric", "ratioMetric")
        sli = Sli(metadata, self._ratio_metric(spec), self._metric(spec, "thresholdMetric"))
        self.documents.every_sli.append(sli)
        return sli

    def _ratio_metric(self, spec: Fields) -> RatioMetric | None:
        ratio = spec.mapping("ratioMetric", ("counter", "good", "bad", "total", "raw", "rawType"))
        if ratio is None:
            return None
        ratio.boolean("counter")
        ratio.exactly_one("total", "raw")
        if "raw" in ratio:
            for name in ("good", "bad"):
                if name in ratio:
                    ratio.report(name, read=f"{name} beside raw", accepted=f"raw alone, or {name} with total")
        elif "total" in ratio:
            ratio.exactly_one("good", "bad")
        raw_type = ratio.choice("rawType", ("success", "failure"), required="raw" in ratio)
        if "rawType" in ratio and "raw" not in ratio:
            ratio.report("rawType", read="rawType without raw", accepted="rawType only together with raw")
        return RatioMetric(
            good=self._metric(ratio, "good"),
            bad=self._metric(ratio, "bad"),
            total=self._metric(ratio, "total"),
            raw=self._metric(ratio, "raw"),
            raw_type=raw_type,
        )

    def _metric(self, parent: Fields, name: str) -> MetricSource | None:
        metric = parent.mapping(name, ("metricSource",))
        if metric is None:
            return None
        source = metric.mapping("metricSource", ("metricSourceRef", "type", "spec"), required=True)
        if source is None:
            return None
        self._reference(source, "metricSourceRef", "DataSource")
        source.text("type")
        spec = source.mapping("spec", None, required=True)
        if spec is not None and len(spec) == 0:
            source.report("spec", read="an empty mapping", accepted="what the metric source needs")
            spec = None
        return MetricSource(source.place_of("spec"), spec)

    # SLO

    def _slo(self, metadata: Metadata, spec: Fields) -> Slo:
        method = spec.choice("budgetingMethod", BUDGETING_METHODS, required=True)
        return Slo(
            metadata=metadata,
            description=_limited_text(spec, "description", _LONGEST_DESCRIPTION),
            service=self._reference(spec, "service", "Service", required=True),
            indicator=self._indicator(spec),
            budgeting_method=method,
            window=self._time_window(spec),
            goal=self._goal(spec, method.value if method else ""),
            alert_policies=self._slo_alert_policies(spec),
        )

    def _indicator(self, spec: Fields) -> Sli | Found[str] | None:
        """The indicator of the SLO; composite SLOs, whose objectives have one each, are not supported."""
        composite = [
            Fields(problems=[], mapping=item, place=place, accepted=None).place_of(name)
            for place, item in _listed(spec, "objectives")
            if isinstance(item, Mapping)
            for name in ("indicator", "indicatorRef")
            if name in item.entries
        ]
        here = [name for name in ("indicator", "indicatorRef") if name in spec]
        if composite and here:
            self._report(composite[0], f"an indicator here and spec.{here[0]}", "one indicator, under spec")
        elif composite:
            supported = "indicator or indicatorRef under spec; composite objectives are not supported"
            self._report(composite[0], "the indicator of one objective", supported)
        else:
            spec.exactly_one("indicator", "indicatorRef")
        reference = self._reference(spec, "indicatorRef", "SLI")
        inline = spec.mapping("indicator", ("metadata", "spec"))
        if inline is None:
            return reference
        metadata = self._metadata(inline, owner="SLI")
        sli = inline.mapping("spec", SPEC_FIELDS["SLI"], required=True)
        return None if sli is None else self._sli(metadata, sli)

    def _time_window(self, spec: Fields) -> TimeWindow | None:
        accepted = "a list of one time window, such as [{duration: 28d, isRolling: true}]"
        listed = spec.items("timeWindow", accepted=accepted, required=True)
        if listed is None:
            return None
        if len(listed) != 1:
            spec.report("timeWindow", read=f"a list of {len(listed)}", accepted=accepted)
        windows = [self._one_time_window(place, node) for place, node in listed]
        return windows[0] if len(windows) == 1 else None

    def _one_time_window(self, place: Place, node: Node) -> TimeWindow | None:
        window = self._fields(place, node, ("duration", "isRolling", "calendar"))
        if window is None:
            return None
        duration = _shorthand(window, "duration", required=True)
        is_rolling = window.boolean("isRolling")
        calendar = self._calendar(window)
        if is_rolling and "calendar" in window:
            window.report("calendar", read="calendar beside isRolling: true", accepted="one of the two")
        elif not is_rolling and "calendar" not in window:
            read = "neither isRolling: true nor a calendar"
            window.report("isRolling", read=read, accepted="isRolling: true, or calendar: {startTime, timeZone}")
        return TimeWindow(duration, calendar)

    def _calendar(self, window: Fields) -> CalendarStart | None:
        calendar = window.mapping("calendar", ("startTime", "timeZone"))
        if calendar is None:
            return None
        accepted = "YYYY-MM-DD HH:MM:SS without a time zone, for example 2026-01-01 00:00:00"
        start = calendar.text("startTime", accepted=accepted, required=True, fits=_start_time)
        accepted = "an IANA time zone, for example Europe/Berlin or UTC"
        zone = calendar.text("timeZone", accepted=accepted, required=True, fits=_is_time_zone)
        moment = _start_time(start.value) if start else None
        return CalendarStart(Found(moment, start.place) if start and moment else None, zone)

    def _goal(self, spec: Fields, method: str) -> Goal | None:
        """The one objective; several, and none, are refused (the SDK takes them)."""
        accepted = "a list of one objective (write an SLO for each)"
        listed = spec.items("objectives", accepted=accepted, required=True)
        if listed is None:
            return None
        if len(listed) != 1:
            read = f"a list of {len(listed)}" if listed else "an empty list"
            spec.report("objectives", read=read, accepted=accepted)
        goals = [self._one_goal(place, node, method) for place, node in listed]
        return goals[0] if len(goals) == 1 else None

    def _one_goal(self, place: Place, node: Node, method: str) -> Goal | None:
        goal = self._fields(place, node, _GOAL_FIELDS)
        if goal is None:
            return None
        goal.text("displayName", fits=_anything)
        goal.exactly_one("target", "targetPercent")
        target = goal.number("target", accepted="0 <= target < 1, for example 0.995", fits=lambda ratio: 0 <= ratio < 1)
        percent = goal.number(
            "targetPercent",
            accepted="0 <= targetPercent < 100, for example 99.5",
            fits=lambda value: 0 <= value < 100,
        )
        slice_target = goal.number(
            "timeSliceTarget",
            accepted="0 < timeSliceTarget <= 1, for example 0.95",
            required=method == "Timeslices",
            fits=lambda ratio: 0 < ratio <= 1,
        )
        slice_window = _shorthand(goal, "timeSliceWindow", required=method in ("Timeslices", "RatioTimeslices"))
        goal.number("compositeWeight", accepted="a number above 0", fits=lambda weight: weight > 0)
        ratio = _converted(target, float)
        if ratio is None:
            # Divided as written: 99.9 % is the double nearest to 0.999, not 99.9 / 100 in doubles.
            ratio = _converted(percent, lambda digits: float(Decimal(digits) / 100))
        return Goal(
            fields=goal,
            op=goal.choice("op", OPERATORS),
            value=_converted(goal.number("value"), float),
            target=ratio,
            slice_target=_converted(slice_target, float),
            slice_window=slice_window,
        )

    def _slo_alert_policies(self, spec: Fields) -> tuple[AlertPolicy | Found[str], ...] | None:
        listed = spec.items("alertPolicies", accepted="a list of alert policies")
        if listed is None:
            return None
        read = [
            self._referred_or_inline(place, node, reference="alertPolicyRef", kind="AlertPolicy", read=self._alert_policy)
            for place, node in listed
        ]
        return tuple(policy for policy in read if policy is not None)

    # Alerting

    def _alert_policy(self, metadata: Metadata, spec: Fields) -> AlertPolicy:
        _limited_text(spec, "description", _LONGEST_DESCRIPTION)
        accepted = "a list of one condition"
        conditions = spec.items("conditions", accepted=accepted, required=True)
        if conditions is not None and len(conditions) != 1:
            spec.report("conditions", read=f"a list of {len(conditions)}", accepted=accepted)
        read = [
            self._referred_or_inline(place, node, reference="conditionRef", kind="AlertCondition", read=self._alert_condition)
            for place, node in conditions or ()
        ]
        accepted = "a list of at least one notification target"
        targets = spec.items("notificationTargets", accepted=accepted, required=True)
        if targets is not None and not targets:
            spec.report("notificationTargets", read="an empty list", accepted=accepted)
        named = [
            self._referred_or_inline(
                place,
                node,
                reference="targetRef",
                kind="AlertNotificationTarget",
                read=self._notification_target,
            )
            for place, node in targets or ()
        ]
        # The SDK takes what is not written for false; a policy that would never tell anybody is not what its author meant.
        is_silent = "alertWhenBreaching" in spec and not spec.boolean("alertWhenBreaching")
        return AlertPolicy(
            metadata,
            read[0] if len(read) == 1 else None,
            targets=tuple(dict.fromkeys(target.value for target in named if target)),
            when_breaching=not is_silent,
            when_resolved=spec.boolean("alertWhenResolved"),
            when_no_data=spec.boolean("alertWhenNoData"),
        )

    def _alert_condition(self, metadata: Metadata, spec: Fields) -> AlertCondition:
        _limited_text(spec, "description", _LONGEST_DESCRIPTION)
        severity = spec.text("severity", accepted="a severity, for example page", required=True)
        condition = spec.mapping("condition", ("kind", "op", "threshold", "lookbackWindow", "alertAfter"), required=True)
        op = threshold = lookback = after = None
        if condition is not None:
            condition.choice("kind", ("burnrate",), required=True)
            op = condition.choice("op", OPERATORS, required=True)
            if op is not None and op.value in ("lt", "lte"):
                # The SDK takes it and the specification's own example has it.
                self._report(op.place, op.value, "gte or gt; a burn rate below the threshold is healthy")
            threshold = condition.number("threshold", accepted="a burn rate above 0", required=True, fits=lambda rate: rate > 0)
            lookback = _shorthand(condition, "lookbackWindow", required=True)
            after = _shorthand(condition, "alertAfter")
        described = AlertCondition(metadata, severity, op, _converted(threshold, float), lookback, after)
        self.documents.every_condition.append(described)
        return described

    def _notification_target(self, metadata: Metadata, spec: Fields) -> Found[str] | None:
        """The target's name, which is all that is known of it: its address is a secret and stands in no file."""
        _limited_text(spec, "description", _LONGEST_DESCRIPTION)
        spec.text("target", accepted="where the notification goes, for example email", required=True)
        return metadata.name


def _one(kind: str) -> str:
    return f"an {kind}" if kind[0] in "AS" and kind != "Service" else f"a {kind}"


def _anything(_text: str) -> bool:
    return True


def _limited_text(fields: Fields, name: str, longest: int) -> str:
    found = fields.text(name, accepted=f"text of at most {longest} characters", fits=lambda text: len(text) <= longest)
    return found.value.strip() if found else ""


def _shorthand(fields: Fields, name: str, *, required: bool = False) -> Found[Shorthand] | None:
    text = fields.text(name, accepted=SHORTHAND_ACCEPTED, required=required, fits=parse_shorthand)
    duration = parse_shorthand(text.value) if text else None
    return Found(duration, text.place) if text and duration else None


def _converted(found: Found[str] | None, convert: Callable[[str], float]) -> Found[float] | None:
    return Found(convert(found.value), found.place) if found else None


def _listed(fields: Fields, name: str) -> list[tuple[Place, Node]]:
    """The entries of a list field, or none when it is no list (which reading the field reports)."""
    if not isinstance(fields.node(name), Items):
        return []
    return fields.items(name, accepted="") or []


def _start_time(text: str) -> datetime | None:
    if not _START_TIME.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - its zone stands in another field
    except ValueError:
        return None


def _is_time_zone(text: str) -> bool:
    if text == "UTC":
        return True  # also where the machine has no time zone database
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):  # not a key, a directory of the database, unknown
        return False
    return True
