"""What the version catalogue adds to the page, on counts and a catalogue written in the tests."""

import html
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.reference import ReferenceData
from assets.reports.page import render
from assets.reports.report_data import ReportData, Versions
from assets.reports.scores import scores
from assets.reports.support import distances, marks, no_distance
from assets.upgrades.catalogue import Catalogue, read_catalogue
from tests.data.whole_home import WholeHome, lines_of, new_home

# The report day of these tests is the 12 February 2025.
CATALOGUE = """
versions:
  - {provider: aks, minor: "1.29", released: 2024-03-18, end_of_life: 2025-02-11, source: https://endoflife.date/azure-kubernetes-service}
  - {provider: aks, minor: "1.30", released: 2024-08-05, end_of_life: 2025-02-12}
  - {provider: aks, minor: "1.31", released: 2024-10-25}
  - {provider: aks, minor: "1.32", released: 2025-02-13}
  - {provider: eks, minor: "1.29", released: 2024-01-23, end_of_life: 2025-01-31, extended_end_of_life: 2026-01-31}
  - {provider: eks, minor: "1.30", released: 2024-05-23, end_of_life: 2025-07-23}
  - {provider: gke, minor: "1.29", released: 2024-01-31, source: a table of ours}
"""


def catalogue(text: str = CATALOGUE) -> Catalogue:
    found = read_catalogue(ReferenceData({"versions.yaml": text.encode()}))
    assert found is not None
    return found


def counts(rows: list[tuple[str, str, int, int]], *, slo: str = "upgrade-success") -> pl.DataFrame:
    """Rows of (provider, version, good, bad) of one objective."""
    names = ["slo", "provider", "to_version", "good", "bad", "pending", "excluded"]
    return pl.DataFrame([(slo, *row, 0, 0) for row in rows], schema=names, orient="row", schema_overrides={"good": pl.Int64})


def report(build: Any, rows: list[tuple[str, str, int, int]], **changes: Any) -> ReportData:
    """A report of one objective whose fleet is these rows of (provider, version, good, bad)."""
    good, bad = sum(row[2] for row in rows), sum(row[3] for row in rows)
    given = build.Input().add(build.objective(**changes), [(good, bad)])
    return replace(given.data(), versions=Versions(catalogue(), counts(rows)))


def shown(data: ReportData) -> tuple[str, list[tuple[str, ...]]]:
    """The finding and the rows of the only objective, with plain spaces."""
    [only] = distances(data, scores(data))
    rows = [] if only.table is None else only.table.rows
    return only.title, [tuple(cell.replace("\u202f", " ") for cell in row.cells) for row in rows]


def test_operations_are_counted_by_the_minors_they_are_behind_in_all_and_per_provider(build):
    title, rows = shown(
        report(
            build,
            [
                ("aks", "1.31.2", 900, 0),
                ("aks", "1.31.1", 100, 0),  # the same minor
                ("aks", "1.29.4", 180, 20),
                ("eks", "1.30", 400, 0),  # the newest of eks, although aks has 1.31
                ("eks", "1.29", 12, 10),
                ("gke", "latest", 50, 0),
            ],
        )
    )
    assert title == "Upgrade success: 1,400 of 1,622 upgrades went to the newest minor; the distance of 50 more is not known"
    # Wilson 95 % intervals: 1400 of 1400 from .99726, 180 of 200 .85056 to .93433, 50 of 50 from .92865, and so on.
    assert rows == [
        ("All providers", "newest minor", "1,400", "0", "100.00 %", "99.73 % – 100.00 %", "Met"),
        ("All providers", "1 minor behind", "12", "10", "too few to judge (n = 22)", "–", "–"),
        ("All providers", "2 minors behind", "180", "20", "90.00 %", "85.06 % – 93.43 %", "Missed"),
        ("All providers", "unknown", "50", "0", "100.00 %", "92.87 % – 100.00 %", "Cannot tell yet"),
        ("aks, newest 1.31", "newest minor", "1,000", "0", "100.00 %", "99.62 % – 100.00 %", "Met"),
        ("aks, newest 1.31", "2 minors behind", "180", "20", "90.00 %", "85.06 % – 93.43 %", "Missed"),
        ("eks, newest 1.30", "newest minor", "400", "0", "100.00 %", "99.05 % – 100.00 %", "Met"),
        ("eks, newest 1.30", "1 minor behind", "12", "10", "too few to judge (n = 22)", "–", "–"),
        ("gke, newest 1.29", "unknown", "50", "0", "100.00 %", "92.87 % – 100.00 %", "Cannot tell yet"),
    ]


def test_one_provider_alone_is_all_of_them(build):
    _, rows = shown(report(build, [("aks", "1.31.2", 40, 0), ("aks", "1.30.2", 40, 0)]))
    assert [row[:2] for row in rows] == [("aks, newest 1.31", "newest minor"), ("aks, newest 1.31", "1 minor behind")]


