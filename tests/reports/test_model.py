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
