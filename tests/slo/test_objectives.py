"""From files to objectives: the defaults, our annotations and metric source, and what is refused."""

import hashlib
import re
import shutil
from datetime import datetime

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.slo.expressions import COLUMNS
from assets.slo.objectives import SHIPPED, Calendar, ObjectivesError, load_objectives, read_objectives
from tests.data.made_objectives import threshold

SERVICE = """\
---
apiVersion: openslo/v1
kind: Service
metadata: {name: upgrades}
"""
RATIO = """\
apiVersion: openslo/v1
kind: SLI
metadata:
  name: success
spec:
  ratioMetric:
    good:
      metricSource:
        spec:
          table: operations
          where: state = 'succeeded'
    total:
      metricSource:
        spec:
          table: operations
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: upgrade-success
spec:
  service: upgrades
  indicatorRef: success
  budgetingMethod: Occurrences
  timeWindow:
    - {duration: 28d, isRolling: true}
  objectives:
    - target: 0.99
"""
THRESHOLD = """\
apiVersion: openslo/v1
kind: SLI
metadata:
  name: duration
spec:
  thresholdMetric:
    metricSource:
      spec:
        table: operations
        value: duration_seconds
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: upgrade-duration
spec:
  service: upgrades
  indicatorRef: duration
  budgetingMethod: Occurrences
  timeWindow:
    - {duration: 28d, isRolling: true}
  objectives:
    - op: lte
      value: 1200
      target: 0.95
"""
ALERT = """\
---
apiVersion: openslo/v1
kind: AlertCondition
metadata:
  name: burns
spec:
  severity: page
  condition: {kind: burnrate, op: gte, threshold: 14.4, lookbackWindow: 1h}
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: page}
spec:
  conditions: [{conditionRef: burns}]
  notificationTargets: [{targetRef: on-call}]
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: on-call}
spec: {target: email}
"""


def annotated(text, name, *lines):
    """The document whose metadata has this name, with annotations of ours."""
    block = "".join(f"    upgradeslo.dev/{line}\n" for line in lines)
    return re.sub(rf"(  name: {name}\n)(?=spec:)", rf"\1  annotations:\n{block}", text, count=1)


@pytest.fixture
def folder(tmp_path):
    """A function that writes a folder of objectives from texts and returns its path."""

    def write(*texts, **files):
        home = tmp_path / "objectives"
        home.mkdir()
        for number, text in enumerate(texts):
            (home / f"{'abc'[number]}.yaml").write_text(text)
        for name, text in files.items():
            (home / name.replace("__", ".")).write_text(text)
        return home

    return write


def problems_of(path):
    with pytest.raises(ObjectivesError) as refusal:
        load_objectives(path)
    return refusal.value.problems


def test_a_ratio_says_what_counts_and_defaults_to_the_contract_elsewhere(folder):
    [objective] = load_objectives(folder(RATIO + SERVICE)).objectives
    assert objective.kind == "ratio"
    assert (objective.name, objective.display_name) == ("upgrade-success", "upgrade-success")
    assert (objective.description, objective.service) == ("", "upgrades")
    assert objective.total_where == "TRUE"
    assert objective.good_where == "(\"state\" = 'succeeded') IS TRUE"
    assert (objective.op, objective.value) == (None, None)
    assert (objective.target, objective.window, objective.window_days) == (0.99, "28d", 28)
    assert objective.deadline_seconds == 24 * 3600
    assert objective.failed == "never-finishes"
    assert objective.slice_by == ("to_version", "region", "workload_type")
    assert objective.confidence == 0.95
    assert objective.min_events == 20
    assert objective.late_data_horizon_seconds == 72 * 3600
    assert objective.fdr == 0.1


def test_a_threshold_says_how_long_is_too_long(folder):
    text = THRESHOLD.replace("        table: operations\n", "        table: operations\n        where: attempt = 1\n")
    [objective] = load_objectives(folder(text + SERVICE)).objectives
    assert objective.kind == "threshold"
    assert objective.total_where == '("attempt" = 1) IS TRUE'
    assert objective.good_where is None
    assert (objective.op, objective.value, objective.target) == ("lte", 1200.0, 0.95)


