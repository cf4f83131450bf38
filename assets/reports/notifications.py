"""Notifications: everybody whom an alert policy names hears once when an alert fires, and once when it no longer does.

Belongs here: what is news to whom, the messages, sending them through Apprise, and remembering what has been told.
Does not belong here: whether a rule fires (`assets/slo/alerts.py`), the words for one alert (`alerts.py`), addresses, which are
secrets of the environment (`pipelines/settings.py`).

Only what is published is told. What was told stands beside the warehouse and survives a rebuild: it is written after each
message, so that a process killed in between repeats one message at most.
"""

import fcntl
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson
import polars as pl

from assets.files import write_atomically
from assets.home import Home
from assets.reports.alerts import burn, headline, limit, since, window
from assets.reports.numbers import NARROW, count
from assets.reports.publish import ALERTS, published_days
from assets.reports.targets import Targets, variable_of
from assets.reports.untrusted import for_chat
from assets.slo.alert_rules import DEFAULT_TARGET, Notice
from assets.slo.alerts import FIRING, LIVE, NO_DATA, RESOLVED, rules_on
from assets.slo.objectives import Objectives, load_objectives
from assets.telemetry.landing import deliveries

if TYPE_CHECKING:
    from apprise import Apprise, AppriseResult

ACCEPTED = "an address of Apprise, such as jsons://host/path, slack://…, workflows://… (Teams) or mailtos://…"
_LONGEST_SECONDS = 30  # for one message
_APP = "Upgrade SLO"

Kind = Literal["firing", "resolved", "no_data"]
_WORDS: dict[Kind, str] = {"firing": "firing", "resolved": "resolved", "no_data": "no data"}
_KINDS: dict[Kind, str] = {"firing": "failure", "resolved": "success", "no_data": "warning"}  # in Apprise's words


class NotifiedUnreadable(ValueError):
    """The file that remembers what has been told cannot be read."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a target knows of an alert."""

    is_firing: bool = False
    is_no_data: bool = False

    def news(self, state: str) -> Kind | None:
        """What this state is to somebody who knows so much; None when it is nothing new."""
        if state == FIRING:
            return None if self.is_firing else "firing"
        if state == NO_DATA:
            return None if self.is_no_data else "no_data"
        return "resolved" if self.is_firing else None

    def after(self, state: str) -> "Told":
        """What is known once this state is. That there is no data says nothing about what fired before."""
        return Told(self.is_firing, is_no_data=True) if state == NO_DATA else Told(is_firing=state == FIRING)


