"""Sixteen operations of every kind, from lines in the landing zone to the status, with every figure worked out by hand.

The report is of 2026-11-20 and looks at the world as of the midnight after it. Three objectives, as an OpenSLO file says them:
`success` (ratio, 3 days), `speed` (threshold, 7 days) and `platform` (ratio by its bad operations, 28 days).
"""

from math import comb, sqrt
from pathlib import Path

import pytest

from assets.slo.objectives import Objectives, load_objectives
from tests.data.small_home import Row, SmallHome, at, day, event, small_home

REPORT = "2026-11-20"
Z95 = 1.959963984540054  # of a two-sided 95 % interval
Z80 = 1.2815515655446004  # of a two-sided 80 % interval

OBJECTIVES = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: upgrades}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: success
  annotations: {upgradeslo.dev/slice-by: "region,scope"}
spec:
  service: upgrades
  budgetingMethod: Occurrences
  timeWindow: [{duration: 3d, isRolling: true}]
  indicator:
    metadata: {name: success}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            spec: {table: operations, where: "state = 'succeeded' AND (version_confirmed IS NULL OR version_confirmed)"}
        total: {metricSource: {spec: {table: operations}}}
  objectives: [{target: 0.8}]
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: speed
  annotations: {upgradeslo.dev/slice-by: region}
spec:
  service: upgrades
  budgetingMethod: Occurrences
  timeWindow: [{duration: 1w, isRolling: true}]
  indicator:
    metadata: {name: speed}
    spec:
      thresholdMetric:
        metricSource: {spec: {table: operations, where: "scope = 'node_pool'", value: duration_seconds}}
  objectives: [{op: lte, value: 3600, target: 0.5}]
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: platform
  annotations: {upgradeslo.dev/confidence: "0.8"}
spec:
  service: upgrades
  budgetingMethod: Occurrences
  timeWindow: [{duration: 28d, isRolling: true}]
  indicator:
    metadata: {name: platform}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {spec: {table: operations, where: responsibility = 'platform'}}}
        total: {metricSource: {spec: {table: operations}}}
  objectives: [{target: 0.95}]
