"""Publishing: at once, as a whole, the same again from the same inputs, and nothing that was published is ever lost."""

import csv
import io
import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from assets.reports import publish
from assets.reports.publish import published_days, stale_days
from assets.reports.report_data import ReportData
from assets.slo.status import COLUMNS
from tests.data.whole_home import WholeHome, bytes_under, lines_of, new_home, tables_in

FIRST, SECOND, THIRD = date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 19)
ARTEFACTS = {"report.html", "summary.txt", "slo_status.parquet", "slo_status.csv", "slo_alerts.parquet", "manifest.json"}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> WholeHome:
    """Three ordinary days, the first two of them published. Not to be changed."""
    home = new_home(tmp_path_factory.mktemp("original") / "home")
    home.deliver_ordinary_days(FIRST, 3)
    home.publish(FIRST)
    home.publish(SECOND)
    return home


@pytest.fixture
def whole(original: WholeHome, tmp_path: Path) -> WholeHome:
    return original.copy(tmp_path / "home")


def snapshot(home: WholeHome) -> dict[str, list[tuple[Any, ...]]]:
    return tables_in(home.published / "upgrade_slo.duckdb")


def late_success(home: WholeHome, day: date, name: str) -> None:
    """A file for an old day: one more operation of 600 s, started on that day at 09:00."""
    home.deliver(day, *lines_of(name, datetime(day.year, day.month, day.day, 9)), name=f"{name}.ndjson")  # noqa: DTZ001


