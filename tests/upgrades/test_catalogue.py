"""The version catalogue: strict reading, support at the end of a day, distance from the newest minor."""

import json
from datetime import date

import pytest

from assets.reference import ReferenceData, ReferenceDataError
from assets.upgrades.catalogue import Catalogue, Release, Support, minor_of, read_catalogue

SUPPORTED, EXTENDED, UNSUPPORTED, UNKNOWN = Support.SUPPORTED, Support.EXTENDED, Support.UNSUPPORTED, Support.UNKNOWN
FIELDS = "provider, minor, version, released, end_of_life, extended_end_of_life, source"
ROWS = "a list of releases, each with provider, minor or version, and released"
DAY = "a day such as 2026-11-30"

CATALOGUE = """
# Two providers whose days differ, by hand.
versions:
  - provider: aks
    minor: "1.31"
    released: 2024-10-25
    end_of_life: 2025-11-01
    extended_end_of_life: 2026-11-30
    source: https://endoflife.date/azure-kubernetes-service
  - {provider: aks, minor: "1.9", released: 2018-01-10, end_of_life: 2019-02-25}
  - {provider: aks, minor: "1.32", released: 2025-04-06}
  - {provider: aks, version: 1.31.2, released: 2024-11-20, end_of_life: 2025-03-01}
  - {provider: gke, minor: "1.31", released: 2024-10-22, end_of_life: 2025-12-22}
  - {provider: gke, minor: "1.33", released: 2025-06-03, end_of_life: false}
  - {provider: eks, minor: "1.28", released: 2023-09-26, end_of_life: true}
"""


def read(text: str) -> Catalogue:
    found = read_catalogue(ReferenceData({"versions.yaml": text.encode()}))
    assert found is not None
    return found


def problems(text: str) -> list[str]:
    with pytest.raises(ReferenceDataError) as raised:
        read(text)
    return raised.value.problems


def row(**fields: str) -> str:
    """A catalogue of one row on line 2, sound but for the fields given; an empty one is left out."""
    sound = {"provider": "aks", "minor": '"1.31"', "released": "2024-10-25", **fields}
    return "versions:\n- {" + ", ".join(f"{name}: {text}" for name, text in sound.items() if text) + "}"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read(CATALOGUE)


def test_a_row_written_by_hand_is_read_as_it_is_written():
    [release] = read(CATALOGUE[: CATALOGUE.index('  - {provider: aks, minor: "1.9"')]).releases.values()
    assert release == Release(
        provider="aks",
        name="1.31",
        is_minor=True,
        released=date(2024, 10, 25),
        end_of_life=date(2025, 11, 1),
        extended_end_of_life=date(2026, 11, 30),
        source="https://endoflife.date/azure-kubernetes-service",
    )


def test_json_is_yaml_and_null_is_absence():
    rows = [{"provider": "eks", "minor": "1.30", "released": "2024-05-23", "end_of_life": None, "extended_end_of_life": None}]
    [release] = read(json.dumps({"versions": rows}, indent=1)).releases.values()
    assert release == Release(provider="eks", name="1.30", is_minor=True, released=date(2024, 5, 23))


def test_without_the_file_there_is_no_catalogue():
    assert read_catalogue(ReferenceData({"cves.yaml": b"cves: []"})) is None


@pytest.mark.parametrize(
    ("provider", "version", "day", "expected"),
    [
        pytest.param("aks", "1.31", "2025-11-01", SUPPORTED, id="on its last day a minor is supported until the day ends"),
        pytest.param(
            "aks", "1.31", "2025-11-02", EXTENDED, id="from the day after there is extended support, where there is any"
        ),
        pytest.param("aks", "1.31", "2026-11-30", EXTENDED, id="on the last day of extended support it still is"),
        pytest.param("aks", "1.31", "2026-12-01", UNSUPPORTED, id="and from the day after it has none"),
        pytest.param("gke", "1.31", "2025-12-23", UNSUPPORTED, id="without extended support the end of life is the end"),
        pytest.param("aks", "1.32", "2035-01-01", UNKNOWN, id="without an end of life support is unknown, and not for ever"),
        pytest.param("gke", "1.33", "2026-01-01", UNKNOWN, id="an end of life that nobody has set is unknown"),
        pytest.param("eks", "1.28", "2026-01-01", UNSUPPORTED, id="an end of life that is past on an unnamed day is past"),
        pytest.param("aks", "1.31", "2024-10-24", UNKNOWN, id="of a minor that is not released yet nothing is known"),
        pytest.param("aks", "1.31", "2024-10-25", SUPPORTED, id="on the day of its release a minor is supported"),
        pytest.param("aks", "1.31.7", "2025-11-02", EXTENDED, id="a version has the support of its minor"),
        pytest.param("aks", "v1.31.7+rke2r1", "2025-11-02", EXTENDED, id="however it is written"),
        pytest.param("aks", "1.31.2", "2025-03-02", UNSUPPORTED, id="a version's own row counts before its minor's"),
        pytest.param("aks", "v1.31.2", "2025-03-02", UNSUPPORTED, id="which is found whether there is a v or not"),
        pytest.param("aks", "1.31.2", "2024-11-01", SUPPORTED, id="unless that row does not know"),
        pytest.param(
            "gke", "1.31.2", "2025-03-02", SUPPORTED, id="another provider's row of the same version counts for nothing"
        ),
        pytest.param("gke", "1.31", "2025-11-02", SUPPORTED, id="providers end support on their own days"),
        pytest.param("gke", "1.32", "2025-11-02", UNKNOWN, id="a minor that only another provider lists is unknown"),
        pytest.param("openshift", "1.31", "2025-11-02", UNKNOWN, id="a provider that is not listed is unknown"),
        pytest.param("AKS", "1.31", "2025-11-02", UNKNOWN, id="a provider is named as the events name it"),
        pytest.param("aks", "1.3", "2025-11-02", UNKNOWN, id="1.3 is not 1.31"),
        pytest.param("aks", "unknown", "2025-11-02", UNKNOWN, id="an operation without a version is unknown"),
        pytest.param("aks", "", "2025-11-02", UNKNOWN, id="the empty text is no version"),
    ],
)
def test_support(catalogue: Catalogue, provider: str, version: str, day: str, expected: Support):
    assert catalogue.support(provider, version, date.fromisoformat(day)) is expected


