"""The table of failure reasons: counts, shares, times and codes, and the sums by the side that answers for them."""

from assets.reports.tables import reasons


def cells(build, *given):
    return [row.cells for row in reasons(build.Input(reasons=list(given)).data().reasons).rows]


def test_each_reason_has_its_share_of_all_failures_and_each_side_its_sum(build):
    assert cells(
        build,
        ("capacity_quota", "platform", 30, 360.0, ["ZonalAllocationFailed"]),
        ("pdb_drain", "customer", 8, 3_420.0, ["PodDrainFailure", "PodEvictionFailure"]),
        ("internal", "platform", 2, None, []),
    ) == [
        ("capacity_quota", "platform", "30", "75.0\u202f%", "6\u202fmin", "ZonalAllocationFailed"),
        ("pdb_drain", "customer", "8", "20.0\u202f%", "57\u202fmin", "PodDrainFailure, PodEvictionFailure"),
        ("internal", "platform", "2", "5.0\u202f%", "–", "–"),
        ("All", "platform", "32", "80.0\u202f%", "", ""),
        ("All", "customer", "8", "20.0\u202f%", "", ""),
        ("All", "", "40", "100.0\u202f%", "", ""),
    ]


def test_of_few_failures_there_are_no_shares_and_one_side_needs_no_sum(build):
    assert cells(build, ("internal", "platform", 29, 60.0, ["Unknown"])) == [
        ("internal", "platform", "29", "–", "1\u202fmin", "Unknown"),
        ("All", "", "29", "–", "", ""),
    ]


def test_a_frame_that_knows_counts_alone_has_a_table_of_these(build):
    frame = build.Input(reasons=[("internal", "platform", 40)]).data().reasons.drop("median_seconds", "codes")
    assert [column.title for column in reasons(frame).columns] == ["Category", "Responsibility", "Failed", "Share"]
    assert [row.cells for row in reasons(frame).rows][-1] == ("All", "", "40", "100.0\u202f%")
