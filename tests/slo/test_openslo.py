"""Each rule of the format, with the one problem that breaking it gives: line, field, read, accepted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.slo.openslo import KINDS, SPEC_FIELDS, parse_shorthand, read_documents

DATA_SOURCE = """\
apiVersion: openslo/v1
kind: DataSource
metadata:
  name: warehouse
spec:
  description: the warehouse of the pipeline
  type: duckdb
  connectionDetails: {}
"""
SERVICE = """\
apiVersion: openslo/v1
kind: Service
metadata:
  name: upgrades
  displayName: Upgrades
  labels:
    team: [fleet, platform]
    tier: "1"
  annotations:
    example.org/owner: fleet
spec:
  description: cluster upgrades
"""
RATIO_SLI = """\
apiVersion: openslo/v1
kind: SLI
metadata:
  name: success
spec:
  description: share of upgrades that succeed
  ratioMetric:
    counter: true
    good:
      metricSource:
        metricSourceRef: warehouse
        type: duckdb
        spec: {table: operations, where: state = 'succeeded'}
    total:
      metricSource:
        spec: {table: operations}
"""
SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: upgrade-success
  displayName: Upgrades succeed
spec:
  description: every upgrade succeeds
  service: upgrades
  indicatorRef: success
  budgetingMethod: Occurrences
  timeWindow:
    - duration: 28d
      isRolling: true
  objectives:
    - displayName: most of them
      target: 0.995
  alertPolicies:
    - alertPolicyRef: fast-burn
"""
ALERT_POLICY = """\
apiVersion: openslo/v1
kind: AlertPolicy
metadata:
  name: fast-burn
spec:
  description: the budget is gone within days
  alertWhenNoData: false
  alertWhenBreaching: true
  alertWhenResolved: false
  conditions:
    - conditionRef: burns
  notificationTargets:
    - targetRef: on-call
"""
ALERT_CONDITION = """\
apiVersion: openslo/v1
kind: AlertCondition
metadata:
  name: burns
spec:
  description: ten times too fast
  severity: page
  condition:
    kind: burnrate
    op: gte
    threshold: 10
    lookbackWindow: 1d
    alertAfter: 5m
"""
NOTIFICATION_TARGET = """\
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata:
  name: on-call
spec:
  description: whoever is on call
  target: email
"""
EVERYTHING = "---\n".join([DATA_SOURCE, SERVICE, RATIO_SLI, SLO, ALERT_POLICY, ALERT_CONDITION, NOTIFICATION_TARGET])


def problems_of(*texts: str) -> list[str]:
    files = [(f"objectives/{'abc'[number]}.yaml", text.encode()) for number, text in enumerate(texts)]
    return [str(problem) for problem in sorted(read_documents(files).problems)]


def line_of(text: str, fragment: str) -> int:
    [number] = [number for number, line in enumerate(text.splitlines(), start=1) if fragment in line]
    return number


def test_a_file_with_a_document_of_every_kind_has_no_problem():
    documents = read_documents([("a.yaml", EVERYTHING.encode())])
    assert documents.problems == []
    assert [slo.metadata.name.value for slo in documents.slos] == ["upgrade-success"]
    assert [*documents.slis, *documents.alert_policies, *documents.alert_conditions] == [
        "success",
        "fast-burn",
        "burns",
    ]


def test_everything_that_can_be_referred_to_can_be_written_inline():
    inline = f"""\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: inline
spec:
  service: upgrades
  indicator:
    metadata: {{name: success}}
    spec:
      thresholdMetric:
        metricSource:
          spec: {{table: operations, value: duration_seconds}}
  budgetingMethod: Occurrences
  timeWindow: [{{duration: 28d, isRolling: true}}]
  objectives: [{{target: 0.95, op: lte, value: 1200}}]
  alertPolicies:
    - kind: AlertPolicy
      metadata: {{name: fast-burn}}
      spec:
        conditions:
          - kind: AlertCondition
            metadata: {{name: burns}}
            spec: {{severity: page, condition: {{kind: burnrate, op: gt, threshold: 3, lookbackWindow: 1d}}}}
        notificationTargets:
          - kind: AlertNotificationTarget
            metadata: {{name: on-call}}
            spec: {{target: email}}
---
{SERVICE}"""
    documents = read_documents([("a.yaml", inline.encode())])
    assert documents.problems == []
    assert [metadata.owner for metadata in documents.every_metadata] == [
        "SLO",
        "SLI",
        "AlertPolicy",
        "AlertCondition",
        "AlertNotificationTarget",
        "Service",
    ]