def test_a_threshold_may_be_about_when_an_operation_begins(folder):
    text = THRESHOLD.replace("duration_seconds", "start_delay_seconds")
    [late, slow] = (load_objectives(folder(text + SERVICE)).objectives[0], threshold())
    assert (late.kind, late.measured, late.limits_durations) == ("threshold", "start_delay_seconds", False)
    assert (slow.kind, slow.measured, slow.limits_durations) == ("threshold", "duration_seconds", True)


def test_failures_are_not_left_out_of_an_objective_on_when_operations_begin(folder):
    text = THRESHOLD.replace("duration_seconds", "start_delay_seconds")
    [problem] = problems_of(folder(annotated(text, "upgrade-duration", "failed: excluded") + SERVICE))
    assert "read failed beside value: start_delay_seconds; accepted: only with value: duration_seconds" in problem


def test_names_and_descriptions_come_from_the_slo(folder):
    text = RATIO.replace(
        "  name: upgrade-success\nspec:\n",
        "  name: upgrade-success\n  displayName: Upgrades succeed\nspec:\n  description: |\n    all of them\n",
    )
    [objective] = load_objectives(folder(text + SERVICE)).objectives
    assert (objective.display_name, objective.description) == ("Upgrades succeed", "all of them")


@pytest.mark.parametrize(
    ("metric", "row", "good"),
    [
        pytest.param("good", "succeeded", True, id="good where its condition holds"),
        pytest.param("good", "failed", False, id="bad where its condition does not hold"),
        pytest.param("good", None, False, id="bad where the condition of good is unknown"),
        pytest.param("bad", "succeeded", False, id="bad where the condition of bad holds"),
        pytest.param("bad", "failed", True, id="good where the condition of bad does not hold"),
        pytest.param("bad", None, True, id="good where the condition of bad is unknown"),
    ],
)
def test_a_condition_that_is_null_does_not_hold(folder, metric, row, good):
    text = RATIO.replace("    good:", f"    {metric}:").replace(
        "          table: operations\n---",
        "          table: operations\n          where: region = 'west'\n---",
    )
    [objective] = load_objectives(folder(text + SERVICE)).objectives
    result = duckdb.execute(
        f"SELECT {objective.good_where}, {objective.total_where} FROM (SELECT $state::VARCHAR AS state, NULL::VARCHAR AS region)",
        {"state": row},
    ).fetchone()
    assert result == (good, False)  # an unknown region is not in the total


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("1d", 1), ("28d", 28), ("4w", 28), ("1M", 30), ("1Q", 90), ("1Y", 365), ("3650d", 3650),
        ("24h", 1), ("672h", 28), ("1440m", 1),
    ],
)  # fmt: skip
def test_a_rolling_window_is_counted_in_days_and_kept_as_written(folder, written, days):
    text = RATIO.replace("28d", written)
    [objective] = load_objectives(folder(text + SERVICE)).objectives
    assert (objective.window, objective.window_days) == (written, days)


def test_every_annotation_of_an_slo_takes_effect(folder):
    text = annotated(
        THRESHOLD, "upgrade-duration", 'schema: "1"', "deadline: 3d", "failed: excluded",
        "slice-by: region, provider", 'confidence: "0.9"', 'min-events: "50"', "fdr: bh:0.05",
        "late-data-horizon: 36h",
    )  # fmt: skip
    [objective] = load_objectives(folder(text + SERVICE)).objectives
    assert objective.deadline_seconds == 3 * 86_400
    assert objective.failed == "excluded"
    assert objective.slice_by == ("region", "provider")
    assert objective.confidence == 0.9
    assert objective.min_events == 50
    assert objective.late_data_horizon_seconds == 36 * 3600
    assert objective.fdr == 0.05


