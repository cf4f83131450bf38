"""Stored verdicts, and what they allow: only a day whose every suite passed on exactly the present data is published."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import dagster as dg
import pytest

from assets.reports.verdicts import ERROR, SUITES, WARNING, Decision, Verdict, decision, store_verdicts
from tests.data.whole_home import WholeHome, bytes_under, lines_of, new_home

FIRST, LAST = date(2026, 11, 18), date(2026, 11, 19)
OTHERWISE = "the {} suite has judged exactly the data of this report; run the job of this day again"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> WholeHome:
    """Two ordinary days, every table as of the second, judged as passed. Not to be changed."""
    home = new_home(tmp_path_factory.mktemp("original") / "home")
    home.deliver_ordinary_days(FIRST, 2)
    home.bring_to(LAST)
    home.store_passed(LAST)
    return home


@pytest.fixture
def whole(original: WholeHome, tmp_path: Path) -> WholeHome:
    return original.copy(tmp_path / "home")


@pytest.fixture(scope="module")
def with_a_report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeHome]:
    """The first day published; the second one delivered. Every test leaves what is published as it is."""
    home = new_home(tmp_path_factory.mktemp("published") / "home")
    home.deliver_ordinary_days(FIRST, 2)
    home.publish(FIRST)
    before = bytes_under(home.published)
    yield home
    assert bytes_under(home.published) == before


def decide(home: WholeHome, day: date = LAST) -> Decision:
    basis = home.basis(day)
    with home.warehouse.transaction() as db:
        return decision(db, day=day, basis=basis)


def store(home: WholeHome, *verdicts: Verdict, day: date = LAST) -> None:
    basis = home.basis(day)
    with home.warehouse.transaction() as db:
        store_verdicts(db, day=day, suite=verdicts[0].suite, verdicts=verdicts, basis=basis)


def verdict(suite: str, *, passed: bool, severity: str = ERROR) -> Verdict:
    return Verdict(suite=suite, check="sound", severity=severity, passed=passed, observed="3 rows", rule="no row")


def test_a_day_whose_every_suite_passed_on_the_present_data_may_be_published(whole: WholeHome):
    decided = decide(whole)
    assert decided.may_publish
    assert [each.suite for each in decided.verdicts] == list(SUITES)


def test_a_day_that_was_never_judged_is_refused_for_every_suite(whole: WholeHome):
    decided = decide(whole, FIRST)
    assert [(each["suite"], each["observed"]) for each in decided.reasons] == [
        *((suite, "never judged") for suite in SUITES),
        ("status", "never computed"),
    ]


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_that_has_not_judged_the_day_refuses_it(whole: WholeHome, suite: str):
    with whole.warehouse.transaction() as db:
        db.execute("DELETE FROM reports.verdicts WHERE suite = ?", [suite])
    assert decide(whole).reasons == (
        {"suite": suite, "check": "judged", "observed": "never judged", "rule": OTHERWISE.format(suite)},
    )


def test_a_failed_error_refuses_and_says_what_was_observed_and_what_is_accepted(whole: WholeHome):
    store(whole, verdict("cells", passed=False))
    assert decide(whole).reasons == ({"suite": "cells", "check": "sound", "observed": "3 rows", "rule": "no row"},)


def test_a_failed_warning_does_not_refuse(whole: WholeHome):
    store(whole, verdict("cells", passed=False, severity=WARNING))
    assert decide(whole).may_publish


def test_a_suite_that_judges_again_replaces_what_it_said_of_that_day_only(whole: WholeHome):
    store(whole, verdict("cells", passed=False))
    store(whole, verdict("cells", passed=False), day=FIRST)
    store(whole, verdict("cells", passed=True))
    assert decide(whole).may_publish
    assert {"suite": "cells", "check": "sound", "observed": "3 rows", "rule": "no row"} in decide(whole, FIRST).reasons


def late_file(home: WholeHome) -> None:
    home.deliver(FIRST, *lines_of("late", datetime(2026, 11, 18, 9)), name="late.ndjson")  # noqa: DTZ001
    home.bring_to(LAST)


def other_inventory(home: WholeHome) -> None:
    home.home.inventory.mkdir()
    (home.home.inventory / "clusters.csv").write_text("cluster_id,node_pool,region,workload_type,provider,valid_from,valid_to\n")
    home.bring_to(LAST)


def other_objectives(home: WholeHome) -> None:
    file = home.home.objectives / "slo.yaml"
    file.write_text(file.read_text().replace("target: 0.9", "target: 0.8"))
    home.bring_to(LAST)


@pytest.mark.parametrize("change", [late_file, other_inventory, other_objectives])
def test_verdicts_on_other_data_refuse_although_they_passed(whole: WholeHome, change):
    change(whole)
    assert [(each["suite"], each["check"], each["observed"]) for each in decide(whole).reasons] == [
        (suite, "judged", "judged on other data") for suite in SUITES
    ]


def test_a_file_of_a_later_day_does_not_touch_the_verdicts(whole: WholeHome):
    whole.deliver(date(2026, 11, 20))
    whole.bring_to(LAST)
    assert decide(whole).may_publish


def test_figures_of_other_data_refuse_although_the_gate_judged_them_on_the_present(whole: WholeHome):
    """Checks can be run alone: after a late file had been taken in, they passed the old figures under the new hash."""
    from assets.telemetry.intake import take_in

    whole.deliver(FIRST, *lines_of("late", datetime(2026, 11, 18, 9)), name="late.ndjson")  # noqa: DTZ001
    with whole.warehouse.connection() as db:
        take_in(db, whole.home.landing, upto=LAST, scratch=whole.home.scratch)
    whole.store_passed(LAST)

    assert [(each["check"], each["observed"]) for each in decide(whole).reasons] == [("computed", "computed from other data")]


def fails(home: WholeHome) -> str:
    home.store_passed(LAST)
    store(home, verdict("operations", passed=False))
    return "operations.sound: 3 rows."


def is_stale(home: WholeHome) -> str:
    home.store_passed(LAST)
    home.deliver(LAST, name="more.ndjson")
    home.bring_to(LAST)
    return "ledger.judged: judged on other data. events.judged: judged on other data."


def is_missing(home: WholeHome) -> str:
    with home.warehouse.transaction() as db:
        db.execute("DELETE FROM reports.verdicts WHERE report_date = ?", [LAST])
    return "ledger.judged: never judged."


@pytest.mark.parametrize("verdicts", [fails, is_stale, is_missing])
def test_a_report_materialised_alone_is_refused_when_its_verdict(with_a_report: WholeHome, verdicts):
    with_a_report.bring_to(LAST)
    why = verdicts(with_a_report)

    with pytest.raises(dg.Failure, match="the report of 2026-11-19 is refused") as refused:
        with_a_report.report(LAST)

    assert why in (refused.value.description or "")
    assert refused.value.allow_retries is False
    reasons = json.loads((with_a_report.home.refused / "2026-11-19" / "reasons.json").read_bytes())
    assert reasons["report_date"] == "2026-11-19"
    assert all(
        f"{each['suite']}.{each['check']}: {each['observed']}." in refused.value.description for each in reasons["reasons"]
    )
    assert not (with_a_report.published / "2026-11-19").exists()


def test_a_refusal_is_withdrawn_once_the_day_is_published(tmp_path: Path):
    home = new_home(tmp_path / "home")
    home.deliver_ordinary_days(FIRST, 1)
    home.bring_to(FIRST)
    with pytest.raises(dg.Failure):
        home.report(FIRST)
    assert (home.home.refused / "2026-11-18" / "reasons.json").is_file()
    home.store_passed(FIRST)
    home.report(FIRST)
    assert not (home.home.refused / "2026-11-18").exists()
    assert (home.published / "2026-11-18" / "report.html").is_file()
