"""How large things are: the sizes of the benchmark, and small ones for a quick look.

Belongs here: numbers of lines, days and pairs.
Does not belong here: what is measured at these sizes (`rows/`).
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Sizes:
    """`lines` of an ordinary home, `many_lines` of a large one, `day_lines` of the longest day. `records` of a provider's file.

    `home_days`: delivery days of the homes that rivals read too. `long_days` and `short_days` of history, with `events_a_day`.
    `pairs` of an ordinary row, `few_pairs` of one that takes minutes, `fewest_pairs` of one that takes a quarter of an hour.
    """

    lines: int
    many_lines: int
    day_lines: int
    records: int
    home_days: int
    long_days: int
    short_days: int
    events_a_day: int
    backfill_days: int
    backfill_lines: int
    pairs: int
    few_pairs: int
    fewest_pairs: int

    def with_history(self, events_a_day: int) -> "Sizes":
        """The same with histories of so many events a day."""
        return replace(self, events_a_day=events_a_day)

    def with_pairs(self, pairs: int) -> "Sizes":
        """The same with another number of pairs in every row."""
        return replace(self, pairs=pairs, few_pairs=min(pairs, self.few_pairs), fewest_pairs=min(pairs, self.fewest_pairs))


FULL = Sizes(
    lines=1_000_000,
    many_lines=10_000_000,
    day_lines=20_000_000,
    records=50_000,
    home_days=30,
    long_days=365,
    short_days=30,
    events_a_day=100_000,
    backfill_days=30,
    backfill_lines=300_000,
    pairs=5,
    few_pairs=3,
    fewest_pairs=2,
)
QUICK = Sizes(
    lines=100_000,
    many_lines=300_000,
    day_lines=500_000,
    records=5_000,
    home_days=10,
    long_days=45,
    short_days=30,
    events_a_day=3_000,
    backfill_days=3,
    backfill_lines=10_000,
    pairs=1,
    few_pairs=1,
    fewest_pairs=1,
)