RATIO_METRIC = RATIO_SLI[RATIO_SLI.index("  ratioMetric") :]
WINDOW = "    - duration: 28d\n      isRolling: true\n"
GOAL = "    - displayName: most of them\n      target: 0.995\n"
CALENDAR = "    - duration: 1M\n      calendar: {startTime: 2026-01-01 00:00:00, timeZone: Europe/Berlin}\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("target: 0.995", "target: 0", id="a target of zero"),
        pytest.param("target: 0.995", "targetPercent: 99.5", id="a target in percent"),
        pytest.param(WINDOW, CALENDAR, id="a calendar window whose start is written without quotes"),
        pytest.param(WINDOW, CALENDAR.replace("Europe/Berlin", "UTC"), id="a calendar window in UTC"),
        pytest.param("Occurrences", "Timeslices", id="time slices with a target and a window of their own"),
        pytest.param("Occurrences", "RatioTimeslices", id="ratio time slices with a window of their own"),
        pytest.param("duration: 28d", "duration: 4w", id="a window in weeks"),
        pytest.param("counter: true", "counter: false", id="a metric that is no counter"),
        pytest.param("    good:", "    bad:", id="bad in place of good"),
        pytest.param(
            RATIO_METRIC,
            "  ratioMetric: {rawType: failure, raw: {metricSource: {spec: {query: anything}}}}\n",
            id="a ready-made ratio of any source",
        ),
        pytest.param("name: upgrade-success", "name: 9-lives", id="a name that begins with a digit"),
        pytest.param("name: upgrade-success", f"name: {'n' * 63}", id="a name of 63 characters"),
        pytest.param("Upgrades succeed", "d" * 63, id="a display name of 63 characters"),
        pytest.param("every upgrade succeeds", "d" * 1050, id="a description of 1050 characters"),
        pytest.param("severity: page", "severity: on", id="the text on, which is not a boolean"),
    ],
)  # fmt: skip
def test_the_format_accepts(old, new):
    text = EVERYTHING.replace(old, new)
    assert text != EVERYTHING
    if "imeslices" in new:
        text = text.replace("target: 0.995", "target: 0.995\n      timeSliceTarget: 1\n      timeSliceWindow: 1h")
    assert problems_of(text) == []


def breaking(old, new, field, read, accepted, *, at=None, id):  # noqa: A002 - pytest's own word
    """A case: what to replace, then the problem: field, read, accepted, the line where `at` (or `new`) is."""
    return pytest.param(old, new, field, read, accepted, at or new.strip(), id=id)


