"""Sources that tell of the same upgrades: ends find their starts, what is told twice counts once, not every change is one."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.telemetry.flags import Flag
from assets.upgrades.threads import resolve
from assets.warehouse import Warehouse

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12)  # noqa: DTZ001 - naive UTC, as everywhere
ROLL = Flag.LOOSE | Flag.ROLL

Row = dict[str, Any]


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("threads")
    with Warehouse(folder / "warehouse.duckdb", folder).connection() as connection:
        connection.execute("CREATE TEMP TABLE refolded AS SELECT hash('c', 'azure') AS thread_key")
        yield connection


def event(type_: str, minute: float, operation: str, **more: Any) -> Row:
    """An event `minute` minutes after noon; a pool's unless `node_pool` says otherwise."""
    time = NOON + timedelta(minutes=minute)
    return {
        "delivery_day": DAY, "file_id": 1, "record": 1,
        "source": "/" + operation.partition(":")[0], "id": f"{operation} {type_} {minute}",
        "type": type_, "time": time, "observed_at": time, "operation_id": operation, "cluster_id": "c", "scope": "node_pool",
        "node_pool": "np1", "provider": "aks", "thread": "azure", "flags": 0,
    } | more  # fmt: skip


def roll(type_: str, minute: float, name: str, **more: Any) -> Row:
    """An Event Grid event: its operation is the one that it would be by itself."""
    return event(type_, minute, f"aks_event_grid:{name}", flags=int(ROLL), **more)


def written(type_: str, minute: float, name: str, **more: Any) -> Row:
    """An activity-log event of a write."""
    return event(type_, minute, f"azure_activity_log:{name}", **({"flags": int(Flag.WRITE)} | more))


def told(db: duckdb.DuckDBPyConnection, *rows: Row) -> None:
    """Have the thread hold these events, and no others."""
    db.execute("DELETE FROM telemetry.events")
    db.execute("DELETE FROM upgrades.other_operations")
    if rows:
        db.register("told", pl.DataFrame(rows, infer_schema_length=None))
        db.execute(
            "INSERT INTO telemetry.events BY NAME "
            "SELECT *, hash(cluster_id, thread) AS thread_key, hash(source, id) AS identity FROM told"
        )
        db.unregister("told")
    resolve(db, day=DAY, delivery_days=[DAY])


def operations(db: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, int]]]:
    """Of every operation: what happened, and how many minutes after noon."""
    found: dict[str, list[tuple[str, int]]] = {}
    for name, type_, minute in db.execute(
        "SELECT operation_id, type, (epoch_us(time) - epoch_us($noon)) // 60000000 FROM resolved ORDER BY time, type DESC, id",
        {"noon": NOON},
    ).fetchall():
        found.setdefault(name.partition(":")[2], []).append((type_, minute))
    return found


def classes(db: duckdb.DuckDBPyConnection) -> dict[str, str | None]:
    rows = db.execute("SELECT operation_id, class FROM classed").fetchall()
    return {name.partition(":")[2]: class_ for name, class_ in rows}


def test_a_loose_end_belongs_to_the_start_before_it(db):
    told(db, roll("started", 0, "a"), roll("succeeded", 20, "end"))
    assert operations(db) == {"a": [("started", 0), ("succeeded", 20)]}


def test_an_end_at_the_moment_of_its_start_belongs_to_it(db):
    told(db, roll("failed", 0, "end"), roll("started", 0, "a"))
    assert operations(db) == {"a": [("started", 0), ("failed", 0)]}


def test_an_end_without_a_start_is_an_operation_of_its_own(db):
    told(db, roll("failed", 5, "end"), roll("started", 10, "a"))
    assert operations(db) == {"end": [("failed", 5)], "a": [("started", 10)]}


def test_only_the_first_of_two_ends_belongs_to_a_start(db):
    told(db, roll("started", 0, "a"), roll("failed", 5, "one"), roll("succeeded", 9, "two"))
    assert operations(db) == {"a": [("started", 0), ("failed", 5)], "two": [("succeeded", 9)]}


@pytest.mark.parametrize(("minute", "is_paired"), [(24 * 60, True), (24 * 60 + 1, False)])
def test_an_end_belongs_to_a_start_up_to_24_hours_before_it(db, minute, is_paired):
    told(db, roll("started", 0, "a"), roll("succeeded", minute, "end"))
    assert ("end" not in operations(db)) == is_paired


