"""Files as lines: ends, marks, blank lines, compression, and the places where DuckDB reads more leniently than JSON."""

import gzip
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from assets.telemetry import lines as lines_module
from assets.telemetry.canonical import KEPT_OF_A_LONG_LINE, LINE_LIMIT
from assets.telemetry.lines import UnreadableFile, expanded, sha256_of

MARK = b"\xef\xbb\xbf"


@contextmanager
def read_alongside(content: Path, scratch: Path, *, as_copy: bool = False) -> Iterator[lines_module.Reading]:
    with ThreadPoolExecutor(1) as thread, lines_module.read_alongside(content, scratch, thread, as_copy=as_copy) as reading:
        yield reading


def scanned(folder: Path, content: bytes, *, as_copy: bool = True) -> dict[str, list]:
    """The lines of a file with this content: their bytes, the indices of each kind, and the rows that DuckDB gets to read."""
    file = folder / "content"
    file.write_bytes(content)
    with read_alongside(file, folder, as_copy=as_copy) as reading:
        lines = reading.lines()
        return {
            "lines": [lines.line(index) for index in range(lines.count)],
            "blank": lines.blank.tolist(),
            "odd": lines.odd.tolist(),
            "rowless": reading.rowless.tolist(),
            "doubtful": lines.doubtful.tolist(),
            "rows": reading.bulk.read_bytes().removesuffix(b"\n").split(b"\n"),
        }


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"", [], id="an empty file has no line"),
        pytest.param(b"\n", [b""], id="a line end alone is one line"),
        pytest.param(b"\r\n", [b""], id="so is CR LF"),
        pytest.param(b"a\nb\n", [b"a", b"b"], id="LF ends lines"),
        pytest.param(b"a\r\nb\r\n", [b"a", b"b"], id="CR LF ends lines"),
        pytest.param(b"a\r\nb\nc", [b"a", b"b", b"c"], id="both in one file, and a last line without an end"),
        pytest.param(b"a\n\n\nb", [b"a", b"", b"", b"b"], id="lines without content count"),
        pytest.param(b"a\rb\n", [b"a\rb"], id="a carriage return inside a line ends nothing"),
        pytest.param(b"a\r\r\nb", [b"a\r", b"b"], id="of two carriage returns one belongs to the end"),
        pytest.param(b"a\nb\r", [b"a", b"b\r"], id="a carriage return without a line feed is no end"),
        pytest.param(b"\r", [b"\r"], id="nor is it alone"),
        pytest.param(MARK, [b""], id="a byte order mark alone is a line without content"),
        pytest.param(MARK + b"\n", [b""], id="so is one before a line end"),
        pytest.param(MARK + b"\r\na", [b"", b"a"], id="so is one before CR LF"),
        pytest.param(MARK + b"a\r\nb", [b"a", b"b"], id="a byte order mark at the start is dropped"),
        pytest.param(MARK + MARK + b"a", [MARK + b"a"], id="a second one is content"),
        pytest.param(b"a\n" + MARK + b"b", [b"a", MARK + b"b"], id="so is one on a later line"),
        pytest.param(MARK[:2] + b"\n", [MARK[:2]], id="two thirds of a mark are content"),
        pytest.param(b"\n" + MARK, [b"", MARK], id="so is one at the end of the file"),
    ],
)
def test_a_file_is_its_lines(tmp_path, content, expected):
    assert scanned(tmp_path, content)["lines"] == expected


def test_lines_of_blanks_and_tabs_are_blank_and_of_other_white_space_are_not(tmp_path):
    content = b"{}\n\n \t\r\n\t\n{}\n \n\x0b\n\x0c \r\n\r\r\n\x00\n"
    found = scanned(tmp_path, content)
    assert found["blank"] == [1, 2, 3, 5]
    assert found["odd"] == [6, 7, 8]
    assert set(found["doubtful"]) >= {6, 7, 8}
    assert set(found["doubtful"]).isdisjoint(found["blank"])


def test_duckdb_makes_no_row_of_a_blank_line_but_of_each_line_of_a_copy(tmp_path):
    content = b"{}\n\n \t\r\n{}\n\x0b\n{}\n"
    assert scanned(tmp_path, content, as_copy=False)["rowless"] == [1, 2, 4]
    assert scanned(tmp_path, content)["rowless"] == []


def test_in_a_copy_an_empty_object_stands_for_what_duckdb_would_skip(tmp_path):
    assert scanned(tmp_path, MARK + b'{"a":1}\r\n\n\x0b\n{"a":2}')["rows"] == [b'{"a":1}', b"{}", b"{}", b'{"a":2}']


