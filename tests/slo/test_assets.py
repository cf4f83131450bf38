"""The status says what it rests on, also when it is materialised alone."""

from datetime import date
from pathlib import Path

import dagster as dg

from assets.reports.verdicts import decision
from assets.slo.assets import slo_status
from tests.data.whole_home import WholeHome, new_home

DAY = date(2026, 11, 20)
COLUMNS = "cluster_id,node_pool,region,workload_type,provider,valid_from,valid_to"


def materialise_status(home: WholeHome) -> None:
    resources = {"home": home.home, "warehouse": home.warehouse}
    with dg.DagsterInstance.ephemeral() as instance:
        assert dg.materialize([slo_status], partition_key=DAY.isoformat(), resources=resources, instance=instance).success


def unpublishable(home: WholeHome) -> list[str]:
    home.store_passed(DAY)
    with home.warehouse.transaction() as db:
        return [reason["observed"] for reason in decision(db, day=DAY, basis=home.basis(DAY)).reasons]


def test_a_status_of_operations_that_were_joined_with_another_inventory_is_not_published(tmp_path: Path):
    # The status took the hash of the files as they are now, and figures of the old inventory went out under the new one's hash.
    home = new_home(tmp_path / "home")
    home.deliver_ordinary_days(DAY, 1)
    home.bring_to(DAY)
    materialise_status(home)
    assert unpublishable(home) == []
    home.home.inventory.mkdir(parents=True, exist_ok=True)
    (home.home.inventory / "new.csv").write_text(f"{COLUMNS}\nc-1,,eastus,batch,aks,,\n", encoding="utf-8")
    materialise_status(home)
    assert unpublishable(home) == ["computed from other data"]
