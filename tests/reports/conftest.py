"""Hand-made report input: counts go in, a complete `ReportData` comes out.

Belongs here: builders whose numbers a reader can check by hand, and one seeded fleet for whole pages.
Does not belong here: expectations; those stand in the tests.
The intervals and verdicts come straight from SciPy, not from our own code.
"""

import itertools
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from scipy import stats

from assets.health.follow_up import CURVES_SCHEMA, SLICES_SCHEMA, Durations
from assets.reports import deliveries
from assets.reports.report_data import ReportData
from assets.reports.restated import Restated
from assets.slo import alerts
from assets.slo.objectives import Objective

REPORT_DATE = date(2025, 2, 12)
DIMENSIONS = ("to_version", "to_minor", "region", "workload_type", "trigger", "scope", "provider")
TEXT, COUNT, REAL = pl.String, pl.Int64, pl.Float64
STATUS_SCHEMA = {
    "report_date": pl.Date, "slo": TEXT, "window": TEXT, "window_start": pl.Datetime("us"),
    "window_end": pl.Datetime("us"), "slice_by": TEXT, **dict.fromkeys(DIMENSIONS, TEXT),
    "good": COUNT, "bad": COUNT, "pending": COUNT, "excluded": COUNT, "total": COUNT,
    "sli": REAL, "sli_low": REAL, "sli_high": REAL, "target": REAL, "verdict": TEXT,
    "detectable_sli": REAL, "upgrades_needed": COUNT,
    "budget_allowed": REAL, "budget_spent": REAL, "budget_remaining": REAL, "burn_rate": REAL,
    "p50": REAL, "p90": REAL, "p95": REAL, "p99": REAL,
}  # fmt: skip
NAMED_SCHEMA = dict.fromkeys(
    ("cluster_id", "operation_id", "scope", "node_pool", "from_version", "to_version", "region", "workload_type"), TEXT
)
ATTEMPTS = ("upgrades", "first", "late", "retried", "rescued")
CLAIMS = ("succeeded", "unobserved", "unobserved_noops", "contradicted")
ALARMS_SCHEMA = {
    "slo": TEXT, "slice_by": TEXT, **dict.fromkeys(DIMENSIONS, TEXT), "limit": REAL, "bad": COUNT, "total": COUNT,
    "log_e": REAL, "highest_log_e": REAL, "highest_on": pl.Date, "state": TEXT,
}  # fmt: skip
LEDGER = ("files", "redelivered", "failed", "lines", "blank", "records", "accepted", "duplicate", "quarantined", "not_an_upgrade")