def test_a_plain_file_is_read_where_it_is(tmp_path):
    file = tmp_path / "content"
    file.write_bytes(b'{"a":1}\n\n')
    with read_alongside(file, tmp_path) as reading:
        assert reading.bulk.resolve() == file


def test_nothing_is_left_behind(tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for content in (b"", b"{}\n", MARK + b"{}\n", b"\n"):
        scanned(tmp_path, content)
        for as_copy in (False, True):
            with read_alongside(tmp_path / "content", scratch, as_copy=as_copy):
                assert len(list(scratch.iterdir())) == 1
            assert list(scratch.iterdir()) == []


def test_a_line_of_more_than_16_mebibytes_makes_a_copy_without_it_and_is_kept_in_part(tmp_path):
    long, longest = b"x" * (LINE_LIMIT + 1), b"y" * LINE_LIMIT
    file = tmp_path / "content"
    file.write_bytes(b"{}\r\n" + long + b"\r\n" + longest + b"\r\n")
    with read_alongside(file, tmp_path) as reading:
        lines = reading.lines()
        assert lines.long.tolist() == lines.doubtful.tolist() == [1]
        assert lines.kept(1) == long[:KEPT_OF_A_LONG_LINE]
        assert lines.kept(2) == longest
        assert reading.bulk.read_bytes() == b"{}\n{}\n" + longest + b"\n"


@pytest.mark.parametrize("before", [0, 1, LINE_LIMIT // 2, LINE_LIMIT - 1])
def test_a_line_that_is_too_long_is_never_taken_for_a_short_one_wherever_it_begins(before):
    content = b"x" * before + b"\n" + b"y" * (LINE_LIMIT + 1)
    assert lines_module._may_hold_long_lines(content)
    assert lines_module._may_hold_long_lines(content + b"\n" + b"z" * before)


LENIENT = [
    pytest.param(b'{"a":[1,]}', id="a comma before the end of a list"),
    pytest.param(b'{"a":1,}', id="a comma before the end of an object"),
    pytest.param(b'{"a":1, }', id="a comma and a blank"),
    pytest.param(b'{"a":1,\t}', id="a comma and a tab"),
    pytest.param(b'{"a":1,\r}', id="a comma and a carriage return"),
    pytest.param(b'{"a":NaN}', id="not a number"),
    pytest.param(b'{"a": nan}', id="not a number in small letters"),
    pytest.param(b'{"a":[nAn]}', id="not a number in a list"),
    pytest.param(b'{"a":[1,NAN]}', id="not a number after a comma"),
    pytest.param(b'{"a":-NaN}', id="not a number with a sign"),
    pytest.param(b'{"a":Infinity}', id="infinity"),
    pytest.param(b'{"a":-inf}', id="infinity below nought"),
    pytest.param(b'{"a":\x0b1}', id="a vertical tab"),
    pytest.param(b'{"a":1}\x0c', id="a form feed at the end"),
    pytest.param(b'\x0c{"a":1}', id="a form feed at the start"),
    pytest.param(b'{"a":"\x1f"}', id="a control character in a string"),
    pytest.param(b'{"a":"\x00"}', id="a NUL"),
    pytest.param(b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}", id="1,001 levels"),
]
PLAIN = b'{"a":["x",{"b":-1.5e3}],"c":"nano, linings; \xc3\xa9\xe2\x80\xa8"}'


@pytest.mark.parametrize("lenient", LENIENT)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CR LF"])
def test_a_line_that_a_lenient_reader_may_take_is_doubtful_wherever_it_stands(tmp_path, lenient, end):
    for before in (0, 1, 3):
        for after in (b"", end, end + PLAIN, end + PLAIN + end, end + end):
            content = (PLAIN + end) * before + lenient + after
            assert scanned(tmp_path, content)["doubtful"] == [before], (before, after)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN + b"\r\n" + PLAIN,
        b'{"a": {"b": [1, 2]}, "c": "null"}\n',
        b"{}\n",
        b'{"region":null,"scope": null,"a":[null, null]}',
        b'{"regions":5,"cluster_ids":["a"],"x_scop":{},"time":1,"data":[],"node_count":"1","api_features":2}',
        b'{"region":"a\\"b","x":"c\\\\"}',
        b'{"message":"a, b: c, d [1] 08:15:30","n": -1}',
    ],
)
def test_an_ordinary_line_is_not_doubtful(tmp_path, content):
    assert scanned(tmp_path, content)["doubtful"] == []


KEYS = [
    "specversion", "id", "source", "type", "operation_id", "cluster_id", "scope", "provider", "node_pool", "region",
    "from_version", "to_version", "trigger", "workload_type", "error_code", "error_message", "upgrade_id", "observed_version",
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", ["1", "-1", "true", "false", "{}", "[]", '["x"]', " 1", "\t{}"])
def test_a_value_that_is_no_string_makes_a_line_doubtful_for_each_key_that_asks_for_a_string(tmp_path, key, value):
    for place in range(-1, len(key)):
        hidden = key if place < 0 else f"{key[:place]}\\u{ord(key[place]):04x}{key[place + 1 :]}"
        for text in (f'{{"{hidden}":{value}}}', f'{{"a":"b", "{hidden}":{value}, "c":1}}', f'{{"{hidden}" :{value}}}'):
            assert scanned(tmp_path, PLAIN + b"\n" + text.encode())["doubtful"] == [1], text


@pytest.mark.parametrize("lenient", LENIENT)
@pytest.mark.parametrize("block", [3, 4, 5, 7, 16])
def test_a_pattern_across_the_border_of_two_blocks_is_seen(tmp_path, monkeypatch, lenient, block):
    monkeypatch.setattr(lines_module, "_BLOCK", block)
    for shift in range(block):
        content = b'{"a":"' + b"x" * shift + b'"}\n' + lenient + b"\n" + PLAIN
        assert scanned(tmp_path, content)["doubtful"] == [1], shift


FRAGMENTS = [
    b"\n",
    b"\r\n",
    b"\r",
    b" ",
    b"\t",
    b"\x0b",
    b"\x00",
    MARK,
    b"{}",
    b",",
    b"]",
    b"}",
    b":",
    b"NaN",
    b"in",
    b"x",
    b"\xc3\xa9",
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30), st.integers(3, 9))
def test_the_size_of_the_blocks_changes_nothing(tmp_path_factory, fragments, block):
    folder = tmp_path_factory.getbasetemp()
    content = b"".join(fragments)
    whole = scanned(folder, content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "_BLOCK", block)
        assert scanned(folder, content) == whole


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30))
def test_lines_are_what_splitting_at_line_feeds_gives(tmp_path_factory, fragments):
    content = b"".join(fragments)
    parts = content.removeprefix(MARK).split(b"\n")
    last = parts.pop()
    expected = [part.removesuffix(b"\r") for part in parts] + ([last] if last or content == MARK else [])
    found = scanned(tmp_path_factory.getbasetemp(), content)
    assert found["lines"] == expected
    assert found["blank"] == [index for index, line in enumerate(expected) if not line.strip(b" \t")]
    if expected:
        assert len(found["rows"]) == len(expected)


