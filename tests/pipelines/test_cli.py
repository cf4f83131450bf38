"""The command's options, messages and exit codes, where nothing has to run; whole runs are in `tests/end_to_end/`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from assets.simulation.simulate import SOURCES as SIMULATED_SOURCES
from assets.slo.objectives import SHIPPED
from pipelines.cli import main
from tests.data.whole_home import OBJECTIVES


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home that the commands of the test use; it does not exist yet."""
    monkeypatch.setenv("UPGRADE_SLO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_HOME", "")  # set by the command; restored after the test
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "")
    return tmp_path / "home"


def upgrade_slo(*words: str) -> Result:
    return CliRunner().invoke(main, [*words])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["--date", "2026-11-20", "--from", "2026-11-19", "--to", "2026-11-20"], "one day or a range", id="both"),
        pytest.param(["--from", "2026-11-19"], "--from and --to go together", id="an open end"),
        pytest.param(["--to", "2026-11-19"], "--from and --to go together", id="an open beginning"),
        pytest.param(["--from", "2026-11-20", "--to", "2026-11-19"], "2026-11-20 is after --to 2026-11-19", id="backwards"),
        pytest.param(["--date", "20.11.2026"], "does not match the format '%Y-%m-%d'", id="another calendar's way"),
    ],
)
def test_options_that_make_no_sense_together_are_refused_before_anything_happens(home: Path, words: list[str], message: str):
    result = upgrade_slo("run", *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not home.exists()


@pytest.mark.parametrize("command", ["run", "rebuild"])
def test_a_home_without_deliveries_says_where_they_belong_and_how_to_simulate_some(home: Path, command: str):
    result = upgrade_slo(command)
    assert result.exit_code == 1
    assert f"{home}/landing holds no delivery; accepted: <source>/<YYYY-MM-DD>/<name>.ndjson" in result.stderr
    assert "upgrade-slo simulate" in result.stderr


@pytest.mark.usefixtures("home")
def test_a_report_day_in_the_future_is_refused():
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    for words in (["--date", str(tomorrow)], ["--from", "2026-11-20", "--to", str(tomorrow)]):
        result = upgrade_slo("run", *words)
        assert result.exit_code == 1
        assert f"the report day {tomorrow} is in the future; accepted: up to today" in result.stderr


def test_deliveries_that_are_all_of_the_future_are_none(home: Path):
    file = home / "landing" / "canonical" / "2999-01-01" / "a.ndjson"
    file.parent.mkdir(parents=True)
    file.touch()
    result = upgrade_slo("run")
    assert result.exit_code == 1
    assert "holds no delivery" in result.stderr


@pytest.mark.usefixtures("home")
def test_a_value_of_the_environment_that_is_not_accepted_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UPGRADE_SLO_GAPS", "maybe")
    result = upgrade_slo("run")
    assert (result.exit_code, result.stderr) == (1, "Error: UPGRADE_SLO_GAPS is 'maybe'; accepted: error or warn.\n")


@pytest.mark.parametrize("below", [pytest.param("", id="is a file"), pytest.param("home", id="lies below a file")])
def test_a_home_that_cannot_be_made_because_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str):
    """Permissions would say the same, but nothing is forbidden to root."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("UPGRADE_SLO_HOME", str(tmp_path / "file" / below))
    result = upgrade_slo("run")
    assert result.exit_code == 1
    assert f"Error: {tmp_path / 'file' / below}: " in result.stderr
    assert "accepted: a home that this user can read and write. Set UPGRADE_SLO_HOME to such a folder." in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_simulate_writes_deliveries_inventory_and_incidents_and_never_over_them(home: Path):
    words = ["simulate", "--days", "2", "--operations-per-day", "10", "--end", "2026-11-20", "--seed", "3"]
    result = upgrade_slo(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "for 2026-11-19 to 2026-11-20" in result.stdout
    assert {each.name for each in (home / "landing" / "canonical").iterdir()} == {"2026-11-19", "2026-11-20"}
    assert (home / "inventory" / "clusters.csv").is_file()
    assert json.loads((home / "simulation" / "incidents.json").read_bytes())

    again = upgrade_slo(*words)
    assert again.exit_code == 1
    assert len(again.stderr.splitlines()) == 1
    gentle = upgrade_slo(*words, "--if-empty")
    assert gentle.exit_code == 0
    assert "holds deliveries already; nothing simulated" in gentle.stdout


def test_simulate_writes_what_a_provider_can_carry_in_its_own_format(home: Path):
    words = ["--days", "2", "--operations-per-day", "30", "--end", "2026-11-20", "--source", "eks_updates"]
    result = upgrade_slo("simulate", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    assert {each.name for each in (home / "landing").iterdir()} == {"canonical", "eks_updates"}
    assert {each.name for each in (home / "landing" / "eks_updates").iterdir()} <= {"2026-11-19", "2026-11-20"}
    assert "arn:aws:eks:" in (home / "inventory" / "clusters.csv").read_text()


def test_the_sources_that_simulate_accepts_are_those_that_can_be_simulated():
    """The command spells them out, so that asking for help does not wait for the modules that write them."""
    [option] = [parameter for parameter in main.commands["simulate"].params if parameter.name == "source"]
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == SIMULATED_SOURCES


def test_a_simulation_that_would_begin_before_kubernetes_did_is_told_in_one_line(home: Path):
    result = upgrade_slo("simulate", "--days", "3", "--end", "2014-06-07")
    assert result.exit_code == 1
    assert "3 days up to 2014-06-07 begin before 2014-06-06; accepted: days from then on" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (home / "landing").exists()


def test_objectives_that_are_valid_are_counted_and_named(tmp_path: Path):
    shipped = sorted(map(str, SHIPPED.glob("*.yaml")))
    result = upgrade_slo("objectives", "check", *shipped)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"6 objectives in {len(shipped)} files: upgrade-success, ")
    file = tmp_path / "slo.yaml"
    file.write_text(OBJECTIVES)
    assert upgrade_slo("objectives", "check", str(file)).stdout == "2 objectives in 1 files: success, speed\n"


def test_objectives_that_are_not_valid_are_told_one_line_each(tmp_path: Path):
    file = tmp_path / "slo.yaml"
    file.write_text(OBJECTIVES.replace("target: 0.9}", "target: 99.9}"))
    result = upgrade_slo("objectives", "check", str(file))
    assert (result.exit_code, result.stdout) == (1, "")
    assert [line.partition(": ")[0].startswith(f"{file}:") for line in result.stderr.splitlines()] == [True, True]
    assert "target" in result.stderr


def test_the_help_names_every_command_and_the_home():
    result = upgrade_slo("--help")
    assert result.exit_code == 0
    for word in ("simulate", "run", "rebuild", "objectives", "UPGRADE_SLO_HOME"):
        assert word in result.stdout
