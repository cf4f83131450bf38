"""Settings: what the environment may say, and what is told when it says something else."""

import os
from pathlib import Path

import pytest
import yaml

from assets.home import Home
from pipelines.settings import DEFAULT_HOME, SettingsError, load_settings, prepare_dagster


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="nothing is set"),
        pytest.param(
            dict.fromkeys(
                (
                    "UPGRADE_SLO_HOME",
                    "UPGRADE_SLO_GAPS",
                    "UPGRADE_SLO_MEMORY_LIMIT",
                    "UPGRADE_SLO_THREADS",
                    "UPGRADE_SLO_PATIENCE_SECONDS",
                ),
                "",
            ),
            id="everything is empty",
        ),
    ],
)
def test_the_defaults_apply_when(environment):
    settings = load_settings(environment)
    assert settings.home == Home(root=DEFAULT_HOME, gaps_are_errors=True)
    assert Path(__file__).parents[2] / "data" == DEFAULT_HOME
    assert settings.warehouse.path == DEFAULT_HOME / "warehouse.duckdb"
    assert settings.warehouse.memory_limit == "4GB"
    assert settings.warehouse.threads == os.cpu_count()
    assert settings.warehouse.patience_seconds == 30


def test_every_variable_is_read(tmp_path: Path):
    settings = load_settings(
        {
            "UPGRADE_SLO_HOME": str(tmp_path / "home"),
            "UPGRADE_SLO_GAPS": "warn",
            "UPGRADE_SLO_MEMORY_LIMIT": "512MB",
            "UPGRADE_SLO_THREADS": "1",
            "UPGRADE_SLO_PATIENCE_SECONDS": "0",
        }
    )
    assert settings.home == Home(root=tmp_path / "home", gaps_are_errors=False)
    warehouse = settings.warehouse
    assert (warehouse.path, warehouse.scratch) == (tmp_path / "home" / "warehouse.duckdb", tmp_path / "home" / "scratch")
    assert (warehouse.memory_limit, warehouse.threads, warehouse.patience_seconds) == ("512MB", 1, 0)
    assert not settings.home.root.exists()


def test_addresses_of_targets_are_read_by_the_targets_names_and_never_shown():
    settings = load_settings({"UPGRADE_SLO_TARGET_ON_CALL_2": " jsons://example.org/s3cr3t ", "UPGRADE_SLO_TARGET_TEAM": " "})
    assert settings.targets.addresses == {"on-call-2": "jsons://example.org/s3cr3t"}
    assert "s3cr3t" not in repr(settings)


@pytest.mark.parametrize("name", ["UPGRADE_SLO_TARGET_", "UPGRADE_SLO_TARGET_on_call", "UPGRADE_SLO_TARGET_ON-CALL"])
def test_a_variable_that_names_no_target_is_refused_without_its_value(name: str):
    with pytest.raises(
        SettingsError, match=rf"^{name} names no notification target; accepted: such as UPGRADE_SLO_TARGET_ON_CALL"
    ):
        load_settings({name: "s3cr3t"})


def test_a_relative_home_and_one_with_a_tilde_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/somebody")
    assert load_settings({"UPGRADE_SLO_HOME": "here"}).home.root == tmp_path / "here"
    assert load_settings({"UPGRADE_SLO_HOME": "~/there"}).home.root == Path("/somebody/there")


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("UPGRADE_SLO_GAPS", "Warn", "error or warn"),
        ("UPGRADE_SLO_GAPS", "yes", "error or warn"),
        ("UPGRADE_SLO_THREADS", "0", "a whole number from 1 on"),
        ("UPGRADE_SLO_THREADS", "two", "a whole number from 1 on"),
        ("UPGRADE_SLO_THREADS", "²", "a whole number from 1 on"),
        ("UPGRADE_SLO_PATIENCE_SECONDS", "-1", "a whole number from 0 on"),
        ("UPGRADE_SLO_PATIENCE_SECONDS", "1.5", "a whole number from 0 on"),
        ("UPGRADE_SLO_MEMORY_LIMIT", "lots", "a number with KB, MB, GB or TB"),
        ("UPGRADE_SLO_MEMORY_LIMIT", "4", "a number with KB, MB, GB or TB"),
        ("UPGRADE_SLO_MEMORY_LIMIT", "0GB", "a number with KB, MB, GB or TB"),
        ("UPGRADE_SLO_MEMORY_LIMIT", "1GB'; SELECT 1; --", "a number with KB, MB, GB or TB"),
    ],
)
def test_a_value_that_is_not_accepted_is_named_with_what_is(name: str, value: str, accepted: str):
    with pytest.raises(SettingsError) as refused:
        load_settings({name: value})
    assert name in str(refused.value)
    assert repr(value) in str(refused.value)
    assert f"accepted: {accepted}" in str(refused.value)


@pytest.mark.parametrize("limit", ["512MB", "1.5GB", "2 GiB", "900kb"])
def test_duckdb_takes_every_memory_limit_that_is_accepted(limit: str, tmp_path: Path):
    settings = load_settings({"UPGRADE_SLO_HOME": str(tmp_path), "UPGRADE_SLO_MEMORY_LIMIT": limit})
    with settings.warehouse.connection() as db:
        assert db.execute("SELECT 1").fetchall() == [(1,)]


def test_dagster_gets_a_folder_with_one_slot_and_without_telemetry_and_keeps_what_was_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DAGSTER_HOME", "elsewhere")
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "no")
    home = Home(root=tmp_path)
    prepare_dagster(home)
    assert (os.environ["DAGSTER_HOME"], os.environ["DAGSTER_DISABLE_TELEMETRY"]) == (str(tmp_path / "dagster"), "yes")
    configuration = tmp_path / "dagster" / "dagster.yaml"
    written = yaml.safe_load(configuration.read_text())
    assert written["telemetry"] == {"enabled": False}
    assert written["concurrency"] == {"pools": {"granularity": "run", "default_limit": 1}}
    assert written["run_monitoring"]["enabled"] is True
    configuration.write_text("telemetry: {enabled: false}\n")
    prepare_dagster(home)
    assert configuration.read_text() == "telemetry: {enabled: false}\n"