def state_of(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Inode, modification time and content of each file of a published day."""
    files = [path for path in folder.resolve().rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_a_published_day_has_every_artefact_and_a_manifest_that_names_their_hashes(original: WholeHome):
    import hashlib

    folder = original.published / "2026-11-18"
    assert {each.name for each in folder.iterdir()} == ARTEFACTS
    manifest = original.manifest(SECOND)
    assert manifest["artefacts"] == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ARTEFACTS - {"manifest.json"}
    }
    assert (manifest["report_date"], manifest["as_of"]) == ("2026-11-18", "2026-11-19T00:00:00Z")
    assert (manifest["revision"], manifest["replaces"], manifest["moved"]) == (1, None, [])
    assert manifest["maturity"] == "preliminary"
    # Two days of three operations with a start and an end each.
    assert manifest["ledger"] == {
        "lines": 12, "blank": 0, "records": 12, "accepted": 12, "duplicate": 0, "quarantined": 0, "not_an_upgrade": 0,
    }  # fmt: skip
    assert [each["suite"] for each in manifest["verdicts"]] == ["ledger", "events", "operations", "cells", "status", "alerts"]
    assert all(each == {"suite": each["suite"], "passed": True, "checks": 1, "warnings": []} for each in manifest["verdicts"])
    [files] = manifest["deliveries"]
    assert pl.read_parquet(original.published / ".deliveries" / files).select("path", "events").rows() == [
        ("canonical/2026-11-17/part-0.ndjson", 6), ("canonical/2026-11-18/part-0.ndjson", 6),
    ]  # fmt: skip
    assert manifest.keys() >= {"inputs_sha256", "objectives_sha256", "code_version", "generated_at"}


def test_the_published_status_has_the_columns_of_the_contract(original: WholeHome):
    folder = original.published / "2026-11-18"
    parquet = pl.read_parquet(folder / "slo_status.parquet")
    assert tuple(parquet.columns) == COLUMNS
    rows = list(csv.DictReader(io.StringIO((folder / "slo_status.csv").read_text(encoding="utf-8"))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == parquet.height


def test_latest_leads_to_the_newest_published_day_whatever_was_published_last(whole: WholeHome):
    assert (whole.published / "latest").resolve() == (whole.published / "2026-11-18").resolve()
    whole.publish(FIRST)
    assert (whole.published / "latest").readlink() == Path("2026-11-18")
    whole.publish(THIRD)
    assert (whole.published / "latest" / "report.html").read_bytes() == (
        whole.published / "2026-11-19" / "report.html"
    ).read_bytes()
    assert published_days(whole.published) == [FIRST, SECOND, THIRD]


def test_publishing_again_from_the_same_inputs_changes_nothing(whole: WholeHome):
    link = (whole.published / "2026-11-18").readlink()
    files, tables, entries = (
        state_of(whole.published / "2026-11-18"), snapshot(whole), sorted(each.name for each in whole.published.iterdir()),
    )  # fmt: skip
    whole.publish(SECOND)
    assert (whole.published / "2026-11-18").readlink() == link
    assert state_of(whole.published / "2026-11-18") == files
    assert snapshot(whole) == tables
    assert sorted(each.name for each in whole.published.iterdir()) == entries
    assert len(list((whole.published / ".builds").iterdir())) == 2


def test_two_homes_with_the_same_inputs_publish_the_same_bytes_but_for_the_moment_of_making(original: WholeHome, tmp_path: Path):
    """The other home takes everything in at once, builds its days in another order, and lies elsewhere."""
    other = new_home(tmp_path / "a place with 'quotes' and spaces [x]" / "home")
    other.deliver_ordinary_days(FIRST, 3)
    other.bring_to(THIRD)
    other.publish(SECOND)
    other.publish(FIRST)
    for day in (FIRST, SECOND):
        ours, theirs = (bytes_under(home.published / str(day)) for home in (original, other))
        assert {name: content for name, content in ours.items() if name != "manifest.json"} == {
            name: content for name, content in theirs.items() if name != "manifest.json"
        }
        assert original.manifest(day) | {"generated_at": ""} == other.manifest(day) | {"generated_at": ""}


def test_a_late_file_makes_a_new_revision_that_keeps_the_old_one_and_names_the_figures_that_moved(whole: WholeHome):
    first = bytes_under(whole.published / "2026-11-17")
    late_success(whole, FIRST, "late")
    whole.publish(FIRST)

    manifest = whole.manifest(FIRST)
    assert (manifest["revision"], manifest["replaces"]) == (2, 1)
    unmoved = {"bad": {"before": 2, "after": 2}, "pending": {"before": 0, "after": 0}, "excluded": {"before": 0, "after": 0}}
    success = {"good": {"before": 2, "after": 3}, **unmoved, "bad": {"before": 1, "after": 1}}
    speed = {"good": {"before": 1, "after": 2}, **unmoved}
    assert manifest["moved"] == [
        {"slo": slo, "window": window, **figures}
        for slo, figures in (("speed", speed), ("success", success))
        for window in ("1d", "28d", "3d", "7d")
    ]
    assert bytes_under(whole.published / "2026-11-17" / "revisions" / "1") == first
    assert (whole.published / "2026-11-17" / "report.html").read_bytes() != first["report.html"]

    late_success(whole, FIRST, "later")
    second = {name: content for name, content in bytes_under(whole.published / "2026-11-17").items() if "/" not in name}
    whole.publish(FIRST)
    assert (whole.manifest(FIRST)["revision"], whole.manifest(FIRST)["replaces"]) == (3, 2)
    revisions = whole.published / "2026-11-17" / "revisions"
    assert sorted(each.name for each in revisions.iterdir()) == ["1", "2"]
    assert bytes_under(revisions / "1") == first
    assert bytes_under(revisions / "2") == second


def test_a_revision_without_moved_figures_says_so(whole: WholeHome):
    whole.deliver(FIRST, name="empty.ndjson")
    whole.publish(FIRST)
    assert (whole.manifest(FIRST)["revision"], whole.manifest(FIRST)["moved"]) == (2, [])
    assert "No figure of the fleet moved" in page(whole, FIRST)
    assert files_named(page(whole, FIRST)) == [("canonical/2026-11-17/empty.ndjson", "17 Nov 2026", "new", "– → 0")]


def page(home: WholeHome, day: date) -> str:
    return (home.published / day.isoformat() / "report.html").read_text(encoding="utf-8")


def restated(text: str) -> str:
    """The section on what was restated, without markup; empty when there is none."""
    section = re.search(r'<section id="restated".*?</section>', text, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", section[0]) if section else ""


def files_named(text: str) -> list[tuple[str, ...]]:
    """The rows of the table of deliveries."""
    table = re.search(r"Deliveries that changed</caption>(.*?)</table>", text, flags=re.DOTALL)
    rows = re.findall(r"<tr>(<th scope=\"row\".*?)</tr>", table[1]) if table else []
    return [tuple(re.findall(r">([^<]+)</t[hd]>", row)) for row in rows]


def test_a_first_revision_restates_nothing(original: WholeHome):
    assert restated(page(original, SECOND)) == ""
    assert "see what moved" not in page(original, SECOND)


def test_the_page_of_a_revision_names_the_files_that_are_new_changed_or_gone(whole: WholeHome):
    whole.deliver(FIRST, *lines_of("also", datetime(2026, 11, 17, 7)), name="part-1.ndjson")  # noqa: DTZ001
    whole.publish(SECOND)
    assert files_named(page(whole, SECOND)) == [("canonical/2026-11-17/part-1.ndjson", "17 Nov 2026", "new", "– → 2")]

    whole.deliver(SECOND, *lines_of("only", datetime(2026, 11, 18, 7)))  # noqa: DTZ001
    (whole.home.landing / "canonical" / "2026-11-17" / "part-1.ndjson").unlink()
    whole.publish(SECOND)
    text = page(whole, SECOND)
    assert "Restated since revision 2" in restated(text)
    assert "Because of 1 changed file and 1 missing file" in restated(text)
    assert files_named(text) == [
        ("canonical/2026-11-17/part-1.ndjson", "17 Nov 2026", "gone", "2 → –"),
        ("canonical/2026-11-18/part-0.ndjson", "18 Nov 2026", "changed", "6 → 2"),
    ]


def test_a_revision_that_is_built_again_names_the_same_files_and_is_the_same(whole: WholeHome):
    late_success(whole, FIRST, "late")
    whole.publish(FIRST)
    late_success(whole, FIRST, "later")
    whole.publish(FIRST)
    files = state_of(whole.published / "2026-11-17")
    assert files_named(page(whole, FIRST)) == [("canonical/2026-11-17/later.ndjson", "17 Nov 2026", "new", "– → 2")]
    whole.publish(FIRST)
    assert state_of(whole.published / "2026-11-17") == files
    assert whole.manifest(FIRST)["revision"] == 3


def test_a_revision_names_what_else_is_other(whole: WholeHome):
    whole.home.inventory.mkdir()
    (whole.home.inventory / "clusters.csv").write_text("cluster_id,node_pool,region,workload_type,provider,valid_from,valid_to\n")
    objectives = whole.home.objectives / "slo.yaml"
    objectives.write_text(objectives.read_text().replace("target: 0.9}", "target: 0.1}"))
    whole.publish(SECOND)
    text = restated(page(whole, SECOND))
    assert "Because of changed objectives and a changed inventory" in text
    # With 95 % confidence, 4 successes of 6 mean more than 27 %; 2 of 6 in time mean more than 6 % and less than 73 %.
    assert "2 of 2 objectives have another verdict than before: Upgrades succeed and Upgrades within an hour" in text
    assert "Cannot tell yet → Met" in text
    assert "Missed → Cannot tell yet" in text
    assert whole.manifest(SECOND)["moved"] == []


def test_a_revision_of_a_report_that_kept_no_list_of_its_files_says_so(whole: WholeHome):
    manifest = whole.published / "2026-11-18" / "manifest.json"
    content = json.loads(manifest.read_bytes())
    del content["deliveries"]
    manifest.write_text(json.dumps(content))
    whole.publish(SECOND)
    text = restated(page(whole, SECOND))
    assert "It was not recorded which files revision 1 rests on" in text
    assert "cannot be named" in text


def test_the_name_of_a_file_runs_nowhere(whole: WholeHome):
    whole.deliver(FIRST, name="<script>alert(1)<x>.ndjson")
    whole.publish(FIRST)
    assert "canonical/2026-11-17/&lt;script&gt;alert(1)&lt;x&gt;.ndjson" in page(whole, FIRST)
    assert "<script>alert(1)" not in page(whole, FIRST)


@pytest.mark.parametrize(
    ("day", "is_late", "revision"),
    [
        pytest.param(THIRD, False, 1, id="a day for the first time"),
        pytest.param(SECOND, False, 1, id="a day again, from the same inputs"),
        pytest.param(SECOND, True, 2, id="a day again, from other inputs"),
    ],
)
def test_the_page_is_drawn_once(whole: WholeHome, monkeypatch: pytest.MonkeyPatch, day: date, is_late: bool, revision: int):
    """It takes seconds. Another revision was drawn twice: as the one that is published, to compare, and then as itself."""
    drawn = []
    render = publish.render

    def counted(data: ReportData) -> str:
        drawn.append(data.revision)
        return render(data)

    monkeypatch.setattr(publish, "render", counted)
    if is_late:
        late_success(whole, day, "late")
    whole.publish(day)
    assert (drawn, whole.manifest(day)["revision"]) == ([revision], revision)


def test_a_report_that_comes_out_otherwise_from_the_same_inputs_is_a_new_revision(
    whole: WholeHome, monkeypatch: pytest.MonkeyPatch
):
    before = bytes_under(whole.published / "2026-11-18")
    monkeypatch.setattr(publish, "summary_text", lambda data: f"other words, revision {data.revision}\n")
    whole.publish(SECOND)
    assert (whole.manifest(SECOND)["revision"], whole.manifest(SECOND)["replaces"]) == (2, 1)
    assert (whole.published / "2026-11-18" / "summary.txt").read_text() == "other words, revision 2\n"
    assert bytes_under(whole.published / "2026-11-18" / "revisions" / "1") == before


def test_days_whose_inputs_moved_since_they_were_published_are_stale(whole: WholeHome):
    late_success(whole, SECOND, "late")
    whole.bring_to(SECOND)
    with whole.warehouse.transaction() as db:
        assert stale_days(db, whole.published) == [SECOND]


def test_text_that_a_spreadsheet_would_run_is_defused_in_the_csv_and_kept_in_parquet(tmp_path: Path):
    names = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "plain", "a=b", "'quoted", 'say "hi", twice']
    home = new_home(tmp_path / "home")
    at = datetime(2026, 11, 17, 8)  # noqa: DTZ001
    home.deliver(FIRST, *(line for n, name in enumerate(names) for line in lines_of(f"op-{n}", at, workload_type=name)))
    home.publish(FIRST)
    folder = home.published / "2026-11-17"
    assert set(pl.read_parquet(folder / "slo_status.parquet")["workload_type"].drop_nulls()) == set(names)
    text = (folder / "slo_status.csv").read_bytes().decode("utf-8")
    cells = {row["workload_type"] for row in csv.DictReader(io.StringIO(text, newline=""))} - {""}
    assert cells == {"'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\tx", "'\rx", "plain", "a=b", "'quoted", 'say "hi", twice'}


def test_a_refused_day_leaves_everything_published_as_it_was(whole: WholeHome):
    before = bytes_under(whole.published)
    links = {each.name: each.readlink() for each in whole.published.iterdir() if each.is_symlink()}
    late_success(whole, SECOND, "late")
    whole.bring_to(SECOND)
    with pytest.raises(dg.Failure):
        whole.report(SECOND)
    assert bytes_under(whole.published) == before
    assert {each.name: each.readlink() for each in whole.published.iterdir() if each.is_symlink()} == links
    assert (whole.home.refused / "2026-11-18" / "reasons.json").is_file()


def test_what_an_interrupted_build_left_behind_is_in_nobodys_way(whole: WholeHome):
    builds = whole.published / ".builds"
    for name in ("2026-11-17.2", "2026-11-17.1.again", "2026-11-19.1"):
        (builds / name).mkdir()
        (builds / name / "report.html").write_text("half a report")
    (whole.published / ".deliveries" / ".2026-11.0123456789abcdef.parquet.new").write_bytes(b"half a list")
    (whole.published / ".upgrade_slo.duckdb.new").write_bytes(b"half a snapshot")
    (whole.published / ".2026-11-19.new").symlink_to("nowhere")
    late_success(whole, FIRST, "late")
    whole.publish(FIRST)
    assert whole.manifest(FIRST)["revision"] == 2
    whole.publish(THIRD)
    assert published_days(whole.published) == [FIRST, SECOND, THIRD]
    assert {each.name for each in whole.published.iterdir()} == {
        ".builds", ".deliveries", ".tables", "2026-11-17", "2026-11-18", "2026-11-19", "latest", "upgrade_slo.duckdb",
    }  # fmt: skip
    assert {each.name for each in builds.iterdir()} == {"2026-11-17.2", "2026-11-18.1", "2026-11-19.1"}
    assert not [*(whole.published / ".deliveries").glob(".*")]


def test_builds_that_no_day_shows_are_removed_even_when_nothing_new_is_published(whole: WholeHome):
    """A process that is killed after it swapped the link leaves what it replaced; nothing removed that again."""
    builds = whole.published / ".builds"
    (builds / "2026-11-16.1").mkdir()
    (whole.published / ".2026-11-16.new").symlink_to(".builds/2026-11-16.1")
    whole.publish(SECOND)
    assert {each.name for each in builds.iterdir()} == {"2026-11-17.1", "2026-11-18.1"}
    assert published_days(whole.published) == [FIRST, SECOND]
