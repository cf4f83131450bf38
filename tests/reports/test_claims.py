"""Claimed successes: how many run another version, of how many nobody knows, and which they are."""

import pytest

from assets.reports.claims import section


@pytest.mark.parametrize(
    ("claims", "title", "note"),
    [
        pytest.param((0, 0, 0, 0), "No upgrade of the last 28 days says that it succeeded", "", id="no success"),
        pytest.param(
            (50, 50, 0, 0),
            "Nobody saw the version afterwards of any of 50 upgrades that say they succeeded",
            "Of 50 of 50 successes (100.00\u202f%) in the last 28 days nobody saw the version afterwards; they count as good.",
            id="nobody looked",
        ),
        pytest.param(
            (50, 20, 3, 0),
            "Every one of 30 upgrades whose version was seen afterwards runs what it claims",
            "Of 20 of 50 successes (40.00\u202f%) in the last 28 days nobody saw the version afterwards; they count as good. "
            "3 of them ended so soon that nothing can have been replaced.",
            id="all that were looked at are right",
        ),
        pytest.param(
            (1_000, 0, 0, 1),
            "1 of 1,000 upgrades (0.10\u202f%) claims success where another version was seen afterwards",
            "",
            id="one is wrong",
        ),
        pytest.param(
            (12, 2, 0, 3),
            "3 of 10 upgrades claim success where another version was seen afterwards",
            "Of 2 of 12 successes in the last 28 days nobody saw the version afterwards; they count as good.",
            id="too few for a share",
        ),
    ],
)
def test_the_sentences_say_what_was_seen_and_what_was_not(build, claims, title, note):
    found = section(build.Input(claims=claims).data())
    assert (found["title"], found["note"]) == (title, note)


def test_each_is_listed_with_the_version_that_was_seen(build):
    rows = [
        build.contradicted_row(),
        build.contradicted_row(observed_version="1.31.1", from_version=None),
        build.contradicted_row(is_suspected_noop=True),
    ]
    found = section(build.Input(claims=(100, 0, 0, 3), contradicted=rows).data())
    assert found["table"].rows[0].cells[:4] == ("c-17", "op-81", "node_pool, np1", "1.30.9 → 1.31.2")
    assert [row.cells[6:] for row in found["table"].rows] == [
        ("1.30.9", "the version before", "11 Feb 2025, 08:05 UTC"),
        ("1.31.1", "another one", "11 Feb 2025, 08:05 UTC"),
        ("1.30.9", "the version before; it ended too soon to have replaced anything", "11 Feb 2025, 08:05 UTC"),
    ]
    assert found["table"].note == ""


def test_of_many_the_newest_are_listed(build):
    found = section(build.Input(claims=(100, 0, 0, 27), contradicted=[build.contradicted_row()] * 20).data())
    assert found["table"].note == "The 20 newest of 27; all are in the snapshot."