@pytest.mark.parametrize(
    ("old", "new", "field", "read", "accepted", "at"),
    [
        # document and kind
        breaking(
            "openslo/v1\nkind: SLO", "openslo/v2alpha\nkind: SLO", "apiVersion", "openslo/v2alpha",
            "openslo/v1",
            at="openslo/v2alpha", id="another version of the format",
        ),
        breaking(
            "kind: AlertNotificationTarget", "kind: Alert", "kind", "Alert", ", ".join(KINDS),
            at="kind: Alert\n", id="an unknown kind",
        ),
        breaking(
            "kind: Service\n", "kind: service\n", "kind", "service",
            f"{', '.join(KINDS)}; did you mean Service?",
            id="a kind in lower case, with the nearest name",
        ),
        breaking(
            "  displayName: Upgrades\n", "  title: Upgrades\n", "metadata.title", "an unknown field",
            "name, displayName, labels, annotations", id="an unknown field of the metadata",
        ),
        *[
            breaking(
                text, text.replace("  description", "  colour: red\n  description"), "spec.colour",
                "an unknown field", ", ".join(SPEC_FIELDS[kind]), at="colour: red",
                id=f"an unknown field in the spec of {kind}",
            )
            for kind, text in zip(
                KINDS,
                [DATA_SOURCE, SERVICE, RATIO_SLI, SLO, ALERT_POLICY, ALERT_CONDITION, NOTIFICATION_TARGET],
                strict=True,
            )
        ],
        breaking(
            "      isRolling: true", "      rolling: true\n      isRolling: true",
            "spec.timeWindow[0].rolling",
            "an unknown field", "duration, isRolling, calendar; did you mean isRolling?",
            at="      rolling",
            id="an unknown field deep in a spec",
        ),
        # metadata
        breaking(
            "name: upgrade-success", "name: Upgrade_SLO", "metadata.name", "Upgrade_SLO",
            "1 to 63 lower-case letters, digits and hyphens, the first and last no hyphen",
            id="a name with capitals and an underscore",
        ),
        breaking(
            "name: upgrade-success", "name: upgrade-", "metadata.name", "upgrade-",
            "1 to 63 lower-case letters", id="a name that ends with a hyphen",
        ),
        breaking(
            "name: upgrade-success", f"name: {'n' * 64}", "metadata.name", "n" * 59 + "…",
            "1 to 63 lower-case letters", id="a name of 64 characters",
        ),
        breaking(
            "name: upgrade-success", "name: 42", "metadata.name", "42", 'hyphen, here in quotes: "42"',
            id="a number as a name, with the remedy",
        ),
        breaking(
            "  name: upgrade-success\n", "", "metadata.name", "nothing", "1 to 63 lower-case letters",
            at="metadata:\n  displayName: Upgrades succeed", id="a missing name",
        ),
        breaking(
            "displayName: Upgrades succeed", f"displayName: {'d' * 64}", "metadata.displayName",
            "d" * 59 + "…",
            "text of at most 63 characters", id="a display name of 64 characters",
        ),
        breaking(
            "every upgrade succeeds", "d" * 1051, "spec.description", "d" * 59 + "…",
            "text of at most 1050 characters", id="a description of 1051 characters",
        ),
        breaking(
            "team: [fleet", "-team: [fleet", "metadata.labels.-team", 'the key "-team"',
            "a key of at most 63",
            id="a label whose key begins with a hyphen",
        ),
        breaking(
            'tier: "1"', "tier: 1", "metadata.labels.tier", "1",
            'text, or a list of texts, here in quotes: "1"', id="a number as the value of a label",
        ),
        breaking(
            "team: [fleet", "team: [7", "metadata.labels.team[0]", "7", "text",
            id="a number in the list of a label",
        ),
        breaking(
            "example.org/owner: fleet", "example.org/owner: 20", "metadata.annotations.example.org/owner",
            "20",
            'text, here in quotes: "20"', id="a number as the value of an annotation",
        ),
        breaking(
            "example.org/owner: fleet", "example.org/owner: {a: b}",
            "metadata.annotations.example.org/owner",
            "a mapping", "text", id="a mapping as the value of an annotation",
        ),
        breaking(
            "example.org/owner:", "Example.org/own/er:", "metadata.annotations.Example.org/own/er",
            'the key "Example.org/own/er"', "a key such as my-domain.org/my-key",
            id="a malformed annotation key",
        ),
        # DataSource and Service
        breaking(
            "  type: duckdb\n  conn", "  conn", "spec.type", "nothing", "the type of the data source",
            at="spec:\n  description: the warehouse", id="a data source without a type",
        ),
        breaking(
            "  connectionDetails: {}\n", "", "spec.connectionDetails", "nothing", "at least {}",
            at="spec:\n  description: the warehouse", id="a data source without connection details",
        ),
        # SLI
        breaking(
            RATIO_METRIC, "", "spec", "neither thresholdMetric nor ratioMetric",
            "exactly one of thresholdMetric, ratioMetric", at="spec:\n  description: share",
            id="an indicator without a metric",
        ),
        breaking(
            "  ratioMetric:", "  thresholdMetric: {metricSource: {spec: {a: b}}}\n  ratioMetric:", "spec",
            "thresholdMetric and ratioMetric", "exactly one of", at="spec:\n  description: share",
            id="an indicator with both metrics",
        ),
        breaking(
            "    total:", "    bad: {metricSource: {spec: {a: b}}}\n    total:", "spec.ratioMetric",
            "good and bad",
            "exactly one of good, bad", at="ratioMetric:", id="a ratio with good and bad",
        ),
        breaking(
            RATIO_METRIC, "  ratioMetric: {total: {metricSource: {spec: {a: b}}}}\n", "spec.ratioMetric",
            "neither good nor bad", "exactly one of good, bad", id="a ratio with neither good nor bad",
        ),
        breaking(
            RATIO_METRIC, "  ratioMetric: {good: {metricSource: {spec: {a: b}}}}\n", "spec.ratioMetric",
            "neither total nor raw", "exactly one of total, raw", id="a ratio without a total",
        ),
        breaking(
            RATIO_METRIC, "  ratioMetric: {raw: {metricSource: {spec: {a: b}}}}\n",
            "spec.ratioMetric.rawType",
            "nothing", "success, failure", id="a ready-made ratio that does not say of what",
        ),
        breaking(
            RATIO_METRIC, "  ratioMetric: {rawType: good, raw: {metricSource: {spec: {a: b}}}}\n",
            "spec.ratioMetric.rawType", "good", "success, failure",
            id="a ready-made ratio of an unknown type",
        ),
        breaking(
            RATIO_METRIC,
            "  ratioMetric: {rawType: success, raw: {metricSource: {spec: {a: b}}}, "
            "good: {metricSource: {spec: {a: b}}}}\n",
            "spec.ratioMetric.good", "good beside raw", "raw alone, or good with total",
            id="a ready-made ratio with good beside it",
        ),
        breaking(
            "    counter: true", "    counter: true\n    rawType: success", "spec.ratioMetric.rawType",
            "rawType without raw", "rawType only together with raw", at="rawType",
            id="the type of a ready-made ratio without the ratio",
        ),
        breaking(
            "counter: true", "counter: yes", "spec.ratioMetric.counter", "yes", "true or false",
            id="yes where a boolean belongs",
        ),
        breaking(
            "        spec: {table: operations}\n", "        spec: {}\n",
            "spec.ratioMetric.total.metricSource.spec", "an empty mapping", "what the metric source needs",
            id="an empty spec of a metric source",
        ),
        breaking(
            "        metricSourceRef: warehouse\n", "        metricSourceRef: my warehouse\n",
            "spec.ratioMetric.good.metricSource.metricSourceRef", "my warehouse",
            "the name of a DataSource",
            id="a reference that cannot be a name",
        ),
        # SLO: indicator, method, window
        breaking(
            "  indicatorRef: success\n", "", "spec", "neither indicator nor indicatorRef",
            "exactly one of indicator, indicatorRef", at="spec:\n  description: every",
            id="an SLO without an indicator",
        ),
        breaking(
            "  indicatorRef: success\n",
            "  indicatorRef: success\n  indicator: {metadata: {name: a}, spec: {thresholdMetric: "
            "{metricSource: {spec: {a: b}}}}}\n",
            "spec", "indicator and indicatorRef", "exactly one of indicator, indicatorRef",
            at="spec:\n  description: every", id="an SLO with two indicators",
        ),
        breaking(
            "  indicatorRef: success\n",
            "  indicator: {spec: {thresholdMetric: {metricSource: {spec: {a: b}}}}}\n",
            "spec.indicator.metadata", "nothing", "a mapping of name, displayName, labels, annotations",
            id="an inline indicator without a name",
        ),
        breaking(
            GOAL, "    - target: 0.99\n      indicatorRef: success\n", "spec.objectives[0].indicatorRef",
            "an indicator here and spec.indicatorRef", "one indicator, under spec", at="      indicatorRef",
            id="an indicator on the SLO and on its objective",
        ),
        breaking(
            "budgetingMethod: Occurrences", "budgetingMethod: Events", "spec.budgetingMethod", "Events",
            "Occurrences, Timeslices, RatioTimeslices", id="an unknown budgeting method",
        ),
        breaking(
            "  service: upgrades\n", "", "spec.service", "nothing", "the name of a Service",
            at="spec:\n  description: every", id="an SLO without a service",
        ),
        breaking(
            "  timeWindow:\n" + WINDOW, "", "spec.timeWindow", "nothing", "a list of one time window",
            at="spec:\n  description: every", id="an SLO without a window",
        ),
        breaking(
            "  timeWindow:\n" + WINDOW, "  timeWindow: []\n", "spec.timeWindow", "a list of 0",
            "a list of one time window", id="an empty list of windows",
        ),
        breaking(
            WINDOW, WINDOW + WINDOW, "spec.timeWindow", "a list of 2", "a list of one time window",
            at="timeWindow", id="two windows",
        ),
        breaking(
            WINDOW, WINDOW + CALENDAR[CALENDAR.index("      calendar") :], "spec.timeWindow[0].calendar",
            "calendar beside isRolling: true", "one of the two", at="calendar",
            id="a rolling window with a calendar",
        ),
        breaking(
            WINDOW, "    - duration: 1M\n", "spec.timeWindow[0].isRolling",
            "neither isRolling: true nor a calendar", "isRolling: true, or calendar",
            id="a window that neither rolls nor starts",
        ),
        breaking(
            WINDOW, CALENDAR.replace("2026-01-01 00:00:00", "2026-01-01T00:00:00Z"),
            "spec.timeWindow[0].calendar.startTime", "2026-01-01T00:00:00Z",
            "YYYY-MM-DD HH:MM:SS without a time zone", at="startTime",
            id="a calendar that starts in RFC 3339",
        ),
        breaking(
            WINDOW, CALENDAR.replace("2026-01-01 00", "2026-02-30 00"),
            "spec.timeWindow[0].calendar.startTime",
            "2026-02-30 00:00:00", "YYYY-MM-DD", at="startTime", id="a calendar that starts on no day",
        ),
        breaking(
            WINDOW, CALENDAR.replace("Europe/Berlin", "../etc/passwd"),
            "spec.timeWindow[0].calendar.timeZone",
            "../etc/passwd", "an IANA time zone", at="timeZone", id="a time zone that is a path",
        ),
        breaking(
            WINDOW, CALENDAR.replace("Europe/Berlin", "Europe/Bonn"),
            "spec.timeWindow[0].calendar.timeZone",
            "Europe/Bonn", "an IANA time zone", at="timeZone", id="an unknown time zone",
        ),
        breaking(
            "duration: 28d", "duration: 0d", "spec.timeWindow[0].duration", "0d", "a whole number above 0",
            id="a window of no length",
        ),
        breaking(
            "duration: 28d", "duration: 28D", "spec.timeWindow[0].duration", "28D", "one of m h d w M Q Y",
            id="a duration in the wrong case",
        ),
        breaking(
            "duration: 28d", "duration: 30s", "spec.timeWindow[0].duration", "30s", "one of m h d w M Q Y",
            id="a duration in seconds",
        ),
        breaking(
            "duration: 28d", "duration: 28", "spec.timeWindow[0].duration", "28", "one of m h d w M Q Y",
            id="a duration without a unit",
        ),
        # SLO: objectives
        breaking(
            "  objectives:\n" + GOAL, "  objectives: []\n", "spec.objectives", "an empty list",
            "a list of one objective", id="an empty list of objectives",
        ),
        breaking(
            GOAL, GOAL + "    - target: 0.9\n", "spec.objectives", "a list of 2",
            "a list of one objective (write an SLO for each)", at="objectives:", id="two objectives",
        ),
        breaking(
            "target: 0.995", "target: 99.5", "spec.objectives[0].target", "99.5",
            "0 <= target < 1, for example 0.995", id="a target in percent under the name of a ratio",
        ),
        breaking(
            "target: 0.995", "target: 1", "spec.objectives[0].target", "1", "0 <= target < 1",
            id="a target of one",
        ),
        breaking(
            "target: 0.995", "target: -0.1", "spec.objectives[0].target", "-0.1", "0 <= target < 1",
            id="a negative target",
        ),
        breaking(
            "target: 0.995", "target: .nan", "spec.objectives[0].target", ".nan", "0 <= target < 1",
            id="a target that is no number",
        ),
        breaking(
            "target: 0.995", 'target: "0.995"', "spec.objectives[0].target", '"0.995"', "0 <= target < 1",
            id="a target in quotes",
        ),
        breaking(
            "target: 0.995", "targetPercent: 100", "spec.objectives[0].targetPercent", "100",
            "0 <= targetPercent < 100, for example 99.5", id="a target of a hundred percent",
        ),
        breaking(
            "target: 0.995", "target: 0.995\n      targetPercent: 99.5", "spec.objectives[0]",
            "target and targetPercent", "exactly one of target, targetPercent", at="displayName: most",
            id="both kinds of target",
        ),
        breaking(
            "      target: 0.995\n", "", "spec.objectives[0]", "neither target nor targetPercent",
            "exactly one of target, targetPercent", at="displayName: most", id="no target",
        ),
        breaking(
            "target: 0.995", "target: 0.995\n      op: equals", "spec.objectives[0].op", "equals",
            "lte, gte, lt, gt", at="op: equals", id="an unknown operator",
        ),
        breaking(
            "Occurrences", "Timeslices", "spec.objectives[0].timeSliceTarget", "nothing",
            "0 < timeSliceTarget <= 1",
            at="displayName: most", id="time slices without a target of their own",
        ),
        breaking(
            "target: 0.995", "target: 0.995\n      timeSliceTarget: 0",
            "spec.objectives[0].timeSliceTarget", "0",
            "0 < timeSliceTarget <= 1", at="timeSliceTarget", id="time slices that are always good",
        ),
        breaking(
            "Occurrences", "RatioTimeslices", "spec.objectives[0].timeSliceWindow", "nothing",
            "a whole number above 0", at="displayName: most",
            id="ratio time slices without a window of their own",
        ),
        # alerting
        breaking(
            "    - alertPolicyRef: fast-burn\n",
            "    - alertPolicyRef: fast-burn\n      kind: AlertPolicy\n",
            "spec.alertPolicies[0]", "alertPolicyRef and kind",
            "either alertPolicyRef, or kind, metadata and spec",
            at="- alertPolicyRef", id="an alert policy both named and inline",
        ),
        breaking(
            "    - alertPolicyRef: fast-burn\n", "    - {}\n", "spec.alertPolicies[0]", "neither",
            "either alertPolicyRef, or kind, metadata and spec of an AlertPolicy",
            id="an empty alert policy",
        ),
        breaking(
            "    - alertPolicyRef: fast-burn\n", "    - fast-burn\n", "spec.alertPolicies[0]", "fast-burn",
            "a mapping of alertPolicyRef, kind, metadata, spec", id="an alert policy as bare text",
        ),
        breaking(
            "    - conditionRef: burns\n", "    - conditionRef: burns\n    - conditionRef: burns\n",
            "spec.conditions", "a list of 2", "a list of one condition", at="conditions:",
            id="an alert policy with two conditions",
        ),
        breaking(
            "  notificationTargets:\n    - targetRef: on-call\n", "  notificationTargets: []\n",
            "spec.notificationTargets", "an empty list", "a list of at least one notification target",
            id="an alert policy that notifies nobody",
        ),
        breaking(
            "  severity: page\n", "", "spec.severity", "nothing", "a severity, for example page",
            at="spec:\n  description: ten", id="a condition without a severity",
        ),
        breaking(
            "kind: burnrate", "kind: budget", "spec.condition.kind", "budget", "burnrate",
            id="an unknown kind of condition",
        ),
        breaking(
            "    op: gte\n", "", "spec.condition.op", "nothing", "lte, gte, lt, gt", at="  condition:\n",
            id="a condition without an operator",
        ),
        *[
            breaking(
                "op: gte", f"op: {op}", "spec.condition.op", op,
                "gte or gt; a burn rate below the threshold is healthy",
                id=f"a condition with {op}, which fires when all is well",
            )
            for op in ("lt", "lte")
        ],
        breaking(
            "    threshold: 10\n", "", "spec.condition.threshold", "nothing", "a burn rate above 0",
            at="  condition:\n", id="a condition without a threshold",
        ),
        breaking(
            "    lookbackWindow: 1d\n", "", "spec.condition.lookbackWindow", "nothing",
            "a whole number above 0",
            at="  condition:\n", id="a condition without a window",
        ),
        breaking(
            "alertAfter: 5m", "alertAfter: soon", "spec.condition.alertAfter", "soon",
            "a whole number above 0",
            id="a condition that alerts after something unclear",
        ),
        breaking(
            "  target: email\n", "", "spec.target", "nothing", "where the notification goes",
            at="spec:\n  description: whoever", id="a notification target without a target",
        ),
        # references
        breaking(
            "indicatorRef: success", "indicatorRef: succes", "spec.indicatorRef", "succes",
            "the name of an SLI in these files (success); did you mean success?",
            id="an indicator nobody defines",
        ),
        breaking(
            "service: upgrades", "service: clusters", "spec.service", "clusters",
            "the name of a Service in these files (upgrades)", id="a service nobody defines",
        ),
        breaking(
            "alertPolicyRef: fast-burn", "alertPolicyRef: slow", "spec.alertPolicies[0].alertPolicyRef",
            "slow",
            "the name of an AlertPolicy in these files (fast-burn)", id="an alert policy nobody defines",
        ),
        breaking(
            "conditionRef: burns", "conditionRef: freezes", "spec.conditions[0].conditionRef", "freezes",
            "the name of an AlertCondition in these files (burns)", id="a condition nobody defines",
        ),
        breaking(
            "targetRef: on-call", "targetRef: nobody", "spec.notificationTargets[0].targetRef", "nobody",
            "the name of an AlertNotificationTarget in these files (on-call)",
            id="a notification target nobody defines",
        ),
        breaking(
            "metricSourceRef: warehouse", "metricSourceRef: lake",
            "spec.ratioMetric.good.metricSource.metricSourceRef", "lake",
            "the name of a DataSource in these files (warehouse)", id="a data source nobody defines",
        ),
    ],
)  # fmt: skip
def test_the_format_refuses(old, new, field, read, accepted, at):
    text = EVERYTHING.replace(old, new, 1)
    assert text != EVERYTHING
    line = text[: text.index(at)].count("\n") + 1
    problems = problems_of(text)
    matching = [p for p in problems if p.startswith(f"objectives/a.yaml:{line}: {field}: read {read}; accepted: ")]
    assert len(matching) == 1, problems
    assert accepted in matching[0].partition("; accepted: ")[2]
    # A broken definition may leave references to it dangling; nothing else may be said.
    others = [p for p in problems if p not in matching and "in these files" not in p and "timeSlice" not in p]
    assert others == []


