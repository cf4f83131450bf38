"""The ten lines of plain text, and the Markdown scoreboard."""

import pytest

from assets.reports.summary import scoreboard_markdown, summary_text

N = "\u202f"


def test_a_fleet_in_lines_a_person_can_read(fleet_data):
    assert summary_text(fleet_data) == (
        "Upgrade SLO 2025-02-12, preliminary: 1 missed, 1 cannot tell yet, 2 met\n"
        "[X]  Upgrade success                98.78% (target 99.0%)  48 over 215  burn 1d 1.4 28d 1.2\n"
        "[?]  Control plane within 15 min         - (target 95.0%)  n=14\n"
        "[ok] First-attempt success          97.79% (target 97.0%)  169 of 644 left  burn 1d 0.8 28d 0.7\n"
        "[ok] Upgrade duration               97.06% (target 95.0%)  442 of 1,074 left  burn 1d 0.6 28d 0.6\n"
        "Where: 1.31.2 · westeurope · ml_batch  +34.7 bad of 126, 1.3 allowed\n"
        "Data: 5/6 gates; 120,564 = 117,885 + 2,522 dup + 150 quarantined + 7 other; data 9f2c41e7\n"
    )


def lines_of(given):
    return summary_text(given.data()).splitlines()


def test_the_summary_is_at_most_ten_lines_of_a_hundred_characters(build):
    given = build.Input()
    for number in range(14):
        name = f"objective-{number}-" + "x" * 40
        given.add(build.objective(name, target=0.9999), [(123_456_789 - number, 11_222_333)])
    given.ledger = [("canonical", 1, 0, 0, *[9_876_543_210] * 7)]
    lines = lines_of(given)
    assert len(lines) <= 10
    assert max(len(line) for line in lines) <= 100


def test_more_than_six_objectives_share_the_last_line(build):
    given = build.Input()
    for number in range(9):
        given.add(build.objective(f"slo-{number}"), [(10_000, 10)])
    lines = lines_of(given)
    assert lines[6] == "[ok] 4 others met: Slo 5, Slo 6, Slo 7, Slo 8"
    given.add(build.objective("late"), [(13, 0)])
    assert lines_of(given)[1].startswith("[?]  Late")


def test_others_that_are_not_all_met_are_counted(build):
    given = build.Input()
    for number in range(6):
        given.add(build.objective(f"slo-{number}"), [(9_000, 900)])
    given.add(build.objective("fine"), [(10_000, 10)])
    assert lines_of(given)[6] == "[X]  2 others, 1 missed, 1 met: Slo 5, Fine"


def test_nothing_standing_out_is_said(build):
    assert "Where: no slice stands out" in lines_of(build.Input().add(build.objective(), [(10_000, 10)]))
    assert "Where: no slice stands out" in lines_of(build.Input())


def test_a_failed_gate_leaves_no_verdict_in_the_summary(build):
    given = build.Input().add(build.objective(), [(9_000, 900)])
    given.checks = [("telemetry", "ledger balances", "error", False, "3", "0")]
    assert lines_of(given) == [
        "Upgrade SLO 2025-02-12 DO NOT USE: ledger balances failed",
        "Data: 0/1 gates; 103 = 100 + 2 dup + 1 quarantined; data 9f2c41e7; report attached",
    ]
    assert scoreboard_markdown(given.data()) == "Do not use this report: ledger balances failed."


@pytest.mark.parametrize(
    "region", ["x\n[ok] Upgrade success 100.00%", "x\r\n\r\nWhere: nowhere", "x\u2028[ok] y", "x\x1b[2Ky", "x\x85y"]
)
def test_a_name_cannot_forge_a_line(build, region):
    slo = build.objective()
    given = build.Input().add(slo, [(9_000, 900)])
    given.status.append(build.status_row(slo, 50, 50, region=region))
    text = summary_text(given.data())
    assert len(text.splitlines()) == 4
    assert [line[:5] for line in text.splitlines()] == ["Upgra", "[X]  ", "Where", "Data:"]


@pytest.mark.parametrize("name", ["<!channel>", "<!here|x>", "<@U024BE7LH>", "@everyone", "```", "<https://example.org|ok>"])
def test_a_name_cannot_mention_anybody_or_leave_the_code_block(build, name):
    slo = build.objective(display_name=name)
    given = build.Input().add(slo, [(9_000, 900)])
    given.status.append(build.status_row(slo, 50, 50, region=name))
    assert not set("<>@`") & set(summary_text(given.data()))


def test_the_markdown_scoreboard_has_one_row_per_objective(build):
    given = build.Input().add(build.objective(display_name="a|b <img>"), [(9_650, 250), (95, 5)])
    given.add(build.objective("quiet"), [(0, 0)])
    rows = scoreboard_markdown(given.data()).splitlines()
    assert rows[0].startswith("| Verdict | Objective |")
    assert rows[2] == (rf"| [X] Missed | a\|b &lt;img&gt; | 97.45{N}% (97.12{N}% – 97.74{N}%) | 99{N}% | 155 over 100 | 5.0× |")
    assert rows[3] == f"| [?] No data | Quiet | – | 99{N}% | n=0 | – |"
