"""The benchmark's rivals count what ours counts, or beating them would mean nothing."""

import importlib
import sys
from datetime import timedelta
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).with_name("benchmarks")


@pytest.fixture(scope="module")
def modules():
    """The benchmark's modules by name; they stand beside each other, outside any package."""
    known = list(sys.modules)
    sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS / "rivals"), str(BENCHMARKS / "programs")]
    yield importlib.import_module
    del sys.path[:3]
    for name in set(sys.modules) - set(known):
        if str(BENCHMARKS) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


@pytest.fixture(scope="module")
def home(modules, tmp_path_factory):
    """Four days of a small fleet, without malformed lines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modules("homes"), "ROOT", tmp_path_factory.mktemp("bench"))
        return modules("homes").plain(3_000, days=4, malformed=False)


@pytest.fixture(scope="module")
def ours(modules, home, tmp_path_factory):
    """The status that ours makes of that home."""
    folder = tmp_path_factory.mktemp("ours")
    modules("steps").main(home, folder / "warehouse.duckdb", modules("homes").END, folder / "ours.parquet")
    return folder / "ours.parquet"


@pytest.mark.parametrize("rival", ["with_duckdb", "with_polars", "with_pandas"])
def test_a_rival_makes_the_same_counts_and_quantiles_of_clean_lines(modules, home, ours, tmp_path, rival):
    modules(rival).main(home, modules("homes").END, tmp_path / "status.parquet")
    agreement = modules("agreement").compared(ours, tmp_path / "status.parquet")
    assert agreement.operations[0] > 900
    assert agreement.is_whole(), agreement


def test_folding_everything_anew_makes_the_same_counts_as_one_more_day(modules, home, ours, tmp_path):
    day = modules("homes").END
    modules("steps").main(home, tmp_path / "warehouse.duckdb", day - timedelta(days=1), None)
    modules("naive").main(tmp_path / "warehouse.duckdb", home, day, tmp_path / "status.parquet")
    agreement = modules("agreement").compared(ours, tmp_path / "status.parquet")
    assert agreement.is_whole(), agreement


def test_other_counts_of_one_slice_are_noticed(modules, ours, tmp_path):
    import polars as pl

    status = pl.read_parquet(ours)
    first = pl.int_range(pl.len()) == 0
    status.with_columns(pl.when(first).then(pl.col("good") + 1).otherwise("good").alias("good")).write_parquet(
        tmp_path / "other.parquet"
    )
    assert modules("agreement").compared(ours, tmp_path / "other.parquet").other_counts == 1