def utc(*parts: int) -> datetime:
    """A naive UTC time, as the report has them."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


def objective(name: str = "upgrade-success", **changes: Any) -> Objective:
    """A ratio objective at 99 % over 28 days, or what `changes` make of it."""
    plain = Objective(
        name=name, display_name=name.replace("-", " ").capitalize(), description="", service="upgrades",
        kind="ratio", total_where="TRUE", good_where="state = 'succeeded'", op=None, value=None, target=0.99,
        window="28d", window_days=28, deadline_seconds=86_400, failed="never-finishes",
        slice_by=("to_version", "region", "workload_type"), confidence=0.95, min_events=20,
        late_data_horizon_seconds=259_200,
    )  # fmt: skip
    return replace(plain, **changes)


def status_row(
    slo: Objective, good: int, bad: int, *, window: str | None = None, pending: int = 0, excluded: int = 0,
    quantiles: tuple[float, float, float, float] | None = None, **values: str,
) -> dict[str, Any]:  # fmt: skip
    """One row of `slo_status`; `values` are the slice, none for the fleet."""
    total = good + bad
    window = window or slo.window
    days = int(window[:-1])
    end = utc(2025, 2, 13)
    allowed = (1 - slo.target) * total
    low = high = None
    verdict = "no_data"
    if total:
        low, high = stats.binomtest(good, total).proportion_ci(slo.confidence, method="wilson")
        one_sided = stats.binomtest(good, total).proportion_ci(2 * slo.confidence - 1, method="exact")
        verdict = "met" if one_sided.low >= slo.target else "missed" if one_sided.high < slo.target else "undecided"
    return {
        "report_date": REPORT_DATE, "slo": slo.name, "window": window,
        "window_start": end - timedelta(days=days), "window_end": end,
        "slice_by": ",".join(name for name in dict.fromkeys((*slo.slice_by, *DIMENSIONS)) if name in values),
        **{name: values.get(name) for name in DIMENSIONS},
        "good": good, "bad": bad, "pending": pending, "excluded": excluded, "total": total,
        "sli": good / total if total else None, "sli_low": low, "sli_high": high, "target": slo.target,
        "verdict": verdict, **_told(good, bad, slo), "budget_allowed": allowed, "budget_spent": float(bad),
        "budget_remaining": 1 - bad / allowed if allowed else None,
        "burn_rate": bad / total / (1 - slo.target) if total else None,
        **dict(zip(("p50", "p90", "p95", "p99"), quantiles or (None,) * 4, strict=True)),
    }  # fmt: skip


def duration_row(
    slo: Objective, dimension: str = "fleet", value: str = "", *, upgrades: int, share: float | None, **changes: Any
) -> dict[str, Any]:
    """Durations of one slice: nobody cancelled, one in a hundred failed and one runs; the limit is the 0.9 quantile."""
    low = high = None
    if share is not None and 0 < share < 1:
        low, high = stats.binomtest(round(upgrades * share), upgrades).proportion_ci(slo.confidence, method="wilson")
    failed, running = upgrades // 100, upgrades // 100
    spread = {"p50": 0.5, "p90": 1.0, "p95": 1.5, "p99": None}
    return {
        "slo": slo.name, "dimension": dimension, "value": value, "upgrades": upgrades, "finished": upgrades - failed - running,
        "failed": failed, "running": running, "cancelled": 0, "upper_bounds": 0, "share": share,
        "std_error": (share * (1 - share) / upgrades) ** 0.5 if share is not None else None, "low": low, "high": high,
        "bound_low": max((share or 0.0) - 0.01, 0.0), "bound_high": min((share or 0.0) + 0.01, 1.0),
        "last_seen": 28 * 86_400.0,
        **{f"{name}{end}": slo.value * part * scale if part else None
           for name, part in spread.items() for end, scale in (("", 1.0), ("_low", 0.9), ("_high", 1.1))},
        **changes,
    }  # fmt: skip


def duration_curve(row: dict[str, Any], limit: float) -> list[dict[str, Any]]:
    """A curve through the row's share at the limit, up to two and a half limits."""
    return [
        {**{name: row[name] for name in ("slo", "dimension", "value")}, "seconds": limit * number / 48,
         "share": 1 - (1 - (row["share"] or 0.0)) ** (number / 48)}
        for number in range(121)
    ]  # fmt: skip


def _told(good: int, bad: int, slo: Objective) -> dict[str, Any]:
    """What fewer failures would have gone unseen, and how many good ones more would meet the target."""
    alpha, failing, total = round(1 - slo.confidence, 9), 1 - slo.target, good + bad
    fewest = int(stats.binom.isf(alpha, total, failing)) + 1 if total else 1
    is_shown = fewest <= total
    # Trials until one failure more than those there are: as many are needed as are rarely enough for that.
    enough = int(stats.nbinom.isf(alpha, bad + 1, failing)) + 1 + bad
    return {
        "detectable_sli": 1 - stats.beta.ppf(0.8, fewest, total - fewest + 1) if is_shown else None,
        "upgrades_needed": max(enough - total, 0),
    }


def daily_rows(slo: Objective, counts: list[tuple[int, int]]) -> list[dict[str, Any]]:
    """(good, bad) per day, oldest first, ending on the report day."""
    days = (REPORT_DATE - timedelta(days=back) for back in reversed(range(len(counts))))
    return [
        {"slo": slo.name, "day": day, "good": good, "bad": bad, "pending": 0, "excluded": 0}
        for day, (good, bad) in zip(days, counts, strict=True)
    ]


def fleet_rows(slo: Objective, counts: list[tuple[int, int]], **more: Any) -> list[dict[str, Any]]:
    """The fleet's status rows of every window, summed from daily (good, bad)."""
    rows = []
    for window in dict.fromkeys((slo.window, "1d", "3d", "7d", "28d")):
        part = counts[-int(window[:-1]) :]
        rows.append(status_row(slo, sum(g for g, _ in part), sum(b for _, b in part), window=window, **more))
    return rows


