"""The one input of everything readers see: the figures of one report day, already counted and judged.

Belongs here: the shape of that input, with the grain and the columns of every frame.
Does not belong here: reading it from the warehouse, or turning it into sentences, charts and files.
That goes to `model.py` (reading), and to `findings.py`, `figures.py`, `page.py` and `summary.py` (showing).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from assets.reports.maturity import maturity_of

if TYPE_CHECKING:
    import polars as pl

    from assets.health.follow_up import Durations
    from assets.reports.restated import Restated
    from assets.slo.objectives import Objective
    from assets.upgrades.catalogue import Catalogue


@dataclass(frozen=True)
class Versions:
    """The version catalogue, and the operations that it is asked about.

    `counts`: one row per (slo, provider, to_version) in each SLO's own window; Int64 `good`, `bad`, `pending`, `excluded`.
    """

    catalogue: "Catalogue"
    counts: "pl.DataFrame"


@dataclass(frozen=True)
class ReportData:
    """What one report day knows. Times are naive UTC, durations seconds, ratios 0..1.

    Frames and their grain:

    - `status`: one row per SLO × window × slice, the columns of the published `slo_status`; the fleet row of
      an SLO has an empty `slice_by` and exists even when nothing happened.
    - `daily`: one row per (slo, day), fleet only, for the last 28 days or the SLO's own window; Int64 `good`,
      `bad`, `pending`, `excluded`. A day without operations may be absent.
    - `shifted`: one row per finest slice of an SLO with a decided operation in the SLO's own window or in the one a day earlier,
      both as known now; `slo`, Int64 `good`, `bad`, `good_before`, `bad_before`.
    - `alarms`: one row per SLO and slice with a decided operation on a closed day of the month; the slice's columns as in the
      status, and `limit`, `bad`, `total`, `log_e`, `highest_log_e`, `highest_on`, `state` as the daily alarm judges them.
    - `alerts`: one row per SLO and alert rule, as `assets/slo/alerts.py` has them.
    - `reasons`: one row per (error_category, responsibility); Int64 `failed_count` of operations that started
      in the last 28 days and failed, Float64 `median_seconds` from start to failure (null: not known), and `codes`, a list of
      the most frequent of their error codes.
    - `overdue`: one row per operation that has been running for more than 24 h, the oldest of `overdue_count`
      first, as many as the page shows; `cluster_id`, `operation_id`, `scope`, `node_pool`, `from_version`,
      `to_version`, `region`, `workload_type`, `started_at`, `age_seconds`.
    - `unstarted`: one row per operation that was scheduled for the last 28 days, more than `start_limit_seconds` ago, and has
      not begun, the longest overdue first, as many as the page shows; the columns of `overdue` with `scheduled_at` and
      `overdue_seconds` (beyond the limit) in place of start and age; `in_all` counts all of them and is the same in every row.
    - `attempts`: one row per (dimension, value), the fleet first (`fleet`, ""), then `region`, `scope`, `to_version`, each by
      size; of upgrades whose first attempt started in the last 28 days and is good or bad: Int64 `upgrades`, of them `first`
      (the first attempt was good), `late` (it succeeded past its deadline), `retried`, of these `rescued` (a retry succeeded).
    - `claims`: one row; Int64 `succeeded` operations that started in the last 28 days, of them `unobserved` (nobody saw their
      version), of these `unobserved_noops` (ended too soon), and `contradicted` (another version was seen).
    - `contradicted`: one row per such operation, the newest first, as many as the page shows; the columns of `overdue` with
      `observed_version`, `finished_at` and `is_suspected_noop` in place of start and age.
    - `api_use`: see `assets/health/api_use.py`; of operations that started in the last 28 days.
    - `unknown_codes`: one row per error code that the table of codes does not know, of operations that failed in
      the last 28 days, the most frequent first, as many as the page shows; `error_code`, `provider` of one of
      them, `failed_count`; `codes` and `failed_in_all` count all of them and are the same in every row.
    - `ledger`: one row per source over every file delivered up to the day; `files`, of them `redelivered` and
      `failed`, `lines`, `blank`, `records`, `accepted`, `duplicate`, `quarantined`, `not_an_upgrade`.
    - `quarantine`: one row per (source, reason) in the files of the last 28 days; `quarantined`, `quarantined_today`.
    - `not_upgrades`: one row per (source, class) in the files of the last 28 days; `records`.
    - `other_operations`: one row per class of operations of the last 28 days that turned out to be no upgrades
      when all that is known of them was put together; `operations`.
    - `deliveries`: one row per file delivered up to the day, in order of delivery; `path`, `delivery_day`,
      `sha256` ("" when it could not be read), `status`, `events`.
    - `checks`: one row per check; `suite`, `check`, `severity` ("error" or "warning"), `passed`, `observed`,
      `rule`.
    - `durations.slices` and `durations.curves`: see `assets/health/follow_up.py`; of each threshold SLO with an upper limit.
    """

    report_date: date
    as_of: datetime
    settled_on: date | None  # the first day whose report shows all of the window's operations as they stay; None without any
    revision: int
    code_version: str
    inputs_sha256: str
    objectives_sha256: str
    objectives: "tuple[Objective, ...]"
    status: "pl.DataFrame"
    daily: "pl.DataFrame"
    shifted: "pl.DataFrame"
    alarms: "pl.DataFrame"
    alerts: "pl.DataFrame"
    reasons: "pl.DataFrame"
    overdue: "pl.DataFrame"
    overdue_count: int
    unstarted: "pl.DataFrame"
    start_limit_seconds: float
    attempts: "pl.DataFrame"
    claims: "pl.DataFrame"
    contradicted: "pl.DataFrame"
    api_use: "pl.DataFrame"
    unknown_codes: "pl.DataFrame"
    ledger: "pl.DataFrame"
    quarantine: "pl.DataFrame"
    not_upgrades: "pl.DataFrame"
    other_operations: "pl.DataFrame"
    deliveries: "pl.DataFrame"
    checks: "pl.DataFrame"
    durations: "Durations"
    restated: "Restated | None" = None  # how this revision differs from the one before it; None for the first
    versions: Versions | None = None  # None without a version catalogue

    @property
    def maturity(self) -> str:
        """`final` or `preliminary`."""
        return maturity_of(self.report_date, settled=self.settled_on)
