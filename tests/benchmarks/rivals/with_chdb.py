"""The status by chDB, which is ClickHouse inside a process: the statements of `with_chdb.sql`.

Belongs here: running those statements.
Does not belong here: the statements themselves.

Usage: with_chdb.py HOME DAY STATUS.parquet [the share of lines that may be malformed, 0 by default]
"""

import sys
from datetime import date, timedelta
from pathlib import Path

from chdb import session


def main(home: Path, day: date, target: Path, malformed_ratio: float) -> None:
    target.unlink(missing_ok=True)
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for name, value in {"home": home, "day": day, "as_of": f"{day + timedelta(days=1)} 00:00:00"}.items():
        script = script.replace(f"{{{name}}}", str(value))
    *tables, status = script.split(";\n")
    db = session.Session()
    settings = {
        "group_by_use_nulls": 1,
        "join_use_nulls": 1,
        "input_format_skip_unknown_fields": 1,
        "input_format_json_ignore_unknown_keys_in_named_tuple": 1,
        "input_format_allow_errors_ratio": malformed_ratio,
    }
    db.query("SET " + ", ".join(f"{name} = {value}" for name, value in settings.items()))
    for statement in tables:
        db.query(statement)
    db.query(f"{status.rstrip()}\nINTO OUTFILE '{target}' FORMAT Parquet")


if __name__ == "__main__":
    main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4]) if sys.argv[4:] else 0)