@dataclass
class Input:
    """Rows still to become frames; `data()` makes the `ReportData`."""

    objectives: list[Objective] = field(default_factory=list)
    status: list[dict[str, Any]] = field(default_factory=list)
    daily: list[dict[str, Any]] = field(default_factory=list)
    shifted: list[tuple[str, int, int, int, int]] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[tuple[Any, ...]] = field(default_factory=list)  # category, side, count; also median seconds and codes
    overdue: list[dict[str, Any]] = field(default_factory=list)
    unstarted: list[dict[str, Any]] = field(default_factory=list)
    start_limit_seconds: float = 86_400.0
    attempts: list[tuple[Any, ...]] = field(default_factory=list)  # dimension, value, and the five counts of ATTEMPTS
    claims: tuple[int, int, int, int] = (0, 0, 0, 0)
    contradicted: list[dict[str, Any]] = field(default_factory=list)
    api_use: list[tuple[list[str], str | None, int, int]] = field(default_factory=list)  # features, minor, bad, total
    ledger: list[tuple[Any, ...]] = field(default_factory=lambda: [("canonical", 2, 0, 0, 104, 1, 103, 100, 2, 1, 0)])
    quarantine: list[tuple[str, str, int, int]] = field(default_factory=lambda: [("canonical", "invalid_json", 1, 1)])
    not_upgrades: list[tuple[str, str, int]] = field(default_factory=list)
    other_operations: list[tuple[str, int]] = field(default_factory=list)
    unknown_codes: list[tuple[str, str, int, int, int]] = field(default_factory=list)
    deliveries: list[tuple[str, date, str, str, int]] = field(default_factory=list)
    checks: list[tuple[str, str, str, bool, str, str]] = field(
        default_factory=lambda: [("operations", "ledger balances", "error", True, "0 unexplained", "0 unexplained")]
    )
    durations: list[dict[str, Any]] = field(default_factory=list)
    settled_on: date | None = date(2025, 2, 16)
    restated: Restated | None = None

    def add(self, slo: Objective, counts: list[tuple[int, int]], **more: Any) -> "Input":
        """An objective with its fleet's daily (good, bad)."""
        self.objectives.append(slo)
        self.status += fleet_rows(slo, counts, **more)
        self.daily += daily_rows(slo, counts)
        return self

    def data(self) -> ReportData:
        """Everything as frames of the promised columns, empty ones included."""
        daily = {"slo": TEXT, "day": pl.Date, **dict.fromkeys(("good", "bad", "pending", "excluded"), COUNT)}
        overdue = {**NAMED_SCHEMA, "started_at": pl.Datetime("us"), "age_seconds": REAL}
        unstarted = {**NAMED_SCHEMA, "scheduled_at": pl.Datetime("us"), "overdue_seconds": REAL, "in_all": COUNT}
        contradicted = {
            **NAMED_SCHEMA, "observed_version": TEXT, "finished_at": pl.Datetime("us"), "is_suspected_noop": pl.Boolean,
        }  # fmt: skip
        return ReportData(
            report_date=REPORT_DATE,
            as_of=utc(2025, 2, 13),
            settled_on=self.settled_on,
            revision=1 if self.restated is None else self.restated.revision + 1,
            code_version="0.1.0+g1a6be0",
            inputs_sha256="9f2c41e7" + "0" * 56,
            objectives_sha256="77aa10cd" + "0" * 56,
            objectives=tuple(self.objectives),
            status=pl.DataFrame(self.status, schema=STATUS_SCHEMA),
            daily=pl.DataFrame(self.daily, schema=daily),
            shifted=pl.DataFrame(
                self.shifted,
                schema={"slo": TEXT, **dict.fromkeys(("good", "bad", "good_before", "bad_before"), COUNT)},
                orient="row",
            ),
            alarms=pl.DataFrame(self.alarms, schema=ALARMS_SCHEMA),
            alerts=pl.DataFrame(self.alerts, schema=alerts.SCHEMA),
            reasons=pl.DataFrame(
                [(*row, None, [])[:5] for row in self.reasons],
                schema={"error_category": TEXT, "responsibility": TEXT, "failed_count": COUNT, "median_seconds": REAL,
                        "codes": pl.List(TEXT)},
                orient="row",
            ),
            overdue=pl.DataFrame(self.overdue, schema=overdue),
            overdue_count=len(self.overdue),
            unstarted=pl.DataFrame(self.unstarted, schema=unstarted),
            start_limit_seconds=self.start_limit_seconds,
            attempts=pl.DataFrame(
                self.attempts, schema={"dimension": TEXT, "value": TEXT, **dict.fromkeys(ATTEMPTS, COUNT)}, orient="row"
            ),
            claims=pl.DataFrame([self.claims], schema=dict.fromkeys(CLAIMS, COUNT), orient="row"),
            contradicted=pl.DataFrame(self.contradicted, schema=contradicted),
            api_use=pl.DataFrame(
                self.api_use, schema={"features": pl.List(TEXT), "to_minor": TEXT, "bad": COUNT, "total": COUNT}, orient="row"
            ),
            ledger=pl.DataFrame(self.ledger, schema={"source": TEXT, **dict.fromkeys(LEDGER, COUNT)}, orient="row"),
            quarantine=pl.DataFrame(
                self.quarantine,
                schema={"source": TEXT, "reason": TEXT, "quarantined": COUNT, "quarantined_today": COUNT},
                orient="row",
            ),
            not_upgrades=pl.DataFrame(
                self.not_upgrades, schema={"source": TEXT, "class": TEXT, "records": COUNT}, orient="row"
            ),
            other_operations=pl.DataFrame(self.other_operations, schema={"class": TEXT, "operations": COUNT}, orient="row"),
            unknown_codes=pl.DataFrame(
                self.unknown_codes,
                schema={"error_code": TEXT, "provider": TEXT, "failed_count": COUNT, "codes": COUNT, "failed_in_all": COUNT},
                orient="row",
            ),
            deliveries=pl.DataFrame(self.deliveries, schema=deliveries.SCHEMA, orient="row"),
            durations=self._durations(),
            restated=self.restated,
            checks=pl.DataFrame(
                self.checks,
                schema={"suite": TEXT, "check": TEXT, "severity": TEXT, "passed": pl.Boolean, "observed": TEXT,
                        "rule": TEXT},
                orient="row",
            ),
        )  # fmt: skip

    def _durations(self) -> Durations:
        limits = {slo.name: slo.value for slo in self.objectives}
        curves = [point for row in self.durations for point in duration_curve(row, limits[row["slo"]])]
        return Durations(pl.DataFrame(self.durations, schema=SLICES_SCHEMA), pl.DataFrame(curves, schema=CURVES_SCHEMA))