def test_a_start_that_nothing_ended_is_superseded_by_the_next_one(db):
    told(db, roll("started", 0, "a"), roll("started", 30, "b"), roll("succeeded", 50, "end"))
    assert operations(db) == {"a": [("started", 0), ("superseded", 30)], "b": [("started", 30), ("succeeded", 50)]}


def test_two_pools_that_roll_at_once_do_not_take_each_others_ends(db):
    told(
        db,
        roll("started", 0, "a"),
        roll("started", 1, "b", node_pool="np2"),
        roll("succeeded", 9, "end-b", node_pool="np2"),
        roll("failed", 12, "end-a"),
    )
    assert operations(db) == {"a": [("started", 0), ("failed", 12)], "b": [("started", 1), ("succeeded", 9)]}


def test_what_is_delivered_later_is_not_seen(db):
    told(db, roll("started", 0, "a"), roll("succeeded", 20, "end", delivery_day=DAY + timedelta(days=1)))
    assert operations(db) == {"a": [("started", 0)]}


steps = st.lists(
    st.tuples(st.sampled_from(["started", "succeeded", "failed"]), st.integers(0, 3000), st.sampled_from(["np1", "np2"])),
    max_size=12,
    unique=True,
)


@settings(max_examples=60, deadline=None)
@given(steps=steps, order=st.randoms())
def test_pairing_is_what_one_would_do_by_going_through_the_events_in_order(db, steps, order):
    rows = [roll(type_, minute, f"{pool} {type_} {minute}", node_pool=pool) for type_, minute, pool in steps]
    order.shuffle(rows)
    told(db, *rows)
    assert {name: sorted(found) for name, found in operations(db).items()} == _paired_by_hand(steps)


def _paired_by_hand(steps: list[tuple[str, int, str]]) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    running: dict[str, tuple[str, int]] = {}
    ended: set[str] = set()
    for type_, minute, pool in sorted(steps, key=lambda step: (step[1], step[0] != "started", step[0], step[2])):
        name = f"{pool} {type_} {minute}"
        if type_ == "started":
            if pool in running:
                found[running.pop(pool)[0]].append(("superseded", minute))
            running[pool] = (name, minute)
            ended.discard(pool)
            found[name] = [(type_, minute)]
        elif pool in running and pool not in ended and minute - running[pool][1] <= 24 * 60:
            found[running.pop(pool)[0]].append((type_, minute))
        else:
            found[name] = [(type_, minute)]
            ended.add(pool)  # an end too late for this start leaves nothing nearer for it
    return {name: sorted(events) for name, events in found.items()}


def test_a_roll_that_the_activity_log_tells_of_too_is_one_operation_with_the_logs_name(db):
    told(
        db,
        written("started", 0, "log", to_version="1.31.2", flags=0),
        written("succeeded", 40, "log", flags=0),
        roll("started", 4, "grid"),
        roll("succeeded", 38, "end"),
    )
    assert operations(db) == {"log": [("started", 0), ("started", 4), ("succeeded", 38), ("succeeded", 40)]}


def test_what_the_more_detailed_source_says_ranks_above_what_is_said_later(db):
    told(db, written("failed", 40, "log"), written("started", 0, "log"), roll("started", 1, "grid"), roll("succeeded", 55, "end"))
    [(last,)] = db.execute("SELECT arg_max(type, rank) FROM resolved").fetchall()
    assert last == "failed"


@pytest.mark.parametrize(("apart", "is_one"), [(10, True), (-10, True), (11, False), (-11, False)])
def test_two_sources_mean_the_same_up_to_ten_minutes_apart(db, apart, is_one):
    told(db, written("started", 0, "log"), roll("started", apart, "grid"))
    assert (len(operations(db)) == 1) == is_one


def test_a_retry_within_ten_minutes_is_told_from_the_first_attempt_by_being_nearer(db):
    told(
        db,
        written("started", 0, "log-1"), written("failed", 2, "log-1"), written("started", 6, "log-2"),
        roll("started", 1, "grid-1"), roll("failed", 2, "end"), roll("started", 7, "grid-2"),
    )  # fmt: skip
    assert {name: [type_ for type_, _ in found] for name, found in operations(db).items()} == {
        "log-1": ["started", "started", "failed", "failed"],
        "log-2": ["started", "started"],
    }


