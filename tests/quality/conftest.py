"""One healthy home per session; every test that plants a fault works on a copy of its warehouse.

Belongs here: building and copying that home.
Does not belong here: faults and verdicts; those stand in the tests.
"""

import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.data.whole_home import WholeHome, home_at, new_home

REPORT_DAY = date(2026, 11, 20)


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> WholeHome:
    """Four ordinary days, every table as of the last of them. Not to be changed."""
    whole = new_home(tmp_path_factory.mktemp("healthy") / "home")
    whole.deliver_ordinary_days(date(2026, 11, 17), 4)
    whole.bring_to(REPORT_DAY)
    return whole


@pytest.fixture
def healthy(original: WholeHome, tmp_path: Path) -> WholeHome:
    """A copy of the healthy home, without its deliveries: what its tables say is all that the gate looks at."""
    root = tmp_path / "home"
    shutil.copytree(original.home.objectives, root / "objectives")
    shutil.copy(original.home.warehouse, root)
    return home_at(root)
