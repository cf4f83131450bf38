"""The page as a file: complete, inert, repeatable."""

import base64
import hashlib
import html
import itertools
import json
import re
from datetime import date

import polars as pl
import pytest

from assets.reports.page import render
from assets.reports.restated import Figures, Moved, Restated

CHANGES = {
    "path": pl.String, "delivery_day": pl.Date, "change": pl.String, "events_before": pl.Int64, "events": pl.Int64,
}  # fmt: skip
NOTHING = Figures(good=0, bad=0, pending=0, excluded=0, sli=None, verdict="no_data")
MISSED = [(9_650, 250), (95, 5)]


@pytest.fixture(scope="module")
def page(fleet_data):
    return render(fleet_data)


def sections(text: str) -> list[str]:
    return re.findall(r'<section id="([^"]+)"', text)


def without_scripts(text: str) -> str:
    return re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)


def test_the_same_input_gives_the_same_bytes(page, fleet_data):
    assert render(fleet_data) == page


def test_the_page_is_small_enough_and_names_no_other_place(page):
    assert len(page.encode()) < 2_500_000
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", without_scripts(page)))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not re.findall(r"(?:src|href)=\"(?!#)", without_scripts(page))


def test_the_policy_admits_the_two_scripts_on_the_page_and_nothing_else(page):
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1])
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert len(scripts) == 2
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}' 'sha256-{hashes[1]}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"\son\w+=", without_scripts(page))


def test_every_section_is_in_the_contents_and_every_link_leads_somewhere(page):
    assert sections(page) == [
        "minute",
        "budget",
        "alerts",
        "alarm",
        "changed",
        "hurts",
        "map",
        "screened",
        "distance",
        "duration",
        "retries",
        "why",
        "quality",
        "methods",
    ]
    links = re.findall(r'href="#([^"]+)"', page)
    assert set(sections(page)) <= set(links)
    ids = re.findall(r'\sid="([^"]+)"', without_scripts(page))
    assert set(links) <= set(ids)
    assert len(ids) == len(set(ids))


def test_headings_are_in_order_and_there_is_one_of_the_first_level(page):
    levels = [int(level) for level in re.findall(r"<h([1-6])", without_scripts(page))]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_every_chart_has_a_drawing_words_and_a_table(page):
    boxes = re.findall(r'data-chart="([^"]+)" data-live="static" role="img" aria-label="([^"]+)"', page)
    assert [name for name, _ in boxes] == ["burndown", "change", "excess", "survival-1", "quantiles-1", "retries", "reasons"]
    assert page.count('<div class="static"><svg') == len(boxes)
    assert page.count("<summary>Numbers behind this chart</summary>") == len(boxes)
    specifications = json.loads(re.search(r'id="specifications">(.*?)</script>', page, flags=re.DOTALL)[1])
    assert sorted(specifications) == sorted(name for name, _ in boxes)


def test_the_scoreboard_keeps_the_order_of_the_files_and_shows_counts_with_every_rate(page):
    names = re.findall(r'class="name"><b>([^<]+)</b>', page)
    assert names == ["Upgrade success", "First-attempt success", "Upgrade duration", "Control plane within 15 min"]
    assert re.search(r'class="sentence">\d[\d,]* bad of \d[\d,]*, ', page)
    assert 'class="achieved" data-label="Achieved"><b>n = 14</b>' in page


