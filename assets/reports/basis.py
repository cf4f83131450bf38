"""What a report rests on: hashes of its inputs, its configuration and the code.

Belongs here: provenance that the manifest carries and that stored verdicts are compared with.
Does not belong here: the verdicts (`verdicts.py`), the manifest (`publish.py`).
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version

import duckdb

from assets.code import code_sha256
from assets.sql_files import sql_beside

sql = sql_beside(__file__)

_CODE = ("assets", "quality", "pipelines")


@dataclass(frozen=True, slots=True)
class Basis:
    """Hex SHA-256 of each kind of input, and the version of the code; that of the reference data is empty when there is none."""

    inputs_sha256: str
    objectives_sha256: str
    inventory_sha256: str
    code_version: str
    reference_sha256: str = ""

    @property
    def sha256(self) -> str:
        """One hash for all that is computed and judged before a report: figures and verdicts with the same one rest on the same.

        Reference data is not in it. Only the page shows it, beside those figures: other reference data makes another revision of
        the report, for which nothing has to be computed or judged again.
        """
        parts = (self.inputs_sha256, self.objectives_sha256, self.inventory_sha256, self.code_version)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def basis_of(
    db: duckdb.DuckDBPyConnection, *, day: date, objectives_sha256: str, inventory_sha256: str, reference_sha256: str = ""
) -> Basis:
    """The basis of the report of `day`: every file delivered by then, and the present configuration and code."""
    return Basis(inputs_sha256(db, day), objectives_sha256, inventory_sha256, code_version(), reference_sha256)


def inputs_sha256(db: duckdb.DuckDBPyConnection, day: date) -> str:
    """Hex SHA-256 of the day, path, content and status of every file that the report of `day` sees."""
    digest = hashlib.sha256()
    for row in db.execute(sql("report_inputs"), {"report_date": day}).fetchall():
        digest.update("\0".join(map(str, row)).encode() + b"\n")
    return digest.hexdigest()


def code_version() -> str:
    """The package's version and the first 8 hex digits of the hash of its files: any change of code is another version."""
    try:
        number = version("upgrade-slo")
    except PackageNotFoundError:  # run from a checkout that was not installed
        number = "0"
    return f"{number}+{code_sha256(*_CODE)[:8]}"
