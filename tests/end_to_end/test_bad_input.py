"""Bad input through the command: a clear message, the right exit code, and nothing lost.

What the input may be varied by here: lines that are no events, hostile lines, files that cannot be read, entries that are no
files, days without files, folders nobody knows, configuration with mistakes, a home or a warehouse that somebody else holds.
"""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from tests.data.whole_home import WholeHome, bytes_under, lines_of, new_home

FIRST, SECOND, THIRD = date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)
AT_EIGHT = datetime.fromisoformat("2026-11-18 08:00")
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def whole(tmp_path: Path) -> WholeHome:
    """Two ordinary days, nothing taken in yet."""
    home = new_home(tmp_path / "home")
    home.deliver_ordinary_days(FIRST, 2)
    return home


def ledger(home: WholeHome, day: date) -> dict[str, int]:
    return home.manifest(day)["ledger"]


def reasons(home: WholeHome, day: date) -> dict[str, str]:
    """What was observed, by check, for a refused day."""
    refused = json.loads((home.home.refused / str(day) / "reasons.json").read_bytes())
    return {each["check"]: each["observed"] for each in refused["reasons"]}


def landing(home: WholeHome, day: date) -> Path:
    return home.home.landing / "canonical" / str(day)


@contextmanager
def process(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Another process, once it has printed a line; it is killed at the end."""
    running = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert running.stdout is not None
        running.stdout.readline()
        yield running
    finally:
        running.kill()
        running.communicate()


def test_malformed_and_hostile_lines_are_quarantined_one_by_one_and_run_nowhere(whole: WholeHome):
    """190 good lines around them keep the share of refused ones below a half; an empty file beside them delivers nothing."""
    good = [line for n in range(95) for line in lines_of(f"op-{n}", AT_EIGHT, region=SCRIPT, workload_type='=HYPERLINK("x")')]
    [failed, _] = reversed(lines_of("hostile", AT_EIGHT, outcome="failed", error_code=SCRIPT, error_message="'; DROP TABLE x"))
    hostile: list[bytes] = [
        b"not json",
        b"{" * 5_000,
        b"\xff\xfe{}",
        b'{"id": "' + b"\\ud800" + b'"}',
        b"[]",
        b"{}",
        failed.replace("operation.failed", "operation.exploded").encode(),
        failed.replace("08:10", "08:99").encode(),
        failed.replace("2026-11-18T", "2031-11-18T").encode(),
        failed.replace('"1.0"', '"9.9"').encode(),
        b"\x00",
    ]
    whole.deliver(SECOND, name="empty.ndjson")
    (landing(whole, SECOND) / "hostile.ndjson").write_bytes(
        "\n".join(good).encode() + b"\n" + b"\n".join(hostile) + b"\n\n \t\n" + failed.encode()
    )

    result = whole.upgrade_slo("run")

    assert (result.exit_code, result.stderr) == (0, "")
    # The ordinary days have 6 and 7 lines; then the empty file, 190 good, 11 hostile, 2 blank ones and one without an end.
    assert ledger(whole, SECOND) == {
        "lines": 217, "blank": 2, "records": 215, "accepted": 204, "duplicate": 0, "quarantined": 11, "not_an_upgrade": 0,
    }  # fmt: skip
    with duckdb.connect(str(whole.warehouse.path), read_only=True) as db:
        kept = db.execute("SELECT line, reason, raw FROM telemetry.quarantine ORDER BY line").fetchall()
    assert [line for line, _, _ in kept] == list(range(191, 202))
    assert [reason for _, reason, _ in kept] == [
        "invalid_json", "invalid_json", "invalid_utf8", "invalid_json", "not_an_object", "missing_field:specversion",
        "unknown_event_type", "invalid_time", "time_out_of_range", "unsupported_specversion", "invalid_json",
    ]  # fmt: skip
    assert [raw for _, _, raw in kept] == hostile
    page = (whole.published / "latest" / "report.html").read_text(encoding="utf-8")
    assert SCRIPT not in page
    assert "'=HYPERLINK" in (whole.published / "latest" / "slo_status.csv").read_text(encoding="utf-8")


def test_a_day_without_a_file_is_refused_and_published_when_the_fleet_is_said_not_to_deliver_daily(whole: WholeHome):
    """The folder of the 20th is there and empty, so that the newest day with a file is the 21st."""
    landing(whole, THIRD).mkdir()
    whole.deliver(date(2026, 11, 21), *lines_of("after", datetime.fromisoformat("2026-11-21 08:00")))

    refused = whole.upgrade_slo("run")
    assert refused.exit_code == 3
    assert "days_have_no_gap: 2026-11-21: observed 1 (2026-11-20)" in refused.stderr
    assert "deliver an empty one for a day without events, or set UPGRADE_SLO_GAPS=warn" in refused.stderr
    assert reasons(whole, date(2026, 11, 21)) == {"days_have_no_gap": "1 (2026-11-20)"}
    assert not whole.published.exists()

    published = whole.upgrade_slo("run", "--date", "2026-11-20", UPGRADE_SLO_GAPS="warn")
    assert (published.exit_code, published.stderr) == (0, "")
    warnings = {each["suite"]: each["warnings"] for each in whole.manifest(THIRD)["verdicts"]}
    assert (warnings["ledger"], warnings["events"]) == (["days_have_no_gap"], ["day_has_files"])
    assert ledger(whole, THIRD)["accepted"] == 13


def test_a_day_before_the_first_delivery_is_refused(whole: WholeHome):
    result = whole.upgrade_slo("run", "--date", "2026-11-01")
    assert result.exit_code == 3
    assert "has_deliveries: 2026-11-01: observed 0; accepted: at least one file was delivered" in result.stderr


def test_entries_that_cannot_be_read_refuse_the_day_by_name_until_they_are_mended_or_gone(whole: WholeHome, tmp_path: Path):
    complete = gzip.compress("\n".join(lines_of("packed", AT_EIGHT)).encode())
    (landing(whole, FIRST) / "torn.ndjson.gz").write_bytes(complete[:-12])
    (tmp_path / "secret.ndjson").write_text("\n".join(lines_of("stolen", AT_EIGHT)))
    (landing(whole, FIRST) / "outside.ndjson").symlink_to(tmp_path / "secret.ndjson")
    os.mkfifo(landing(whole, FIRST) / "pipe.ndjson")
    (landing(whole, FIRST) / "notes.txt").write_text("hello")
    os.close(os.open(os.fsencode(landing(whole, FIRST)) + b"/\xff.ndjson", os.O_CREAT))

    refused = whole.upgrade_slo("run")

    assert refused.exit_code == 3
    told = [line for line in refused.stderr.splitlines() if line.startswith("warning: landing/canonical/2026-11-18/")]
    for line, name, problem, remedy in zip(
        told,
        ("\\xff.ndjson", "notes.txt", "outside.ndjson", "pipe.ndjson", "torn.ndjson.gz"),
        ("not UTF-8", "none of *.json", "a link that leads outside", "a named pipe", "no complete gzip stream"),
        ("Rename", "Rename", "Copy", "Remove", "Deliver it again"),
        strict=True,
    ):
        assert f"/{name}: " in line
        assert problem in line
        assert remedy in line
    assert "refused 2026-11-19: files_are_readable: " in refused.stderr
    assert set(reasons(whole, SECOND)) == {"files_are_readable"}
    assert "canonical/2026-11-18/torn.ndjson.gz: it is no complete gzip stream" in reasons(whole, SECOND)["files_are_readable"]

    (landing(whole, FIRST) / "torn.ndjson.gz").write_bytes(complete)
    for name in ("outside.ndjson", "pipe.ndjson", "notes.txt", "\udcff.ndjson"):
        (landing(whole, FIRST) / name).unlink()
    mended = whole.upgrade_slo("run")
    assert (mended.exit_code, mended.stderr) == (0, "")
    assert ledger(whole, SECOND)["accepted"] == 6 + 7 + 2
    assert not (whole.home.refused / "2026-11-19").exists()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        pytest.param("aks_events/2026-11-19/a.ndjson", "landing/aks_events is not a source; accepted: canonical, ", id="source"),
        pytest.param("canonical/19.11.2026/a.ndjson", "landing/canonical/19.11.2026 is not a delivery day; accepted:", id="day"),
        pytest.param("canonical/2026-02-30/a.ndjson", "landing/canonical/2026-02-30 is not a delivery day; accepted:", id="date"),
        pytest.param("canonical/a.ndjson", "landing/canonical/a.ndjson is not a delivery day; accepted:", id="file in a source"),
        pytest.param("a.ndjson", "landing/a.ndjson is not a source; accepted: canonical, ", id="file in the landing zone"),
    ],
)
def test_a_folder_that_nobody_knows_fails_the_command_and_is_named(whole: WholeHome, entry: str, message: str):
    file = whole.home.landing / entry
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    for command in ("run", "rebuild"):
        result = whole.upgrade_slo(command)
        assert result.exit_code == 1
        assert result.stderr.startswith(f"Error: {message}")
        assert "Move " in result.stderr


def fails_and_recovers(home: WholeHome, message: str, mend: Callable[[], object]) -> None:
    """A run fails with this message and publishes nothing; after mending the tables hold everything that was delivered."""
    failed = home.upgrade_slo("run")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert message in failed.stderr
    assert not home.published.exists()
    mend()
    home.bring_to(SECOND)
    assert len(home.tables()["telemetry.events"]) == 13


def test_a_mistake_in_the_objectives_fails_the_run_with_file_and_line(whole: WholeHome):
    file = whole.home.objectives / "slo.yaml"
    right = file.read_text()
    file.write_text(right.replace("state = 'succeeded'", "state = read_text('/etc/passwd')"))
    fails_and_recovers(
        whole, "failed 2026-11-19: 1 problem in the objectives\nobjectives/slo.yaml:", lambda: file.write_text(right)
    )


def test_a_ragged_inventory_fails_the_run_with_file_and_line(whole: WholeHome):
    whole.home.inventory.mkdir()
    file = whole.home.inventory / "clusters.csv"
    file.write_text("cluster_id,node_pool,region,workload_type,provider,valid_from,valid_to\nc-1,,westeurope\n")
    message = (
        "failed 2026-11-19: inventory/clusters.csv:2: the line has 3 cells; accepted: 7, as in the first line. Mend the line.\n"
    )
    fails_and_recovers(whole, message, file.unlink)


def test_a_warehouse_that_is_no_database_fails_the_run_and_is_rebuilt(whole: WholeHome):
    whole.warehouse.path.write_bytes(b"this is no database" * 1_000)
    fails_and_recovers(whole, "failed 2026-11-19: warehouse.duckdb cannot be opened: ", lambda: whole.upgrade_slo("rebuild"))


def test_a_warehouse_of_another_version_is_refused_with_the_command_that_helps(whole: WholeHome):
    with whole.warehouse.transaction() as db:
        db.execute("UPDATE main.layout SET fingerprint = '0-1'")
    fails_and_recovers(whole, "warehouse.duckdb has layout 0-1; accepted: ", lambda: whole.upgrade_slo("rebuild"))


def test_a_warehouse_in_use_fails_the_run_and_the_rebuild_and_names_the_process(whole: WholeHome):
    whole.bring_to(SECOND)
    before = whole.tables()
    holding = "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print(1, flush=True); sys.stdin.read()"
    with process(holding, str(whole.warehouse.path)) as other:
        for command in ("run", "rebuild"):
            result = whole.upgrade_slo(command)
            assert result.exit_code == 1
            assert f"warehouse.duckdb is held by process {other.pid}; gave up after 0 s. Wait for that run" in result.stderr
    assert whole.tables() == before


def test_a_home_in_use_fails_every_command_and_names_the_process(whole: WholeHome):
    holding = (
        "import sys; from pathlib import Path; from assets.home import Home; from pipelines.holding import held\n"
        "with held(Home(root=Path(sys.argv[1])), patience_seconds=0): print(1, flush=True); sys.stdin.read()"
    )
    before = bytes_under(whole.home.root)
    with process(holding, str(whole.home.root)) as other:
        for words in (["run"], ["rebuild"], ["simulate", "--days", "1"]):
            result = whole.upgrade_slo(*words)
            assert result.exit_code == 1
            assert f"Error: the home is held by process {other.pid}; gave up after 0 s." in result.stderr
    assert {name: content for name, content in bytes_under(whole.home.root).items() if name != ".lock"} == before


def test_a_home_without_any_event_can_be_rebuilt(tmp_path: Path):
    home = new_home(tmp_path)
    home.deliver(date(2026, 11, 20), "no json")
    result = home.upgrade_slo("rebuild")
    assert result.exit_code == 0, result.output
