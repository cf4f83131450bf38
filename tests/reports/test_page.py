"""The page as a file: complete, inert, repeatable."""

import base64
import hashlib
import html
import itertools
import json
import re

import pytest

from assets.reports.page import render

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
    assert sections(page) == ["minute", "budget", "hurts", "map", "duration", "why", "quality", "methods"]
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
    assert [name for name, _ in boxes] == ["burndown", "excess", "quantiles-1", "reasons"]
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
    given.reasons = [("</script><script>alert(4)</script>", "<i>", 3)]
    given.checks.append(("<s>", "<script>alert(5)</script>", "warning", False, "<u>", "&lt;"))
    given.quarantine = [("missing_field:<script>", 2, 1)]
    text = render(given.data())
    assert text.count("<script") == 3  # the specifications and our two
    assert text.count("</script") == 3
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "=cmd()" in text
    assert "{{ 7 * 7 }}" in text
    for forbidden in ("<img", "<i>", "<u>", "<s>", "<b>Success", "<!--"):
        assert forbidden not in without_scripts(text)


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


def test_an_empty_report_says_what_is_missing_in_every_section(build):
    given = build.Input().add(build.objective(), [(0, 0)])
    given.checks, given.ledger, given.quarantine = [], [], []
    text = render(given.data())
    assert sections(text) == ["minute", "budget", "duration", "why", "quality", "methods"]
    for sentence in (
        "No data: no upgrade was decided in any objective&#39;s window.",
        "Check that deliveries arrive.",
        "No upgrade in the window.",
        "No objective has the 30 upgrades it takes to draw a budget.",
        "No upgrade has been running longer than 24",
        "No upgrade that started in the last 28 days failed.",
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
    assert sections(text) == ["minute", "duration", "why", "quality", "methods"]
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