def test_one_operation_of_a_source_takes_only_one_of_another(db):
    told(db, written("started", 5, "log"), roll("started", 3, "far"), roll("started", 6, "near"))
    assert set(operations(db)) == {"log", "far"}


def test_a_fleet_run_that_the_log_knows_and_a_grid_event_nearer_to_the_run_are_all_one(db):
    told(
        db,
        event("started", 0, "azure_activity_log:log", node_pool=None, scope="cluster"),
        event("started", 8, "azure_fleet:run", node_pool=None, scope="cluster"),
        event("started", 16, "aks_event_grid:news", node_pool=None, scope="cluster", flags=int(Flag.LOOSE)),
    )
    assert operations(db) == {"log": [("started", 0), ("started", 8), ("started", 16)]}


def test_a_pool_is_not_its_cluster_and_new_images_are_not_a_new_version(db):
    told(
        db,
        event("started", 0, "azure_activity_log:cluster", node_pool=None, scope="cluster"),
        event("started", 1, "azure_fleet:images", node_pool=None, scope="node_image"),
        roll("started", 2, "pool"),
    )
    assert set(operations(db)) == {"cluster", "images", "pool"}


def test_a_write_of_the_version_that_is_there_is_an_update_and_of_another_one_an_upgrade(db):
    told(
        db,
        written("started", 0, "made", to_version="1.30.4"), written("succeeded", 5, "made"),
        written("started", 60, "tags", to_version="1.30.4"), written("succeeded", 61, "tags"),
        written("started", 120, "upgrade", to_version="1.31.2"), written("succeeded", 150, "upgrade"),
    )  # fmt: skip
    assert classes(db) == {"made": "create", "tags": "update", "upgrade": None}
    assert db.execute("SELECT from_version, is_unverified FROM classed WHERE class IS NULL").fetchall() == [("1.30.4", False)]
    others = db.execute("SELECT day, cluster_id, operation_id, class FROM upgrades.other_operations").fetchall()
    assert others == [(DAY, "c", "azure_activity_log:made", "create"), (DAY, "c", "azure_activity_log:tags", "update")]


def test_a_failed_write_leaves_the_version_that_was_there(db):
    told(
        db,
        written("started", 0, "made", to_version="1.30.4"), written("succeeded", 5, "made"),
        written("started", 60, "failed", to_version="1.31.2"), written("failed", 61, "failed"),
        written("started", 120, "again", to_version="1.31.2"), written("succeeded", 150, "again"),
    )  # fmt: skip
    assert classes(db) == {"made": "create", "failed": None, "again": None}
    [(before,)] = db.execute("SELECT from_version FROM classed WHERE operation_id LIKE '%again'").fetchall()
    assert before == "1.30.4"


def test_a_write_that_says_it_is_an_upgrade_is_one_even_as_the_first_that_is_heard_of(db):
    told(db, written("started", 0, "first", to_version="1.31.2"), written("succeeded", 5, "first", flags=0))
    assert classes(db) == {"first": None}


def test_a_write_without_a_version_is_no_upgrade_unless_nodes_were_replaced(db):
    told(
        db,
        written("started", 0, "one"),
        written("succeeded", 1, "one"),
        written("started", 60, "two"),
        roll("started", 61, "grid"),
    )
    assert classes(db) == {"one": "create", "two": None}
    assert db.execute("SELECT is_unverified FROM classed WHERE class IS NULL").fetchall() == [(True,)]


def test_a_roll_of_nodes_by_itself_counts_as_an_upgrade_that_nothing_verifies(db):
    told(db, roll("started", 0, "a"), roll("succeeded", 20, "end"))
    assert db.execute("SELECT class, is_unverified FROM classed").fetchall() == [(None, True)]


def test_a_roll_for_a_write_of_the_same_version_is_an_update(db):
    told(
        db,
        written("started", 0, "made", to_version="1.30.4"), written("succeeded", 5, "made"),
        written("started", 60, "size", to_version="1.30.4"), roll("started", 61, "grid"), roll("succeeded", 70, "end"),
    )  # fmt: skip
    assert classes(db) == {"made": "create", "size": "update"}


