"""The gate on frames of a few rows: what passes, what fails, and what a verdict says about it."""

import pandas as pd
import pytest

from assets.reports.verdicts import ERROR, WARNING, refusal
from quality.gate import Expectation, Suite, judge, none_of

FEW = pd.DataFrame({"name": ["a", "b", None], "off": [0, 2, 0], "share": [0.1, 0.2, 0.3]})
EMPTY = FEW.iloc[:0]


def verdict(frame: pd.DataFrame, expectation: Expectation):
    [only] = judge(frame, Suite("table", {"check": expectation}))
    return only


def test_a_verdict_carries_its_suite_check_severity_and_rule():
    found = verdict(FEW, Expectation("ExpectTableRowCountToBeBetween", {"min_value": 3}, "three rows", severity=WARNING))
    assert (found.suite, found.check, found.severity, found.passed, found.observed, found.rule) == (
        "table", "check", WARNING, True, "3", "three rows",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("expectation", "observed"),
    [
        pytest.param(none_of("off", "none"), "1 of 3 rows: 2", id="rows that break a rule are counted and listed"),
        pytest.param(
            Expectation("ExpectColumnMaxToBeBetween", {"column": "share", "max_value": 0.25}, "few"),
            "0.3",
            id="an extreme is given",
        ),
        pytest.param(
            Expectation("ExpectColumnMaxToBeBetween", {"column": "share", "max_value": 0.25}, "few", names="name"),
            "0.3 (a; b)",
            id="what broke the rule is named when the frame has names",
        ),
        pytest.param(
            Expectation("ExpectColumnDistinctValuesToEqualSet", {"column": "name", "value_set": ["a", "c"]}, "a and c"),
            "missing: c; unexpected: b",
            id="values that are missing and values too many are told apart",
        ),
        pytest.param(
            Expectation("ExpectColumnDistinctValuesToContainSet", {"column": "name", "value_set": ["a", "c"]}, "a and c"),
            "missing: c",
            id="values that are missing are listed",
        ),
    ],
)
def test_a_failed_verdict_says_what_was_found(expectation: Expectation, observed: str):
    found = verdict(FEW, expectation)
    assert not found.passed
    assert found.observed == observed


def test_an_expectation_on_a_column_that_is_missing_has_failed_and_says_why():
    for frame in (FEW, EMPTY):
        found = verdict(frame, none_of("elsewhere", "none"))
        assert not found.passed
        assert "could not be evaluated" in found.observed
        assert "elsewhere" in found.observed


def test_an_empty_frame_fails_the_expectation_of_rows_and_no_other():
    suite = Suite(
        "table",
        {
            "has_rows": Expectation("ExpectTableRowCountToBeBetween", {"min_value": 1}, "a row"),
            "has_a": Expectation("ExpectColumnDistinctValuesToContainSet", {"column": "name", "value_set": ["a"]}, "an a"),
            "none_off": none_of("off", "none"),
            "few": Expectation("ExpectColumnMaxToBeBetween", {"column": "share", "max_value": 0.25}, "few"),
            "enough": Expectation("ExpectColumnMinToBeBetween", {"column": "share", "min_value": 0.05}, "enough"),
        },
    )
    assert [each.check for each in judge(EMPTY, suite) if not each.passed] == ["has_rows", "has_a"]


def test_a_failed_warning_is_no_reason_to_refuse_and_a_failed_error_is():
    suite = Suite(
        "table",
        {
            "doubtful": Expectation("ExpectTableRowCountToBeBetween", {"min_value": 9}, "nine rows", severity=WARNING),
            "wrong": none_of("off", "none off"),
            "right": Expectation("ExpectTableRowCountToBeBetween", {"min_value": 1}, "a row"),
        },
    )
    verdicts = judge(FEW, suite)
    assert [(each.severity, each.passed) for each in verdicts] == [(WARNING, False), (ERROR, False), (ERROR, True)]
    decided = refusal(verdicts)
    assert not decided.may_publish
    assert decided.reasons == ({"suite": "table", "check": "wrong", "observed": "1 of 3 rows: 2", "rule": "none off"},)
    assert refusal(each for each in verdicts if each.check != "wrong").may_publish
