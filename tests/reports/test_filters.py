"""The filter: what can be chosen, what is said of each slice, and what is left out."""

import json
import re

from assets.reports.filters import MOST_SLICES, slice_filter
from assets.reports.page import render
from assets.reports.scores import scores

NARROW = "\u202f"


def made(build, rows, **changes):
    """The filter over a fleet of 10,000 with 300 bad at 99 %, with the slices given as (good, bad, values)."""
    slo = build.objective(**changes)
    given = build.Input().add(slo, [(9_700, 300)])
    given.status += [build.status_row(slo, good, bad, **values) for good, bad, values in rows]
    data = given.data()
    [score] = scores(data)
    return slice_filter(data.status, score)


def test_every_subset_of_the_three_has_its_sentence_under_the_places_of_its_values(build):
    found = made(
        build,
        [
            (4_900, 100, {"to_version": "1.10.0"}),
            (4_800, 200, {"to_version": "1.9.9"}),
            (900, 100, {"region": "westeurope"}),
            (9_700, 300, {"workload_type": "web"}),
            (20, 9, {"to_version": "1.10.0", "region": "westeurope", "workload_type": "web"}),
            (0, 0, {"to_version": "1.10.0", "workload_type": "web"}),
        ],
    )
    assert [(choice.name, choice.values) for choice in found.choices] == [
        ("version", ("1.9.9", "1.10.0")),
        ("region", ("westeurope",)),
        ("workload", ("web",)),
    ]
    # Wilson 95 % of 9700/10000, 4900/5000, 900/1000.
    assert {key: text.replace(NARROW, " ") for key, text in found.sentences.items()} == {
        "0,0,0": "97.00 % good (96.65 % – 97.32 %), 300 bad of 10,000. Misses 99 %.",
        "0,0,1": "97.00 % good (96.65 % – 97.32 %), 300 bad of 10,000. Misses 99 %.",
        "1,0,0": "96.00 % good (95.42 % – 96.51 %), 200 bad of 5,000. Misses 99 %.",
        "2,0,0": "98.00 % good (97.57 % – 98.35 %), 100 bad of 5,000. Misses 99 %.",
        "0,1,0": "90.00 % good (87.98 % – 91.71 %), 100 bad of 1,000. Misses 99 %.",
        "2,1,1": "9 bad of 29; too few to judge.",
        "2,0,1": "no upgrade decided yet.",
    }
    assert (found.absent, found.note) == ("no upgrade in the window.", "")


def test_a_verdict_that_cannot_be_told_is_said_to_be_so(build):
    found = made(build, [(990, 10, {"region": "eastus"}), (5_000, 5, {"region": "westeurope"})])
    assert found.sentences["1"].endswith(f"Whether it meets 99{NARROW}% cannot be told yet.")
    assert found.sentences["2"].endswith(f"5 bad of 5,005. Meets 99{NARROW}%.")


def test_a_dimension_that_the_objective_is_not_sliced_by_cannot_be_chosen(build):
    found = made(build, [(990, 10, {"region": "eastus"})], slice_by=("region", "trigger"))
    assert [choice.name for choice in found.choices] == ["region"]
    assert sorted(found.sentences) == ["0", "1"]


def test_slices_by_other_dimensions_and_windows_are_not_mixed_in(build):
    found = made(
        build,
        [
            (990, 10, {"region": "eastus"}),
            (1, 1, {"region": "eastus", "window": "7d"}),
            (2, 2, {"region": "eastus", "trigger": "manual"}),
            (3, 3, {"to_minor": "1.31"}),
        ],
    )
    assert {key: re.search(r"(\d+) bad of", text)[1] for key, text in found.sentences.items()} == {"0": "300", "1": "10"}


def test_without_any_of_the_three_there_is_no_filter(build):
    assert made(build, [(990, 10, {"trigger": "manual"})], slice_by=("trigger",)) is None
    assert made(build, []) is None


def test_of_very_many_values_the_busiest_are_offered_and_the_rest_counted(build):
    regions = [(1_000 + number, 10, {"region": f"r{number:02}"}) for number in range(42)]
    found = made(build, [*regions, (100, 1, {"to_version": "1.31.2", "region": "r00"}), (100, 1, {"to_version": "1.31.2"})])
    assert found.choices[1].values == tuple(f"r{number:02}" for number in range(2, 42))
    assert found.note == "Not offered, with the fewest upgrades: 2 regions."
    assert "1,1" not in found.sentences  # 1.31.2 in r00 cannot be named


def test_of_very_many_slices_single_values_and_large_ones_are_carried_and_the_page_says_so(build):
    versions, regions, workloads = ([f"{letter}{number:02}" for number in range(12)] for letter in "vrw")
    rows = [(50, 1, {"to_version": each}) for each in versions]
    rows += [(50, 1, {"region": each}) for each in regions] + [(50, 1, {"workload_type": each}) for each in workloads]
    rows += [
        (30 + number, 1, {"to_version": version, "region": region, "workload_type": workload})
        for number, (version, region, workload) in enumerate((v, r, w) for v in versions for r in regions for w in workloads[:6])
    ]
    found = made(build, rows)
    assert len(found.sentences) == MOST_SLICES == 600
    assert {"0,0,0", "12,0,0", "0,12,0", "0,0,12", "12,12,6"} <= set(found.sentences)
    assert "1,1,1" not in found.sentences  # the smallest
    assert found.absent == "none, or not among the 600 largest slices on this page; slo_status.csv has all."
    assert len(json.dumps(found.sentences, ensure_ascii=False).encode()) < 60_000


def test_hostile_values_are_offered_as_text(build):
    slo = build.objective()
    given = build.Input().add(slo, [(9_700, 300)])
    given.status.append(build.status_row(slo, 80, 20, region='</select><script>alert(1)</script>"'))
    given.status.append(build.status_row(slo, 80, 20, region="</script><img src=x>"))
    page = render(given.data())
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert '<option value="&lt;/select&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#34;">' in page


def test_the_filter_stands_between_the_scoreboard_and_the_sections_that_it_reaches(fleet_data):
    page = render(fleet_data)
    places = [page.index(part) for part in ('class="score"', '<div class="sliced">', 'id="filter"', '<section id="hurts"')]
    assert places == sorted(places)
    assert re.search(r'</div>\s*<section id="why"', page)
    assert re.search(r'<form class="filter" id="filter"[^>]* hidden>', page)


def test_without_data_there_is_nothing_to_choose(build):
    assert 'id="filter"' not in render(build.Input().add(build.objective(), [(0, 0)]).data())