def test_extended_support_that_has_ended_tells_although_the_end_of_life_is_missing():
    found = read(row(extended_end_of_life="2026-11-30"))
    assert found.support("aks", "1.31", date(2026, 11, 30)) is UNKNOWN
    assert found.support("aks", "1.31", date(2026, 12, 1)) is UNSUPPORTED


def test_an_end_of_life_past_on_an_unnamed_day_leaves_extended_support_until_it_ends():
    found = read(row(end_of_life="true", extended_end_of_life="2026-11-30"))
    assert found.support("aks", "1.31", date(2026, 11, 30)) is EXTENDED
    assert found.support("aks", "1.31", date(2026, 12, 1)) is UNSUPPORTED


@pytest.mark.parametrize(
    ("provider", "day", "newest"),
    [
        pytest.param("aks", "2025-04-06", "1.32", id="a minor counts on the day of its release"),
        pytest.param("aks", "2025-04-05", "1.31", id="not on the day before, and 1.31 is newer than 1.9"),
        pytest.param("aks", "2024-10-24", "1.9", id="an old day had older minors"),
        pytest.param("aks", "2017-01-01", None, id="before the first there is none"),
        pytest.param("gke", "2025-04-06", "1.31", id="another provider's minors are another provider's"),
        pytest.param("openshift", "2025-04-06", None, id="a provider that is not listed has none"),
    ],
)
def test_newest_minor(catalogue: Catalogue, provider: str, day: str, newest: str | None):
    assert catalogue.newest_minor(provider, date.fromisoformat(day)) == newest


def test_a_version_row_releases_no_minor():
    assert read(row(minor="", version="1.32.0-rc.1")).newest_minor("aks", date(2026, 1, 1)) is None


@pytest.mark.parametrize(
    ("provider", "version", "behind"),
    [
        pytest.param("aks", "1.32.4", 0, id="the newest minor is not behind"),
        pytest.param("aks", "1.31.2", 1, id="one behind"),
        pytest.param("aks", "v1.9.11-gke.5", 23, id="minors count by their numbers, listed or not"),
        pytest.param("aks", "1.30", 2, id="a minor as a version"),
        pytest.param("aks", "1.34.0", -2, id="what is ahead of the newest is negative"),
        pytest.param("gke", "1.31.2", 2, id="each provider has its own newest"),
        pytest.param("aks", "2.1.0", None, id="across major versions it is not known"),
        pytest.param("aks", "unknown", None, id="a version without a minor is not known"),
        pytest.param("aks", "1." + "9" * 10, None, id="nor one that no minor is as long as"),
        pytest.param("unknown", "1.31.2", None, id="a provider that is not listed is not known"),
    ],
)
def test_minors_behind(catalogue: Catalogue, provider: str, version: str, behind: int | None):
    assert catalogue.minors_behind(provider, version, date(2026, 1, 1)) == behind


