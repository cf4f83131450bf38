"""A landing zone and a warehouse for one test: deliver files, take them in, read back what became of them.

Belongs here: writing deliveries, running the real intake on a real DuckDB file, reading the tables.
Does not belong here: what is expected of them (the tests beside this file).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.telemetry.canonical import Event
from assets.telemetry.intake import Intake, take_in
from assets.warehouse import Warehouse

EVENT_COLUMNS = Event._fields
COUNTS = ("lines", "blank", "records", "accepted", "duplicate", "quarantined", "not_an_upgrade")


@dataclass(frozen=True)
class Row:
    """One accepted event and where it was delivered."""

    path: str
    event: Event


@dataclass
class Zone:
    """A home with a landing zone and a warehouse.

    `kept_open`: a connection that serves every transaction, for tests that have no interest in opening and closing.
    """

    root: Path
    kept_open: duckdb.DuckDBPyConnection | None = None
    warehouse: Warehouse = field(init=False)

    def __post_init__(self) -> None:
        self.warehouse = Warehouse(self.root / "warehouse.duckdb", self.scratch)

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def scratch(self) -> Path:
        return self.root / "scratch"

    def place(self, day: date, name: str, source: str = "canonical") -> Path:
        """Where a file of this name is delivered; its folder exists afterwards."""
        place = self.landing / source / day.isoformat() / name
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def deliver(self, day: date, name: str, content: bytes, source: str = "canonical") -> Path:
        place = self.place(day, name, source)
        place.write_bytes(content)
        return place

    def take_in(self, upto: date, progress: Callable[[date, int, int], None] = lambda *_: None) -> Intake:
        if self.kept_open is not None:
            return take_in(self.kept_open, self.landing, upto=upto, scratch=self.scratch, progress=progress)
        with self.warehouse.connection() as db:
            return take_in(db, self.landing, upto=upto, scratch=self.scratch, progress=progress)

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        if self.kept_open is None:
            with self.warehouse.transaction() as db:
                yield db
            return
        self.kept_open.execute("BEGIN")
        try:
            yield self.kept_open
        except BaseException:
            self.kept_open.execute("ROLLBACK")
            raise
        self.kept_open.execute("COMMIT")

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with self.transaction() as db:
            return db.execute(statement).fetchall()

    def events(self) -> list[Row]:
        """Every accepted event, by file in order of delivery, then by identity."""
        names = ", ".join(f'events."{name}"' for name in EVENT_COLUMNS)
        rows = self.query(
            f"SELECT path, {names} FROM telemetry.events JOIN telemetry.files USING (file_id, delivery_day) "
            "ORDER BY delivery_day, path, source, id"
        )
        return [Row(path, as_event(values)) for path, *values in rows]

    def quarantine(self) -> list[tuple[str, int, str, bytes]]:
        """Path, line, reason and bytes of every refused record in order of delivery."""
        return self.query("SELECT path, line, reason, raw FROM telemetry.quarantine ORDER BY delivery_day, path, line")

    def files(self) -> dict[str, str]:
        """The status of every file in the ledger, by path below the landing zone."""
        rows = self.query("SELECT path, status FROM telemetry.files ORDER BY delivery_day, path")
        assert len({path for path, _ in rows}) == len(rows), f"a path is in the ledger more than once: {rows}"
        return dict(rows)

    def error(self, path: str) -> str:
        [(error,)] = self.query(f"SELECT error FROM telemetry.files WHERE path = '{path}'")
        return error

    def ledger(self) -> dict[str, dict[str, int]]:
        """What the ledger says of each file, without the noughts."""
        rows = self.query(f"SELECT path, {', '.join(COUNTS)} FROM telemetry.files")
        return {path: {name: value for name, value in zip(COUNTS, counts, strict=True) if value} for path, *counts in rows}

    def counts(self, path: str) -> dict[str, int]:
        return self.ledger()[path]

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that the order of processing must not change. Numbers of files are our own, so paths stand for them."""
        return {
            "events": self.query(
                "SELECT path, events.* EXCLUDE (file_id) FROM telemetry.events "
                "JOIN telemetry.files USING (file_id, delivery_day) ORDER BY delivery_day, path, events.source, id"
            ),
            "quarantine": self.quarantine(),
            "not_upgrades": self.query(
                "SELECT path, line, class FROM telemetry.not_upgrades JOIN telemetry.files USING (file_id, delivery_day) "
                "ORDER BY delivery_day, path, line"
            ),
            "files": self.query("SELECT * EXCLUDE (file_id) FROM telemetry.files ORDER BY delivery_day, path"),
        }


def as_event(values: list[Any]) -> Event:
    given = dict(zip(EVENT_COLUMNS, values, strict=True))
    if given["api_features"] is not None:
        given["api_features"] = tuple(given["api_features"])
    assert isinstance(given["observed_at"], datetime), f"{given['observed_at']} is beyond what a datetime can hold"
    return Event(**given)


@pytest.fixture
def zone(tmp_path: Path) -> Iterator[Zone]:
    zone = Zone(tmp_path)
    with zone.warehouse.connection() as zone.kept_open:
        yield zone


@pytest.fixture
def reopened_zone(tmp_path: Path) -> Zone:
    """A zone whose warehouse is opened and closed for every transaction, as runs do it."""
    return Zone(tmp_path)


@pytest.fixture(scope="module")
def new_zone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Zone]]:
    """Zones for tests that need several, such as one for each example."""
    with ExitStack() as connections:

        def make() -> Zone:
            zone = Zone(tmp_path_factory.mktemp("zone"))
            zone.kept_open = connections.enter_context(zone.warehouse.connection())
            return zone

        yield make
