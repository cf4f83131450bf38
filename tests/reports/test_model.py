"""The report's data, read from a home whose every operation is written in the test."""

from datetime import date, datetime
from pathlib import Path

import pytest

from assets.reports.basis import Basis
from assets.reports.model import read_report_data
from assets.reports.report_data import ReportData
from assets.reports.verdicts import ERROR, WARNING, Verdict
from assets.slo.cells import WrongDay
from assets.slo.objectives import load_objectives
from tests.data.whole_home import WholeHome, lines_of, new_home

FIRST, LAST = date(2026, 11, 18), date(2026, 11, 19)
BASIS = Basis("inputs", "objectives", "inventory", "0.1+code")


@pytest.fixture
def whole(tmp_path: Path) -> WholeHome:
    return new_home(tmp_path / "home")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def read(home: WholeHome, day: date, *verdicts: Verdict) -> ReportData:
    objectives = load_objectives(home.home.objectives)
    with home.warehouse.transaction() as db:
        return read_report_data(db, day=day, objectives=objectives, basis=BASIS, verdicts=verdicts, revision=3)


def test_the_frames_hold_what_was_delivered_by_the_day(whole: WholeHome):
    whole.deliver(
        FIRST,
        *lines_of("quick", at("2026-11-18 08:00")),
        *lines_of("late-night", at("2026-11-18 23:00"), seconds=None, node_pool="np1", scope="node_pool"),
        "not json",
        "",
    )
    whole.deliver(
        LAST,
        *lines_of("broken", at("2026-11-19 08:00"), outcome="failed", error_code="QuotaExceeded"),
        *lines_of("quick", at("2026-11-18 08:00")),
        "[]",
        "{}",
    )
    whole.deliver(date(2026, 11, 20), *lines_of("tomorrow", at("2026-11-20 08:00")))
    whole.bring_to(date(2026, 11, 20))
    whole.bring_to(LAST)

    data = read(
        whole, LAST, Verdict("cells", "sound", ERROR, True, "0", "none"), Verdict("status", "odd", WARNING, False, "1", "0")
    )

    assert (data.report_date, data.as_of, data.revision) == (LAST, at("2026-11-20 00:00"), 3)
    assert (data.inputs_sha256, data.objectives_sha256, data.code_version) == ("inputs", "objectives", "0.1+code")
    assert [each.name for each in data.objectives] == ["success", "speed"]
    # The operation that still runs is 25 h old: it is bad from 24 h on for success, and from one hour on for speed.
    assert data.daily.rows() == [
        ("speed", FIRST, 1, 1, 0, 0),
        ("speed", LAST, 0, 1, 0, 0),
        ("success", FIRST, 1, 1, 0, 0),
        ("success", LAST, 0, 1, 0, 0),
    ]
    [reason] = data.reasons.rows(named=True)
    assert reason["failed_count"] == 1
    assert reason["responsibility"] != "none"
    [overdue] = data.overdue.rows(named=True)
    assert (overdue["operation_id"], overdue["node_pool"], overdue["age_seconds"]) == ("late-night", "np1", 25 * 3600.0)
    assert data.ledger.rows(named=True) == [
        {
            "source": "canonical",
            "files": 2,
            "redelivered": 0,
            "failed": 0,
            "lines": 11,
            "blank": 1,
            "records": 10,
            "accepted": 5,
            "duplicate": 2,
            "quarantined": 3,
            "not_an_upgrade": 0,
        }
    ]
    assert data.quarantine.rows() == [
        ("canonical", "invalid_json", 1, 0),
        ("canonical", "missing_field:specversion", 1, 1),
        ("canonical", "not_an_object", 1, 1),
    ]
    assert data.deliveries.select("path", "delivery_day", "status", "events").rows() == [
        ("canonical/2026-11-18/part-0.ndjson", FIRST, "taken_in", 3), ("canonical/2026-11-19/part-0.ndjson", LAST, "taken_in", 2),
    ]  # fmt: skip
    assert data.unknown_codes.is_empty()
    assert data.not_upgrades.is_empty()
    assert data.other_operations.is_empty()
    assert data.checks.rows() == [
        ("cells", "sound", "error", True, "0", "none"),
        ("status", "odd", "warning", False, "1", "0"),
    ]
    fleet = data.status.filter((data.status["slice_by"] == "") & (data.status["window"] == "7d"))
    assert fleet.select("slo", "good", "bad").rows() == [("speed", 1, 2), ("success", 1, 2)]
    assert data.status["report_date"].unique().to_list() == [LAST]


def test_a_file_that_was_delivered_again_is_counted_and_adds_nothing(whole: WholeHome):
    for name in ("a.ndjson", "b.ndjson", "c.ndjson"):
        whole.deliver(FIRST, *lines_of("quick", at("2026-11-18 08:00")), name=name)
    whole.bring_to(FIRST)
    [row] = read(whole, FIRST).ledger.rows(named=True)
    assert (row["files"], row["redelivered"], row["failed"], row["records"], row["accepted"]) == (3, 2, 0, 2, 2)