@pytest.mark.parametrize(
    ("version", "minor"),
    [("v1.31.2-gke.1100", "1.31"), ("1.26", "1.26"), ("4.14.0-ec.4", "4.14"), ("latest", None), ("1", None), ("x1.2", None)],
)
def test_minor_of(version: str, minor: str | None):
    assert minor_of(version) == minor


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "1: file: read an empty file; accepted: at least one document", id="an empty file"),
        pytest.param("aks", f"1: file: read aks; accepted: a mapping of versions: {ROWS}", id="text instead of a mapping"),
        pytest.param(
            "- aks", f"1: file: read a list of 1; accepted: a mapping of versions: {ROWS}", id="a list without its name"
        ),
        pytest.param("versions:", f"1: versions: read nothing; accepted: {ROWS}", id="a list without content"),
        pytest.param("versions: []", f"1: versions: read an empty list; accepted: {ROWS}", id="an empty list"),
        pytest.param("versions: aks", f"1: versions: read aks; accepted: {ROWS}", id="no list"),
        pytest.param("versions:\n- 1.31", f"2: versions[0]: read 1.31; accepted: a mapping of {FIELDS}", id="no row"),
        pytest.param(
            row() + "\n---\nversions: []",
            "4: file: read another document; accepted: one, with all releases in its list",
            id="a second document",
        ),
        pytest.param(
            row(released="*day"),
            "2: file: read the alias *day; accepted: values written out, without anchors, aliases and tags",
            id="an alias",
        ),
        pytest.param(
            row(eol="2025-11-01"),
            f"2: versions[0].eol: read an unknown field; accepted: {FIELDS}",
            id="an unknown field",
        ),
        pytest.param(
            row(relased="2025-11-01"),
            f"2: versions[0].relased: read an unknown field; accepted: {FIELDS}; did you mean released?",
            id="a misspelt field",
        ),
        pytest.param(
            row(provider=""),
            "2: versions[0].provider: read nothing; accepted: a provider as the events name it, such as aks",
            id="no provider",
        ),
        pytest.param(
            row(provider="' aks'"),
            '2: versions[0].provider: read " aks"; accepted: a provider as the events name it, such as aks',
            id="a provider with a blank that no event has",
        ),
        pytest.param(
            row(minor=""),
            "2: versions[0]: read neither minor nor version; accepted: exactly one of minor, version",
            id="neither minor nor version",
        ),
        pytest.param(
            row(version="1.31.2"),
            "2: versions[0]: read minor and version; accepted: exactly one of minor, version",
            id="both minor and version",
        ),
        pytest.param(
            row(minor="1.30"),
            '2: versions[0].minor: read 1.30; accepted: a minor such as "1.31", here in quotes: "1.30"',
            id="a minor that other tools take for the number 1.3",
        ),
        pytest.param(
            row(minor="1.31.2"),
            '2: versions[0].minor: read 1.31.2; accepted: a minor such as "1.31"',
            id="a version as a minor",
        ),
        pytest.param(
            row(minor="", version='"1.31"'),
            '2: versions[0].version: read "1.31"; accepted: a version such as 1.31.2; a minor goes under minor',
            id="a minor as a version",
        ),
        pytest.param(row(released=""), f"2: versions[0].released: read nothing; accepted: {DAY}", id="no release day"),
        pytest.param(
            row(released="2024-13-25"),
            f"2: versions[0].released: read 2024-13-25; accepted: {DAY}",
            id="a day that does not exist",
        ),
        pytest.param(
            row(released="20241025"), f"2: versions[0].released: read 20241025; accepted: {DAY}", id="a day as a number"
        ),
        pytest.param(
            row(end_of_life="never"),
            f"2: versions[0].end_of_life: read never; accepted: {DAY}, true (it is past) or false (none is known)",
            id="an end of life that is no day",
        ),
        pytest.param(
            row(extended_end_of_life="true"),
            f"2: versions[0].extended_end_of_life: read true; accepted: {DAY}",
            id="an extended end of life that is no day",
        ),
        pytest.param(
            row(end_of_life="2024-10-24"),
            "2: versions[0].end_of_life: read 2024-10-24; accepted: a day that is not before released, 2024-10-25",
            id="an end of life before the release",
        ),
        pytest.param(
            row(end_of_life="2025-11-01", extended_end_of_life="2025-10-31"),
            "2: versions[0].extended_end_of_life: read 2025-10-31; accepted: a day that is not before end_of_life, 2025-11-01",
            id="extended support that ends before support",
        ),
        pytest.param(
            row(extended_end_of_life="2024-10-24"),
            "2: versions[0].extended_end_of_life: read 2024-10-24; accepted: a day that is not before released, 2024-10-25",
            id="extended support that ends before the release",
        ),
        pytest.param(
            row(source="1"), '2: versions[0].source: read 1; accepted: text, here in quotes: "1"', id="a source as a number"
        ),
        pytest.param(
            row() + '\n- {provider: aks, minor: "v1.31", released: 2024-10-26}',
            "3: versions[1]: read v1.31 of aks a second time (first on line 2); "
            "accepted: each minor and version of a provider once",
            id="a minor twice, in two spellings",
        ),
    ],
)
def test_a_mistake_is_named_by_line_and_field_with_what_is_accepted(text: str, problem: str):
    assert problems(text) == [f"reference/versions.yaml:{problem}"]


def test_every_mistake_is_told_at_once_in_the_order_of_lines():
    text = 'versions:\n- {provider: aks, minor: 1.31, released: 2024-10-25}\n- {minor: "1.30", released: soon}\n'
    assert [each.partition(": read ")[0] for each in problems(text)] == [
        "reference/versions.yaml:2: versions[0].minor",
        "reference/versions.yaml:3: versions[1].provider",
        "reference/versions.yaml:3: versions[1].released",
    ]


def test_the_same_version_of_two_providers_is_two_rows():
    assert len(read(row() + '\n- {provider: gke, minor: "1.31", released: 2024-10-22}').releases) == 2