def test_a_minor_that_the_provider_has_not_released_yet_is_ahead_of_the_newest(build):
    title, rows = shown(report(build, [("aks", "1.32.0", 40, 0), ("aks", "1.33.0", 20, 0)]))
    assert rows == [
        ("aks, newest 1.31", "ahead of the newest minor", "60", "0", "100.00 %", "93.98 % – 100.00 %", "Cannot tell yet")
    ]
    assert title == "Upgrade success: 0 of 60 upgrades went to the newest minor"


def test_a_fleet_that_the_catalogue_does_not_know_has_no_known_distance(build):
    title, rows = shown(report(build, [("openshift", "4.14.1", 990, 10)]))
    assert title == "Upgrade success: no distance is known"
    assert rows == [
        ("openshift, no minor in the catalogue", "unknown", "990", "10", "99.00 %", "98.17 % – 99.46 %", "Cannot tell yet")
    ]


@pytest.mark.parametrize("rows", [[], [("aks", "1.31.2", 0, 0)]])
def test_without_a_decided_upgrade_the_finding_says_so(build, rows):
    assert shown(report(build, rows)) == ("Upgrade success: no upgrade was decided in the window", [])


def test_a_distance_without_decided_upgrades_keeps_its_row_without_a_rate(build):
    _, rows = shown(report(build, [("aks", "1.31.2", 40, 0), ("aks", "1.30.2", 0, 0)]))
    assert rows[1] == ("aks, newest 1.31", "1 minor behind", "0", "0", "–", "–", "No data")


def test_the_note_tells_the_window_and_where_the_catalogue_comes_from(build):
    data = report(build, [("aks", "1.31.2", 40, 0), ("eks", "1.30", 40, 0)], window="7d", window_days=7)
    [only] = distances(data, scores(data))
    assert only.table.note == (
        "Upgrades that started in the 7 days to 12 Feb 2025: how many minors their version is behind the newest one that their "
        "provider had released by then. Catalogue: https://endoflife.date/azure-kubernetes-service."
    )


def test_of_very_many_providers_the_busiest_are_shown_and_the_rest_counted(build):
    data = report(build, [(f"p{number:02}", "1.31.2", 100 - number, 0) for number in range(40)])
    [only] = distances(data, scores(data))
    assert [row.cells[0].partition(",")[0] for row in only.table.rows] == ["All providers", *(f"p{n:02}" for n in range(24))]
    assert only.table.note.endswith("The first 25 of 41 rows.")


def test_objectives_on_durations_have_no_success_rate_and_no_table(build):
    slow = build.objective("duration", kind="threshold", op="lte", value=3600.0, good_where=None)
    given = build.Input().add(slow, [(40, 0)]).add(build.objective(), [(40, 0)])
    rows = pl.concat([counts([("aks", "1.31.2", 40, 0)], slo=name) for name in ("duration", "upgrade-success")])
    data = replace(given.data(), versions=Versions(catalogue(), rows))
    assert [each.title.partition(":")[0] for each in distances(data, scores(data))] == ["Upgrade success"]

    alone = replace(build.Input().add(slow, [(40, 0)]).data(), versions=Versions(catalogue(), rows))
    assert distances(alone, scores(alone)) == []
    assert no_distance(alone) == "No objective counts successes, so there is no success rate to compare."


def test_without_a_catalogue_one_line_says_so_and_how_to_add_one(build):
    data = build.Input().add(build.objective(), [(40, 0)]).data()
    assert distances(data, scores(data)) == []
    assert marks(data) == {}
    assert no_distance(data) == (
        "There is no version catalogue: list the minors of your providers in reference/versions.yaml of the home, "
        "then run the day again."
    )
    assert f'<p class="empty">{no_distance(data)}</p>' in render(data)


def test_versions_past_their_support_are_marked_with_the_providers_of_their_operations(build):
    data = report(
        build,
        [
            ("aks", "1.29.4", 1, 0),
            ("eks", "1.29", 1, 0),
            ("gke", "1.29.4", 1, 0),  # supported for all that is known
            ("aks", "1.30.2", 1, 0),  # on its last day
            ("aks", "1.31.2", 1, 0),
            ("openshift", "1.29.4", 1, 0),
            ("aks", "unknown", 1, 0),
        ],
    )
    assert marks(data) == {
        ("to_version", "1.29.4"): "unsupported on aks",
        ("to_version", "1.29"): "in extended support on eks",
        ("to_minor", "1.29"): "unsupported on aks; in extended support on eks",
    }