def test_equal_versions_before_and_after_are_an_update_whatever_the_source_calls_it(db):
    told(db, event("started", 0, "gke:x", from_version="1.30.1", to_version="1.30.1", provider="gke"))
    assert classes(db) == {"x": "update"}


def test_an_abort_cancels_what_runs_on_the_resource_and_is_nothing_by_itself(db):
    told(
        db,
        written("started", 0, "image", scope="node_image", flags=0),
        written("cancelled", 9, "abort", flags=int(Flag.LOOSE)),
        written("cancelled", 99, "late", flags=int(Flag.LOOSE)),
    )
    assert operations(db) == {"image": [("started", 0), ("cancelled", 9)], "late": [("cancelled", 99)]}
    assert classes(db) == {"image": None, "late": "abort"}


def test_an_aborted_change_that_is_no_upgrade_does_not_become_one(db):
    told(
        db,
        written("started", 0, "made", to_version="1.30.4"), written("succeeded", 5, "made"),
        written("started", 60, "scale", to_version="1.30.4"), written("cancelled", 61, "abort", flags=int(Flag.LOOSE)),
    )  # fmt: skip
    assert classes(db) == {"made": "create", "scale": "update"}


@pytest.mark.parametrize(("precise", "vague"), [("control_plane", "cluster"), ("node_image", "node_pool")])
def test_what_one_record_knows_precisely_another_does_not_make_vague(db, precise, vague):
    pool = None if vague == "cluster" else "np1"
    told(
        db,
        written("started", 0, "log", scope=precise, node_pool=pool, flags=0),
        written("succeeded", 9, "log", scope=vague, node_pool=pool),
    )
    assert db.execute("SELECT DISTINCT scope FROM resolved").fetchall() == [(precise,)]


def test_a_description_of_the_cluster_gives_its_region_to_every_operation_that_says_none(db):
    told(
        db,
        event("started", 0, "openshift_clusterversion:a", region=None),
        event("started", 60, "openshift_clusterversion:b", region="elsewhere"),
        event("described", 30, "openshift_clusterversion:d", region="old"),
        event("described", 40, "openshift_clusterversion:d", region="eu-west-1"),
    )
    rows = db.execute("SELECT operation_id, region FROM resolved ORDER BY 1").fetchall()
    assert rows == [("openshift_clusterversion:a", "eu-west-1"), ("openshift_clusterversion:b", "elsewhere")]


def test_a_pool_that_follows_its_cluster_and_is_scaled_afterwards_is_not_upgraded(db):
    told(
        db,
        written("started", 0, "pool", to_version="1.33.1"), written("succeeded", 5, "pool"),
        event("started", 60, "azure_activity_log:cluster", node_pool=None, scope="cluster", to_version="1.34.1"),
        event("succeeded", 90, "azure_activity_log:cluster", node_pool=None, scope="cluster"),
        written("started", 200, "scale", to_version="1.34.1"), written("succeeded", 205, "scale"),
    )  # fmt: skip
    assert classes(db) == {"pool": "create", "cluster": None, "scale": "update"}


@pytest.mark.parametrize("same", ["1.34", "v1.34.1", "1.34.1"])
def test_a_version_written_in_another_way_is_the_same_version(db, same):
    told(
        db,
        written("started", 0, "made", to_version="1.34.1"), written("succeeded", 5, "made"),
        written("started", 60, "tags", to_version=same), written("succeeded", 61, "tags"),
    )  # fmt: skip
    assert classes(db) == {"made": "create", "tags": "update"}


def test_what_wants_another_version_is_not_the_same_however_near_it_is(db):
    told(
        db,
        event("started", 0, "azure_activity_log:tags", node_pool=None, scope="cluster", flags=int(Flag.WRITE)),
        event("started", 1, "azure_fleet:run", node_pool=None, scope="cluster", to_version="1.34.1"),
        event("started", 4, "azure_activity_log:upgrade", node_pool=None, scope="cluster", to_version="1.34.1"),
        event("started", 5, "azure_activity_log:other", node_pool=None, scope="cluster", to_version="1.35.0"),
    )
    assert operations(db)["upgrade"] == [("started", 1), ("started", 4)]


def test_two_starts_at_one_moment_are_one_that_still_runs(db):
    told(db, roll("started", 0, "a"), roll("started", 0, "a", id="again"))
    assert operations(db) == {"a": [("started", 0), ("started", 0)]}
