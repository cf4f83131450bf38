"""Scheduled upgrades that have not begun: the list, its count and its words."""

from assets.reports.starts import section


def test_without_any_the_title_says_so_and_there_is_no_list(build):
    found = section(build.Input().data())
    assert found == {
        "title": "No scheduled upgrade of the last 28 days is more than 24\u202fh overdue to begin",
        "table": None,
    }


def test_one_is_listed_by_name_with_its_time_and_how_long_it_is_beyond_the_limit(build):
    found = section(build.Input(unstarted=[build.unstarted_row()]).data())
    assert found["title"] == "1 scheduled upgrade has not begun 24\u202fh after its time, longest overdue first"
    [row] = found["table"].rows
    assert row.cells == (
        "c-17", "op-81", "node_pool, np1", "1.30.9 → 1.31.2", "westeurope", "ml_batch", "9 Feb 2025, 19:48 UTC",
        "52\u202fh 12\u202fmin",
    )  # fmt: skip
    assert row.scope == {"version": "1.31.2", "region": "westeurope", "workload": "ml_batch"}
    assert found["table"].columns[-1].title == "Beyond 24\u202fh"
    assert found["table"].note == "Scheduled in the last 28 days; neither begun nor called off since."


def test_of_many_the_list_says_how_many_there_are(build):
    rows = [build.unstarted_row(operation_id=f"op-{number}", in_all=1_095) for number in range(20)]
    found = section(build.Input(unstarted=rows, start_limit_seconds=5_400.0).data())
    assert found["title"] == "1,095 scheduled upgrades have not begun 90\u202fmin after their time, longest overdue first"
    assert found["table"].note.endswith("The first 20 of 1,095; all are in the snapshot.")
    assert found["table"].columns[-1].title == "Beyond 90\u202fmin"