def test_codes_that_the_table_does_not_know_are_counted_for_28_days_and_the_most_frequent_listed(whole: WholeHome):
    day, month_before = date(2026, 11, 30), date(2026, 11, 2)

    def failed(operation: str, moment: str, code: str | None, **data: str) -> list[str]:
        return lines_of(operation, at(moment), outcome="failed", error_code=code, **data)

    whole.deliver(
        month_before,
        *failed("too-old", "2026-11-02 23:00", "Forgotten"),
        *failed("first", "2026-11-03 00:00", "NodeAsleep", provider="eks"),
    )
    whole.deliver(
        day,
        *failed("second", "2026-11-30 01:00", "NodeAsleep", provider="gke"),
        *failed("known", "2026-11-30 01:00", "QuotaExceeded"),
        *failed("silent", "2026-11-30 01:00", None),
        *lines_of("fine", at("2026-11-30 01:00"), error_code="OnlyAWarning"),
        *(line for number in range(11) for line in failed(f"rare-{number}", "2026-11-30 02:00", f"Rare{number:02}")),
    )
    whole.bring_to(day)
    rows = read(whole, day).unknown_codes.rows()
    assert rows[0] == ("NodeAsleep", "eks", 2, 12, 13)
    assert rows[1:] == [(f"Rare{number:02}", "aks", 1, 12, 13) for number in range(9)]


def test_records_and_operations_that_are_no_upgrades_are_counted_by_class_for_28_days(whole: WholeHome):
    day = date(2026, 11, 30)
    whole.deliver(date(2026, 11, 2), *lines_of("old", at("2026-11-02 08:00")), "old and refused")
    whole.deliver(date(2026, 11, 3), *lines_of("lately", at("2026-11-03 08:00")), "refused")
    whole.deliver(day)
    whole.bring_to(day)
    with whole.warehouse.transaction() as db:
        ids = dict(db.execute("SELECT delivery_day, file_id FROM telemetry.files").fetchall())
        for delivered, kind in ((date(2026, 11, 2), "news"), (date(2026, 11, 3), "news"), (date(2026, 11, 3), "gate")):
            db.execute("INSERT INTO telemetry.not_upgrades VALUES (?, ?, 1, ?)", [ids[delivered], delivered, kind])
        for started, kind in ((date(2026, 11, 2), "create"), (date(2026, 11, 3), "update"), (day, "update"), (day, "abort")):
            row = [started, "c-1", f"{kind}-{started}", kind]
            db.execute(
                "INSERT INTO upgrades.other_operations (day, cluster_id, operation_id, class, thread_key) VALUES (?, ?, ?, ?, 1)",
                row,
            )
    data = read(whole, day)
    assert data.not_upgrades.rows() == [("canonical", "gate", 1), ("canonical", "news", 1)]
    assert data.other_operations.rows() == [("update", 2), ("abort", 1)]
    assert data.quarantine.rows() == [("canonical", "invalid_json", 1, 0)]
    assert data.ledger["quarantined"].to_list() == [2]


def test_an_operation_is_overdue_only_beyond_24_hours(whole: WholeHome):
    whole.deliver(
        FIRST,
        *lines_of("exactly", at("2026-11-18 00:00"), seconds=None),
        *lines_of("beyond", at("2026-11-17 23:59:59.999999"), seconds=None),
    )
    whole.bring_to(FIRST)
    data = read(whole, FIRST)
    assert (data.overdue["operation_id"].to_list(), data.overdue_count) == (["beyond"], 1)


@pytest.mark.parametrize(
    ("day", "maturity"),
    [
        # The newest operation started on the 10th, whose end plus 24 h of deadline and 72 h for late data is the 15th, 00:00.
        pytest.param(date(2026, 11, 13), "preliminary", id="preliminary while an operation may still change"),
        pytest.param(date(2026, 11, 14), "final", id="final once deadline and late data have passed"),
    ],
)
def test_a_report_is(whole: WholeHome, day: date, maturity: str):
    whole.deliver(date(2026, 11, 10), *lines_of("only", at("2026-11-10 08:00"), seconds=None))
    whole.bring_to(day)
    assert read(whole, day).maturity == maturity


def test_a_report_without_operations_is_final(whole: WholeHome):
    whole.deliver(FIRST)
    whole.bring_to(FIRST)
    data = read(whole, FIRST)
    assert data.maturity == "final"
    assert data.daily.is_empty()
    assert data.status["verdict"].unique().to_list() == ["no_data"]


