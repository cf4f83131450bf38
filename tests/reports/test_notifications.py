"""Notifications: everybody hears once, over real connections to this machine, and nobody's address is ever shown."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import orjson
import polars as pl
import pytest

from assets.home import Home
from assets.reports.assets import alert_notifications
from assets.reports.notifications import Message, NotifiedUnreadable, Telling, Told, is_latest, tell
from assets.reports.targets import NOBODY, Targets, variable_of
from assets.slo.alerts import SCHEMA
from tests.data.whole_home import home_at
from tests.reports.test_alerts import alert

TODAY = date(2026, 11, 20)
SECRET = "s3cr3t"  # noqa: S105 - part of every address here
FLAGS = "alertWhenResolved: true"
OBJECTIVES = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: upgrades}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: success, displayName: "Upgrades <b>&</b> @channel"}
spec:
  service: upgrades
  budgetingMethod: Occurrences
  timeWindow: [{duration: 28d, isRolling: true}]
  indicator:
    metadata: {name: success}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {spec: {table: operations, where: state = 'succeeded'}}}
        total: {metricSource: {spec: {table: operations}}}
  objectives: [{target: 0.99}]
  alertPolicies:
    - kind: AlertPolicy
      metadata: {name: page}
      spec:
        alertWhenResolved: true
        conditions:
          - kind: AlertCondition
            metadata: {name: burns}
            spec: {severity: page, condition: {kind: burnrate, op: gte, threshold: 0.9, lookbackWindow: 3d}}
        notificationTargets: [{targetRef: on-call}]
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: on-call}
spec: {target: slack}
"""
FIRING, QUIET, NO_DATA = "firing", "quiet", "no_data"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.objectives.mkdir(parents=True)
    (home.objectives / "slo.yaml").write_text(OBJECTIVES, encoding="utf-8")
    return home


def publish(home: Home, state: str, day: date = TODAY, **changes: Any) -> None:
    """A published report of the day whose only alert is in this state."""
    folder = home.published / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text("{}")
    row = alert(state, slo="success", report_date=day, **changes)
    pl.DataFrame([row], schema=SCHEMA).write_parquet(folder / "slo_alerts.parquet")


class Recorder:
    """A channel that keeps what it is sent, and refuses what it is told to."""

    def __init__(self, problem: str | None = None) -> None:
        self.problem = problem
        self.heard: list[tuple[str, str]] = []

    def __call__(self, address: str, message: Message) -> str | None:
        assert address == "json://x"
        if self.problem is None:
            self.heard.append((message.target, message.kind))
        return self.problem


def told(home: Home, channel: Recorder) -> list[str]:
    """What the channel hears when everybody with an address is told what is new."""
    channel.heard.clear()
    tell(home, Targets({"on-call": "json://x", "team": "json://x"}), send=channel)
    return [kind for _, kind in channel.heard]


def flags(home: Home, written: str) -> None:
    (home.objectives / "slo.yaml").write_text(OBJECTIVES.replace(FLAGS, written), encoding="utf-8")


# Once per alert and change of state


def test_an_alert_is_told_once_when_it_fires_and_once_when_it_no_longer_does(home: Home):
    channel = Recorder()
    states = [QUIET, FIRING, FIRING, "resolved", QUIET, FIRING, QUIET]
    heard = []
    for number, state in enumerate(states):
        publish(home, state, TODAY + timedelta(days=number))
        heard.append(told(home, channel))
        assert told(home, channel) == []  # a run again, or a revision that says the same
    assert heard == [[], ["firing"], [], ["resolved"], [], ["firing"], ["resolved"]]


def test_a_revision_that_takes_an_alert_back_is_told(home: Home):
    channel = Recorder()
    publish(home, FIRING)
    assert told(home, channel) == ["firing"]
    publish(home, QUIET)
    assert told(home, channel) == ["resolved"]


