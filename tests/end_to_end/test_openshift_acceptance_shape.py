"""ClusterVersion histories of the shapes that real clusters show, made up, from snapshots in the landing zone to operations.

Four clusters: one polled twice with an upgrade under way in between, one with an upgrade that another superseded and a failing
one after it, one whose first upgrade is under way, and one that was only ever installed.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.data.small_home import Row, SmallHome, at, day, small_home

FIRST_DAY = "2026-11-10"
LAST_DAY = "2026-11-29"


def history(*entries: tuple[str, str, str | None, str]) -> list[dict[str, Any]]:
    """(version, start, end, state) from the oldest on, as the object has it: newest first."""
    return [
        {
            "state": state,
            "version": version,
            "image": f"registry.example/release@sha256:{version}",
            "startedTime": start.replace(" ", "T") + "Z",
            "completionTime": end and end.replace(" ", "T") + "Z",
            "verified": False,
        }
        for version, start, end, state in reversed(entries)
    ]


def snapshot(cluster: str, entries: list[dict[str, Any]], *, wanted: str | None = None, failing: str | None = None) -> Row:
    conditions = (
        [{"type": "Failing", "status": "True", "reason": failing, "message": "an operator is degraded"}] if failing else []
    )
    return {
        "apiVersion": "config.openshift.io/v1",
        "kind": "ClusterVersion",
        "metadata": {"name": "version"},
        "spec": {"clusterID": cluster, "channel": "stable-4.16"} | ({"desiredUpdate": {"version": wanted}} if wanted else {}),
        "status": {"history": entries, "conditions": conditions},
    }


# Entry n of the long history starts on the n-th of October at noon and takes n hours: its upgrades 1 to 8 take 36 hours in all.
LONG = [(f"4.15.{n}", f"2026-10-{n + 1:02d} 12:00:00", f"2026-10-{n + 1:02d} {12 + n:02d}:00:00", "Completed") for n in range(9)]
UNDER_WAY = ("4.15.5", "2026-10-06 12:00:00", None, "Partial")
SNAPSHOTS = [
    snapshot("long", history(*LONG[:5], UNDER_WAY), wanted="4.15.5"),
    snapshot("long", history(*LONG), wanted="4.15.8"),
    snapshot(
        "superseded",
        history(
            ("4.14.0-rc.6", "2026-10-01 08:00:00", "2026-10-01 08:40:00", "Completed"),
            ("4.14.0-rc.7", "2026-10-02 08:00:00", "2026-10-02 09:30:00", "Completed"),
            ("4.14.1", "2026-11-01 11:55:20", "2026-11-01 12:29:27", "Partial"),
            ("4.15.0", "2026-11-05 15:00:00", None, "Partial"),
        ),
        wanted="4.15.0",
        failing="ClusterOperatorsDegraded",
    ),
    snapshot(
        "first",
        history(
            ("4.16.0", "2026-11-01 08:00:00", "2026-11-01 08:40:00", "Completed"),
            ("4.16.1", "2026-11-06 09:00:00", None, "Partial"),
        ),
    ),
    snapshot("installed", history(("4.16.0", "2026-11-01 08:00:00", "2026-11-01 08:40:00", "Completed"))),
]


def deliver(home: SmallHome, delivery_day: str, name: str, content: Any) -> None:
    folder = home.folder / "landing" / "openshift_clusterversion" / delivery_day
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


def days() -> Iterator[str]:
    return ((day(FIRST_DAY) + timedelta(days=each)).isoformat() for each in range(20))


@pytest.mark.parametrize("order", [SNAPSHOTS, SNAPSHOTS[::-1]], ids=["oldest first", "newest first"])
def test_histories_give_the_same_operations_in_either_order_however_often_they_are_delivered(tmp_path, order):
    with small_home(tmp_path) as home:
        # Each on a day of its own; then all again: the same files, and all in one list.
        for delivery_day, content in zip(days(), [*order, *order, {"kind": "List", "items": order}], strict=False):
            deliver(home, delivery_day, "snapshot.json", content)
        home.take_in(LAST_DAY)
        home.fold(LAST_DAY)
        operations = home.operations()

        # Of the 9 + 4 + 2 + 1 entries the oldest of each cluster is its installation.
        assert Counter((row["cluster_id"], row["state"]) for row in operations) == {
            ("long", "succeeded"): 8,
            ("superseded", "succeeded"): 1,
            ("superseded", "superseded"): 1,
            ("superseded", "running"): 1,
            ("first", "running"): 1,
        }
        durations = [row["duration_seconds"] for row in operations if row["state"] == "succeeded"]
        assert sum(durations) == (36 + 1.5) * 3600
        assert {(row["provider"], row["scope"], row["node_pool"]) for row in operations} == {("openshift", "cluster", None)}

        by_version = {(row["cluster_id"], row["to_version"]): row for row in operations}
        # Once finished it stays finished, though an older snapshot of it running was delivered later.
        assert by_version["long", "4.15.5"]["finished_at"] == at("2026-10-06 17:00")
        assert by_version["superseded", "4.14.1"]["duration_seconds"] == 34 * 60 + 7
        # What was superseded never was the version of the cluster.
        assert by_version["superseded", "4.15.0"]["from_version"] == "4.14.0-rc.7"
        assert by_version["superseded", "4.15.0"]["error_code"] == "ClusterOperatorsDegraded"
        assert {name for name, row in by_version.items() if row["error_code"]} == {("superseded", "4.15.0")}
        assert {name for name, row in by_version.items() if row["trigger"] == "manual"} == {
            ("long", "4.15.5"), ("long", "4.15.8"), ("superseded", "4.15.0"),
        }  # fmt: skip

        [ledger] = home.rows(
            "SELECT sum(records) AS records, sum(accepted) AS accepted, sum(duplicate) AS duplicate, "
            "sum(quarantined) AS quarantined, sum(not_an_upgrade) AS others, "
            "count(*) FILTER (WHERE status = 'redelivered') AS again FROM telemetry.files"
        )
        assert (ledger["again"], ledger["records"], ledger["quarantined"]) == (5, 10, 0)
        # A cluster that was only installed has no upgrade, both times.
        assert ledger["others"] == 2
        assert ledger["records"] == ledger["accepted"] + ledger["duplicate"] + ledger["others"]