def test_tables_that_stand_at_another_day_are_refused_with_the_command_that_moves_them(whole: WholeHome):
    whole.deliver_ordinary_days(FIRST, 2)
    whole.bring_to(LAST)
    with pytest.raises(WrongDay, match=r"stand at 2026-11-19; needed: 2026-11-18.*upgrade-slo run --date 2026-11-18"):
        read(whole, FIRST)


def test_tables_that_miss_a_file_taken_in_since_are_refused(whole: WholeHome):
    from assets.telemetry.intake import take_in

    whole.deliver_ordinary_days(FIRST, 1)
    whole.bring_to(FIRST)
    whole.deliver(FIRST, *lines_of("late", at("2026-11-18 09:00")), name="late.ndjson")
    with whole.warehouse.connection() as db:
        take_in(db, whole.home.landing, upto=FIRST, scratch=whole.home.scratch)
    with pytest.raises(WrongDay, match=r"without \d+ operations that changed since"):
        read(whole, FIRST)


# Attempts, starts, claims


def several(*operations: list[str]) -> list[str]:
    return [line for lines in operations for line in lines]


def attempt(operation: str, started: str, upgrade: str, **more: object) -> list[str]:
    """One attempt of an upgrade of one cluster's control plane, quick and successful unless told otherwise."""
    return lines_of(operation, at(started), **{"cluster_id": f"cluster-of-{upgrade}", "upgrade_id": upgrade, **more})


def test_an_upgrade_counts_once_by_its_first_attempt_and_by_what_became_of_it(whole: WholeHome):
    whole.deliver(
        FIRST,
        *attempt("a1", "2026-11-18 01:00", "a"),
        *attempt("b1", "2026-11-18 01:00", "b", outcome="failed"),
        *attempt("b2", "2026-11-18 02:00", "b", outcome="failed"),
        *attempt("c1", "2026-11-18 01:00", "c", outcome="failed"),
        *attempt("d1", "2026-11-18 01:00", "d", seconds=90_000),  # 25 hours
        *attempt("e1", "2026-11-18 01:00", "e", observed_version="1.30.9"),
        *attempt("f1", "2026-11-18 01:00", "f", outcome="cancelled"),
        *attempt("f2", "2026-11-18 02:00", "f"),
    )
    whole.deliver(
        LAST,
        *attempt("b3", "2026-11-19 01:00", "b"),
        *attempt("c2", "2026-11-19 01:00", "c", outcome="failed"),
        *attempt("e2", "2026-11-19 01:00", "e", seconds=None),
        *attempt("g1", "2026-11-19 01:00", "g", seconds=None),
        *attempt("h1", "2026-11-19 01:00", "h", outcome="failed"),
        attempt("h2", "2026-11-19 03:00", "h", seconds=None)[0].replace("started", "scheduled"),
    )
    whole.bring_to(LAST)
    # a at once; b at the third attempt; c twice in vain; d too late; e on another version, and its retry runs; of f the first
    # attempt was called off, and that of g is still young; the retry of h is only scheduled.
    rows = read(whole, LAST).attempts.rows()
    assert rows[0] == ("fleet", "", 6, 1, 1, 3, 1)
    assert {row[:2] for row in rows[1:]} == {("scope", "control_plane"), ("region", "westeurope"), ("to_version", "1.31.2")}
    assert {row[2:] for row in rows} == {(6, 1, 1, 3, 1)}


def test_attempts_on_several_resources_of_one_upgrade_are_upgrades_of_their_own(whole: WholeHome):
    pools = {"scope": "node_pool", "region": "eastus"}
    whole.deliver(
        FIRST,
        *attempt("p1", "2026-11-18 01:00", "a", node_pool="np1", outcome="failed", **pools),
        *attempt("p2", "2026-11-18 01:00", "a", node_pool="np2", **pools),
        *attempt("q1", "2026-11-18 01:00", "a"),
        *attempt("q2", "2026-11-18 02:00", "b", outcome="failed", cluster_id="cluster-of-a"),
    )
    whole.bring_to(FIRST)
    rows = {row[:2]: row[2:] for row in read(whole, FIRST).attempts.rows()}
    assert rows["fleet", ""] == (4, 2, 0, 0, 0)
    assert (rows["scope", "node_pool"], rows["scope", "control_plane"]) == ((2, 1, 0, 0, 0), (2, 1, 0, 0, 0))
    assert (rows["region", "eastus"], rows["region", "westeurope"]) == ((2, 1, 0, 0, 0), (2, 1, 0, 0, 0))


def scheduled(operation: str, moment: str) -> str:
    return lines_of(operation, at(moment), seconds=None)[0].replace("started", "scheduled")