def test_composite_objectives_are_refused_as_not_supported():
    text = EVERYTHING.replace("  indicatorRef: success\n", "").replace(
        GOAL, "    - {target: 0.99, indicatorRef: success}\n    - {target: 0.9, indicatorRef: success}\n"
    )
    problems = problems_of(text)
    line = line_of(text, "- {target: 0.99")
    assert problems[1] == (
        f"objectives/a.yaml:{line}: spec.objectives[0].indicatorRef: read the indicator of one objective; "
        "accepted: indicator or indicatorRef under spec; composite objectives are not supported"
    )
    assert len(problems) == 2  # the other: two objectives


def test_references_reach_over_files_and_documents_in_any_order():
    assert problems_of(SLO, "---\n".join([ALERT_CONDITION, ALERT_POLICY, RATIO_SLI]),
                       "---\n".join([NOTIFICATION_TARGET, SERVICE, DATA_SOURCE])) == []  # fmt: skip


def test_a_name_used_twice_names_both_places():
    assert problems_of(EVERYTHING, SERVICE) == [
        "objectives/b.yaml:4: metadata.name: read upgrades, which objectives/a.yaml:13 defines already; "
        "accepted: each name once among the documents of kind Service"
    ]


def test_one_name_may_serve_several_kinds():
    assert problems_of(EVERYTHING.replace("upgrade-success", "success")) == []