@dataclass(frozen=True, slots=True)
class Message:
    """What one target hears of one alert."""

    target: str
    kind: Kind
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message and why it could not be delivered, in words that hold no secret; None when it was."""

    message: Message
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """What was told about the report of a day, or would be."""

    report_date: date | None
    deliveries: tuple[Delivery, ...] = ()

    @property
    def failed(self) -> list[Delivery]:
        return [each for each in self.deliveries if each.problem]


# Delivers a message to an address; returns why it could not.
Send = Callable[[str, Message], str | None]
# Target, SLO and condition.
Key = tuple[str, str, str]


def is_latest(home: Home, report_date: date, *, today: date) -> bool:
    """Whether a report is the newest there is, and no later complete day waits for its own: older days are no news."""
    return published_days(home.published)[-1:] == [report_date] and not any(
        report_date < each.day < today for each in deliveries(home.landing)
    )


def tell(home: Home, targets: Targets, *, is_dry: bool = False, send: Send | None = None) -> Telling:
    """Send what is news about the newest published report; a target without an address stays owed it, and that is a problem.

    `is_dry`: send and remember nothing, and take every target for one with an address.

    Raises:
        NotifiedUnreadable: when what was told before cannot be read.
    """
    published = published_days(home.published)
    alerts_of_day = home.published / published[-1].isoformat() / ALERTS if published else None
    if alerts_of_day is None or not alerts_of_day.is_file():
        return Telling(None)
    with _alone(home.root):
        told_on, told = _read(home.notified)
        if told_on is not None and published[-1] < told_on:
            return Telling(None)  # older reports are built anew; what they say has been told
        alerts = pl.read_parquet(alerts_of_day).filter(pl.col("evaluation") == LIVE)
        due = list(_due(alerts, load_objectives(home.objectives), published[-1], told))
        if is_dry:
            return Telling(published[-1], tuple(Delivery(message) for *_, message in due if message))
        send = send or _through_apprise()
        known = {key: told.get(key, Told()) if message else after for key, after, message in due}
        if targets.addresses:
            _write(home.notified, published[-1], known)
        done = []
        for key, after, message in due:
            if message and message.target in targets.addresses:
                problem = send(targets.addresses[message.target], message)
                done.append(Delivery(message, problem))
                if problem is None:
                    known[key] = after
                    _write(home.notified, published[-1], known)
            elif message and message.target != DEFAULT_TARGET:  # which nobody has asked for who gave it no address
                done.append(Delivery(message, f"{variable_of(message.target)} is not set; accepted: {ACCEPTED}"))
        return Telling(published[-1], tuple(done))


def _due(
    alerts: pl.DataFrame, objectives: Objectives, report_date: date, told: Mapping[Key, Told]
) -> Iterator[tuple[Key, Told, Message | None]]:
    """Per target and live alert what is known afterwards, and the message that it takes, if any."""
    rules = {
        (objective.name, rule.name): (objective, rule)
        for objective in objectives.objectives
        for rule in rules_on(objective, report_date)
    }
    for alert in alerts.iter_rows(named=True):
        if (alert["slo"], alert["condition"]) not in rules:
            continue
        objective, rule = rules[alert["slo"], alert["condition"]]
        for target, wanted in _wanted(rule.notices).items():
            key = (target, objective.name, rule.name)
            before = told.get(key, Told())
            kind = before.news(alert["state"])
            message = _message(target, kind, alert, objective.display_name) if kind in wanted and kind else None
            yield key, before.after(alert["state"]), message


def _wanted(notices: tuple[Notice, ...]) -> dict[str, set[Kind]]:
    """What each target wants to hear of; several policies may name it for one condition."""
    wanted: dict[str, set[Kind]] = {}
    for each in notices:
        kinds: tuple[tuple[Kind, bool], ...] = (
            ("firing", each.when_breaching), ("resolved", each.when_resolved), ("no_data", each.when_no_data),
        )  # fmt: skip
        wanted.setdefault(each.target, set()).update(kind for kind, is_wanted in kinds if is_wanted)
    return wanted


def _message(target: str, kind: Kind, alert: dict[str, Any], display_name: str) -> Message:
    titles = {alert["slo"]: for_chat(display_name)}
    told = alert | {"state": RESOLVED if kind == "resolved" else kind, "severity": for_chat(alert["severity"])}
    windows = [
        f"{window(alert[f'{length}_window'])}: {burn(alert, prefix)}, {count(alert[f'{prefix}bad'])} bad of "
        f"{count(alert[f'{prefix}total'])}"
        for length, prefix in (("long", ""), ("short", "short_"))
    ]
    lines = [
        headline(told, titles),
        *windows,
        f"Fires from {limit(alert)} in both windows, which end on {alert['judged_at']:%Y-%m-%d %H:%M} UTC.",
        *([f"Since {since(alert, year=True)}."] if kind == "firing" else []),
        f"Rule {alert['condition']}; report of {alert['report_date']}, published/{alert['report_date']}/report.html.",
    ]
    text = [line.replace(NARROW, " ") for line in lines]
    return Message(target, kind, f"[{_APP}] {_WORDS[kind]}: {text[0]}", "\n".join(text[1:]))


def _through_apprise() -> Send:
    """Sends through Apprise, which knows each service's format and escapes for it; nothing else of it reaches the network."""
    apps: dict[str, Apprise | None] = {}

    def send(address: str, message: Message) -> str | None:
        if address not in apps:
            apps[address] = _app(address)
        app = apps[address]
        if app is None:
            return f"{variable_of(message.target)} holds no address that can be used; accepted: {ACCEPTED}"
        result = app.notify(
            title=message.title, body=message.body, notify_type=_KINDS[message.kind], body_format="text"
        )  # fmt: skip
        return None if result else _problem(result)

    return send


def _app(address: str) -> "Apprise | None":
    # What it logs names hosts, and would go to whoever listens to Python's logs.
    logging.getLogger("apprise").propagate = False
    import apprise  # takes a fifth of a second

    asset = apprise.AppriseAsset(
        app_id=_APP, app_desc=_APP, app_url="", image_url_mask="", image_url_logo="", image_path_mask=False,
        async_mode=False, storage_mode="memory", allow_templates=False, language="en", timezone="UTC",
        service_timeout=_LONGEST_SECONDS, http_redirects=False,
    )  # fmt: skip
    service = apprise.Apprise.instantiate(address, asset=asset)
    if service is None:
        return None
    app = apprise.Apprise(asset=asset)
    app.add(service)
    return app


def _problem(result: "AppriseResult") -> str:
    """Why a message was not delivered: the service's kind and its answer, and nothing that could hold an address."""
    [service] = result.results
    if service.status.name == "TIMEOUT":
        return f"{service.name} did not answer within {_LONGEST_SECONDS} s"
    codes = re.findall(r"error=(\d{3})\b", " ".join(entry.message for entry in service.logs()))
    answer = f"answered {codes[-1]}" if codes else "could not be reached, or did not take it"
    return f"{service.name} {answer}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time tells: two would tell the same."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read(path: Path) -> tuple[date | None, dict[Key, Told]]:
    """The newest report date that was told of, and what each target knows of each alert."""
    if not path.exists():
        return None, {}
    try:
        content = orjson.loads(path.read_bytes())
        told = {
            (each["target"], each["slo"], each["condition"]): Told(each["is_firing"], each["is_no_data"])
            for each in content["told"]
        }
        return date.fromisoformat(content["report_date"]), told
    except (ValueError, TypeError, KeyError) as problem:
        raise NotifiedUnreadable(
            f"{path.name} cannot be read ({type(problem).__name__}); accepted: what upgrade-slo wrote there. "
            "Remove it, and all that fires is told again."
        ) from problem


def _write(path: Path, report_date: date, told: Mapping[Key, Told]) -> None:
    known = [
        {"target": target, "slo": slo, "condition": condition, "is_firing": each.is_firing, "is_no_data": each.is_no_data}
        for (target, slo, condition), each in sorted(told.items())
        if each != Told()
    ]
    content = {"report_date": report_date, "told": known}
    write_atomically(path, orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
