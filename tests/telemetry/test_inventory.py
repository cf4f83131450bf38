"""The inventory's CSV files: strictly read, refused with file and line, loaded only when they changed."""

from datetime import datetime
from pathlib import Path

import pytest

from assets.telemetry.inventory import InventoryError, inventory_sha256, load_inventory, read_inventory

HEADER = "cluster_id,node_pool,region,workload_type,provider,valid_from,valid_to\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "inventory"
    folder.mkdir()
    return folder


def read(folder: Path, content: str | bytes) -> list[tuple]:
    """The rows of a file with this content, their moments as text."""
    file = folder / "clusters.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [tuple(row.values()) for row in read_inventory(file)]


def refusal(folder: Path, content: str | bytes) -> str:
    with pytest.raises(InventoryError) as error:
        read(folder, content)
    return str(error.value)


def micros(text: str) -> int:
    return round((datetime.fromisoformat(text) - datetime.fromisoformat("1970-01-01")).total_seconds() * 1_000_000)


def test_a_row_says_what_a_cluster_or_pool_is_and_when(folder):
    content = HEADER + "c-1,,westeurope,web,aks,,\nc-1,np1,,ml,,2026-11-01,2026-11-20T06:00:00+06:00\n"
    assert read(folder, content) == [
        ("c-1", None, "westeurope", "web", "aks", None, None),
        ("c-1", "np1", None, "ml", None, micros("2026-11-01"), micros("2026-11-20")),
    ]


def test_columns_may_stand_in_any_order(folder):
    content = "valid_to,provider,cluster_id,region,workload_type,node_pool,valid_from\n,aks,c-1,r,w,np1,\n"
    file = folder / "a.csv"
    file.write_text(content)
    [row] = read_inventory(file)
    assert (row["cluster_id"], row["node_pool"], row["region"], row["provider"]) == ("c-1", "np1", "r", "aks")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("\ufeff" + HEADER + "c-1,,r,,,,\n", ["r"], id="a byte order mark is dropped"),
        pytest.param(HEADER.replace("\n", "\r\n") + "c-1,,r,,,,\r\n", ["r"], id="lines may end with CR LF"),
        pytest.param(HEADER + "c-1,,r,,,,", ["r"], id="the last line needs no end"),
        pytest.param(HEADER + "\n\nc-1,,r,,,,\n\n", ["r"], id="empty lines are passed over"),
        pytest.param(HEADER + "c-1,, r ,,,,\n", ["r"], id="blanks around a cell are dropped"),
        pytest.param(HEADER + 'c-1,,"west, europe",,,,\n', ["west, europe"], id="a cell in quotes may hold commas"),
        pytest.param(HEADER + 'c-1,,"a ""b""",,,,\n', ['a "b"'], id="and quotes"),
        pytest.param(HEADER + 'c-1,,"a\nb",,,,\n', ["a\nb"], id="and line ends"),
        pytest.param(HEADER + "c-1,,a\u2028b\u0085c\x0bd,,,,\n", ["a\u2028b\u0085c\x0bd"], id="only CR and LF end lines"),
        pytest.param(HEADER + "c-1,,ré🚀,,,,\n", ["ré🚀"], id="text is UTF-8"),
        pytest.param(HEADER, [], id="a file of its first line only is an empty inventory"),
    ],
)
def test_the_usual_forms_of_csv_are_read(folder, content, expected):
    assert [row[2] for row in read(folder, content)] == expected


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        pytest.param("", 1, "the columns are none", id="an empty file"),
        pytest.param("\n" + HEADER, 1, "the columns are none", id="an empty first line"),
        pytest.param("cluster_id,region\nc-1,r\n", 1, "the columns are cluster_id, region; accepted: cluster_id, node_pool, "
                     "region, workload_type, provider, valid_from, valid_to, each once", id="a missing column"),
        pytest.param(HEADER.replace("region", "Region"), 1, "Region", id="a column in other letters"),
        pytest.param(HEADER.replace("\n", ",owner\n"), 1, "owner", id="an unknown column"),
        pytest.param(HEADER.replace("\n", ",region\n"), 1, "region", id="a column that stands twice"),
        pytest.param(HEADER + "c-1,,r,,,,\nc-2,,r,,,\n", 3, "the line has 6 cells; accepted: 7", id="a line that is too short"),
        pytest.param(HEADER + "c-1,,r,,,,,\n", 2, "the line has 8 cells; accepted: 7", id="a line that is too long"),
        pytest.param(HEADER + "  \n", 2, "the line has 1 cells", id="a line of blanks"),
        pytest.param(HEADER + ",,r,,,,\n", 2, "cluster_id is empty", id="a line without a cluster"),
        pytest.param(HEADER + " ,,r,,,,\n", 2, "cluster_id is empty", id="a cluster of blanks"),
        pytest.param(HEADER + 'c-1,,"a\nb",,,,\nc-2,,r\n', 4, "the line has 3 cells", id="after a cell of two lines"),
        pytest.param(HEADER + 'c-1,,"r,,,,\n', 2, "accepted: RFC 4180 CSV", id="a quote that is never closed"),
        pytest.param(HEADER + 'c-1,,"r"x,,,,\n', 2, "accepted: RFC 4180 CSV", id="something after a quote"),
        pytest.param(HEADER + "c-1,,r,,,2026-11-20,2026-11-19\n", 2, "valid_to is not after", id="an end before the start"),
        pytest.param(HEADER + "c-1,,r,,,2026-11-20,2026-11-20T00:00:00Z\n", 2, "valid_to is not after", id="no time at all"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_trusted_is_refused_with_file_and_line(folder, content, line, message):
    text = refusal(folder, content)
    assert text.startswith(f"inventory/clusters.csv:{line}: ")
    assert message in text


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-31",
        "20261120",
        "2026-W47-5",
        "2026-11-20 09:00:00",
        "2026-11-20T09:00:00",
        "20.11.2026",
        "now",
        "2026-11-20T24:00:00Z",
    ],
)
@pytest.mark.parametrize("name", ["valid_from", "valid_to"])
def test_a_moment_of_another_form_is_refused_with_what_was_read_and_what_is_accepted(folder, name, written):
    cells = f"{written}," if name == "valid_from" else f",{written}"
    assert refusal(folder, HEADER + f"c-1,,r,,,{cells}\n") == (
        f"inventory/clusters.csv:2: {name} is {written!r}; accepted: 2026-11-20, or RFC 3339 with an offset such as "
        "2026-11-20T09:00:00Z."
    )


