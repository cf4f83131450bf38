"""API features among failed upgrades: whose users fail more often, in words and in numbers, and what could have been seen."""

import pytest
from scipy.stats import beta, hypergeom
from scipy.stats.contingency import relative_risk

from assets.reports.api_features import section

PDB, STABLE = "policy/v1beta1/PodDisruptionBudget", "batch/v1/CronJob"
OTHERS = ([], "1.24", 300, 50_000)  # to a minor that serves everything still


def made(build, *use):
    return section(build.Input(api_use=list(use)).data())


def cells(found):
    return {str(row.cells[0]): row.cells[1:] for row in found["table"].rows}


def test_the_feature_whose_users_fail_more_often_is_named_first(build):
    found = made(build, OTHERS, ([STABLE], "1.24", 45, 1_200))
    assert (
        found["title"]
        == f"Upgrades of clusters that use {STABLE} fail 6.3× as often as others (45 of 1,200 against 300 of 50,000)"
    )
    users, share, others, rest_share, ratio, stands_out = cells(found)[STABLE]
    assert (users, share, others, rest_share) == ("45 of 1,200", "3.75\u202f%", "300 of 50,000", "0.60\u202f%")
    assert relative_risk(45, 1_200, 300, 50_000).relative_risk == 6.25
    assert ratio == "6.25 (4.59–8.48)"  # the logarithmic interval is 4.59 to 8.50
    assert stands_out == "yes; by chance fewer than 1 in 1,000,000"


def test_others_that_stand_out_are_named_after_it(build):
    found = made(build, OTHERS, ([PDB], "1.31", 45, 1_200), ([STABLE], "1.24", 30, 1_500))
    assert found["title"].startswith("Upgrades of clusters that use any beta or alpha API fail ")
    assert found["title"].endswith(f"; so do those that use an API that the target version no longer serves, {PDB} and {STABLE}")


def test_a_removed_api_says_since_when_and_what_serves_the_same(build):
    rows = cells(made(build, OTHERS, ([PDB], "1.31", 2, 400)))
    assert set(rows) == {
        "an API that the target version no longer serves",
        "any beta or alpha API",
        f"{PDB}<small>gone in 1.25, use policy/v1</small>",
    }


def test_without_a_finding_the_list_says_what_would_have_been_one(build):
    found = made(build, OTHERS, ([STABLE], "1.24", 3, 400))
    assert found["title"] == "No API feature's users stand out as failing more often; 1 group was compared"
    # Five of 400 would be one (chance 0.097 at the others' rate, four 0.22), and are reached in four of five cases from here on.
    assert hypergeom.sf(4, 50_400, 305, 400) < 0.10 < hypergeom.sf(3, 50_400, 304, 400)
    assert cells(found)[STABLE][-1] == f"no; would from {100 * beta.ppf(0.8, 5, 396):.2f}\u202f%"


@pytest.mark.parametrize(
    ("use", "title"),
    [
        pytest.param([], "No upgrade of the last 28 days came with a list of API features in use", id="nothing happened"),
        pytest.param([OTHERS], "No upgrade of the last 28 days came with a list of API features in use", id="nobody uses any"),
        pytest.param(
            [([], "1.31", 0, 5_000), ([STABLE], "1.31", 0, 400)],
            "No API feature has the upgrades or the failures that it takes to compare its users with others",
            id="nothing failed",
        ),
        pytest.param(
            [([STABLE], "1.31", 3, 400)],
            "No API feature has the upgrades or the failures that it takes to compare its users with others",
            id="everybody uses it",
        ),
    ],
)
def test_where_nothing_can_be_compared_the_title_says_why(build, use, title):
    assert made(build, *use)["title"] == title


def test_few_users_have_counts_and_no_rates(build):
    found = made(build, OTHERS, ([STABLE], "1.24", 5, 12))
    assert found["title"] == f"Upgrades of clusters that use {STABLE} fail more often than others (5 of 12 against 300 of 50,000)"
    users, share, _, _, ratio, _ = cells(found)[STABLE]
    assert (users, share, ratio) == ("5 of 12", "too few (n = 12)", "–")


def test_where_only_users_fail_the_ratio_is_at_least_its_lower_end(build):
    ratio = cells(made(build, ([], "1.24", 0, 5_000), ([STABLE], "1.24", 5, 400)))[STABLE][4]
    assert ratio.endswith(" or more")


def test_a_long_list_is_cut_and_says_so(build):
    found = made(build, OTHERS, *(([f"example.org/v1/Kind{number}"], "1.24", 2, 200) for number in range(30)))
    assert len(found["table"].rows) == 10
    assert found["table"].note.endswith("The first 10 of 30 rows.")


def test_the_name_of_a_feature_is_data_and_never_markup(build):
    name = "policy/v1beta1/<script>"
    rows = made(build, OTHERS, ([name], "1.24", 2, 400), ([PDB], "1.31", 2, 400))["table"].rows
    assert name in [row.cells[0] for row in rows]  # as text, which the page escapes
    assert all("<script>" not in row.cells[0] for row in rows if "small" in row.cells[0])