def test_hostile_names_are_shown_and_never_run(build):
    slo = build.objective(display_name="<b>Success</b>", description="</style><script>alert(2)</script>")
    given = build.Input().add(slo, MISSED)
    regions = ["<script>alert(1)</script>", "=cmd()", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "]]>"]
    for number, region in enumerate(regions):
        given.status.append(build.status_row(slo, 80, 20 + number, to_version="1.31.2", region=region))
        given.status.append(build.status_row(slo, 180, 20 + number, region=region))
    given.overdue = [build.overdue_row(cluster_id="</table><script>alert(3)</script>", region="<!--")]
    given.reasons = [("</script><script>alert(4)</script>", "<i>", 3, 60.0, ["<script>alert(8)</script>"])]
    given.unstarted = [build.unstarted_row(cluster_id="<script>alert(9)</script>", to_version="<img src=y>")]
    given.claims, given.contradicted = (40, 0, 0, 1), [build.contradicted_row(observed_version="<script>alert(10)</script>")]
    given.attempts = [("fleet", "", 90, 80, 0, 5, 5), ("region", "<script>alert(11)</script>", 90, 80, 0, 5, 5)]
    given.api_use = [([], "1.31", 5, 900), (["v1beta1/<script>alert(12)</script>"], "1.31", 9, 90)]
    given.checks.append(("<s>", "<script>alert(5)</script>", "warning", False, "<u>", "&lt;"))
    given.quarantine = [("<script>", "missing_field:<script>", 2, 1)]
    given.not_upgrades, given.other_operations = [("<s>", "<script>", 1)], [("<script>", 1)]
    given.unknown_codes = [("<script>alert(6)</script>", "<img src=x>", 1, 1, 1)]
    given.restated = Restated(
        revision=1,
        fleet=(Moved("<script>", "28d", {}, NOTHING, NOTHING),),
        slices=(Moved("<s>", "28d", {"region": "<script>alert(7)</script>"}, NOTHING, NOTHING),),
        deliveries=pl.DataFrame(
            [("canonical/<script>/<img src=x>", date(2025, 2, 1), "new", None, 3)], schema=CHANGES, orient="row"
        ),
        inputs=("<script>",),
    )
    text = render(given.data())
    assert text.count("<script") == 4  # the slices, the specifications and our two
    assert text.count("</script") == 4
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "=cmd()" in text
    assert "{{ 7 * 7 }}" in text
    for forbidden in ("<img", "<i>", "<u>", "<s>", "<b>Success", "<!--"):
        assert forbidden not in without_scripts(text)


def cells(text: str, caption: str) -> list[list[str]]:
    """The text of the cells of the table with this caption, row by row."""
    table = re.search(rf"{re.escape(caption)}</caption>.*?<tbody>(.*?)</tbody>", text, flags=re.DOTALL)[1]
    rows = re.findall(r"<tr.*?</tr>", table, flags=re.DOTALL)
    parts = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.DOTALL) for row in rows]
    return [[html.unescape(re.sub(r"<[^>]+>", "|", part)).replace("\u202f", " ") for part in row] for row in parts]


def test_what_moved_is_told_with_both_sides_and_a_signed_difference(build):
    success, small = build.objective("success", target=0.99), build.objective("small")
    given = build.Input().add(success, [(1_980, 20)] * 28).add(small, [(5, 0)])
    before, after = (Figures(good=n, bad=20, pending=3, excluded=0, sli=n / (n + 20), verdict="met") for n in (1_980, 1_480))
    few = [Figures(good=n, bad=0, pending=0, excluded=0, sli=1.0, verdict="undecided") for n in (29, 30)]
    given.restated = Restated(
        revision=4,
        fleet=(
            Moved("gone", "4w", {}, before, None),
            Moved("small", "28d", {}, *few),
            Moved("success", "1d", {}, after, after),
            Moved("success", "28d", {}, before, after),
        ),
        slices=(Moved("success", "28d", {"to_version": "1.31.2", "region": "eastus"}, NOTHING, after),),
        deliveries=pl.DataFrame(
            [("canonical/2025-02-01/a.ndjson", date(2025, 2, 1), "changed", 1_200, 1_300)], schema=CHANGES, orient="row"
        ),
        inputs=(),
    )
    text = render(given.data())
    assert sections(text)[:3] == ["minute", "restated", "budget"]
    assert "Restated since revision 4" in text
    assert 'revision 5</span><a href="#restated">see what moved</a>' in text
    # 1980 of 2000 are 99 %; 1480 of 1500 are 98.67 %. Of 29 no rate is printed.
    assert cells(text, "Figures of the fleet that moved") == [
        ["Success", "28 days", "1,980 → 1,480", "20", "2,000 → 1,500", "3", "0", "99.00 % → 98.67 %", "−0.33 pp", "Met"],
        ["Success", "1 day", "1,480", "20", "1,500", "3", "0", "98.67 %", "±0.00 pp", "Met"],
        ["Small", "28 days", "29 → 30", "0", "29 → 30", "0", "0", "n = 29 → 100.00 %", "–", "Cannot tell yet"],
        ["gone", "28 days", "1,980 → –", "20 → –", "2,000 → –", "3 → –", "0 → –", "99.00 % → –", "–", "Met → –"],
    ]
    assert cells(text, "Slices that moved most") == [
        ["1.31.2 · eastus|version, region|", "Success", "0 → 1,480", "0 → 20", "0 → 1,500", "– → 98.67 %", "–", "No data → Met"]
    ]
    assert cells(text, "Deliveries that changed") == [["canonical/2025-02-01/a.ndjson", "1 Feb 2025", "changed", "1,200 → 1,300"]]