def test_an_annotation_of_the_slo_wins_over_the_same_of_its_sli(folder):
    both = annotated(annotated(RATIO, "success", "deadline: 2h"), "upgrade-success", "deadline: 3h")
    [objective] = load_objectives(folder(both + SERVICE)).objectives
    assert objective.deadline_seconds == 3 * 3600


def test_an_annotation_of_the_sli_applies_where_the_slo_has_none(folder):
    [objective] = load_objectives(folder(annotated(RATIO, "success", "deadline: 2h") + SERVICE)).objectives
    assert objective.deadline_seconds == 2 * 3600


def test_annotations_of_others_are_left_alone(folder):
    text = RATIO.replace("  name: success\nspec", "  name: success\n  annotations: {example.org/deadline: soon}\nspec")
    assert len(load_objectives(folder(text + SERVICE)).objectives) == 1


@pytest.mark.parametrize(
    ("kind", "line", "read", "accepted"),
    [
        pytest.param("SLO", "deadlines: 24h", "an unknown annotation", "did you mean deadline?",
                     id="unknown"),
        pytest.param("SLO", 'schema: "2"', '"2"', '"1"', id="another version of the list"),
        pytest.param("SLO", "deadline: 0h", '"0h"', "a whole number above 0", id="a deadline at once"),
        pytest.param("SLO", "deadline: 1.5h", '"1.5h"', "for example 24h", id="a deadline in fractions"),
        pytest.param("SLO", "deadline: 3651d", '"3651d"', "at most 3650d", id="a deadline beyond ten years"),
        pytest.param("SLO", "late-data-horizon: soon", '"soon"', "for example 24h", id="a horizon in words"),
        pytest.param("SLO", "slice-by: version", '"version"', "to_version, to_minor",
                     id="an unknown dimension"),
        pytest.param("SLO", "slice-by: region,region", '"region,region"', "without repetition",
                     id="a repeated one"),
        pytest.param("SLO", 'slice-by: ""', '""', "a comma list", id="no dimension"),
        pytest.param("SLO", 'confidence: "95"', '"95"', "between 0 and 1", id="a confidence in percent"),
        pytest.param("SLO", 'confidence: "1"', '"1"', "between 0 and 1", id="certainty"),
        pytest.param("SLO", 'confidence: "0"', '"0"', "between 0 and 1", id="no confidence"),
        pytest.param("SLO", "confidence: high", '"high"', "between 0 and 1", id="a confidence in words"),
        pytest.param("SLO", 'min-events: "-1"', '"-1"', "a whole number from 0", id="fewer events than none"),
        pytest.param("SLO", 'min-events: "2.5"', '"2.5"', "a whole number from 0", id="half an event"),
        pytest.param("SLO", "fdr: by:0.1", '"by:0.1"', "bh:0.10", id="another method for false discoveries"),
        pytest.param("SLO", "fdr: bh:10", '"bh:10"', "bh:0.10", id="a rate of false discoveries in percent"),
        pytest.param("SLO", "failed: bad", '"bad"', "never-finishes, excluded",
                     id="failures as something else"),
        pytest.param("SLO", "short-window: 5m", "short-window on SLO", "short-window on AlertCondition",
                     id="misplaced"),
        pytest.param("SLI", 'confidence: "0.9"', "confidence on SLI", "confidence on SLO",
                     id="on the indicator"),
        pytest.param("SLO", "clock-start: lift", '"lift"', "an SLO on patch exposure",
                     id="for patch exposure"),
        pytest.param("condition", 'min-bad-events: "0"', '"0"', "a whole number from 1",
                     id="alerts about nothing"),
        pytest.param("condition", "short-window: 1h", "3600 seconds", "below the lookbackWindow, 1h",
                     id="no shorter"),
    ],
)  # fmt: skip
def test_an_annotation_that_would_mislead_is_refused(folder, kind, line, read, accepted):
    name = {"SLO": "upgrade-duration", "SLI": "duration", "condition": "burns"}[kind]
    text = annotated(THRESHOLD + SERVICE + ALERT, name, line)
    key = line.partition(":")[0]
    number = text[: text.index(f"upgradeslo.dev/{key}")].count("\n") + 1
    [problem] = problems_of(folder(text))
    assert problem.startswith(f"objectives/a.yaml:{number}: metadata.annotations.upgradeslo.dev/{key}: read {read}; accepted: ")
    assert accepted in problem


