"""The one input of everything readers see: the figures of one report day, already counted and judged.

Belongs here: the shape of that input, with the grain and the columns of every frame.
Does not belong here: reading it from the warehouse, or turning it into sentences, charts and files.
That goes to `model.py` (reading), and to `findings.py`, `figures.py`, `page.py` and `summary.py` (showing).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from assets.slo.objectives import Objective


@dataclass(frozen=True)
class ReportData:
    """What one report day knows. Times are naive UTC, durations seconds, ratios 0..1.

    Frames and their grain:

    - `status`: one row per SLO × window × slice, the columns of the published `slo_status`; the fleet row of
      an SLO has an empty `slice_by` and exists even when nothing happened.
    - `daily`: one row per (slo, day), fleet only, for the last 28 days or the SLO's own window; Int64 `good`,
      `bad`, `pending`, `excluded`. A day without operations may be absent.
    - `reasons`: one row per (error_category, responsibility); Int64 `failed_count` of operations that started
      in the last 28 days and failed.
    - `overdue`: one row per operation that has been running for more than 24 h, the oldest of `overdue_count`
      first, as many as the page shows; `cluster_id`, `operation_id`, `scope`, `node_pool`, `from_version`,
      `to_version`, `region`, `workload_type`, `started_at`, `age_seconds`.
    - `ledger`: one row per source over every file delivered up to the day; `files`, `lines`, `blank`,
      `records`, `accepted`, `duplicate`, `quarantined`, `not_an_upgrade`.
    - `quarantine`: one row per reason; `quarantined` over all files up to the day, `quarantined_today`.
    - `checks`: one row per check; `suite`, `check`, `severity` ("error" or "warning"), `passed`, `observed`,
      `rule`.
    """

    report_date: date
    as_of: datetime
    maturity: str  # "preliminary" | "final"
    revision: int
    code_version: str
    inputs_sha256: str
    objectives_sha256: str
    objectives: "tuple[Objective, ...]"
    status: "pl.DataFrame"
    daily: "pl.DataFrame"
    reasons: "pl.DataFrame"
    overdue: "pl.DataFrame"
    overdue_count: int
    ledger: "pl.DataFrame"
    quarantine: "pl.DataFrame"
    checks: "pl.DataFrame"