@pytest.fixture(scope="module")
def marked_page(build: Any) -> str:
    """A page whose tables and map show a version without support (1.29.4), and one with it (1.31.2)."""
    slow = build.objective("duration", kind="threshold", op="lte", value=3600.0, good_where=None, target=0.95)
    given = build.Input().add(build.objective(), [(9_000, 1_000)])
    given.add(slow, [(9_000, 1_000)], quantiles=(1300.0, 2300.0, 2900.0, 4800.0))
    for version in ("1.29.4", "1.31.2"):
        given.status += [
            build.status_row(given.objectives[0], 400, 100, to_version=version),
            build.status_row(given.objectives[0], 300, 90, to_version=version, region="westeurope"),
            build.status_row(given.objectives[0], 700, 110, to_minor=version.rpartition(".")[0]),
            build.status_row(slow, 400, 100, to_version=version, quantiles=(1300.0, 2300.0, 2900.0, 4800.0)),
        ]
        given.overdue.append(build.overdue_row(from_version="1.28.9", to_version=version))
    rows = counts([("aks", "1.29.4", 4_000, 500), ("aks", "1.31.2", 5_000, 500)])
    text = html.unescape(render(replace(given.data(), versions=Versions(catalogue(), rows))))
    return re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)


def test_the_words_stand_beside_the_version_in_every_table_and_in_the_map(marked_page):
    for shown_once in (
        '>1.29.4 (unsupported on aks)</th><td class="text">version<',  # where it hurts
        '>1.29 (unsupported on aks)</th><td class="text">minor version<',
        '<tr><th scope="row">1.29.4<small>unsupported on aks</small></th>',  # the map
        '>1.29.4 (unsupported on aks)</th><td class="text">westeurope<',  # the numbers behind it
        ">1.28.9 → 1.29.4 (unsupported on aks)<",  # running for long
    ):
        assert marked_page.count(shown_once) == 1, shown_once
    # Where it hurts, and among the slices that fail more than the rest.
    assert marked_page.count('>1.29.4 (unsupported on aks) · westeurope</th><td class="text">version, region<') == 1
    assert marked_page.count(">1.29.4 (unsupported on aks) · westeurope<small>version, region</small></th>") == 1
    durations = marked_page[marked_page.index('id="fig-quantiles-1"') :]
    assert ">1.29.4 (unsupported on aks)</th>" in durations[: durations.index("</figure>")]
    assert 'data-version="1.29.4"' in marked_page  # what rows are found by stays as it is
    assert not re.search(r"1\.31(\.2)?(<small>| \()", marked_page)


def test_the_page_with_a_catalogue_holds_the_table_of_distances(marked_page):
    section = marked_page[marked_page.index('<section id="distance"') : marked_page.index('<section id="duration"')]
    assert "<h3>Upgrade success: 5,500 of 10,000 upgrades went to the newest minor</h3>" in section
    assert section.count("<table") == 1


@pytest.fixture
def whole(tmp_path: Path) -> WholeHome:
    """A day of two upgrades that succeeded: one on aks to 1.31.2, one on gke to 1.29.4."""
    home = new_home(tmp_path / "home")
    at = pl.datetime_range(date(2026, 11, 18), date(2026, 11, 19), eager=True)[0]
    home.deliver(DAY, *lines_of("one", at), *lines_of("two", at, provider="gke", to_version="1.29.4"))
    return home


DAY = date(2026, 11, 18)


def write_catalogue(home: WholeHome, text: str) -> None:
    home.home.reference.mkdir(exist_ok=True)
    (home.home.reference / "versions.yaml").write_text(text, encoding="utf-8")


def test_another_catalogue_makes_another_revision_and_the_manifest_carries_its_hash(whole: WholeHome):
    whole.publish(DAY)
    assert whole.manifest(DAY)["reference_sha256"] == ""

    write_catalogue(whole, CATALOGUE)
    whole.report(DAY)  # nothing is taken in, computed or judged again
    first = whole.manifest(DAY)
    assert (first["revision"], first["replaces"], first["moved"]) == (2, 1, [])
    assert re.fullmatch(r"[0-9a-f]{64}", first["reference_sha256"])
    page = (whole.published / str(DAY) / "report.html").read_text(encoding="utf-8")
    assert "Upgrades succeed: 1 of 2 upgrades went to the newest minor" in page

    whole.report(DAY)
    assert whole.manifest(DAY) == first

    write_catalogue(whole, CATALOGUE + "# seen again\n")
    whole.report(DAY)
    assert whole.manifest(DAY)["revision"] == 3
    assert whole.manifest(DAY)["reference_sha256"] != first["reference_sha256"]


def test_a_catalogue_with_a_mistake_fails_the_run_with_file_and_line_and_leaves_what_is_published(whole: WholeHome):
    whole.publish(DAY)
    before = whole.manifest(DAY)
    write_catalogue(whole, "versions:\n- {provider: aks, minor: 1.30, released: 2024-08-05}\n")
    result = whole.upgrade_slo("run")
    assert result.exit_code == 1
    assert result.stderr == (
        "failed 2026-11-18: 1 problem in the reference data; correct what is named, or take the file away to do without it\n"
        'reference/versions.yaml:2: versions[0].minor: read 1.30; accepted: a minor such as "1.31", here in quotes: "1.30"\n'
    )
    assert whole.manifest(DAY) == before