def test_what_happens_to_failures_is_asked_of_thresholds_only(folder):
    [problem] = problems_of(folder(annotated(RATIO, "upgrade-success", "failed: excluded") + SERVICE))
    assert "read failed beside a ratio metric; accepted: only with a threshold metric" in problem


@pytest.mark.parametrize(
    ("old", "new", "field", "read", "accepted"),
    [
        pytest.param("table: operations\n---", "table: events\n---", "total.metricSource.spec.table",
                     "events",
                     "operations", id="another table"),
        pytest.param("          table: operations\n---", "          query: x\n---",
                     "total.metricSource.spec.query", "an unknown field", "table, where", id="a query"),
        pytest.param("          where: state = 'succeeded'\n", "", "good.metricSource.spec.where", "nothing",
                     "a condition in SQL", id="good without a condition"),
        pytest.param("where: state = 'succeeded'", "where:", "good.metricSource.spec.where", "nothing",
                     "a condition in SQL", id="an empty condition"),
        pytest.param("where: state = 'succeeded'", "where: true", "good.metricSource.spec.where", "true",
                     'here in quotes: "true"', id="a condition that is a boolean of YAML"),
        pytest.param("where: state = 'succeeded'", "where: stat = 'succeeded'",
                     "good.metricSource.spec.where",
                     "the unknown column stat", "did you mean state?", id="a misspelt column"),
        pytest.param("where: state = 'succeeded'", "where: state = 1", "good.metricSource.spec.where",
                     "state = 1, which compares text with a number", "two sides of one type",
                     id="a type mistake"),
        pytest.param("where: state = 'succeeded'", "where: read_csv('x')", "good.metricSource.spec.where",
                     "the function READ_CSV", "a condition on the columns", id="a function"),
        pytest.param("          where: state", "          value: duration_seconds\n          where: state",
                     "good.metricSource.spec.value", "an unknown field", "table, where",
                     id="the column of a threshold in a ratio"),
    ],
)  # fmt: skip
def test_a_metric_source_of_a_ratio_is_ours_or_refused(folder, old, new, field, read, accepted):
    text = RATIO.replace(old, new)
    assert text != RATIO
    problems = problems_of(folder(text + SERVICE))
    [problem] = [problem for problem in problems if f"spec.ratioMetric.{field}: " in problem]
    assert f": read {read}; accepted: " in problem
    assert accepted in problem


@pytest.mark.parametrize(
    ("old", "new", "field", "read"),
    [
        pytest.param("        value: duration_seconds\n", "", "spec.thresholdMetric.metricSource.spec.value",
                     "nothing", id="a threshold of nothing"),
        pytest.param("value: duration_seconds", "value: node_count",
                     "spec.thresholdMetric.metricSource.spec.value",
                     "node_count", id="a threshold of another column"),
        pytest.param("      value: 1200\n", "", "spec.objectives[0].value", "nothing", id="no limit"),
        pytest.param("    - op: lte\n      value", "    - value", "spec.objectives[0].op", "nothing",
                     id="no side of the limit"),
        pytest.param("value: 1200", "value: -1", "spec.objectives[0].value", "-1",
                     id="a limit before the start"),
        pytest.param("value: 1200", "value: 1e300", "spec.objectives[0].value", "1e+300",
                     id="a limit without end"),
    ],
)  # fmt: skip
def test_a_threshold_behind_a_reference_needs_its_limit(folder, old, new, field, read):
    text = THRESHOLD.replace(old, new)
    assert text != THRESHOLD
    [problem] = problems_of(folder(text + SERVICE))
    assert f"{field}: read {read}; accepted: " in problem