def overdue_row(**changes: Any) -> dict[str, Any]:
    """An operation that has been running for 76 h 12 min."""
    return {
        "cluster_id": "c-17", "operation_id": "op-81", "scope": "node_pool", "node_pool": "np1",
        "from_version": "1.30.9", "to_version": "1.31.2", "region": "westeurope", "workload_type": "ml_batch",
        "started_at": utc(2025, 2, 9, 19, 48), "age_seconds": 274_320.0, **changes,
    }  # fmt: skip


def unstarted_row(**changes: Any) -> dict[str, Any]:
    """An operation that ought to have begun on 9 February, beyond the limit for 52 h 12 min."""
    row = overdue_row(scheduled_at=utc(2025, 2, 9, 19, 48), overdue_seconds=187_920.0, in_all=1)
    return {name: value for name, value in row.items() if name not in ("started_at", "age_seconds")} | changes


def contradicted_row(**changes: Any) -> dict[str, Any]:
    """An operation that claims 1.31.2 where 1.30.9, the version before, was seen."""
    row = overdue_row(observed_version="1.30.9", finished_at=utc(2025, 2, 11, 8, 5), is_suspected_noop=False)
    return {name: value for name, value in row.items() if name not in ("started_at", "age_seconds")} | changes


VERSIONS = ("1.30.8", "1.30.9", "1.31.2", "1.31.3", "1.31.4", "1.32.0")
REGIONS = ("australiaeast", "eastus", "northeurope", "southeastasia", "uksouth", "westeurope", "westus2")
WORKLOADS = ("ci_dev", "ml_batch", "stateful", "web_api")


