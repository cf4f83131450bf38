"""The simulated homes that benchmarks run on, of a named size, made once and kept.

Belongs here: making and finding them, as delivered and in the plainer shapes that other tools can read.
Does not belong here: long histories (`history.py`), what runs on the homes (`rows/`).
"""

import csv
import gzip
import json
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from measure import apart
from sizes import Sizes

ROOT = Path(__file__).parents[2] / ".bench"
WORK = ROOT / "work"
END = date(2026, 11, 20)
# An operation of the simulated fleet takes about this many lines.
LINES_PER_OPERATION = 2.73
_MARK = b"\xef\xbb\xbf"


def make_homes(sizes: Sizes) -> None:
    """Make every home that a row of the table needs, but the long day's, which goes again, and those with a history."""
    for lines in (sizes.lines, sizes.many_lines):
        for malformed in (True, False):
            apart(plain, lines, days=sizes.home_days, malformed=malformed)
        apart(one_day, lines)
    apart(one_day_gzip, sizes.lines)
    apart(several_days, sizes.lines, days=10)
    apart(several_days, sizes.backfill_lines, days=sizes.backfill_days)


def several_days(lines: int, *, days: int) -> Path:
    """A home of about so many canonical lines over so many delivery days, in files of all kinds, three a day or more."""
    home = ROOT / f"{days}-days-{lines}"
    with _made(home, "simulation/incidents.json") as making:
        if making:
            from assets.simulation.simulate import simulate

            simulate(
                landing=home / "landing",
                inventory=home / "inventory" / "clusters.csv",
                incidents=home / "simulation" / "incidents.json",
                end=END,
                days=days,
                operations_per_day=max(1, round(lines / days / LINES_PER_OPERATION)),
            )
    return home


def one_day(lines: int) -> Path:
    """A home whose one delivery day holds the lines of ten simulated days in one plain file."""
    home = ROOT / f"one-day-{lines}"
    target = _day_folder(home) / "all.ndjson"
    with _made(home, target.relative_to(home).as_posix()) as making:
        if making:
            source = several_days(lines, days=10)
            with _appearing(target).open("wb") as writer:
                for _, content in _contents(source):
                    writer.write(content)
                    writer.write(b"\n")
            shutil.rmtree(source)  # large, and made again in no time
            _appear(target)
    return home


def one_day_gzip(lines: int) -> Path:
    """The same lines in one gzip file."""
    home = ROOT / f"one-day-{lines}-gzip"
    target = _day_folder(home) / "all.ndjson.gz"
    with _made(home, target.relative_to(home).as_posix()) as making:
        if making:
            plain = _day_folder(one_day(lines)) / "all.ndjson"
            with plain.open("rb") as reader, gzip.GzipFile(_appearing(target), "wb", compresslevel=6, mtime=0) as writer:
                shutil.copyfileobj(reader, writer, 1 << 20)
            _appear(target)
    return home


def one_day_of_files(lines: int) -> Path:
    """A home whose one delivery day holds the files of ten simulated days as they were delivered."""
    home = ROOT / f"one-day-of-files-{lines}"
    with _made(home, "inventory/clusters.csv") as making:
        if making:
            source = several_days(lines, days=10)
            folder = _day_folder(home)
            folder.mkdir(parents=True)
            for file in _files(source):
                file.rename(folder / f"{file.parent.name}-{file.name}")
            (source / "inventory").rename(home / "inventory")
            shutil.rmtree(source)
    return home


def plain(lines: int, *, days: int, malformed: bool) -> Path:
    """The home of so many days in plain files, without byte order marks, blank lines and carriage returns.

    `malformed`: whether the malformed lines are there. `failures.csv` says whose each failure is, so that every tool is given it.
    """
    home = ROOT / f"{days}-days-{lines}-{'plain' if malformed else 'clean'}"
    with _made(home, "failures.csv") as making:
        if making:
            source = several_days(lines, days=days)
            shutil.copytree(source / "inventory", home / "inventory")
            refused = defaultdict(set)
            for each in json.loads((source / "simulation" / "malformed.json").read_bytes()):
                refused[each["path"]].add(each["line"])
            failures = set()
            for file, content in _contents(source):
                bad = refused[file.relative_to(source / "landing").as_posix()]
                kept = []
                for number, line in enumerate(content.removeprefix(_MARK).split(b"\n"), start=1):
                    is_good = number not in bad
                    if line.strip() and (is_good or malformed):
                        kept.append(line.removesuffix(b"\r"))
                        if is_good and b'"error_' in line:
                            data = json.loads(line)["data"]
                            failures.add((data.get("error_code") or None, data.get("error_message") or None))
                target = home / "landing" / "canonical" / file.parent.name / f"{file.name.partition('.')[0]}.ndjson"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(b"\n".join([*kept, b""]))
            write_failures(home / "failures.csv", failures)
    return home


def write_failures(target: Path, failures: set[tuple[str | None, str | None]]) -> None:
    """One line per error code and message: who is responsible."""
    from assets.upgrades.errors import classify

    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["error_code", "error_message", "responsibility"])
        for code, message in sorted(failures, key=str):
            writer.writerow([code, message, classify(code, message)[1]])


def _day_folder(home: Path) -> Path:
    return home / "landing" / "canonical" / END.isoformat()


def _files(home: Path) -> list[Path]:
    return sorted((home / "landing" / "canonical").glob("*/*"))


def _contents(home: Path) -> Iterator[tuple[Path, bytes]]:
    """Every delivered file with its decompressed bytes."""
    from assets.telemetry.lines import expanded

    scratch = home / ".scratch"
    scratch.mkdir(exist_ok=True)
    for file in _files(home):
        with expanded(file, scratch) as content:
            yield file, content.read_bytes()
    shutil.rmtree(scratch)


@contextmanager
def _made(home: Path, last: str) -> Iterator[bool]:
    """Whether the home has to be made; what an interrupted making left goes first. `last` is the file that is written last."""
    making = not (home / last).exists()
    if making:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
    yield making


def _appearing(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{target.name}")


def _appear(target: Path) -> None:
    _appearing(target).rename(target)
