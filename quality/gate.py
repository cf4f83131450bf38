"""The gate: a frame and a suite of expectations give verdicts.

Belongs here: running Great Expectations on one small frame, and turning its results into our own `Verdict`.
Does not belong here: what is expected of a table (`suites/`), storing verdicts (`checks.py`), acting on them (`assets/reports/`).
"""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assets.reports.verdicts import ERROR, Verdict

if TYPE_CHECKING:
    import pandas as pd


_EXTREMES = ("ExpectColumnMinToBeBetween", "ExpectColumnMaxToBeBetween")


@dataclass(frozen=True)
class Expectation:
    """One expectation: its Great Expectations class by name with arguments, how much it matters, and the rule in words.

    `names`: a column of the frame whose texts name what breaks the rule, for the reader of a refusal.
    """

    kind: str
    arguments: Mapping[str, Any]
    rule: str
    severity: str = ERROR
    names: str | None = None


@dataclass(frozen=True)
class Suite:
    """What one table is held to: expectations by the name of their check, first the one that an empty frame does not meet."""

    name: str
    expectations: Mapping[str, Expectation] = field(default_factory=dict)


def none_of(column: str, rule: str) -> Expectation:
    """The expectation that a column which counts broken promises is 0 on every row."""
    return Expectation("ExpectColumnValuesToBeBetween", {"column": column, "min_value": 0, "max_value": 0}, rule)


def judge(frame: "pd.DataFrame", suite: Suite) -> list[Verdict]:
    """One verdict per expectation, in order.

    An expectation that cannot be evaluated (a column is missing, say) has failed, and its verdict says why. One on the least or
    greatest value of an empty frame has nothing to judge and passes, as the row-wise ones do: emptiness is another expectation's.
    """
    results = _validate(frame, suite)
    return [_verdict(suite.name, name, each, results[name], frame) for name, each in suite.expectations.items()]


def _validate(frame: "pd.DataFrame", suite: Suite) -> dict[str, dict[str, Any]]:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx  # takes seconds: never at module level

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    expectations = [
        getattr(gx.expectations, each.kind)(**each.arguments, meta={"check": name}) for name, each in suite.expectations.items()
    ]
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    asset = context.data_sources.add_pandas("frame").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    results = batch.validate(gx.ExpectationSuite(name=suite.name, expectations=expectations), result_format="SUMMARY")
    return {each.expectation_config.meta["check"]: each.to_json_dict() for each in results.results}


def _verdict(suite: str, check: str, expectation: Expectation, result: dict[str, Any], frame: "pd.DataFrame") -> Verdict:
    return Verdict(
        suite=suite,
        check=check,
        severity=expectation.severity,
        passed=bool(result["success"]) or _has_nothing_to_judge(expectation, result, frame),
        observed=_observed(expectation, result, frame),
        rule=expectation.rule,
    )


def _observed(expectation: Expectation, result: dict[str, Any], frame: "pd.DataFrame") -> str:
    exception = next(iter(_exceptions(result.get("exception_info") or {})), None)
    if exception is not None:
        return f"could not be evaluated: {exception}"
    details = result["result"]
    if "element_count" in details and "unexpected_count" in details:
        listed = _listed(details.get("partial_unexpected_list", []))
        observed = f"{details['unexpected_count']} of {details['element_count']} rows" + (f": {listed}" if listed else "")
    elif "partial_missing_list" in details:
        missing, unexpected = details["partial_missing_list"], details.get("partial_unexpected_list", [])
        found = [f"{what}: {_listed(values)}" for what, values in (("missing", missing), ("unexpected", unexpected)) if values]
        observed = "; ".join(found) or "nothing missing"
    else:
        value = details.get("observed_value")
        observed = f"{value:.4g}" if isinstance(value, float) else str(value)
    if expectation.names is None or result["success"]:
        return observed
    named = list(dict.fromkeys(str(text) for text in frame[expectation.names].dropna() if text))
    return f"{observed} ({'; '.join(named[:5])})" if named else observed


def _listed(values: Sequence[object]) -> str:
    return ", ".join(map(str, values[:5]))


def _has_nothing_to_judge(expectation: Expectation, result: dict[str, Any], frame: "pd.DataFrame") -> bool:
    return frame.empty and expectation.kind in _EXTREMES and not _exceptions(result.get("exception_info") or {})


def _exceptions(info: dict[str, Any]) -> list[str]:
    """The messages in what the library reports: one record, or one per metric."""
    records = [info] if "raised_exception" in info else list(info.values())
    return [str(each["exception_message"]) for each in records if each.get("raised_exception")]