"""

# c1 moves from west to east at noon of the 19th; nobody knows c3.
INVENTORY = (
    "c1,,west,stateless,aks,,2026-11-19T12:00:00Z",
    "c1,,east,stateless,aks,2026-11-19T12:00:00Z,",
    "c2,,east,ml_batch,gke,,",
)


def on(operation: str, cluster: str, pool: str | None = None, **more: object) -> dict[str, object]:
    scope = "node_pool" if pool else "cluster"
    return {"operation": operation, "cluster": cluster, "node_pool": pool, "scope": scope, **more}


A1 = on("a1", "c1", "np", to_version="1.30.4", trigger="auto_channel")
A2 = on("a2", "c1", "np", to_version="1.31.2", trigger="auto_channel")
A3 = on("a3", "c1", "np", to_version="1.31.2", trigger="auto_channel")
A4 = on("a4", "c1", "np", to_version="1.31.5", trigger="auto_channel")
B1 = on("b1", "c2", None, to_version="v1.31.2-gke.1100", trigger="manual") | {"scope": "control_plane"}
B2, B3, B4, B5 = (on(name, "c2", "np1", to_version="1.31.2") for name in ("b2", "b3", "b4", "b5"))
D1, D2, D3 = (on(name, "c3", pool, to_version="1.32.0") for name, pool in (("d1", "p1"), ("d2", "p2"), ("d3", "p3")))
D4 = on("d4", "c3", None, to_version="1.32.0")
D5, D7 = (on(name, "c3", "p5", to_version="1.31.2") for name in ("d5", "d7"))
D6 = on("d6", "c3", "p6")

DELIVERIES = {
    "2026-11-17": [
        event("started", "2026-11-17 10:00", **D7),
        event("succeeded", "2026-11-17 10:20", **D7),
    ],
    "2026-11-18": [
        event("started", "2026-11-18 08:00", **A1),
        event("succeeded", "2026-11-18 08:30", **A1, id="a1-end"),
        event("started", "2026-11-18 10:00", **A2),
        event("failed", "2026-11-18 11:00", **A2, error_code="PodDrainFailure"),
        event("started", "2026-11-18 23:30", **A3),
    ],
    "2026-11-19": [
        event("failed", "2026-11-18 08:30", **A1, id="a1-end"),  # the id is taken: a duplicate, whatever it says
        event("started", "2026-11-19 12:00", **A4),
        event("succeeded", "2026-11-19 13:00:00.000001", **A4, observed_version="1.31.2"),
        event("started", "2026-11-19 02:00", **B1),
        event("succeeded", "2026-11-19 02:10", **B1, observed_version="v1.31.2-gke.1100"),
        event("scheduled", "2026-11-19 01:00", **B2),
        event("started", "2026-11-19 03:00", **B2),
        event("cancelled", "2026-11-19 03:05", **B2),
        event("scheduled", "2026-11-19 04:00", **B3),
        event("superseded", "2026-11-19 05:00", **B3),
        event("started", "2026-11-19 00:00", **D3),
    ],
    "2026-11-20": [
        event("succeeded", "2026-11-19 00:30", **A3 | {"trigger": "unknown"}),  # a day late
        event("skipped", "2026-11-20 06:00", **B4),
        event("scheduled", "2026-11-20 07:00", **B5),
        event("started", "2026-11-20 20:00", **D1),
        event("started", "2026-11-20 23:30", **D2),
        event("started", "2026-11-20 09:00", **D4),
        event("failed", "2026-11-20 09:20", **D4, error_code="NeverSeenBefore"),
        event("started", "2026-11-20 10:00", **D5),
        event("succeeded", "2026-11-20 09:59", **D5),
        event("started", "2026-11-20 11:00", **D6),
        event("succeeded", "2026-11-20 11:40", **D6),
    ],
    # Not delivered by the report's day, and so not known to it, though it had happened.
    "2026-11-21": [event("succeeded", "2026-11-20 20:10", **D1)],
}

#    day         state       seconds    region     from      attempt  whose          success (3 d)        speed (7 d)
# a1 2026-11-18  succeeded   1800       west       -         1        none           good                 good
# a2 2026-11-18  failed      3600       west       1.30.4    1        customer       bad                  bad: never finished
# a3 2026-11-18  succeeded   3600       west       1.30.4    2        none           good                 good: at most 3600
# a4 2026-11-19  succeeded   3600+1 µs  east       1.31.2    1        none           bad: wrong version   bad
# b1 2026-11-19  succeeded   600        east       -         1        none           good                 (control plane)
# b2 2026-11-19  cancelled   300        east       -         1        none           excluded             excluded
# b3 2026-11-19  superseded  -          east       -         2        none           excluded             excluded
# b4 2026-11-20  skipped     -          east       -         3        none           excluded             excluded
# b5 2026-11-20  scheduled   -          east       -         4        none           excluded             excluded
# d1 2026-11-20  running     (4 h)      unknown    -         1        none           pending: < 24 h      bad: > 1 h
# d2 2026-11-20  running     (30 min)   unknown    -         1        none           pending              pending
# d3 2026-11-19  running     (48 h)     unknown    -         1        none           bad: >= 24 h         bad
# d4 2026-11-20  failed      1200       unknown    -         1        platform       bad                  (cluster)
# d5 2026-11-20  succeeded   skewed     unknown    1.31.2    1        none           good                 excluded
# d6 2026-11-20  succeeded   2400       unknown    -         1        none           good                 good
# d7 2026-11-17  succeeded   1200       unknown    -         1        none           (before the window)  good
OPERATIONS = {
    "a1": ("2026-11-18", "succeeded", 1800.0, "west", None, 1, "none"),
    "a2": ("2026-11-18", "failed", 3600.0, "west", "1.30.4", 1, "customer"),
    "a3": ("2026-11-18", "succeeded", 3600.0, "west", "1.30.4", 2, "none"),
    "a4": ("2026-11-19", "succeeded", 3600.000001, "east", "1.31.2", 1, "none"),
    "b1": ("2026-11-19", "succeeded", 600.0, "east", None, 1, "none"),
    "b2": ("2026-11-19", "cancelled", 300.0, "east", None, 1, "none"),
    "b3": ("2026-11-19", "superseded", None, "east", None, 2, "none"),
    "b4": ("2026-11-20", "skipped", None, "east", None, 3, "none"),
    "b5": ("2026-11-20", "scheduled", None, "east", None, 4, "none"),
    "d1": ("2026-11-20", "running", None, "unknown", None, 1, "none"),
    "d2": ("2026-11-20", "running", None, "unknown", None, 1, "none"),
    "d3": ("2026-11-19", "running", None, "unknown", None, 1, "none"),
    "d4": ("2026-11-20", "failed", 1200.0, "unknown", None, 1, "platform"),
    "d5": ("2026-11-20", "succeeded", None, "unknown", "1.31.2", 1, "none"),
    "d6": ("2026-11-20", "succeeded", 2400.0, "unknown", None, 1, "none"),
    "d7": ("2026-11-17", "succeeded", 1200.0, "unknown", None, 1, "none"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def home(folder):
    """The home after the report of every day up to the 20th, each built when its delivery came."""
    with small_home(folder) as home:
        (folder / "objectives").mkdir()
        (folder / "objectives" / "all.yaml").write_text(OBJECTIVES, encoding="utf-8")
        home.inventory(*INVENTORY)
        for delivery_day, events in DELIVERIES.items():
            home.deliver(delivery_day, *events)
        # Lines that are no events count nowhere.
        (folder / "landing" / "canonical" / REPORT / "odd.ndjson").write_text('{"specversion":"1.0"}\n\nnot json\n')
        for delivery_day in sorted(DELIVERIES)[:-1]:
            report(home, delivery_day)
        yield home


def objectives(home: SmallHome) -> Objectives:
    return load_objectives(home.folder / "objectives")


def report(home: SmallHome, delivery_day: str) -> None:
    home.take_in(delivery_day)
    home.fold(delivery_day)
    home.count(delivery_day, objectives(home))
    home.stored_status(delivery_day, objectives(home))


def wilson(good: int, total: int, z: float) -> tuple[float, float]:
    """(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), with p = good / n."""
    p, n = good / total, total
    middle, reach = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - reach) / (1 + z * z / n), (middle + reach) / (1 + z * z / n)


def shown_by(bad: int, total: int, ratio: float) -> float:
    """The ratio at which at least so many of the total are bad four times in five, known to 9 digits and halved to the last."""
    low, high = ratio - 1e-9, ratio + 1e-9
    for _ in range(40):
        middle = (low + high) / 2
        chance = sum(comb(total, each) * (1 - middle) ** each * middle ** (total - each) for each in range(bad, total + 1))
        low, high = (middle, high) if chance > 0.8 else (low, middle)
    return low


def expected(slo: str, window: str, start: str, counts: tuple[int, int, int, int], **more: object) -> Row:
    """A whole row; what a slice does not set is None, and so are quantiles unless they are given."""
    good, bad, pending, excluded = counts
    low, high = more.pop("interval", (None, None))
    slice_ = more.pop("slice", {})
    return {
        "report_date": day(REPORT), "slo": slo, "window": window,
        "window_start": at(start), "window_end": at("2026-11-21 00:00"), "slice_by": ",".join(slice_),
        **{
            name: slice_.get(name)
            for name in ("to_version", "to_minor", "region", "workload_type", "trigger", "scope", "provider")
        },
        "good": good, "bad": bad, "pending": pending, "excluded": excluded, "total": good + bad,
        "sli_low": low, "sli_high": high, "budget_spent": bad,
        "p50": None, "p90": None, "p95": None, "p99": None,
        **more,
    }  # fmt: skip


def check(home: SmallHome, wanted: Row) -> None:
    """Every column of the one row of that slice is as expected, ratios to 12 digits."""
    names = ("slo", "window", "slice_by", "to_minor", "region", "scope", "provider", "trigger")
    rows = home.rows("SELECT * FROM slo.status WHERE report_date = ?", [day(REPORT)])
    [found] = [row for row in rows if all(row[name] == wanted[name] for name in names)]
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert found[name] == (pytest.approx(value, rel=1e-12, abs=1e-15) if isinstance(value, float) else value), name


def test_the_operations_are_as_the_table_says(home):
    rows = {row["operation_id"]: row for row in home.operations()}
    names = ("state", "duration_seconds", "region", "from_version", "attempt", "responsibility")
    found = {operation: (str(row["day"]), *(row[name] for name in names)) for operation, row in rows.items()}
    assert found == OPERATIONS
    assert {name for name, row in rows.items() if row["clock_skew"]} == {"d5"}
    assert {name: row["version_confirmed"] for name, row in rows.items() if row["observed_version"]} == {"a4": False, "b1": True}
    assert rows["a3"]["trigger"] == "auto_channel"
    assert rows["a2"]["upgrade_id"] == rows["a3"]["upgrade_id"] != rows["a4"]["upgrade_id"]
    assert (rows["b1"]["to_minor"], rows["d6"]["to_minor"]) == ("1.31", None)


def test_the_fleets_success(home):
    # Good: a1 a3 b1 d5 d6. Bad: a2 a4 d3 d4. Pending: d1 d2. Excluded: b2 b3 b4 b5. d7 started before the window.
    # The ratio is 5/9; 1 - 0.8 of 9 is 1.8 allowed, 4 spent, 1 - 4/1.8 = -1.2222 left; (4/9) / 0.2 = 2.2222 times too fast.
    # The interval: 5/9 + 3.8415/18 = 0.76897, ± 1.96 · √(0.24691/9 + 3.8415/324) = 0.38851, by 1.42683: 0.2666 to 0.8112.
    # P(at least 4 bad of 9 | 0.2) = 1 - 0.1342 - 0.3020 - 0.3020 - 0.1762 = 0.0856, not below 0.05; and far from met: undecided.
    # From 5 bad on 9 miss (0.0196), four times in five at 0.36609; 4 bad of 44 meet (0.0440), of 43 not (0.0506).
    check(
        home,
        expected(
            "success", "3d", "2026-11-18 00:00", (5, 4, 2, 4),
            sli=5 / 9, interval=wilson(5, 9, Z95), target=0.8, verdict="undecided",
            detectable_sli=shown_by(5, 9, 0.36608651654), upgrades_needed=44 - 9,
            budget_allowed=1.8, budget_remaining=1 - 4 / 1.8, burn_rate=(4 / 9) / 0.2,
        ),
    )  # fmt: skip
    assert wilson(5, 9, Z95) == pytest.approx((0.2666, 0.8112), abs=1e-4)


def test_success_in_one_region(home):
    # West: a1 and a3 good, a2 bad; a4 began at the instant at which its cluster moved east.
    # P(at least 1 bad of 3 | 0.2) = 1 - 0.512 = 0.488: undecided. Allowed 0.6, spent 1, left 1 - 1/0.6 = -0.6667.
    # 3 bad of 3 miss (0.2³), four times in five at 1 - 0.8^(1/3); 1 bad of 22 meets (0.0480), of 21 not (0.0576).
    check(
        home,
        expected(
            "success", "3d", "2026-11-18 00:00", (2, 1, 0, 0), slice={"region": "west"},
            sli=2 / 3, interval=wilson(2, 3, Z95), target=0.8, verdict="undecided",
            detectable_sli=1 - 0.8 ** (1 / 3), upgrades_needed=22 - 3,
            budget_allowed=0.6, budget_remaining=1 - 1 / 0.6, burn_rate=(1 / 3) / 0.2,
        ),
    )  # fmt: skip


def test_success_in_a_slice_of_two_dimensions_on_the_last_day(home):
    # Unknown region, node pools, the 20th: d5 and d6 good, d1 and d2 pending; d3 began the day before, d4 is a cluster.
    # P(0 bad of 2 | 0.2) = 0.64: undecided. Of 2 good of 2 the interval ends at 1 and begins at 1 / (1 + 3.8415/2) = 0.3424.
    # 2 bad of 2 miss (0.04), four times in five at 1 - √0.8; none of 14 meets (0.8^14 = 0.0440), of 13 not (0.0550).
    check(
        home,
        expected(
            "success", "1d", "2026-11-20 00:00", (2, 0, 2, 0), slice={"region": "unknown", "scope": "node_pool"},
            sli=1.0, interval=(1 / (1 + Z95 * Z95 / 2), 1.0), target=0.8, verdict="undecided",
            detectable_sli=1 - 0.8 ** (1 / 2), upgrades_needed=14 - 2,
            budget_allowed=0.4, budget_remaining=1.0, burn_rate=0.0,
        ),
    )  # fmt: skip


def test_success_of_a_lone_dimension(home):
    # Of 1.31: a3 b1 d5 good, a2 a4 bad, b2 b3 b4 b5 excluded. Allowed 1, spent 2, left -1, (2/5) / 0.2 = 2.
    # P(at least 2 bad of 5 | 0.2) = 1 - 0.32768 - 0.4096 = 0.26272: undecided.
    # From 4 bad on 5 miss (0.0067; 3 are 0.0579), four times in five at 0.16861; 2 bad of 30 meet (0.0442), of 29 not (0.0520).
    check(
        home,
        expected(
            "success", "3d", "2026-11-18 00:00", (3, 2, 0, 4), slice={"to_minor": "1.31"},
            sli=0.6, interval=wilson(3, 5, Z95), target=0.8, verdict="undecided",
            detectable_sli=shown_by(4, 5, 0.16860884896), upgrades_needed=30 - 5,
            budget_allowed=1.0, budget_remaining=-1.0, burn_rate=2.0,
        ),
    )  # fmt: skip


def test_success_where_nothing_is_decided(home):
    # Of gke on the 20th there are b4 and b5 only, both excluded.
    # Of none, 14 good ones would meet (0.8^14 = 0.0440).
    check(
        home,
        expected(
            "success", "1d", "2026-11-20 00:00", (0, 0, 0, 2), slice={"provider": "gke"},
            sli=None, target=0.8, verdict="no_data",
            detectable_sli=None, upgrades_needed=14,
            budget_allowed=0.0, budget_remaining=None, burn_rate=None,
        ),
    )  # fmt: skip


def test_the_fleets_speed(home):
    # Good: a1 a3 d6 d7. Bad: a2 a4 d1 d3. Pending: d2. Excluded: b2 b3 b4 b5, and d5 whose duration nobody knows.
    # P(at most 4 bad of 8 | 1/2) = (1 + 8 + 28 + 56 + 70) / 256 = 0.637, and as much for at least 4: undecided.
    # The whole budget of 4 is spent, at rate 1. Durations of successes: 1200 1800 2400 3600 3600.000001;
    # a half of 5 is reached by the 3rd, 90 % and more by the 5th only.
    # From 7 bad on 8 miss (9/256; 6 are 37/256), four times in five at 0.10437; 4 bad of 16 meet (0.0384), of 15 not (0.0592).
    figures = {
        "sli": 0.5, "interval": wilson(4, 8, Z95), "target": 0.5, "verdict": "undecided",
        "detectable_sli": shown_by(7, 8, 0.10437282641), "upgrades_needed": 16 - 8,
        "budget_allowed": 4.0, "budget_remaining": 0.0, "burn_rate": 1.0,
        "p50": 2400.0, "p90": 3600.000001, "p95": 3600.000001, "p99": 3600.000001,
    }  # fmt: skip
    check(home, expected("speed", "1w", "2026-11-14 00:00", (4, 4, 1, 5), **figures))
    # The look-back of as many days says the same under its own name.
    check(home, expected("speed", "7d", "2026-11-14 00:00", (4, 4, 1, 5), **figures))


def test_speed_in_one_region(home):
    # Unknown: d6 d7 good, d1 d3 bad, d2 pending, d5 excluded. Of 1200 and 2400 a half is reached by the first.
    # 4 bad of 4 are 1/16 and do not miss; 2 bad of 11 meet (67/2048), of 10 not (56/1024).
    check(
        home,
        expected(
            "speed", "1w", "2026-11-14 00:00", (2, 2, 1, 1), slice={"region": "unknown"},
            sli=0.5, interval=wilson(2, 4, Z95), target=0.5, verdict="undecided",
            detectable_sli=None, upgrades_needed=11 - 4,
            budget_allowed=2.0, budget_remaining=0.0, burn_rate=1.0,
            p50=1200.0, p90=2400.0, p95=2400.0, p99=2400.0,
        ),
    )  # fmt: skip


def test_the_fleets_failures_of_the_platform(home):
    # Bad is what the platform answers for: d4; and d3, which runs past its deadline. What customers made fail is good here:
    # a1 a2 a3 a4 b1 d5 d6 d7. Allowed 0.05 · 10 = 0.5, spent 2, left -3, 0.2 / 0.05 = 4.
    # P(at least 2 bad of 10 | 0.05) = 1 - 0.5987 - 0.3151 = 0.0861, below 1 - 0.8: missed, and the interval is of 80 %.
    # 1 bad alone would not miss (0.4013), so that 2 show it, four times in five at 0.72901; 2 bad of 85 meet (0.1963), of 84 not.
    check(
        home,
        expected(
            "platform", "28d", "2026-10-24 00:00", (8, 2, 2, 4),
            sli=0.8, interval=wilson(8, 10, Z80), target=0.95, verdict="missed",
            detectable_sli=shown_by(2, 10, 0.72901184961), upgrades_needed=85 - 10,
            budget_allowed=0.5, budget_remaining=-3.0, burn_rate=4.0,
        ),
    )  # fmt: skip


def test_a_report_of_the_day_before_has_the_figures_that_it_had(home):
    # Of the 17th to the 19th, as known then: a3 had not been reported finished. At midnight it was 24.5 hours old: bad.
    # Good: a1 b1 d7. Bad: a2 a3 a4, and d3 which was exactly 24 hours old. Excluded: b2 b3.
    rows = home.rows("SELECT * FROM slo.status WHERE report_date = '2026-11-19' AND slo = 'success' AND slice_by = ''")
    [row] = [row for row in rows if row["window"] == "3d"]
    assert [row[name] for name in ("good", "bad", "pending", "excluded")] == [3, 3 + 1, 0, 2]


def test_what_comes_later_changes_the_next_report_and_leaves_this_one(home):
    before = home.rows("SELECT * FROM slo.status WHERE report_date = ? ORDER BY ALL", [day(REPORT)])
    report(home, "2026-11-21")
    rows = home.rows("SELECT * FROM slo.status WHERE report_date = '2026-11-21' AND slo = 'success' AND slice_by = ''")
    # The 19th to the 21st: good b1 d5 d6, and d1 at last. Bad: a4 d3 d4. d2 is 24.5 hours old. Excluded b2 b3 b4 b5.
    [row] = [row for row in rows if row["window"] == "3d"]
    assert [row[name] for name in ("good", "bad", "pending", "excluded")] == [4, 3 + 1, 0, 4]
    report(home, REPORT)
    assert home.rows("SELECT * FROM slo.status WHERE report_date = ? ORDER BY ALL", [day(REPORT)]) == before
