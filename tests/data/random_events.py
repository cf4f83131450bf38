"""Random events of very few operations, so that ties, siblings, duplicates and midnights are the rule.

Belongs here: what hypothesis draws for tests of the fold and the counts.
Does not belong here: delivering it (`small_home.py`), what should come of it (`reference_fold.py`, `reference_status.py`).
"""

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