def test_a_long_list_of_files_is_cut_and_says_so(build):
    given = build.Input().add(build.objective(), MISSED)
    files = [(f"canonical/2025-02-01/{n:03}", date(2025, 2, 1), "new", None, 1) for n in range(300)]
    given.restated = Restated(1, (), (), pl.DataFrame(files, schema=CHANGES, orient="row"), ())
    text = render(given.data())
    assert "Because of 300 new files" in text
    assert len(cells(text, "Deliveries that changed")) == 25
    assert "The first 25 of 300 files." in text


def test_the_ledger_names_every_source_and_accounts_for_its_files_and_records(page):
    rows = cells(page, "Row ledger by source")
    assert rows[1] == [
        "Azure, activity log|azure_activity_log|", "29", "1", "0", "44,102", "12", "44,090", "42,810", "1,190", "83", "7",
    ]  # fmt: skip
    assert rows[-1] == ["All", "85", "1", "0", "120,577", "13", "120,564", "117,885", "2,522", "150", "7"]
    assert cells(page, "Quarantined records by source and reason")[:3] == [
        ["AKS, Event Grid", "missing_field:data.cluster_id", "0", "38"],
        ["AKS, Event Grid", "unknown_event_type", "0", "22"],
        ["Azure, activity log", "invalid_time", "3", "41"],
    ]
    assert cells(page, "Records that are no upgrades") == [
        ["Azure, activity log", "another change: settings, size, tags, credentials", "update", "5"],
        ["Azure, activity log", "the making of a cluster or node pool", "create", "2"],
    ]
    assert cells(page, "Operations that are no upgrades") == [
        ["another change: settings, size, tags, credentials", "update", "9"],
        ["an abort of nothing that was running", "abort", "1"],
    ]


def test_of_a_source_the_five_most_frequent_reasons_are_told(build):
    given = build.Input()
    given.quarantine = [("canonical", f"reason-{n}", n, 0) for n in range(1, 8)] + [("eks_updates", "invalid_json", 1, 0)]
    text = render(given.data())
    rows = cells(text, "Quarantined records by source and reason")
    assert [row[1] for row in rows] == ["reason-7", "reason-6", "reason-5", "reason-4", "reason-3", "invalid_json"]
    assert "Without 2 rarer reasons; all are in the snapshot." in text


def test_codes_that_nobody_has_classified_are_listed_with_how_to_add_them_and_not_mentioned_without_any(page, build):
    assert cells(page, "Error codes that are not classified") == [
        ["NodeImageRotten", "aks", "12"],
        ["ControlPlaneAsleep", "eks", "3"],
    ]
    assert "15 failed upgrades have 2 error codes that nobody has classified yet" in page
    assert "assets/upgrades/error_codes.yaml" in page
    assert "error_codes.yaml" not in render(build.Input().data())


def test_one_failed_gate_leaves_only_the_data_quality(build):
    given = build.Input().add(build.objective(), MISSED)
    given.checks.append(("telemetry", "identity is unique", "error", False, "3 repeated", "at most once"))
    text = render(given.data())
    assert sections(text) == ["quality"]
    assert "Do not use this report: identity is unique failed." in text
    assert "missed its" not in text
    assert 'class="score"' not in text
    assert "<script" not in text
    assert "script-src &#39;none&#39;" in text