def test_text_that_is_not_utf_8_is_refused(folder):
    text = refusal(folder, HEADER.encode() + b"c-1,,r\xe9gion,,,,\n")
    assert text.startswith("inventory/clusters.csv: ")
    assert text.endswith("accepted: UTF-8.")


class TestLoading:
    def load(self, zone) -> str:
        with zone.warehouse.transaction() as db:
            return load_inventory(db, zone.root / "inventory")

    def put(self, zone, name: str, rows: str) -> Path:
        file = zone.root / "inventory" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(HEADER + rows)
        return file

    def rows(self, zone) -> list[tuple]:
        return zone.query("SELECT * FROM telemetry.inventory ORDER BY ALL")

    def test_the_table_holds_the_rows_of_every_file(self, zone):
        self.put(zone, "b.csv", "c-2,np1,r,w,aks,2026-11-01,2026-11-20T09:00:00.5Z\n")
        self.put(zone, "a.csv", "c-1,,,,,,\n")
        assert self.load(zone) == inventory_sha256(zone.root / "inventory")
        moments = (datetime.fromisoformat("2026-11-01"), datetime.fromisoformat("2026-11-20T09:00:00.500000"))
        assert self.rows(zone) == [("c-1", None, None, None, None, None, None), ("c-2", "np1", "r", "w", "aks", *moments)]

    def test_files_of_another_kind_and_hidden_ones_are_left_out(self, zone):
        self.put(zone, "a.csv", "c-1,,,,,,\n")
        self.put(zone, ".b.csv", "half")
        self.put(zone, "notes.txt", "whatever")
        self.load(zone)
        assert [row[0] for row in self.rows(zone)] == ["c-1"]

    def test_no_folder_is_an_empty_inventory(self, zone):
        self.load(zone)
        assert self.rows(zone) == []

    def test_a_removed_folder_empties_the_table(self, zone):
        file = self.put(zone, "a.csv", "c-1,,,,,,\n")
        self.load(zone)
        file.unlink()
        file.parent.rmdir()
        self.load(zone)
        assert self.rows(zone) == []

    def test_nothing_is_loaded_again_while_the_files_are_the_same(self, zone):
        file = self.put(zone, "a.csv", "c-1,,,,,,\n")
        digest = self.load(zone)
        zone.query("UPDATE telemetry.inventory SET cluster_id = 'untouched'")
        file.write_bytes(file.read_bytes())
        assert self.load(zone) == digest
        assert [row[0] for row in self.rows(zone)] == ["untouched"]

    @pytest.mark.parametrize("change", ["content", "name", "another file"])
    def test_everything_is_loaded_again_after_any_change(self, zone, change):
        file = self.put(zone, "a.csv", "c-1,,,,,,\n")
        digest = self.load(zone)
        zone.query("UPDATE telemetry.inventory SET cluster_id = 'stale'")
        if change == "content":
            self.put(zone, "a.csv", "c-3,,,,,,\n")
        elif change == "name":
            file.rename(file.with_name("z.csv"))
        else:
            self.put(zone, "b.csv", "c-2,,,,,,\n")
        assert self.load(zone) != digest
        expected = {"content": ["c-3"], "name": ["c-1"], "another file": ["c-1", "c-2"]}[change]
        assert [row[0] for row in self.rows(zone)] == expected

    def test_a_refused_file_leaves_the_table_as_it_was(self, zone):
        file = self.put(zone, "a.csv", "c-1,,,,,,\n")
        self.load(zone)
        file.write_text(HEADER + "c-2,,\n")
        with pytest.raises(InventoryError, match=r"a\.csv:2"):
            self.load(zone)
        assert [row[0] for row in self.rows(zone)] == ["c-1"]

    def test_moving_a_row_from_one_file_to_the_next_changes_the_hash(self, zone):
        folder = zone.root / "inventory"
        self.put(zone, "a.csv", "c-1,,,,,,\n")
        self.put(zone, "b.csv", "c-2,,,,,,\n")
        digest = inventory_sha256(folder)
        (folder / "b.csv").rename(folder / "c.csv")
        (folder / "a.csv").rename(folder / "b.csv")
        (folder / "c.csv").rename(folder / "a.csv")
        assert inventory_sha256(folder) != digest