def test_an_older_report_tells_nothing(home: Home):
    channel = Recorder()
    publish(home, QUIET)
    assert told(home, channel) == []
    publish(home, FIRING, TODAY - timedelta(days=3))  # a backfill beside the newest
    assert told(home, channel) == []
    for file in (home.published / TODAY.isoformat()).iterdir():
        file.unlink()  # and one after the newest is gone
    assert told(home, channel) == []


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("alertWhenNoData: false", ["firing"], id="breaching is told unless it is written as false"),
        pytest.param("alertWhenBreaching: false", [], id="nothing is told"),
        pytest.param("{b: false, r: true}", ["resolved"], id="only the end"),
        pytest.param("alertWhenNoData: true", ["firing", "no_data"], id="no data"),
    ],
)
def test_each_state_is_told_as_the_policy_says(home: Home, written: str, expected: list[str]):
    lines = {"{b: false, r: true}": "alertWhenBreaching: false\n        alertWhenResolved: true"}
    flags(home, lines.get(written, written))
    channel = Recorder()
    heard = []
    for number, state in enumerate([FIRING, NO_DATA, NO_DATA, QUIET]):
        publish(home, state, TODAY + timedelta(days=number))
        heard += told(home, channel)
    assert heard == expected


@pytest.mark.parametrize(
    ("before", "state", "news", "after"),
    [
        (Told(), FIRING, "firing", Told(is_firing=True)),
        (Told(is_firing=True), NO_DATA, "no_data", Told(is_firing=True, is_no_data=True)),
        (Told(is_firing=True, is_no_data=True), FIRING, None, Told(is_firing=True)),
        (Told(is_firing=True, is_no_data=True), QUIET, "resolved", Told()),
        (Told(is_no_data=True), QUIET, None, Told()),
    ],
)
def test_a_gap_without_data_neither_ends_nor_repeats_an_alert(before: Told, state: str, news: str | None, after: Told):
    assert (before.news(state), before.after(state)) == (news, after)


def test_a_replayed_rule_is_never_told(home: Home):
    publish(home, "would_have_fired")
    assert told(home, Recorder()) == []


# Failures


def test_a_failed_delivery_is_owed_until_the_next_run(home: Home):
    publish(home, FIRING)
    targets = Targets({"on-call": "json://x"})
    failed = tell(home, targets, send=Recorder("JSON answered 503"))
    assert [(each.message.kind, each.problem) for each in failed.failed] == [("firing", "JSON answered 503")]
    assert told(home, Recorder()) == ["firing"]
    assert told(home, Recorder()) == []


def test_a_process_that_is_killed_between_two_messages_does_not_repeat_the_first(home: Home):
    text = OBJECTIVES.replace("[{targetRef: on-call}]", "[{targetRef: on-call}, {targetRef: team}]")
    text += "---\napiVersion: openslo/v1\nkind: AlertNotificationTarget\nmetadata: {name: team}\nspec: {target: email}\n"
    (home.objectives / "slo.yaml").write_text(text, encoding="utf-8")
    publish(home, FIRING)

    class Killed(BaseException):
        pass

    def send(_address: str, message: Message) -> None:
        if message.target == "team":
            raise Killed

    with pytest.raises(Killed):
        tell(home, Targets({"on-call": "json://x", "team": "json://x"}), send=send)
    channel = Recorder()
    told(home, channel)
    assert channel.heard == [("team", "firing")]


def test_a_target_without_an_address_is_owed_what_it_has_not_heard(home: Home):
    publish(home, FIRING)
    channel = Recorder()
    for targets in (Targets({"team": "json://x"}), NOBODY):
        [owed] = tell(home, targets, send=channel).failed
        assert owed.problem.startswith("UPGRADE_SLO_TARGET_ON_CALL is not set; accepted: an address of Apprise")
    assert told(home, channel) == ["firing"]


def test_a_memory_that_cannot_be_read_is_refused_with_the_remedy(home: Home):
    publish(home, FIRING)
    home.notified.write_text('{"told": 7}')
    with pytest.raises(NotifiedUnreadable, match=r"notified\.json cannot be read.*Remove it, and all that fires is told again"):
        tell(home, Targets({"on-call": "json://x"}))


def test_nothing_published_and_a_report_of_an_earlier_version_tell_nothing(home: Home):
    assert tell(home, NOBODY) == Telling(None)
    (home.published / "2026-11-20").mkdir(parents=True)
    (home.published / "2026-11-20" / "manifest.json").write_text("{}")
    assert tell(home, NOBODY) == Telling(None)