def test_all_problems_of_all_files_come_together_by_file_and_line():
    broken = EVERYTHING.replace("0.995", "99.5").replace("28d", "0d").replace("openslo/v1\nkind: SLO", "v1\nkind: SLO")
    found = [problem.partition(": read")[0] for problem in problems_of(broken, "just text", SERVICE + "\t")]
    first = [line_of(broken, text) for text in ("apiVersion: v1", "0d", "99.5")]
    assert found == [
        f"objectives/a.yaml:{first[0]}: apiVersion",
        f"objectives/a.yaml:{first[1]}: spec.timeWindow[0].duration",
        f"objectives/a.yaml:{first[2]}: spec.objectives[0].target",
        "objectives/b.yaml:1: document",
        "objectives/c.yaml:13: file",
    ]


@pytest.mark.parametrize(
    ("content", "line", "read"),
    [
        pytest.param(b"", 1, "an empty file", id="a file without content"),
        pytest.param(b"# only a comment\n---\n", 1, "an empty file", id="a file of comments"),
        pytest.param(b"kind: SLO\nspec: [\n", 3, "text that is not YAML (while parsing a flow",
            id="an open bracket"),
        pytest.param(b"kind: SLO\n\tspec: x\n", 2, "text that is not YAML (while scanning",
            id="a tab for indentation"),
        pytest.param(b"kind: SLO\nname: \xff\n", 2, "byte 0xff, which is not UTF-8",
            id="a byte that is no text"),
        pytest.param(b"kind: SLO\nname: \x00\n", 2, "character U+0000",
            id="a character that cannot be seen"),
        pytest.param(b'kind: SLO\nname: "\\0"\n', 2, "character U+0000", id="a zero byte written as an escape"),
        pytest.param(b'kind: SLO\nname: "\\uD800"\n', 2, "character U+D800", id="half a character"),
        pytest.param(b'kind: SLO\nname: "\\UFFFFFFFF"\n', 2, "text that is not YAML (", id="a character beyond all"),
        pytest.param(b"a: &x 1\nb: *x\n", 1, "the anchor &x", id="an anchor, before it can multiply"),
        pytest.param(b"a: 1\nb: *x\n", 2, "the alias *x", id="an alias"),
        pytest.param(b"a: 1\nb: !!python/object:os.system x\n", 2,
            "the tag tag:yaml.org,2002:python/object:os.system",
                     id="a tag that would build an object"),
        pytest.param(b"[" * 5000, 1, "more than 40 levels of nesting", id="brackets without end"),
        pytest.param(b"? [a]\n: b\n", 1, "a list or mapping as a key", id="a list as a key"),
        pytest.param(b"#" * (1 << 20) + b"#", 1, "1,048,577 bytes", id="a file beyond the limit"),
    ],
)  # fmt: skip
def test_text_that_cannot_be_read_is_one_problem_with_its_line(content, line, read):
    [problem] = read_documents([("a.yaml", content)]).problems
    assert (problem.line, problem.field) == (line, "file")
    assert problem.read.startswith(read)


