"""What became of single records is written in batches, of which nothing is held once they are written."""

import sys
from datetime import date, datetime

from assets.telemetry.canonical import Event
from assets.telemetry.landing import Delivery
from assets.telemetry.reading import Place, store
from assets.telemetry.sources import Accepted

DAY = date(2026, 11, 20)
MOMENT = datetime(2026, 11, 20, 10)  # noqa: DTZ001 - every moment in this project is naive UTC


def place_in(zone, name: str) -> Place:
    return Place(1, Delivery(DAY, f"eks_updates/{DAY}/{name}", "eks_updates", zone.landing / name, "1:"))


def event(identity: str) -> Event:
    return Event(identity, "/upgradeslo/eks_updates/c1", "started", MOMENT, MOMENT, "op", "c1", "cluster")


def test_no_value_is_held_longer_than_its_batch(zone):
    identity = "".join(("no", "literal"))
    with zone.transaction() as db:
        held = sys.getrefcount(identity)
        store(db, place_in(zone, "all.ndjson"), [(1, Accepted((event(identity),)), b"")])
        assert sys.getrefcount(identity) == held
        assert db.execute("SELECT id FROM telemetry.events").fetchall() == [("noliteral",)]


def test_events_keep_their_records_over_several_batches(zone):
    outcomes = ((number, Accepted((event(f"{number}-a"), event(f"{number}-b"))), b"") for number in range(1, 12_001))
    with zone.transaction() as db:
        assert store(db, place_in(zone, "all.ndjson"), outcomes) == (0, 0)
        written = db.execute("SELECT record, id FROM telemetry.events ORDER BY rowid").fetchall()
    assert written == [(number, f"{number}-{part}") for number in range(1, 12_001) for part in "ab"]
