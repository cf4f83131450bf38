"""Alert policies of OpenSLO as rules: what they ask for, whom they notify, and what cannot be evaluated."""

from fractions import Fraction
from pathlib import Path

import pytest

from assets.slo.alert_rules import AlertRule, Notice
from assets.slo.objectives import Objective, ObjectivesError, read_objectives

SLO = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: upgrades}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: success}
spec:
  service: upgrades
  budgetingMethod: Occurrences
  timeWindow: [{duration: 28d, isRolling: true}]
  indicator:
    metadata: {name: success}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {spec: {table: operations, where: state = 'succeeded'}}}
        total: {metricSource: {spec: {table: operations}}}
  objectives: [{target: 0.99}]
  alertPolicies: [{alertPolicyRef: slow-burn}]
"""
ALERTING = """\
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: slow-burn}
spec:
  conditions: [{conditionRef: burns}]
  notificationTargets: [{targetRef: on-call}]
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: burns}
spec:
  severity: ticket
  condition: {kind: burnrate, op: gte, threshold: 2.8, lookbackWindow: 3d}
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: on-call}
spec: {target: slack}
"""
INLINE = """
    - kind: AlertPolicy
      metadata: {name: inline}
      spec:
        alertWhenBreaching: true
        conditions:
          - kind: AlertCondition
            metadata: {name: burns}
            spec: {severity: ticket, condition: {kind: burnrate, op: gte, threshold: 2.8, lookbackWindow: 3d}}
        notificationTargets:
          - kind: AlertNotificationTarget
            metadata: {name: team}
            spec: {target: email}
"""


def read(folder: Path, *changes: tuple[str, str]) -> Objective:
    text = SLO + ALERTING
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / "slo.yaml"
    file.write_text(text, encoding="utf-8")
    [objective] = read_objectives([file]).objectives
    return objective


def rule(folder: Path, *changes: tuple[str, str]) -> AlertRule:
    rules = read(folder, *changes).alert_rules
    assert rules is not None
    [only] = rules
    return only


def problems(folder: Path, *changes: tuple[str, str]) -> list[str]:
    with pytest.raises(ObjectivesError) as refused:
        read(folder, *changes)
    return [problem.partition("slo.yaml:")[2] for problem in refused.value.problems]


def test_a_condition_becomes_a_rule_with_the_defaults_of_what_it_does_not_say(tmp_path):
    assert rule(tmp_path) == AlertRule(
        name="burns",
        severity="ticket",
        threshold=Fraction("2.8"),
        long_minutes=3 * 1_440,
        short_minutes=6 * 60,
        fewest_bad=3,
        after_minutes=0,
        is_strict=False,
        confidence=None,
        notices=(Notice("on-call", when_breaching=True, when_resolved=False, when_no_data=False),),
    )


def test_a_condition_is_taken_at_its_word(tmp_path):
    found = rule(
        tmp_path,
        ("metadata: {name: burns}", 'metadata: {name: burns, annotations: {upgradeslo.dev/short-window: 30m, '
                                    'upgradeslo.dev/min-bad-events: "7"}}'),
        ("op: gte", "op: gt"),
        ("lookbackWindow: 3d", "lookbackWindow: 6h, alertAfter: 10m"),
    )  # fmt: skip
    assert (found.short_minutes, found.fewest_bad, found.after_minutes) == (30, 7, 10)
    assert (found.is_strict, found.is_replayed) == (True, True)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("alertWhenBreaching: false", (False, False, False), id="a policy that says so is silent"),
        pytest.param("alertWhenResolved: true", (True, True, False), id="breaching is told unless it is written as false"),
        pytest.param("alertWhenNoData: true", (True, False, True), id="no data"),
    ],
)
def test_a_policy_says_what_is_told(tmp_path, written, expected):
    [notice] = rule(
        tmp_path, ("  conditions: [{conditionRef: burns}]", f"  {written}\n  conditions: [{{conditionRef: burns}}]")
    ).notices
    assert (notice.when_breaching, notice.when_resolved, notice.when_no_data) == expected


def test_two_policies_with_one_condition_are_one_rule_that_notifies_the_targets_of_both(tmp_path):
    found = rule(
        tmp_path, ("  alertPolicies: [{alertPolicyRef: slow-burn}]", f"  alertPolicies:\n    - alertPolicyRef: slow-burn{INLINE}")
    )
    assert [notice.target for notice in found.notices] == ["on-call", "team"]


def test_one_name_for_two_conditions_of_an_slo_is_refused(tmp_path):
    other = INLINE.replace("threshold: 2.8", "threshold: 5")
    told = problems(
        tmp_path, ("  alertPolicies: [{alertPolicyRef: slow-burn}]", f"  alertPolicies:\n    - alertPolicyRef: slow-burn{other}")
    )
    assert told == [
        "28: spec.alertPolicies[1].spec.conditions[0].metadata.name: read burns, which means another condition too; "
        "accepted: a condition of another name, or the same one, beside the others of this SLO"
    ]


@pytest.mark.parametrize(
    ("policies", "rules"),
    [
        pytest.param("", None, id="none written: the shipped tiers apply"),
        pytest.param("  alertPolicies: []\n", (), id="an empty list: none apply"),
    ],
)
def test_no_policies_and_an_empty_list_of_them_are_different_wishes(tmp_path, policies, rules):
    assert read(tmp_path, ("  alertPolicies: [{alertPolicyRef: slow-burn}]\n", policies)).alert_rules == rules


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(
            ("lookbackWindow: 3d", "lookbackWindow: 3d, alertAfter: 28d"),
            "spec.condition.alertAfter: read 28d; accepted: a duration below 28d for a lookbackWindow of 3d",
            id="a wait that outlasts what is looked at",
        ),
        pytest.param(
            ("lookbackWindow: 3d", "lookbackWindow: 6h, alertAfter: 1d"),
            "spec.condition.alertAfter: read 1d; accepted: a duration below 1d for a lookbackWindow of 6h",
            id="a wait that outlasts the day that is replayed",
        ),
        pytest.param(
            ("lookbackWindow: 3d", "lookbackWindow: 999999999Y"),
            "spec.condition.lookbackWindow: read 999999999Y; accepted: a duration of at most 3650d",
            id="a window before the first day of any calendar",
        ),
    ],
)
def test_a_window_that_cannot_be_evaluated_is_refused_by_its_line(tmp_path, change, told):
    assert problems(tmp_path, change) == [f"34: {told}"]