def test_a_repeated_key_is_a_problem_on_the_line_of_the_repetition():
    text = SERVICE.replace("  description: cluster upgrades\n", "  description: one\n  description: two\n")
    assert problems_of(text) == [
        'objectives/a.yaml:13: file: read the key "description" a second time (first on line 12); accepted: each key once'
    ]


@pytest.mark.parametrize("content", ["a text", "- a\n- list\n", "42"])
def test_a_document_that_is_no_mapping_is_a_problem(content):
    [problem] = problems_of(content)
    assert problem.startswith("objectives/a.yaml:1: document: read ")
    assert problem.endswith("; accepted: a mapping of apiVersion, kind, metadata, spec")


def test_a_file_cut_short_leaves_no_dangling_references_to_its_unread_part():
    [problem] = problems_of(SLO, RATIO_SLI + "---\nspec: [\n")
    assert problem.startswith("objectives/b.yaml:19: file: read text that is not YAML")


def test_a_service_needs_no_spec():
    text = EVERYTHING.replace("spec:\n  description: cluster upgrades\n", "")
    assert text != EVERYTHING
    assert problems_of(text) == []


def test_a_byte_order_mark_and_windows_line_ends_change_nothing():
    content = b"\xef\xbb\xbf" + EVERYTHING.replace("\n", "\r\n").encode()
    assert read_documents([("a.yaml", content)]).problems == []