def test_a_dry_run_shows_the_messages_and_changes_nothing(home: Home):
    publish(home, FIRING)
    before = sorted(path.name for path in home.root.iterdir())
    [only] = tell(home, NOBODY, is_dry=True).deliveries
    assert (only.message.target, only.problem) == ("on-call", None)
    assert only.message.title == "[Upgrade SLO] firing: Upgrades ‹b›＆‹/b› ＠channel burns 2.56× over 3 d (page)"
    assert only.message.body.splitlines() == [
        "3 d: 2.56×, 302 bad of 11,800",
        "6 h: 10.00×, 2 bad of 20",
        "Fires from 0.93× in both windows, which end on 2025-02-13 00:00 UTC.",
        "Since 9 Feb 2025.",
        "Rule burns; report of 2026-11-20, published/2026-11-20/report.html.",
    ]
    assert sorted(path.name for path in home.root.iterdir()) == before
    assert told(home, Recorder()) == ["firing"]


# Which report is news


def test_only_the_newest_report_is_news_and_only_when_no_later_day_is_due(home: Home):
    def delivered(day: date) -> None:
        file = home.landing / "canonical" / day.isoformat() / "a.ndjson"
        file.parent.mkdir(parents=True)
        file.touch()

    tomorrow = TODAY + timedelta(days=1)
    publish(home, QUIET)
    delivered(TODAY)
    assert is_latest(home, TODAY, today=tomorrow)
    delivered(tomorrow)
    assert is_latest(home, TODAY, today=tomorrow)  # a day that is not over has no report yet
    assert not is_latest(home, TODAY, today=tomorrow + timedelta(days=1))  # a backfill: the next day will tell
    publish(home, QUIET, tomorrow)
    assert not is_latest(home, TODAY, today=tomorrow)


# Over the network of this machine