@pytest.mark.parametrize("line", ["op: lte", "value: 5"])
def test_a_ratio_behind_a_reference_has_no_limit(folder, line):
    text = RATIO.replace("    - target: 0.99", f"    - target: 0.99\n      {line}")
    name = line.partition(":")[0]
    assert problems_of(folder(text + SERVICE)) == [
        f"objectives/a.yaml:29: spec.objectives[0].{name}: read {name} beside a ratio metric; "
        "accepted: only with a threshold metric"
    ]


HOURLY = "    - target: 0.99\n      timeSliceTarget: 0.9\n      timeSliceWindow: 1h\n"
MONTHLY = "{duration: 1M, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Europe/Berlin}}"
ROLLING = "{duration: 28d, isRolling: true}"
DAYS = "whole days up to 3650d, for example 28d, 24h or 1M"


@pytest.mark.parametrize(
    ("old", "new", "field", "read", "accepted"),
    [
        pytest.param("28d", "36h", "spec.timeWindow[0].duration", "36h", DAYS, id="a day and a half"),
        pytest.param("28d", "90m", "spec.timeWindow[0].duration", "90m", DAYS, id="minutes that are no day"),
        pytest.param("28d", "11Y", "spec.timeWindow[0].duration", "11Y", DAYS, id="windows beyond ten years"),
        pytest.param(ROLLING, MONTHLY.replace("1M", "36h"), "spec.timeWindow[0].duration", "36h", DAYS,
                     id="a calendar of a day and a half"),
        pytest.param(ROLLING, MONTHLY.replace("2026-01-01", "0001-01-01"), "spec.timeWindow[0].calendar.startTime",
                     "0001-01-01 00:00:00", "a startTime in the years 1970 to 2999", id="a calendar from the year one"),
        pytest.param("timeSliceWindow: 1h", "timeSliceWindow: 29d", "spec.objectives[0].timeSliceWindow", "29d",
                     "a duration of at most the time window's, 28d", id="slices longer than the window"),
    ],
)  # fmt: skip
def test_a_window_or_a_slice_that_cannot_be_evaluated_is_refused(folder, old, new, field, read, accepted):
    text = RATIO.replace("    - target: 0.99\n", HOURLY).replace("Occurrences", "Timeslices").replace(old, new)
    [problem] = problems_of(folder(text + SERVICE))
    assert problem.partition(": ")[2] == f"{field}: read {read}; accepted: {accepted}"


@pytest.mark.parametrize(
    ("written", "months", "days", "most"),
    [("1M", 1, 0, 32), ("1Q", 3, 0, 94), ("2Y", 24, 0, 745), ("2w", 0, 14, 15), ("1d", 0, 1, 2), ("48h", 0, 2, 3)],
)
def test_a_window_of_a_calendar_has_real_months_or_days(folder, written, months, days, most):
    text = RATIO.replace(ROLLING, MONTHLY.replace("1M", written))
    [objective] = load_objectives(folder(text + SERVICE)).objectives
    assert objective.calendar == Calendar(datetime(2026, 1, 1), "Europe/Berlin", months, days)  # noqa: DTZ001 - as written
    assert (objective.window, objective.window_days) == (written, most)


def test_a_rolling_window_has_no_calendar_and_a_budget_of_operations_no_slices(folder):
    [objective] = load_objectives(folder(RATIO.replace("    - target: 0.99\n", HOURLY) + SERVICE)).objectives
    assert objective.calendar is None
    assert (objective.budgeting_method, objective.slice_seconds, objective.slice_target) == ("Occurrences", 0, None)


