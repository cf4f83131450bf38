"""Opening the warehouse: whoever is on call reads who holds it, that it is damaged, or that it is of another version."""

import subprocess
import sys
from pathlib import Path

import pytest

from assets.warehouse import Warehouse, WarehouseHeld, WarehouseOutdated, WarehouseUnreadable

HOLD = "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


def warehouse_in(folder: Path) -> Warehouse:
    return Warehouse(folder / "warehouse.duckdb", folder / "scratch", patience_seconds=0.2)


def laid_out(folder: Path) -> Warehouse:
    warehouse = warehouse_in(folder)
    with warehouse.transaction():
        pass
    return warehouse


def test_a_transaction_is_taken_back_when_anything_is_raised_in_it(tmp_path):
    warehouse = laid_out(tmp_path)

    def interrupted() -> None:
        with warehouse.transaction() as db:
            db.execute("INSERT INTO upgrades.touched_days VALUES (DATE '2026-11-20')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with warehouse.transaction() as db:
        assert db.execute("SELECT count(*) FROM upgrades.touched_days").fetchall() == [(0,)]


def test_a_warehouse_that_another_process_holds_is_named_with_that_process(tmp_path):
    warehouse = laid_out(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(warehouse.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(WarehouseHeld, match=rf"held by process {holder.pid}; gave up after 0 s.*Wait"),
            warehouse.transaction(),
        ):
            pass
        holder.communicate()
    with warehouse.transaction():
        pass


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(slice(0, None), id="the whole file"),
        pytest.param(slice(4096, 4200), id="a header behind the first"),  # no IOException, as the others are
    ],
)
def test_a_damaged_warehouse_is_unreadable_and_the_remedy_is_a_rebuild(tmp_path, damage):
    warehouse = laid_out(tmp_path)
    content = bytearray(warehouse.path.read_bytes())
    content[damage] = b"\x07" * len(content[damage])
    warehouse.path.write_bytes(content)
    with pytest.raises(WarehouseUnreadable, match="upgrade-slo rebuild"), warehouse.transaction():
        pass


def test_a_warehouse_that_cannot_be_opened_is_not_taken_for_held_because_of_its_name(tmp_path):
    # "lock" anywhere in the message, such as in the folder's name, was read as a lock of another process.
    folder = tmp_path / "block-storage"
    (folder / "warehouse.duckdb").mkdir(parents=True)
    with pytest.raises(WarehouseUnreadable), warehouse_in(folder).transaction():
        pass


def test_a_warehouse_of_another_layout_is_refused_with_the_remedy(tmp_path):
    warehouse = laid_out(tmp_path)
    with warehouse.transaction() as db:
        db.execute("UPDATE main.layout SET fingerprint = '0-0'")
    with pytest.raises(WarehouseOutdated, match=r"layout 0-0; accepted: .*upgrade-slo rebuild"), warehouse.transaction():
        pass
