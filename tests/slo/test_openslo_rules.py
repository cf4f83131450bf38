"""Every rule of OpenSLO v1 that files are held to: what it accepts, and the exact message when a file breaks it.

A row of `RULES` is a rule; its cases change one file that is right. Messages name the line of the changed file.
"""

import pytest

from assets.slo.objectives import ObjectivesError, read_objectives

FILE = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: upgrade-success
  displayName: Upgrades succeed
  labels: {team: [fleet, platform]}
  annotations: {example.org/owner: fleet}
spec:
  description: every upgrade succeeds
  service: upgrades
  indicatorRef: success
  budgetingMethod: Occurrences
  timeWindow:
    - duration: 28d
      isRolling: true
  objectives:
    - target: 0.9
  alertPolicies:
    - alertPolicyRef: fast-burn
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: success}
spec:
  ratioMetric:
    good: {metricSource: {metricSourceRef: warehouse, spec: {table: operations, where: state = 'succeeded'}}}
    total: {metricSource: {spec: {table: operations}}}
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: fast-burn}
spec:
  conditions:
    - conditionRef: burns
  notificationTargets:
    - targetRef: on-call
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: burns}
spec:
  severity: page
  condition: {kind: burnrate, op: gte, threshold: 5, lookbackWindow: 12h, alertAfter: 5m}
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: on-call}
spec: {target: email}
---
apiVersion: openslo/v1
kind: Service
metadata: {name: upgrades}
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: warehouse}
spec: {type: duckdb, connectionDetails: {}}
"""
GOOD = "good: {metricSource: {metricSourceRef: warehouse, spec: {table: operations, where: state = 'succeeded'}}}"
TOTAL = "    total: {metricSource: {spec: {table: operations}}}\n"
RATIO = f"  ratioMetric:\n    {GOOD}\n{TOTAL}"
RAW = "  ratioMetric:\n    raw: {metricSource: {spec: {table: operations, where: state = 'failed'}}}\n    rawType: failure\n"
THRESHOLD = "  thresholdMetric: {metricSource: {spec: {table: operations, value: duration_seconds}}}\n"
ROLLING = "    - duration: 28d\n      isRolling: true\n"
CALENDAR = "    - duration: 1M\n      calendar:\n        startTime: 2026-01-01 00:00:00\n        timeZone: Europe/Berlin\n"
GOAL = "    - target: 0.9\n"
LAST = "spec: {type: duckdb, connectionDetails: {}}\n"
LIMIT = GOAL + "      op: lte\n      value: 1200\n"
OURS = "example.org/owner: fleet"
ON_CONDITION = "kind: AlertCondition\nmetadata: {name: burns}"
NAME = "1 to 63 lower-case letters, digits and hyphens, the first and last no hyphen"
DURATION = "a whole number above 0 and one of m h d w M Q Y, for example 28d"
KINDS = "DataSource, Service, SLI, SLO, AlertPolicy, AlertCondition, AlertNotificationTarget"
START = "YYYY-MM-DD HH:MM:SS without a time zone, for example 2026-01-01 00:00:00"

Change = tuple[str, str]


def ours(annotation: str) -> Change:
    return OURS, f"upgradeslo.dev/{annotation}"


def on_condition(annotation: str) -> Change:
    return ON_CONDITION, f"kind: AlertCondition\nmetadata: {{name: burns, annotations: {{upgradeslo.dev/{annotation}}}}}"


def sliced(method: str, *lines: str) -> list[Change]:
    return [("Occurrences", method), (GOAL, GOAL + "".join(f"      {line}\n" for line in lines))]


# Rule: accepted changes by name; refused ones by name, with every message in order.
RULES: dict[str, tuple[dict[str, list[Change]], dict[str, tuple[list[Change], list[str]]]]] = {
    "version and kind": (
        {"all seven kinds": []},
        {
            "another version": (
                [("apiVersion: openslo/v1\nkind: SLO", "apiVersion: openslo/v2alpha\nkind: SLO")],
                ["1: apiVersion: read openslo/v2alpha; accepted: openslo/v1; did you mean openslo/v1?"],
            ),
            "no version": (
                [("apiVersion: openslo/v1\nkind: SLO", "kind: SLO")],
                ["1: apiVersion: read nothing; accepted: openslo/v1"],
            ),
            "another kind": (
                [(LAST, LAST + "---\napiVersion: openslo/v1\nkind: Budget\nmetadata: {name: b}\n")],
                [f"60: kind: read Budget; accepted: {KINDS}"],
            ),
        },
    ),
    "names": (
        {"digits and hyphens": [("upgrade-success", "9-lives")], "63 characters": [("upgrade-success", "n" * 63)]},
        {
            "capitals and underscores": (
                [("upgrade-success", "Upgrade_SLO")], [f"4: metadata.name: read Upgrade_SLO; accepted: {NAME}"],
            ),
            "64 characters": (
                [("upgrade-success", "n" * 64)], [f"4: metadata.name: read {'n' * 59}…; accepted: {NAME}"],
            ),
        },
    ),
    "texts, labels and annotations": (
        {
            "63 and 1050 characters": [("Upgrades succeed", "d" * 63), ("every upgrade succeeds", "d" * 1050)],
            "a text as the value of a label": [("[fleet, platform]", "fleet")],
            "a number in quotes": [(OURS, 'example.org/owner: "20"')],
        },
        {
            "a long display name": (
                [("Upgrades succeed", "d" * 64)],
                [f"5: metadata.displayName: read {'d' * 59}…; accepted: text of at most 63 characters"],
            ),
            "a long description": (
                [("every upgrade succeeds", "d" * 1051)],
                [f"9: spec.description: read {'d' * 59}…; accepted: text of at most 1050 characters"],
            ),
            "a label's key that begins with a dot": (
                [("team: [", ".team: [")],
                ['6: metadata.labels..team: read the key ".team"; accepted: a key of at most 63 letters, digits, - . _'],
            ),
            "an annotation that is a number": (
                [(OURS, "example.org/owner: 20")],
                ['7: metadata.annotations.example.org/owner: read 20; accepted: text, here in quotes: "20"'],
            ),
        },
    ),
    "unknown fields": (
        {"the known ones": []},
        {
            "in a spec": (
                [("  service: upgrades", "  colour: red\n  service: upgrades")],
                ["10: spec.colour: read an unknown field; accepted: description, service, indicator, indicatorRef, "
                 "budgetingMethod, timeWindow, objectives, alertPolicies"],
            ),
            "deep in a spec": (
                [("isRolling: true", "isRolling: true\n      rolling: true")],
                ["16: spec.timeWindow[0].rolling: read an unknown field; accepted: duration, isRolling, calendar; "
                 "did you mean isRolling?"],
            ),
        },
    ),
    "service, method and one indicator": (
        {
            "an inline indicator": [
                ("  indicatorRef: success\n", f"  indicator:\n    metadata: {{name: own}}\n    spec: {{ratioMetric: {{{GOOD}, "
                 "total: {metricSource: {spec: {table: operations}}}}}\n"),
            ],
        },
        {
            "no service": (
                [("  service: upgrades\n", "")], ["8: spec.service: read nothing; accepted: the name of a Service"],
            ),
            "another method": (
                [("Occurrences", "Count")],
                ["12: spec.budgetingMethod: read Count; accepted: Occurrences, Timeslices, RatioTimeslices"],
            ),
            "no indicator": (
                [("  indicatorRef: success\n", "")],
                ["8: spec: read neither indicator nor indicatorRef; accepted: exactly one of indicator, indicatorRef"],
            ),
            "a composite": (
                [("  indicatorRef: success\n", ""), (GOAL, GOAL + "      indicatorRef: success\n")],
                ["17: spec.objectives[0].indicatorRef: read the indicator of one objective; accepted: indicator or indicatorRef "
                 "under spec; composite objectives are not supported"],
            ),
            "both": (
                [(GOAL, GOAL + "      indicatorRef: success\n")],
                ["18: spec.objectives[0].indicatorRef: read an indicator here and spec.indicatorRef; "
                 "accepted: one indicator, under spec"],
            ),
        },
    ),
    "exactly one time window": (
        {"one": []},
        {
            "none": (
                [("  timeWindow:\n" + ROLLING, "")],
                ["8: spec.timeWindow: read nothing; "
                 "accepted: a list of one time window, such as [{duration: 28d, isRolling: true}]"],
            ),
            "two": (
                [(ROLLING, ROLLING * 2)],
                ["13: spec.timeWindow: read a list of 2; "
                 "accepted: a list of one time window, such as [{duration: 28d, isRolling: true}]"],
            ),
        },
    ),
    "rolling or calendar": (
        {
            "a calendar": [(ROLLING, CALENDAR)],
            "a calendar that does not roll": [(ROLLING, CALENDAR + "      isRolling: false\n")],
            "in UTC": [(ROLLING, CALENDAR.replace("Europe/Berlin", "UTC"))],
        },
        {
            "both": (
                [(ROLLING, CALENDAR + "      isRolling: true\n")],
                ["15: spec.timeWindow[0].calendar: read calendar beside isRolling: true; accepted: one of the two"],
            ),
            "neither": (
                [("      isRolling: true\n", "")],
                ["14: spec.timeWindow[0].isRolling: read neither isRolling: true nor a calendar; "
                 "accepted: isRolling: true, or calendar: {startTime, timeZone}"],
            ),
            "a start with a zone": (
                [(ROLLING, CALENDAR.replace("2026-01-01 00:00:00", "2026-01-01T00:00:00Z"))],
                [f"16: spec.timeWindow[0].calendar.startTime: read 2026-01-01T00:00:00Z; accepted: {START}"],
            ),
            "a zone nobody knows": (
                [(ROLLING, CALENDAR.replace("Berlin", "Atlantis"))],
                ["17: spec.timeWindow[0].calendar.timeZone: read Europe/Atlantis; "
                 "accepted: an IANA time zone, for example Europe/Berlin or UTC"],
            ),
            "no zone": (
                [(ROLLING, CALENDAR.replace("        timeZone: Europe/Berlin\n", ""))],
                ["15: spec.timeWindow[0].calendar.timeZone: read nothing; "
                 "accepted: an IANA time zone, for example Europe/Berlin or UTC"],
            ),
        },
    ),
    "durations": (
        {
            **{f"{text} rolling": [("28d", text)] for text in ("1d", "4w", "1M", "1Q", "1Y", "24h", "1440m")},
            **{f"{text} of a calendar": [(ROLLING, CALENDAR.replace("1M", text))] for text in ("1d", "1w", "1M", "1Q", "1Y")},
        },
        {
            **{
                text: ([("28d", text)], [f"14: spec.timeWindow[0].duration: read {text}; accepted: {DURATION}"])
                for text in ("0d", "28D", "60s", "1.5d")
            },
            "hours that are no days": (
                [("28d", "36h")],
                ["14: spec.timeWindow[0].duration: read 36h; accepted: whole days up to 3650d, for example 28d, 24h or 1M"],
            ),
        },
    ),
    "one target": (
        {
            "zero": [("target: 0.9", "target: 0"), ("threshold: 5", "threshold: 1")],
            "percent": [("target: 0.9", "targetPercent: 90")],
        },
        {
            "certainty": (
                [("target: 0.9", "target: 1.0")],
                ["17: spec.objectives[0].target: read 1.0; accepted: 0 <= target < 1, for example 0.995"],
            ),
            "certainty in percent": (
                [("target: 0.9", "targetPercent: 100")],
                ["17: spec.objectives[0].targetPercent: read 100; accepted: 0 <= targetPercent < 100, for example 99.5"],
            ),
            "both": (
                [(GOAL, GOAL + "      targetPercent: 90\n")],
                ["17: spec.objectives[0]: read target and targetPercent; accepted: exactly one of target, targetPercent"],
            ),
            "none": (
                [(GOAL, "    - displayName: most\n")],
                ["17: spec.objectives[0]: read neither target nor targetPercent; "
                 "accepted: exactly one of target, targetPercent"],
            ),
        },
    ),
    "op and value of a threshold": (
        {"behind a reference": [(RATIO, THRESHOLD), (GOAL, LIMIT)]},
        {
            "missing": (
                [(RATIO, THRESHOLD)],
                ["17: spec.objectives[0].op: read nothing; accepted: lte, lt, gte or gt",
                 "17: spec.objectives[0].value: read nothing; accepted: seconds from 0 to 315360000, for example 1200"],
            ),
            "another op": (
                [(RATIO, THRESHOLD), (GOAL, LIMIT.replace("lte", "eq"))],
                ["18: spec.objectives[0].op: read eq; accepted: lte, gte, lt, gt"],
            ),
            "beside a ratio": (
                [(GOAL, LIMIT)],
                ["18: spec.objectives[0].op: read op beside a ratio metric; accepted: only with a threshold metric",
                 "19: spec.objectives[0].value: read value beside a ratio metric; accepted: only with a threshold metric"],
            ),
        },
    ),
    "time slices": (
        {
            "with a target and a window": sliced("Timeslices", "timeSliceTarget: 1", "timeSliceWindow: 5m"),
            "of ratios, with a window": sliced("RatioTimeslices", "timeSliceWindow: 1h"),
            "of a calendar": [*sliced("Timeslices", "timeSliceTarget: 0.9", "timeSliceWindow: 1d"), (ROLLING, CALENDAR)],
        },
        {
            "without both": (
                [("Occurrences", "Timeslices")],
                ["17: spec.objectives[0].timeSliceTarget: read nothing; accepted: 0 < timeSliceTarget <= 1, for example 0.95",
                 f"17: spec.objectives[0].timeSliceWindow: read nothing; accepted: {DURATION}"],
            ),
            "of ratios, without a window": (
                [("Occurrences", "RatioTimeslices")],
                [f"17: spec.objectives[0].timeSliceWindow: read nothing; accepted: {DURATION}"],
            ),
            "with a target of nothing": (
                sliced("Timeslices", "timeSliceTarget: 0", "timeSliceWindow: 5m"),
                ["18: spec.objectives[0].timeSliceTarget: read 0; accepted: 0 < timeSliceTarget <= 1, for example 0.95"],
            ),
            "longer than the window": (
                sliced("RatioTimeslices", "timeSliceWindow: 5w"),
                ["18: spec.objectives[0].timeSliceWindow: read 5w; accepted: a duration of at most the time window's, 28d"],
            ),
        },
    ),
    "one objective": (
        {"one": []},
        {
            "two of a threshold": (
                [(RATIO, THRESHOLD), (GOAL, LIMIT * 2)],
                ["16: spec.objectives: read a list of 2; accepted: a list of one objective (write an SLO for each)"],
            ),
            "none": (
                [("  objectives:\n" + GOAL, "  objectives: []\n")],
                ["16: spec.objectives: read an empty list; accepted: a list of one objective (write an SLO for each)"],
            ),
        },
    ),
    "ratio metrics": (
        {
            "total and good": [],
            "total and bad": [("    good:", "    bad:")],
            "raw failures": [(RATIO, RAW)],
            "raw successes": [(RATIO, RAW.replace("rawType: failure", "rawType: success"))],
        },
        {
            "without total": (
                [(TOTAL, "")],
                ["25: spec.ratioMetric: read neither total nor raw; accepted: exactly one of total, raw"],
            ),
            "good and bad": (
                [(TOTAL, TOTAL + TOTAL.replace("total", "bad"))],
                ["25: spec.ratioMetric: read good and bad; accepted: exactly one of good, bad",
                 "28: spec.ratioMetric.bad.metricSource.spec.where: read nothing; "
                 "accepted: a condition in SQL, for example state = 'succeeded'"],
            ),
            "raw of nothing said": (
                [(RATIO, RAW.replace("    rawType: failure\n", ""))],
                ["25: spec.ratioMetric.rawType: read nothing; accepted: success, failure"],
            ),
            "an empty source": (
                [(TOTAL, "    total: {metricSource: {spec: {}}}\n")],
                ["27: spec.ratioMetric.total.metricSource.spec: read an empty mapping; accepted: what the metric source needs"],
            ),
        },
    ),
    "alert policies": (
        {"one condition and two targets": [("    - targetRef: on-call\n", "    - targetRef: on-call\n" * 2)]},
        {
            "two conditions": (
                [("    - conditionRef: burns\n", "    - conditionRef: burns\n" * 2)],
                ["33: spec.conditions: read a list of 2; accepted: a list of one condition"],
            ),
            "no target": (
                [("notificationTargets:\n    - targetRef: on-call\n", "notificationTargets: []\n")],
                ["35: spec.notificationTargets: read an empty list; accepted: a list of at least one notification target"],
            ),
        },
    ),
    "alert conditions": (
        {"without alertAfter": [(", alertAfter: 5m", "")], "above": [("op: gte", "op: gt")]},
        {
            "no severity": (
                [("  severity: page\n", "")],
                ["41: spec.severity: read nothing; accepted: a severity, for example page"],
            ),
            "another kind": (
                [("kind: burnrate", "kind: latency")], ["43: spec.condition.kind: read latency; accepted: burnrate"],
            ),
            "nothing to compare with": (
                [(", threshold: 5, lookbackWindow: 12h", "")],
                [f"43: spec.condition.lookbackWindow: read nothing; accepted: {DURATION}",
                 "43: spec.condition.threshold: read nothing; accepted: a burn rate above 0"],
            ),
            **{
                f"{op}, when all is well": (
                    [("op: gte", f"op: {op}")],
                    [f"43: spec.condition.op: read {op}; accepted: gte or gt; a burn rate below the threshold is healthy"],
                )
                for op in ("lt", "lte")
            },
        },
    ),
    "references": (
        {"to what the file defines": []},
        {
            **{
                f"{field} to nothing": (
                    [(f"{field}: {name}", f"{field}: nobody")],
                    [f"{line}: {path}: read nobody; accepted: the name of {kind} in these files ({name})"],
                )
                for field, name, line, path, kind in [
                    ("service", "upgrades", 10, "spec.service", "a Service"),
                    ("indicatorRef", "success", 11, "spec.indicatorRef", "an SLI"),
                    ("alertPolicyRef", "fast-burn", 19, "spec.alertPolicies[0].alertPolicyRef", "an AlertPolicy"),
                    ("metricSourceRef", "warehouse", 26, "spec.ratioMetric.good.metricSource.metricSourceRef", "a DataSource"),
                    ("conditionRef", "burns", 34, "spec.conditions[0].conditionRef", "an AlertCondition"),
                    ("targetRef", "on-call", 36, "spec.notificationTargets[0].targetRef", "an AlertNotificationTarget"),
                ]
            },
        },
    ),
    "our annotations": (
        {
            **{
                text: [ours(text)]
                for text in (
                    'schema: "1"', "deadline: 3d", "slice-by: 'region,provider'", 'confidence: "0.9"', 'min-events: "0"',
                    "fdr: bh:0.05", "late-data-horizon: 36h",
                )
            },
            "failed with a threshold": [ours("failed: excluded"), (RATIO, THRESHOLD), (GOAL, LIMIT)],
            "short-window": [on_condition("short-window: 1h")],
            "min-bad-events": [on_condition('min-bad-events: "1"')],
            "schema on a condition": [on_condition('schema: "1"')],
        },
        {
            "another schema": (
                [ours('schema: "2"')],
                ['7: metadata.annotations.upgradeslo.dev/schema: read "2"; accepted: "1"'],
            ),
            "a negative number of events": (
                [ours('min-events: "-1"')],
                ['7: metadata.annotations.upgradeslo.dev/min-events: read "-1"; '
                 'accepted: a whole number from 0, for example "20"'],
            ),
            "another method for false discoveries": (
                [ours("fdr: by:0.10")],
                ['7: metadata.annotations.upgradeslo.dev/fdr: read "by:0.10"; '
                 "accepted: bh: and a number between 0 and 1, for example bh:0.10"],
            ),
            "a horizon of nothing": (
                [ours("late-data-horizon: 0h")],
                ['7: metadata.annotations.upgradeslo.dev/late-data-horizon: read "0h"; accepted: a whole number above 0 '
                 "and one of m h d w M Q Y, for example 24h, at most 3650d"],
            ),
            "a short window on an SLO": (
                [ours("short-window: 1h")],
                ["7: metadata.annotations.upgradeslo.dev/short-window: read short-window on SLO; "
                 "accepted: short-window on AlertCondition"],
            ),
            "a short window that is not shorter": (
                [on_condition("short-window: 12h")],
                ["40: metadata.annotations.upgradeslo.dev/short-window: read 43200 seconds; "
                 "accepted: a duration below the lookbackWindow, 12h"],
            ),
            "alerts about nothing": (
                [on_condition('min-bad-events: "0"')],
                ['40: metadata.annotations.upgradeslo.dev/min-bad-events: read "0"; '
                 'accepted: a whole number from 1, for example "3"'],
            ),
            "an unknown one": (
                [ours("deadlines: 24h")],
                ["7: metadata.annotations.upgradeslo.dev/deadlines: read an unknown annotation; accepted: upgradeslo.dev/ with "
                 "schema, deadline, failed, slice-by, confidence, min-events, fdr, late-data-horizon, short-window, "
                 "min-bad-events, clock-start, severity, respect-embargo; did you mean deadline?"],
            ),
        },
    ),
}  # fmt: skip


def written(tmp_path, changes: list[Change]):
    """The file with these changes; each of them changes something, in one place."""
    text = FILE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = tmp_path / "slo.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(changes, id=f"{rule}: {name}")
        for rule, (accepted, _) in RULES.items()
        for name, changes in accepted.items()
    ],
)  # fmt: skip
def test_a_file_is_accepted(tmp_path, changes):
    [objective] = read_objectives([written(tmp_path, changes)]).objectives
    assert objective.service == "upgrades"


@pytest.mark.parametrize(
    ("changes", "messages"),
    [pytest.param(*refusal, id=f"{rule}: {name}") for rule, (_, refused) in RULES.items() for name, refusal in refused.items()],
)
def test_a_file_is_refused_with_the_line_and_what_is_accepted(tmp_path, changes, messages):
    path = written(tmp_path, changes)
    with pytest.raises(ObjectivesError) as refusal:
        read_objectives([path])
    assert [problem.removeprefix(f"{path}:") for problem in refusal.value.problems] == messages