@pytest.mark.parametrize(("method", "target"), [("Timeslices", 0.9), ("RatioTimeslices", None)])
def test_a_budget_of_time_slices_says_how_long_they_are(folder, method, target):
    text = RATIO.replace("    - target: 0.99\n", HOURLY).replace("Occurrences", method)
    [objective] = load_objectives(folder(text + SERVICE)).objectives
    assert (objective.budgeting_method, objective.slice_seconds, objective.slice_target) == (method, 3600, target)


@pytest.mark.parametrize(
    ("raw_type", "good"),
    [("success", "(\"state\" = 'failed') IS TRUE"), ("failure", "(\"state\" = 'failed') IS NOT TRUE")],
)
def test_a_ready_made_ratio_is_the_share_of_all_operations_that_its_condition_holds_for(folder, raw_type, good):
    spec = "{table: operations, where: state = 'failed'}"
    raw = f"    rawType: {raw_type}\n    raw: {{metricSource: {{spec: {spec}}}}}\n"
    text = RATIO.replace(RATIO[RATIO.index("    good:") : RATIO.index("---")], raw)
    [objective] = load_objectives(folder(text + SERVICE)).objectives
    assert (objective.kind, objective.total_where, objective.good_where) == ("ratio", "TRUE", good)


def test_a_ready_made_ratio_needs_its_condition(folder):
    raw = "    rawType: success\n    raw: {metricSource: {spec: {table: operations}}}\n"
    text = RATIO.replace(RATIO[RATIO.index("    good:") : RATIO.index("---")], raw)
    assert problems_of(folder(text + SERVICE)) == [
        "objectives/a.yaml:8: spec.ratioMetric.raw.metricSource.spec.where: read nothing; "
        "accepted: a condition in SQL, for example state = 'succeeded'"
    ]


@pytest.mark.parametrize(("op", "fires"), [("gte", True), ("gt", False)])
def test_a_threshold_that_only_a_fleet_without_a_success_reaches_is_exact(folder, op, fires):
    # 0.95 allows 1 in 20: all bad burns at 20 exactly, which 1 / (1 - 0.95) in doubles falls short of.
    text = RATIO.replace("0.99", "0.95") + "  alertPolicies: [{alertPolicyRef: page}]\n" + SERVICE
    path = folder(text + ALERT.replace("14.4", "20").replace("op: gte", f"op: {op}"))
    if fires:
        assert len(load_objectives(path).objectives) == 1
        return
    [problem] = problems_of(path)
    assert "read a target of 0.95, at which no burn rate exceeds 20" in problem


@pytest.mark.parametrize(
    ("target", "threshold", "fires"),
    [
        pytest.param("0.94", "14.4", True, id="a burn rate of 16.7 is possible"),
        pytest.param("0.9", "14.4", False, id="a burn rate above 10 is impossible"),
        pytest.param("0.5", "2", True, id="a burn rate of exactly 2 is possible"),
    ],
)
def test_an_alert_that_can_never_fire_is_refused(folder, target, threshold, fires):
    text = RATIO.replace("0.99", target) + "  alertPolicies: [{alertPolicyRef: page}]\n" + SERVICE
    path = folder(text + ALERT.replace("14.4", threshold))
    if fires:
        assert len(load_objectives(path).objectives) == 1
        return
    [problem] = problems_of(path)
    assert problem == (
        "objectives/a.yaml:28: spec.objectives[0].target: read a target of 0.9, at which no burn rate exceeds 10; "
        "accepted: a target at which the alert threshold 14.4 (objectives/a.yaml:41) can be reached"
    )


def test_all_problems_of_all_files_are_raised_together_in_their_order(folder):
    path = folder(
        RATIO.replace("0.99", "99.5").replace("state =", "stat ="),
        THRESHOLD.replace("28d", "0d").replace("service: upgrades", "service: clusters"),
        SERVICE,
    )
    problems = problems_of(path)
    assert [problem.partition(": read")[0] for problem in problems] == [
        "objectives/a.yaml:11: spec.ratioMetric.good.metricSource.spec.where",
        "objectives/a.yaml:28: spec.objectives[0].target",
        "objectives/b.yaml:17: spec.service",
        "objectives/b.yaml:21: spec.timeWindow[0].duration",
    ]
    assert problems[1].endswith("read 99.5; accepted: 0 <= target < 1, for example 0.995")
    with pytest.raises(ObjectivesError, match=r"^4 problems in the objectives\nobjectives/a\.yaml:11: "):
        load_objectives(path)


