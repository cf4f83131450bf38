"""When the figures of a report are settled: no operation of its window can change them any more.

Belongs here: the rule, as a pure function of a day and the objectives.
Does not belong here: reading which operation is the newest (`model.py`), wording (`findings.py`), what a deadline is
(`assets/slo/`).
"""

import math
from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from assets.slo.annotations import LONGEST_DURATION_DAYS

if TYPE_CHECKING:
    from assets.slo.objectives import Objective

FINAL, PRELIMINARY = "final", "preliminary"


def settled_on(newest: date, objectives: Iterable["Objective"]) -> date:
    """The first day whose report shows every operation that started by the end of `newest` as it will stay.

    By the end of that day the last of them has passed its deadline, and what happened until then had the time that the objective
    allows a delivery to be late: its `late-data-horizon`, three days unless it says otherwise, as long as a weekend keeps one.
    The objective that waits longest decides; a threshold beyond the deadline is waited for too, for ten years at most.
    """
    waits = (max(each.deadline_seconds, each.value or 0) + each.late_data_horizon_seconds for each in objectives)
    days = math.ceil(max(waits, default=0) / 86_400)
    return newest + timedelta(days=min(days, LONGEST_DURATION_DAYS))


def maturity_of(report_date: date, *, settled: date | None) -> str:
    """`final` when the report shows every operation of its window as it will stay, or has none (`settled` is None)."""
    return FINAL if settled is None or settled <= report_date else PRELIMINARY
