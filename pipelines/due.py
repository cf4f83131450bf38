"""Which report days are due: never published, or published from deliveries that are no longer what they were.

Belongs here: pure comparisons of days and hashes, and the bound on attempts.
Does not belong here: asking Dagster or the warehouse (`schedules.py`, `sensors.py`).
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta

from assets.telemetry.landing import Delivery

# A bad day is tried this often with the same deliveries. A new or mended delivery, or a run started by hand, starts anew.
ATTEMPTS = 3


def missed_days(*, published: Collection[date], delivered: Collection[date], today: date) -> list[date]:
    """Days without a report, oldest first: after the first published day, or the last complete day when there is none.

    `today` is not over and not due. A day without a delivery is due too: its refusal says that the delivery is missing. So is a
    day between published ones: it was refused when its turn came, and may have been mended since.
    """
    yesterday = today - timedelta(days=1)
    complete = [day for day in delivered if day <= yesterday]
    if not complete:
        return []
    first = min(published) if published else max(complete)
    days = (first + timedelta(days=each) for each in range((yesterday - first).days + 1))
    return [day for day in days if day not in published]


def changed_days(*, published: Collection[date], changed: Iterable[date], stale: Iterable[date]) -> list[date]:
    """Published days whose report no longer shows what was delivered by then, oldest first.

    `changed`: delivery days with a file that is new, changed or gone; every report from there on saw it, or did not.
    `stale`: report days whose inputs in the ledger are other than those published.
    """
    earliest = min(changed, default=None)
    late = {day for day in published if earliest is not None and day >= earliest}
    return sorted(late | (set(stale) & set(published)))


def deliveries_by(deliveries: Iterable[Delivery], day: date) -> str:
    """A short hash of what the landing zone holds for a report of `day`: other deliveries, other hash."""
    digest = hashlib.sha256()
    for each in sorted(deliveries):
        if each.day <= day:
            digest.update(f"{each.path}\0{each.stamp}\n".encode())
    return digest.hexdigest()[:16]


def next_attempts(
    days: Iterable[date], *, deliveries: Collection[Delivery], attempts: Mapping[tuple[date, str], int], most: int | None = None
) -> list[tuple[date, str, int]]:
    """The next runs to ask for, `most` of them: day, hash of its deliveries, and the number of the attempt from 1.

    `attempts`: how often a day has been run with these deliveries, and is due all the same.
    """
    due = []
    for day in days:
        by = deliveries_by(deliveries, day)
        attempt = attempts.get((day, by), 0) + 1
        if attempt <= ATTEMPTS:
            due.append((day, by, attempt))
    return due[:most]