def test_checks_that_passed_are_folded_away_and_failed_ones_are_not(build):
    given = build.Input().add(build.objective(), MISSED)
    given.checks = [
        ("telemetry", "all are there", "error", True, "0 missing", "none is missing"),
        ("telemetry", "identity is unique", "error", False, "3 repeated", "at most once"),
    ]
    at_once, folded = render(given.data()).split("<summary>1 check that passed</summary>")
    assert "at most once" in at_once
    assert "none is missing" not in at_once
    assert "none is missing" in folded


def test_of_upgrades_that_keep_running_ten_are_there_at_once(build):
    given = build.Input().add(build.objective(), MISSED)
    given.overdue = [build.overdue_row(cluster_id=f"cluster-{number:02}") for number in range(12)]
    at_once, folded = render(given.data()).split("<summary>2 more</summary>")
    assert "cluster-09" in at_once
    assert "cluster-10" not in at_once
    assert "cluster-11" in folded


def test_an_empty_report_says_what_is_missing_in_every_section(build):
    given = build.Input().add(build.objective(), [(0, 0)])
    given.checks, given.ledger, given.quarantine = [], [], []
    text = render(given.data())
    assert sections(text) == [
        "minute",
        "budget",
        "alerts",
        "alarm",
        "changed",
        "screened",
        "distance",
        "duration",
        "retries",
        "why",
        "quality",
        "methods",
    ]
    for sentence in (
        "No data: no upgrade was decided in any objective&#39;s window.",
        "Check that deliveries arrive.",
        "No upgrade in the window.",
        "No objective has the 30 upgrades it takes to draw a budget.",
        "No upgrade has been running longer than 24",
        "No scheduled upgrade of the last 28 days is more than 24",
        "Too few to tell whether retries help: no upgrade has a decided first attempt in the last 28 days.",
        "No upgrade of the last 28 days says that it succeeded",
        "No upgrade that started in the last 28 days failed.",
        "No upgrade of the last 28 days came with a list of API features in use",
        "No objective has an alert rule",
        "No upgrade of a closed day yet, so there is nothing to watch",
        "No checks were recorded",
        "No record is in quarantine",
    ):
        assert sentence in text, sentence


def test_a_quiet_day_says_that_nothing_needs_action(build):
    given = build.Input().add(build.objective(), [(1_000, 1)] * 28)
    given.quarantine = []
    assert "Nothing needs action today." in render(given.data())


def test_no_objective_at_all_still_makes_a_page(build):
    text = render(build.Input().data())
    assert sections(text) == ["minute", "distance", "duration", "retries", "why", "quality", "methods"]
    assert "No objective is defined" in text


def test_an_objective_that_nothing_misses_says_that_no_slice_stands_out(build):
    slo = build.objective()
    given = build.Input().add(slo, [(10_000, 10)])
    given.status.append(build.status_row(slo, 5_000, 5, region="eastus"))
    text = render(given.data())
    assert "Upgrade success: no slice stands out; none of the 1 judged misses" in text


def test_a_cell_with_too_few_upgrades_keeps_its_place_without_a_rate(page):
    row = re.search(r'<tr><th scope="row">1\.32\.0</th>(.*?)</tr>', page)[1]
    assert row.count("<td") == 7
    assert re.findall(r"<b>(n = \d+)</b>", row)
    assert "%" not in row


def test_windows_and_confidences_that_differ_are_named_per_objective(build):
    given = build.Input().add(build.objective("a", window="7d", window_days=7, confidence=0.9), [(1_000, 1)] * 28)
    given.add(build.objective("b", window="90d", window_days=90), [(1_000, 1)] * 90)
    text = render(given.data())
    assert "rolling 7 days" in text
    assert "rolling 90 days" in text
    assert "(90\u202f%)" in text


def test_months_of_slices_and_hundreds_of_versions_stay_within_the_size(build):
    slo = build.objective()
    given = build.Input().add(slo, MISSED)
    for number in range(400):
        given.status.append(build.status_row(slo, 60, 40, to_version=f"1.{number}.0", region=f"region-{number}" + "x" * 500))
    text = render(given.data())
    assert len(text.encode()) < 2_500_000
    assert "The first 25 of 400 slices" in text
    assert "The first 8 of 400." in text
    assert "Not shown, with the fewest upgrades: 386 versions and 388 regions." in text
