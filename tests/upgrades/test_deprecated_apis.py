"""The shipped list of removed APIs, and what a list may not say."""

import pytest

from assets.upgrades.deprecated_apis import Removal, read_removals, removals

ROW = '{api: batch/v1beta1, kinds: [CronJob], removed_in: "1.25", replacement: batch/v1}'


def text(*rows):
    return "version: 1\napis:\n" + "".join(f"  - {row}\n" for row in rows)


@pytest.mark.parametrize(
    ("feature", "removed_in"),
    [
        ("policy/v1beta1/PodDisruptionBudget", "1.25"),
        ("batch/v1beta1/CronJob", "1.25"),
        ("autoscaling/v2beta2/HorizontalPodAutoscaler", "1.26"),
        ("flowcontrol.apiserver.k8s.io/v1beta3/FlowSchema", "1.32"),
        ("extensions/v1beta1/Ingress", "1.22"),
    ],
)
def test_the_shipped_list_knows_when_an_api_goes(feature, removed_in):
    assert removals()[feature].removed_in == removed_in


def test_an_api_that_stays_is_not_in_it():
    assert "policy/v1/PodDisruptionBudget" not in removals()


def test_every_kind_of_a_row_is_an_api_of_its_own():
    found = read_removals(text(ROW.replace("[CronJob]", "[CronJob, Job]")), name="apis.yaml")
    assert found == {f"batch/v1beta1/{kind}": Removal(25, "batch/v1") for kind in ("CronJob", "Job")}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param([ROW, ROW], r"apis\[2\]: batch/v1beta1/CronJob is given twice", id="an API twice"),
        pytest.param(
            [ROW.replace('"1.25"', "1.25")], r"removed_in is 1\.25; accepted: a minor in quotes", id="a minor as a number"
        ),
        pytest.param([ROW.replace('"1.25"', '"4.18"')], r"removed_in is '4\.18'", id="a minor of something else"),
        pytest.param([ROW.replace("[CronJob]", "CronJob")], "kinds is 'CronJob'; accepted: a list", id="one kind without a list"),
        pytest.param([ROW.replace("api:", "group:")], "has group, kinds.*accepted: exactly the keys api", id="an unknown key"),
        pytest.param([], "apis is None; accepted: a list of rows", id="no row"),
    ],
)
def test_a_list_that_would_mislead_is_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        read_removals(text(*rows), name="apis.yaml")