def test_objectives_keep_the_order_of_file_names_and_documents(folder):
    first = THRESHOLD.replace("upgrade-duration", "zz") + SERVICE
    loaded = load_objectives(folder(first, RATIO))
    assert [objective.name for objective in loaded.objectives] == ["zz", "upgrade-success"]


def test_only_yaml_files_that_can_be_seen_are_read(folder):
    path = folder(RATIO + SERVICE, README__md="notes", __hidden__yaml="{")
    assert (path / ".hidden.yaml").exists()
    assert len(load_objectives(path).objectives) == 1


def test_a_file_that_would_be_overlooked_for_its_suffix_is_refused(folder):
    assert problems_of(folder(RATIO + SERVICE, more__yml=THRESHOLD)) == [
        "objectives/more.yml:1: file: read the suffix .yml; accepted: .yaml"
    ]


def test_a_file_that_cannot_be_read_is_a_problem_with_the_reason(folder):
    path = folder(RATIO + SERVICE)
    (path / "folder.yaml").mkdir()
    assert problems_of(path) == [
        "objectives/folder.yaml:1: file: read nothing (Is a directory); accepted: a file that can be read"
    ]


@pytest.mark.parametrize("texts", [[], [SERVICE]], ids=["an empty folder", "a folder without an SLO"])
def test_a_folder_without_an_slo_is_refused(folder, texts):
    [problem] = problems_of(folder(*texts))
    assert problem.startswith("objectives:1: file: read no SLO; accepted: at least one SLO")


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    path = tmp_path / "objectives"
    path.write_text(RATIO)
    [problem] = problems_of(path)
    assert problem.endswith("read a file; accepted: a folder of *.yaml files")


def test_the_digest_follows_names_and_bytes_of_the_files(folder, tmp_path):
    path = folder(RATIO + SERVICE, THRESHOLD)
    digest = load_objectives(path).sha256
    by_hand = hashlib.sha256()
    for name, text in (("a.yaml", RATIO + SERVICE), ("b.yaml", THRESHOLD)):
        for part in (name.encode(), text.encode()):
            by_hand.update(len(part).to_bytes(8, "big"))
            by_hand.update(part)
    assert digest == by_hand.hexdigest()
    shutil.copytree(path, tmp_path / "elsewhere")
    assert load_objectives(tmp_path / "elsewhere").sha256 == digest
    (path / "b.yaml").rename(path / "c.yaml")
    assert load_objectives(path).sha256 != digest


def test_files_named_one_by_one_are_checked_together_and_called_by_their_paths(tmp_path):
    slo, service = tmp_path / "slo.yaml", tmp_path / "service.yml"
    slo.write_text(RATIO)
    service.write_text(SERVICE)
    assert len(read_objectives([slo, service]).objectives) == 1
    with pytest.raises(ObjectivesError) as refusal:
        read_objectives([slo])
    [problem] = refusal.value.problems
    assert problem.startswith(f"{slo}:22: spec.service: read upgrades; accepted: the name of a Service")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("scratch") / "a.yaml"


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_a_changed_file_gives_objectives_or_problems_and_nothing_else(scratch, chance):
    good = annotated(RATIO, "upgrade-success", "slice-by: region") + "  alertPolicies: [{alertPolicyRef: page}]\n"
    lines = (good + "---\n" + THRESHOLD + SERVICE + ALERT).splitlines(keepends=True)
    values = ["", "[]", "{}", "null", "7", "true", "text", "upgrades", "success", "[a, {b: c}]", "{where: x}"]
    for _ in range(chance.randint(0, 3)):
        at = chance.randrange(len(lines))
        key = lines[at].partition(":")[0]
        lines[at] = chance.choice([f"{key}: {chance.choice(values)}\n", "", lines[chance.randrange(len(lines))]])
    scratch.write_text("".join(lines))
    try:
        loaded = read_objectives([scratch])
    except ObjectivesError:
        return
    assert all(0 <= objective.target < 1 for objective in loaded.objectives)