def test_what_was_scheduled_more_than_a_day_ago_and_has_not_begun_is_listed_the_oldest_first(whole: WholeHome):
    whole.deliver(
        date(2026, 11, 16),
        scheduled("old", "2026-11-16 08:00"),
        scheduled("begun", "2026-11-16 08:00"),
        scheduled("skipped", "2026-11-16 08:00"),
        *lines_of("skipped", at("2026-11-16 09:00"), seconds=0, outcome="skipped")[1:],
    )
    whole.deliver(date(2026, 11, 17), scheduled("older", "2026-11-15 08:00"))
    whole.deliver(FIRST, scheduled("at the limit", "2026-11-19 00:00"), scheduled("just beyond", "2026-11-18 23:59:59"))
    whole.deliver(LAST, scheduled("young", "2026-11-19 08:00"), *lines_of("begun", at("2026-11-19 08:00"), seconds=None))
    whole.bring_to(LAST)
    data = read(whole, LAST)
    assert data.start_limit_seconds == 86_400.0
    assert data.unstarted.select("operation_id", "overdue_seconds", "in_all").rows() == [
        ("older", 88 * 3600.0, 3), ("old", 64 * 3600.0, 3), ("just beyond", 1.0, 3),
    ]  # fmt: skip


def test_the_objective_on_starts_says_when_a_start_is_overdue(whole: WholeHome):
    slo = (whole.home.objectives / "slo.yaml").read_text().replace("duration_seconds", "start_delay_seconds")
    (whole.home.objectives / "slo.yaml").write_text(slo)
    whole.deliver(LAST, scheduled("waits", "2026-11-19 22:00"), scheduled("young", "2026-11-19 23:30"))
    whole.bring_to(LAST)
    data = read(whole, LAST)
    assert data.start_limit_seconds == 3600.0
    assert data.unstarted.select("operation_id", "overdue_seconds").rows() == [("waits", 3600.0)]
    fleet = data.status.filter(
        (data.status["slice_by"] == "") & (data.status["window"] == "7d") & (data.status["slo"] == "speed")
    )
    assert fleet.select("good", "bad", "pending", "excluded", "p50").rows() == [(0, 1, 1, 0, None)]


def test_successes_are_told_apart_by_what_was_seen_of_them(whole: WholeHome):
    whole.deliver(
        FIRST,
        *lines_of("unseen", at("2026-11-18 08:00")),
        *lines_of("right", at("2026-11-18 08:00"), observed_version="1.31.2"),
        *lines_of("wrong", at("2026-11-18 08:00"), observed_version="1.30.9", from_version="1.30.9"),
        *lines_of("wrong too", at("2026-11-18 09:00"), observed_version="1.31.1"),
        *lines_of("failed", at("2026-11-18 08:00"), observed_version="1.30.9", outcome="failed"),
    )
    whole.bring_to(FIRST)
    data = read(whole, FIRST)
    assert data.claims.rows(named=True) == [{"succeeded": 4, "unobserved": 1, "unobserved_noops": 0, "contradicted": 2}]
    assert data.contradicted.select("operation_id", "observed_version", "is_suspected_noop").rows() == [
        ("wrong too", "1.31.1", False), ("wrong", "1.30.9", False),
    ]  # fmt: skip


def test_reasons_have_the_median_time_to_failure_and_their_most_frequent_codes(whole: WholeHome):
    def failed(operation: str, seconds: float, code: str) -> list[str]:
        return lines_of(operation, at("2026-11-18 08:00"), seconds=seconds, outcome="failed", error_code=code)

    whole.deliver(
        FIRST,
        *several(*(failed(f"q{number}", 60 * number, "QuotaExceeded") for number in (1, 2, 3))),
        *failed("p", 600, "PublicIPCountLimitReached"),
        *failed("e", 1200, "EniLimitReached"),
        *lines_of("no code", at("2026-11-18 08:00"), seconds=30, outcome="failed"),
        *lines_of("no start", at("2026-11-18 08:00"), seconds=30, outcome="failed")[1:],
    )
    whole.bring_to(FIRST)
    assert read(whole, FIRST).reasons.rows() == [
        ("capacity_quota", "customer", 5, 180.0, ["QuotaExceeded", "EniLimitReached", "PublicIPCountLimitReached"]),
        ("internal", "platform", 2, 30.0, []),
    ]  # fmt: skip


def test_operations_are_grouped_by_the_features_that_their_clusters_use(whole: WholeHome):
    whole.deliver(
        FIRST,
        *lines_of("a", at("2026-11-18 08:00"), api_features=["policy/v1beta1/PodDisruptionBudget"]),
        *lines_of("b", at("2026-11-18 08:00"), api_features=["policy/v1beta1/PodDisruptionBudget"], outcome="failed"),
        *lines_of("c", at("2026-11-18 08:00")),
    )
    whole.bring_to(FIRST)
    assert read(whole, FIRST).api_use.rows() == [([], "1.31", 0, 1), (["policy/v1beta1/PodDisruptionBudget"], "1.31", 1, 2)]