class TestCompression:
    """Every way in which a compressed stream can be whole, and the ways in which it is not."""

    content = b'{"a":1}\n' * 1000

    def read(self, tmp_path: Path, name: str, delivered: bytes) -> bytes:
        file, scratch = tmp_path / name, tmp_path / "scratch"
        file.write_bytes(delivered)
        scratch.mkdir(exist_ok=True)
        try:
            with expanded(file, scratch) as copy:
                return copy.read_bytes()
        finally:
            assert list(scratch.iterdir()) == []

    def test_a_plain_file_is_not_copied(self, tmp_path):
        file = tmp_path / "a.ndjson"
        file.write_bytes(self.content)
        with expanded(file, tmp_path) as path:
            assert path == file

    @pytest.mark.parametrize(
        "delivered",
        [
            pytest.param(gzip.compress(content), id="one member"),
            pytest.param(gzip.compress(content[:80]) + gzip.compress(content[80:]), id="two members"),
            pytest.param(gzip.compress(b"") + gzip.compress(content) + gzip.compress(b""), id="members without content"),
            pytest.param(gzip.compress(content) + bytes(512), id="padded with noughts, as tapes are"),
        ],
    )
    def test_a_whole_gzip_stream_is_expanded(self, tmp_path, delivered):
        assert self.read(tmp_path, "a.ndjson.gz", delivered) == self.content

    @pytest.mark.parametrize(
        "delivered",
        [
            pytest.param(zstandard.compress(content), id="one frame"),
            pytest.param(zstandard.compress(content[:80]) + zstandard.compress(content[80:]), id="two frames"),
            pytest.param(
                zstandard.compress(b"") + zstandard.compress(content) + zstandard.compress(b""), id="frames without content"
            ),
            pytest.param(b"\x50\x2a\x4d\x18\x04\x00\x00\x00skip" + zstandard.compress(content), id="after a frame to be skipped"),
            pytest.param(
                zstandard.ZstdCompressor(write_checksum=True, write_content_size=False).compress(content), id="with a checksum"
            ),
        ],
    )
    def test_a_whole_zstd_stream_is_expanded(self, tmp_path, delivered):
        assert self.read(tmp_path, "a.ndjson.zst", delivered) == self.content

    @pytest.mark.parametrize("suffix", ["gz", "zst"])
    def test_a_compressed_file_of_no_bytes_holds_nothing(self, tmp_path, suffix):
        assert self.read(tmp_path, f"a.ndjson.{suffix}", b"") == b""

    @pytest.mark.parametrize("cut", [1, 5, 8, 20])
    @pytest.mark.parametrize(("suffix", "compress"), [("gz", gzip.compress), ("zst", zstandard.compress)])
    def test_a_truncated_stream_cannot_be_read(self, tmp_path, suffix, compress, cut):
        whole = compress(self.content)
        with pytest.raises(UnreadableFile, match=r"no complete .* stream .*Deliver it again"):
            self.read(tmp_path, f"a.ndjson.{suffix}", whole[:-cut])
        with pytest.raises(UnreadableFile, match="no complete"):
            self.read(tmp_path, f"a.ndjson.{suffix}", whole + whole[:-cut])

    @pytest.mark.parametrize(
        ("name", "delivered"),
        [
            pytest.param("a.ndjson.gz", content, id="plain lines called gzip"),
            pytest.param("a.ndjson.zst", content, id="plain lines called zstd"),
            pytest.param("a.ndjson.gz", zstandard.compress(content), id="zstd called gzip"),
            pytest.param("a.ndjson.zst", gzip.compress(content), id="gzip called zstd"),
            pytest.param("a.ndjson.gz", gzip.compress(content) + b"xx", id="something after the gzip stream"),
            pytest.param("a.ndjson.zst", zstandard.compress(content) + b"xxxxxxxx", id="something after the zstd stream"),
            pytest.param("a.ndjson.gz", gzip.compress(content)[:-8] + bytes(8), id="a checksum that does not fit"),
        ],
    )
    def test_what_is_no_such_stream_cannot_be_read(self, tmp_path, name, delivered):
        with pytest.raises(UnreadableFile, match="Deliver it again"):
            self.read(tmp_path, name, delivered)

    @pytest.mark.parametrize(("suffix", "compress"), [("gz", gzip.compress), ("zst", zstandard.compress)])
    def test_a_file_that_grows_past_both_limits_cannot_be_read(self, tmp_path, monkeypatch, suffix, compress):
        monkeypatch.setattr(lines_module, "EXPANSION_LIMIT_BYTES", 1_000_000)
        bomb = compress(bytes(2_000_000))
        assert 200 * len(bomb) < 2_000_000
        with pytest.raises(UnreadableFile, match=r"expands past 1000000 bytes.*200 times its size.*smaller files"):
            self.read(tmp_path, f"a.ndjson.{suffix}", bomb)
        monkeypatch.setattr(lines_module, "EXPANSION_LIMIT_BYTES", 2_000_000)
        assert len(self.read(tmp_path, f"a.ndjson.{suffix}", bomb)) == 2_000_000
        monkeypatch.setattr(lines_module, "EXPANSION_LIMIT_BYTES", 10)
        monkeypatch.setattr(lines_module, "EXPANSION_LIMIT_FACTOR", 2_000_000 // len(bomb) + 1)
        assert len(self.read(tmp_path, f"a.ndjson.{suffix}", bomb)) == 2_000_000

    def test_a_hostile_zstd_stream_is_stopped_long_before_it_fills_the_memory(self, tmp_path, monkeypatch):
        # Read a mebibyte at a time, one step of this stream made 200 MB, of a larger one 32 GB, before any limit was looked at.
        monkeypatch.setattr(lines_module, "EXPANSION_LIMIT_BYTES", 1)
        monkeypatch.setattr(lines_module, "EXPANSION_LIMIT_FACTOR", 1)
        bomb = zstandard.ZstdCompressor(level=19).compress(bytes(200_000_000))
        file = tmp_path / "a.ndjson.zst"
        file.write_bytes(bomb)
        with file.open("rb") as stream:
            assert max(map(len, lines_module._zstd_blocks(stream))) < 40_000_000


def test_the_hash_is_of_the_bytes_as_delivered(tmp_path):
    file = tmp_path / "a.ndjson.gz"
    file.write_bytes(b"whatever")
    assert sha256_of(file) == hashlib.sha256(b"whatever").hexdigest()


def test_more_lines_than_a_machine_can_hold_are_refused_instead_of_filling_it(tmp_path, monkeypatch):
    monkeypatch.setattr(lines_module, "LINES_LIMIT", 3)
    (tmp_path / "many.ndjson").write_bytes(b"\n" * 4)
    (tmp_path / "scratch").mkdir()
    with (
        pytest.raises(UnreadableFile, match="more than 3 lines; accepted: up to that many"),
        read_alongside(tmp_path / "many.ndjson", tmp_path / "scratch") as reading,
    ):
        reading.lines()