# The shipped set


@pytest.mark.parametrize("missing", [None, "objectives"])
def test_the_shipped_set_applies_when_there_is_no_folder(tmp_path, missing):
    loaded = load_objectives(None if missing is None else tmp_path / missing)
    assert [(objective.name, objective.target, objective.window) for objective in loaded.objectives] == [
        ("upgrade-success", 0.99, "28d"),
        ("platform-upgrade-success", 0.995, "28d"),
        ("first-attempt-success", 0.97, "28d"),
        ("control-plane-duration", 0.95, "28d"),
        ("node-pool-duration", 0.95, "28d"),
        ("scheduled-start", 0.995, "28d"),
    ]
    assert [(o.measured, o.op, o.value) for o in loaded.objectives if o.kind == "threshold"] == [
        ("duration_seconds", "lte", 1200.0),
        ("duration_seconds", "lte", 2700.0),
        ("start_delay_seconds", "lte", 86_400.0),
    ]


def test_the_shipped_set_fits_the_page():
    for objective in load_objectives(None).objectives:
        assert 0 < len(objective.display_name) <= 40
        assert 0 < len(objective.description) <= 80


@pytest.mark.parametrize(
    ("state", "responsibility", "confirmed", "attempt", "scope", "totals", "goods"),
    [
        pytest.param("succeeded", "none", None, 1, "cluster", "tpf", "tpf",
                     id="a success nobody looked at is good"),
        pytest.param("succeeded", "none", True, 1, "addon", "tpf", "tpf", id="a confirmed success is good"),
        pytest.param("succeeded", "none", False, 1, "node_image", "tpf", "",
                     id="a success on another version is bad"),
        pytest.param("failed", "platform", None, 1, "control_plane", "tpfc", "",
                     id="the platform's failure is bad"),
        pytest.param("failed", "dependency", None, 1, "node_pool", "tpfn", "",
                     id="a dependency's failure is bad"),
        pytest.param("failed", "customer", None, 1, "node_pool", "tfn", "",
                     id="a customer's failure is not counted twice"),
        pytest.param("succeeded", "none", None, 2, "node_pool", "tpn", "tpf",
                     id="a retry is no first attempt"),
    ],
)  # fmt: skip
def test_the_shipped_set_counts(state, responsibility, confirmed, attempt, scope, totals, goods):
    database = duckdb.connect(":memory:")
    columns = ", ".join(f'"{name}" {sql_type}' for name, sql_type in COLUMNS.items())
    database.execute(f"CREATE TABLE operations ({columns})")
    database.execute(
        "INSERT INTO operations (state, responsibility, version_confirmed, attempt, is_first_attempt, scope) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [state, responsibility, confirmed, attempt, attempt == 1, scope],
    )
    objectives = dict(zip("tpfcns", load_objectives(None).objectives, strict=True))

    def holding(condition_of):
        letters = ""
        for letter, objective in objectives.items():
            if (condition := condition_of(objective)) is not None:
                [[holds]] = database.execute(f"SELECT {condition} FROM operations").fetchall()
                letters += letter if holds else ""
        return letters

    assert holding(lambda objective: objective.total_where) == totals
    assert holding(lambda objective: objective.good_where) == goods


def test_the_shipped_files_are_plain_yaml_for_any_reader():
    kinds = []
    for path in sorted(SHIPPED.glob("*.yaml")):
        kinds += [document["kind"] for document in yaml.safe_load_all(path.read_text())]
    assert sorted(kinds) == ["SLI"] * 6 + ["SLO"] * 6 + ["Service"]