def fleet(*, per_day: int = 900, seed: int = 7) -> Input:
    """28 days of a fleet in which 1.31.2 fails for ml_batch in westeurope; four objectives, every slice."""
    draw = random.Random(seed)  # noqa: S311 - test data
    cells: dict[tuple[int, str, str, str], list[int]] = {}
    weights = {"1.30.8": 3, "1.30.9": 4, "1.31.2": 4, "1.31.3": 3, "1.31.4": 1, "1.32.0": 0.1}
    for day in range(28):
        for _ in range(int(per_day * draw.uniform(0.85, 1.15) * (0.55 if day % 7 in (2, 3) else 1))):
            version = draw.choices(VERSIONS, [weights[v] for v in VERSIONS])[0]
            region, workload = draw.choice(REGIONS), draw.choices(WORKLOADS, [3, 2, 3, 4])[0]
            hot = version == "1.31.2" and region == "westeurope" and workload == "ml_batch"
            failing = 0.26 if hot else 0.036 if (version, region) == ("1.30.9", "southeastasia") else 0.0101
            cell = cells.setdefault((day, version, region, workload), [0, 0])
            cell[draw.random() < failing] += 1
    success = objective(description="the upgrade succeeds, whoever is answerable")
    first = objective("first-attempt", display_name="First-attempt success", target=0.97,
                      description="no retry needed")  # fmt: skip
    time = objective("duration", display_name="Upgrade duration", kind="threshold", op="lte", value=3600.0,
                     good_where=None, target=0.95, description="finished within 60 min")  # fmt: skip
    critical = objective("control-plane", display_name="Control plane within 15 min", kind="threshold", op="lte",
                         value=900.0, good_where=None, target=0.95)  # fmt: skip
    made = Input()
    for slo, scale in ((success, 1.0), (first, 1.8), (time, 2.4)):
        counts = []
        for day in range(28):
            parts = [value for key, value in cells.items() if key[0] == day]
            bad = min(round(sum(bad for _, bad in parts) * scale), sum(g + b for g, b in parts))
            counts.append((sum(good + bad for good, bad in parts) - bad, bad))
        made.add(slo, counts, **({"quantiles": (1300.0, 2300.0, 2900.0, 4800.0)} if slo is time else {}))
        made.status[-5:] = [{**row, "pending": 88, "excluded": 240} for row in made.status[-5:]]
        for size in (1, 2, 3):
            for names in itertools.combinations(("to_version", "region", "workload_type"), size):
                sums: dict[tuple[str, ...], list[int]] = {}
                for (_, *key), (good, bad) in cells.items():
                    picked = dict(zip(("to_version", "region", "workload_type"), key, strict=True))
                    total = sums.setdefault(tuple(picked[name] for name in names), [0, 0])
                    bad_now = min(round(bad * scale), good + bad)
                    total[0] += good + bad - bad_now
                    total[1] += bad_now
                for key, (good, bad) in sorted(sums.items()):
                    values = dict(zip(names, key, strict=True))
                    slow = 2.3 if "ml_batch" in key else 1.35 if "stateful" in key else 0.9
                    if "1.31.2" in key:
                        slow *= 1.25
                    spread = (1150 * slow, 1900 * slow, 2400 * slow, 3900 * slow) if slo is time else None
                    if slo is time and "ml_batch" in key:
                        more = min(good, (good + bad) // 14)
                        good, bad = good - more, bad + more
                    made.status.append(status_row(slo, good, bad, quantiles=spread, **values))
        leaves: dict[tuple[str, ...], list[int]] = {}
        for (day, *key), (good, bad) in cells.items():
            bad_now = min(round(bad * scale), good + bad)
            counted = (good + bad - bad_now, bad_now)
            sides = leaves.setdefault(tuple(key), [0, 0, 0, 0])
            leaves[tuple(key)] = [old + new for old, new in zip(sides, counted + (counted if day < 27 else (0, 0)), strict=True)]
        made.shifted += [(slo.name, *sides) for _, sides in sorted(leaves.items())]
    made.add(critical, [(0, 0)] * 20 + [(2, 0), (1, 0), (3, 1), (0, 0), (2, 0), (3, 0), (0, 0), (2, 0)],
             quantiles=(420.0, 610.0, 700.0, 890.0))  # fmt: skip
    shares = {("workload_type", "ml_batch"): 0.91, ("to_version", "1.31.2"): 0.935, ("region", "westeurope"): 0.944}
    made.durations = [
        duration_row(time, upgrades=24_000, share=0.9612, cancelled=240, upper_bounds=17),
        *(duration_row(time, "to_version", version, upgrades=4_000, share=shares.get(("to_version", version), 0.965))
          for version in VERSIONS[:-1]),
        duration_row(time, "to_version", VERSIONS[-1], upgrades=22, share=0.9),
        *(duration_row(time, "region", region, upgrades=3_400, share=shares.get(("region", region), 0.964))
          for region in REGIONS),
        *(duration_row(time, "workload_type", workload, upgrades=6_000, share=shares.get(("workload_type", workload), 0.975))
          for workload in WORKLOADS),
        duration_row(critical, upgrades=14, share=0.93),
    ]  # fmt: skip
    made.reasons = [
        ("pod_disruption_budget", "customer", 141, 3_420.0, ["PodDrainFailure", "UnsatisfiablePDB"]),
        ("drain_timeout", "platform", 208), ("image_pull", "dependency", 44),
        ("quota_exceeded", "customer", 63), ("api_server_unreachable", "platform", 57), ("node_not_ready", "platform", 39),
        ("unknown", "platform", 22), ("webhook_refused", "customer", 12), ("capacity", "dependency", 9),
    ]  # fmt: skip
    made.overdue = [
        overdue_row(),
        overdue_row(
            cluster_id="c-2204",
            operation_id="op-90117",
            region="eastus",
            workload_type="stateful",
            started_at=utc(2025, 2, 11, 3, 4),
            age_seconds=161_760.0,
        ),
        overdue_row(
            cluster_id="c-811",
            operation_id="op-90402",
            scope="control_plane",
            node_pool=None,
            from_version=None,
            started_at=utc(2025, 2, 11, 17, 30),
            age_seconds=109_800.0,
        ),
    ]
    made.unstarted = [unstarted_row(in_all=2), unstarted_row(cluster_id="c-90", operation_id="op-700", in_all=2)]
    made.attempts = [
        ("fleet", "", 24_000, 23_560, 10, 390, 310),
        *(("region", region, 3_400, 3_340, 2, 50, 40) for region in REGIONS),
        ("scope", "node_pool", 18_000, 17_640, 6, 320, 250),
        ("scope", "control_plane", 6_000, 5_920, 4, 70, 60),
        *(("to_version", version, 4_000, 3_930, 2, 60, 50) for version in VERSIONS[:-1]),
        ("to_version", VERSIONS[-1], 22, 20, 0, 2, 1),
    ]
    made.claims = (23_900, 9_000, 12, 2)
    made.contradicted = [contradicted_row(), contradicted_row(operation_id="op-82", observed_version="1.31.1")]
    made.api_use = [
        ([], "1.31", 300, 22_000), (["policy/v1beta1/PodDisruptionBudget"], "1.31", 60, 1_500),
        (["batch/v1/CronJob"], "1.30", 3, 400), (["node.k8s.io/v1beta1/RuntimeClass"], "1.30", 1, 22),
    ]  # fmt: skip
    made.ledger = [
        ("aks_event_grid", 28, 0, 0, 71_994, 0, 71_994, 70_730, 1_204, 60, 0),
        ("azure_activity_log", 29, 1, 0, 44_102, 12, 44_090, 42_810, 1_190, 83, 7),
        ("canonical", 28, 0, 0, 4_481, 1, 4_480, 4_345, 128, 7, 0),
    ]
    made.quarantine = [
        ("aks_event_grid", "missing_field:data.cluster_id", 38, 0), ("aks_event_grid", "unknown_event_type", 22, 0),
        ("azure_activity_log", "invalid_time", 41, 3), ("azure_activity_log", "invalid_json", 25, 10),
        ("azure_activity_log", "time_out_of_range", 17, 0), ("canonical", "invalid_json", 4, 1),
        ("canonical", "unknown_event_type", 3, 0),
    ]  # fmt: skip
    made.not_upgrades = [("azure_activity_log", "update", 5), ("azure_activity_log", "create", 2)]
    made.other_operations = [("update", 9), ("abort", 1)]
    made.unknown_codes = [("NodeImageRotten", "aks", 12, 2, 15), ("ControlPlaneAsleep", "eks", 3, 2, 15)]
    made.checks = [
        ("telemetry", "ledger balances", "error", True, "0 unexplained", "records = accepted + duplicate + quarantined"),
        ("telemetry", "identity is unique", "error", True, "0 repeated", "(source, id) at most once"),
        ("upgrades", "states are known", "error", True, "9 of 9", "state in the closed list"),
        ("upgrades", "error codes are classified", "warning", False, "96.2 % mapped", "at least 98 % mapped"),
        ("slo", "good is at most total", "error", True, "0 rows", "good ≤ total in every row"),
        ("slo", "volume is in its usual band", "warning", True, "884", "650 to 1,150 for a Wednesday"),
    ]  # fmt: skip
    return made


@pytest.fixture(scope="session")
def build() -> SimpleNamespace:
    """The builders of this file, for tests that say their own counts."""
    return SimpleNamespace(
        Input=Input, objective=objective, status_row=status_row, overdue_row=overdue_row, duration_row=duration_row,
        unstarted_row=unstarted_row, contradicted_row=contradicted_row,
        fleet=fleet, utc=utc,
    )  # fmt: skip


@pytest.fixture(scope="session")
def fleet_data() -> ReportData:
    """A whole fleet, for whole pages."""
    return fleet().data()