@pytest.mark.parametrize(
    ("written", "ratio"),
    [("99.5", 0.995), ("99.9", 0.999), ("99.99", 0.9999), ("99.3", 0.993), ("0", 0.0)],
)
def test_a_target_in_percent_is_the_ratio_one_would_write(written, ratio):
    text = EVERYTHING.replace("target: 0.995", f"targetPercent: {written}")
    [slo] = read_documents([("a.yaml", text.encode())]).slos
    assert slo.goal.target.value == ratio


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1m", 60), ("24h", 86_400), ("28d", 2_419_200), ("4w", 2_419_200), ("1M", 2_592_000),
        ("1Q", 7_776_000), ("1Y", 31_536_000), ("007d", 604_800),
    ],
)  # fmt: skip
def test_a_duration_has_the_length_of_the_public_sdk(text, seconds):
    assert parse_shorthand(text).seconds == seconds


@pytest.mark.parametrize("text", ["", "d", "0d", "00h", "-1d", "1.5d", "1 d", "1s", "1H", "1dd", "٣d", "1d\n", "9" * 10 + "d"])
def test_what_is_no_duration_is_none(text):
    assert parse_shorthand(text) is None


@given(content=st.one_of(st.binary(max_size=200), st.text(alphabet="[]{}:,-? \n&*!|>'\"#%@ab\\\t", max_size=60).map(str.encode)))
@settings(max_examples=200, deadline=None)
def test_no_content_makes_reading_fail(content):
    for problem in read_documents([("a.yaml", content)]).problems:
        assert problem.line >= 1
        assert str(problem).isprintable()


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_no_change_of_a_good_file_makes_reading_fail(chance):
    lines = EVERYTHING.splitlines(keepends=True)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(lines))
        key = lines[at].partition(":")[0]
        values = ["", "[]", "{}", "[{}]", "null", "7", "true", "text", '"quoted"', "[a, {b: c}]", "{a: [1]}"]
        lines[at] = chance.choice([f"{key}: {chance.choice(values)}\n", "", lines[chance.randrange(len(lines))]])
    for problem in read_documents([("a.yaml", "".join(lines).encode())]).problems:
        assert problem.line >= 1
        assert str(problem).isprintable()
