"""Random events of very few operations, so that ties, siblings, duplicates and midnights are the rule.

Belongs here: what hypothesis draws for tests of the fold and the counts.
Does not belong here: delivering it (`small_home.py`), what should come of it (`reference_fold.py`, `reference_status.py`).
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import strategies as st

from tests.data.small_home import Row, at, event

FIRST, SECOND, THIRD = DELIVERY_DAYS = ("2026-11-20", "2026-11-21", "2026-11-22")
INVENTORY = (
    "c,,north,stateless,aks,,2026-11-21",
    "c,,south,,gke,2026-11-21,",
    "c,np,pool,ml,,2026-11-20T23:30:00Z,",
    "d,,west,,,,",
)
_CLOCK = [*(at("2026-11-20 23:00") + timedelta(minutes=each) for each in (0, 30, 60, 90)), at("2026-11-21 23:00")]
_TYPES = ("scheduled", *2 * ("started", "succeeded", "failed"), "cancelled", "superseded", "skipped")
_OPTIONAL = {
    "node_pool": ["np", ""],
    "provider": ["aks", "gke"],
    "region": ["west", ""],
    "from_version": ["1.30.1"],
    "to_version": ["1.30.9", "v1.31.2"],
    "trigger": ["unknown", "ci", "manual"],
    "workload_type": ["batch"],
    "node_count": [0, 3],
    "error_code": ["PodDrainFailure", "NeverSeenBefore"],
    "upgrade_id": ["wave-7"],
    "observed_version": ["v1.31.2"],
    "api_features": [[], ["policy/v1beta1/PodDisruptionBudget"]],
    "observed_at": ["2026-11-21T00:15:00Z"],
}


# Far apart, so that an operation and what it bears on stand on days with nothing in between.
FAR_DAYS = ("2026-03-02", "2026-05-31", "2026-08-15", "2026-08-16", "2026-11-22")
INVENTORIES = ((), INVENTORY, ("c,,north,stateless,aks,,", "d,,west,,eks,,"), ("c,np,east,batch,aks,2026-08-15,",))
_FAR_CLOCK = [at(f"{each} {hour}") for each in FAR_DAYS for hour in ("08:00", "09:00", "23:30")]
_FAR_OPTIONAL = {
    "node_pool": ["np2"],
    "provider": ["aks", "gke"],
    "from_version": ["1.29.1"],
    "to_version": ["1.30.9", "1.31.2", "1.32.0"],
    "upgrade_id": ["wave-7", "wave-8"],
    "observed_at": ["2026-11-22T12:00:00Z"],
}


@dataclass(frozen=True)
class Step:
    """What happens to a home before the operations are brought to the delivery day `upto`.

    `late`: further events, by their delivery day. `inventory`: the one that holds from now on. `is_lost`: whether the key indexes
    are.
    """

    late: dict[str, list[Row]]
    inventory: tuple[str, ...]
    is_lost: bool
    upto: str


@st.composite
def travels(draw: st.DrawFn) -> list[Step]:
    """A few steps forward and back through `FAR_DAYS`, with up to eight events before each."""
    numbers = iter(range(100))
    return [
        Step(
            late=_far_events(draw, numbers, draw(st.integers(0, 8))),
            inventory=draw(st.sampled_from(INVENTORIES)),
            is_lost=draw(st.integers(0, 4)) == 0,
            upto=draw(st.sampled_from(FAR_DAYS)),
        )
        for _ in range(draw(st.integers(2, 6)))
    ]


def _far_events(draw: st.DrawFn, numbers: Iterator[int], count: int) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for number in itertools.islice(numbers, count):
        time = draw(st.sampled_from(_FAR_CLOCK))
        names = draw(st.sets(st.sampled_from(sorted(_FAR_OPTIONAL)), max_size=3))
        made = event(
            draw(st.sampled_from(["scheduled", "started", "started", "succeeded", "succeeded", "succeeded", "failed"])),
            str(time),
            operation=draw(st.sampled_from(["1", "2", "3", "4", "5"])),
            cluster=draw(st.sampled_from(["c", "c", "c", "d"])),
            id=str(number if draw(st.integers(0, 9)) else 0),
        )
        made["data"] |= {"node_pool": "np"} | {name: draw(st.sampled_from(_FAR_OPTIONAL[name])) for name in sorted(names)}
        delivered = draw(st.sampled_from([each for each in FAR_DAYS if each >= time.date().isoformat()]))
        found.setdefault(delivered, []).append(made)
    return found


@st.composite
def deliveries(draw: st.DrawFn) -> dict[str, list[Row]]:
    """Up to twelve events, by the day of their delivery."""
    days: dict[str, list[Row]] = {each: [] for each in DELIVERY_DAYS}
    for number in range(draw(st.integers(1, 12))):
        names = draw(st.sets(st.sampled_from(sorted(_OPTIONAL)), max_size=5))
        made = event(
            draw(st.sampled_from(_TYPES)),
            str(draw(st.sampled_from(_CLOCK))),
            operation=draw(st.sampled_from(["1", "2", "3", "4"])),
            cluster=draw(st.sampled_from(["c", "c", "d"])),
            scope=draw(st.sampled_from(["node_pool", "node_pool", "node_pool", "cluster"])),
            # The same identity twice is a duplicate; of two sources, few ids make ties that only they decide.
            id=str(draw(st.integers(0, 3)) if draw(st.booleans()) else number + 10),
            source=draw(st.sampled_from(["s", "t"])),
        )
        made["data"] |= {name: draw(st.sampled_from(_OPTIONAL[name])) for name in sorted(names)}
        days[draw(st.sampled_from(DELIVERY_DAYS))].append(made)
    return days
