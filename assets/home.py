"""The home: where input arrives, where the pipeline keeps its own, where readers find what is published.

Belongs here: the folders and files of a home, and how strict it is about gaps.
Does not belong here: where the home is (`pipelines/settings.py` reads the environment).
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """A home by its root folder; nothing is created by looking.

    `gaps_are_errors`: whether a day without a delivery refuses the reports after it.
    """

    root: Path
    gaps_are_errors: bool = True

    @property
    def landing(self) -> Path:
        """Input by source and delivery day; never changed by the pipeline."""
        return self.root / "landing"

    @property
    def inventory(self) -> Path:
        """Optional CSV files on clusters and node pools."""
        return self.root / "inventory"

    @property
    def reference(self) -> Path:
        """Optional YAML files on what providers release and support."""
        return self.root / "reference"

    @property
    def objectives(self) -> Path:
        """Optional OpenSLO files; the shipped set applies when the folder is absent."""
        return self.root / "objectives"

    @property
    def warehouse(self) -> Path:
        """The pipeline's own database file."""
        return self.root / "warehouse.duckdb"

    @property
    def scratch(self) -> Path:
        """Files that live no longer than a step: expanded deliveries, spilled sorts."""
        return self.root / "scratch"

    @property
    def published(self) -> Path:
        """What readers see."""
        return self.root / "published"

    @property
    def refused(self) -> Path:
        """Why days were not published."""
        return self.root / "refused"

    @property
    def notified(self) -> Path:
        """What notification targets have been told of alerts; a rebuild leaves it alone."""
        return self.root / "notified.json"

    @property
    def simulation(self) -> Path:
        """What a simulation planted, for comparison."""
        return self.root / "simulation"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME: runs, schedules, events."""
        return self.root / "dagster"

    @property
    def lock(self) -> Path:
        """Held by the process that runs the pipeline on this home."""
        return self.root / ".lock"
