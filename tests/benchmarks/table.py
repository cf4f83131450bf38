"""The lines of the table: ours against a named baseline, what the target is, and whether it is met.

Belongs here: a line's figures as people read them, as JSON, and as Markdown.
Does not belong here: which lines there are (`bench.py`), measuring (`measure.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from measure import FIGURES, Pairs, Spread
from rich.table import Table

COLUMNS = ("what", "against", "pairs", "CPU, ratio", "wall, ratio", "memory, ratio", "CPU s", "wall s", "peak GB", "target")
_SHORT = {"cpu_seconds": "CPU", "wall_seconds": "wall", "peak_bytes": "memory"}


@dataclass(frozen=True)
class Line:
    """One line. `limits` are the largest ratios that meet the target, `peak_limit` the largest peak in bytes.

    `notes` say what the figures do not. A line without pairs says why in them.
    """

    what: str
    against: str
    pairs: Pairs | None
    limits: Mapping[str, float] = field(default_factory=dict)
    peak_limit: int | None = None
    notes: Sequence[str] = ()

    def target(self) -> str:
        """The target and whether it is met; `missed` says by how much."""
        if self.pairs is None:
            return "not measured"
        wanted = [f"{_SHORT[figure]} ≤ {limit}×" for figure, limit in self.limits.items()]
        missed = []
        for figure, limit in self.limits.items():
            found = self.pairs.ratio(figure).median
            if found > limit:
                missed.append(f"{_SHORT[figure]} {_by(found / limit)}")
        if self.peak_limit is not None:
            wanted.append(f"peak ≤ {self.peak_limit / 1e9:.1f} GB")
            peak = self.pairs.value("ours", "peak_bytes").high
            if peak > self.peak_limit:
                missed.append(f"peak {_by(peak / self.peak_limit)}")
        if not wanted:
            return ""
        return f"{', '.join(wanted)}: {'missed, ' + ', '.join(missed) if missed else 'met'}"

    def cells(self) -> list[str]:
        """As text, in the order of `COLUMNS`."""
        if self.pairs is None:
            return [self.what, self.against, "", "", "", "", "", "", "", self.target()]
        ours = {figure: self.pairs.value("ours", figure) for figure in FIGURES}
        return [
            self.what,
            self.against,
            str(len(self.pairs.ours)),
            *(_spread(self.pairs.ratio(figure)) if self.pairs.baseline else "" for figure in FIGURES),
            f"{ours['cpu_seconds'].median:.2f}",
            f"{ours['wall_seconds'].median:.2f}",
            f"{ours['peak_bytes'].median / 1e9:.2f}",
            self.target(),
        ]

    def as_json(self) -> dict[str, Any]:
        """Every figure with its spread."""
        sides = {} if self.pairs is None else {"ours": self.pairs.ours, "baseline": self.pairs.baseline}
        return {
            "what": self.what,
            "against": self.against,
            "pairs": len(sides.get("ours", ())),
            "limits": dict(self.limits),
            "peak_limit_bytes": self.peak_limit,
            "target": self.target(),
            "ratios": {figure: asdict(self.pairs.ratio(figure)) for figure in FIGURES}
            if self.pairs and self.pairs.baseline
            else {},
            **{
                side: {figure: asdict(Spread.of([getattr(run, figure) for run in runs])) for figure in FIGURES}
                for side, runs in sides.items()
                if runs
            },
            "notes": list(self.notes),
        }


def for_people(lines: Iterable[Line], *, title: str) -> Table:
    """The table for a terminal."""
    table = Table(*COLUMNS, title=title)
    for line in lines:
        table.add_row(*line.cells())
    return table


def markdown(lines: Iterable[Line]) -> str:
    """The table to paste, with the notes below it."""
    lines = list(lines)
    rows = [COLUMNS, ["---"] * len(COLUMNS), *(line.cells() for line in lines)]
    notes = [f"- {line.what}, {line.against}: {note}" for line in lines for note in line.notes]
    return "\n".join(
        ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows] + [""] * bool(notes) + notes
    )


def _by(factor: float) -> str:
    return f"by {factor - 1:.0%}" if factor < 3 else f"by a factor of {factor:.1f}"


def _spread(values: Spread) -> str:
    return f"{values.median:.2f} ({values.low:.2f} to {values.high:.2f})"