@contextmanager
def web_server(status: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server on a free port that answers with this status; its host and port, and the JSON that it was sent."""
    heard: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(json.loads(body) | {"path": self.path})
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", heard
        server.shutdown()


@contextmanager
def mail_server() -> Iterator[tuple[str, list[str]]]:
    """A server that takes every mail; its host and port, and the mails."""
    mails: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    mails.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
                self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 fine\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}", mails
        server.shutdown()


def test_a_webhook_hears_of_an_alert_in_json(home: Home):
    publish(home, FIRING)
    with web_server() as (host, heard):
        targets = Targets({"on-call": f"json://{host}/hooks/{SECRET}"})
        assert tell(home, targets).failed == []
        assert tell(home, targets).deliveries == ()
    [only] = heard
    assert only["path"] == f"/hooks/{SECRET}"
    assert only["type"] == "failure"
    assert only["title"] == "[Upgrade SLO] firing: Upgrades ‹b›＆‹/b› ＠channel burns 2.56× over 3 d (page)"
    assert "302 bad of 11,800" in only["message"]


def test_a_mail_is_sent_with_text_that_a_mail_reader_does_not_take_for_markup(home: Home):
    publish(home, FIRING)
    with mail_server() as (host, mails):
        address = f"mailto://{host}?smtp=127.0.0.1&mode=insecure&from=slo@example.org&to=on-call@example.org"
        assert tell(home, Targets({"on-call": address})).failed == []
    [mail] = mails
    assert "To: on-call@example.org" in mail
    assert "X-Application: Upgrade SLO" in mail
    assert "<b>" not in mail


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        pytest.param("{refusing}", "JSON answered 503", id="a server that refuses"),
        pytest.param(f"json://127.0.0.1:9/{SECRET}", "JSON could not be reached, or did not take it", id="no server"),
        pytest.param(f"nonsense://{SECRET}", "UPGRADE_SLO_TARGET_ON_CALL holds no address that can be used", id="no address"),
    ],
)
def test_what_failed_is_said_without_the_secret(home: Home, capfd: pytest.CaptureFixture[str], address: str, problem: str):
    publish(home, FIRING)
    with web_server(503) as (host, _):
        address = address.replace("{refusing}", f"json://user:{SECRET}@{host}/{SECRET}")
        [failed] = tell(home, Targets({"on-call": address})).failed
    assert failed.problem is not None
    assert failed.problem.startswith(problem)
    shown = "".join([repr(failed), repr(Targets({"on-call": address})), *capfd.readouterr()])
    assert SECRET not in shown
    assert "127.0.0.1" not in shown
    assert not home.notified.exists() or orjson.loads(home.notified.read_bytes())["told"] == []


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", id="Slack"),
        pytest.param("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", id="Slack, as it gives it"),
        pytest.param("workflows://prod-1.westus.logic.azure.com:443/643e69f83c8944/signature", id="Teams"),
    ],
)
def test_chats_get_text_without_pictures_from_elsewhere_markup_or_mentions(
    home: Home, monkeypatch: pytest.MonkeyPatch, address: str
):
    """Their servers cannot stand on this machine, so what would be sent is taken from the library that sends it."""
    import requests

    sent = []

    def answer(_session: requests.Session, method: str, url: str, *, data: str, **_options: Any) -> requests.Response:
        assert (method.upper(), url.startswith("https://")) == ("POST", True)
        sent.append(json.loads(data))
        response = requests.Response()
        response.status_code, response._content = 200, b"ok"
        return response

    monkeypatch.setattr(requests.Session, "request", answer)
    publish(home, FIRING, severity="<!channel>")
    assert tell(home, Targets({"on-call": address})).failed == []
    text = json.dumps(sent, ensure_ascii=False)
    assert "firing: Upgrades ‹b›＆‹/b› ＠channel burns" in text
    assert [part for part in ("image_url", "icon_url", "github.com", "<!channel", "<b>") if part in text] == []


# From the job and from the command


def run_asset(home: Home, targets: Targets) -> dict[str, Any]:
    with dg.build_asset_context(partition_key=TODAY.isoformat()) as context:
        return dict(alert_notifications(context, home=home, targets=targets).metadata)


def test_the_job_tells_what_is_new_and_never_fails_the_report(home: Home):
    publish(home, FIRING)
    with web_server(500) as (host, _):
        assert run_asset(home, Targets({"on-call": f"json://{host}/x"})) | {"told": ""} == {
            "told": "", "messages": 0, "not_delivered": 1,
        }  # fmt: skip
    with web_server() as (host, heard):
        targets = Targets({"on-call": f"json://{host}/x"})
        assert run_asset(home, targets)["messages"] == 1
        assert run_asset(home, targets)["messages"] == 0
        publish(home, QUIET, TODAY + timedelta(days=1))
        assert run_asset(home, targets) == {"told": "nobody: a newer report is published, or due"}
    assert len(heard) == 1
    home.notified.write_text("{}")
    for file in (home.published / str(TODAY + timedelta(days=1))).iterdir():
        file.unlink()
    assert "Remove it" in run_asset(home, targets)["told"]
    home.notified.unlink()
    home.notified.mkdir()  # what cannot be read for another reason
    assert "Is a directory" in run_asset(home, targets)["told"]


def test_the_command_prints_what_it_would_tell_then_tells_it_and_says_what_failed(home: Home):
    publish(home, FIRING)
    whole = home_at(home.root)
    dry = whole.upgrade_slo("alerts", "--dry-run")
    assert (dry.exit_code, dry.stdout.splitlines()[:2]) == (0, [
        "would tell on-call (without an address: set UPGRADE_SLO_TARGET_ON_CALL): "
        "[Upgrade SLO] firing: Upgrades ‹b›＆‹/b› ＠channel burns 2.56× over 3 d (page)",
        "    3 d: 2.56×, 302 bad of 11,800",
    ])  # fmt: skip
    with web_server(404) as (host, _):
        failed = whole.upgrade_slo("alerts", UPGRADE_SLO_TARGET_ON_CALL=f"json://{host}/{SECRET}")
    assert (failed.exit_code, failed.stderr) == (1, "on-call was not told, and will be at the next run: JSON answered 404\n")
    with web_server() as (host, heard):
        address = {"UPGRADE_SLO_TARGET_ON_CALL": f"json://{host}/{SECRET}"}
        sent, again = whole.upgrade_slo("alerts", **address), whole.upgrade_slo("alerts", **address)
    assert (sent.exit_code, again.exit_code, len(heard)) == (0, 0, 1)
    assert sent.stdout.startswith("told on-call: [Upgrade SLO] firing")
    assert again.stdout == "nothing new to tell of the report of 2026-11-20\n"


def test_the_variable_of_a_target_is_its_name_in_capitals():
    assert variable_of("on-call-2") == "UPGRADE_SLO_TARGET_ON_CALL_2"
