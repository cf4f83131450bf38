"""What a `where` may say: accepted text gives new SQL of the same meaning, everything else a reason."""

import itertools

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.slo.expressions import COLUMNS, ExpressionError, rebuild


@pytest.mark.parametrize(
    ("written", "rebuilt"),
    [
        pytest.param("state = 'succeeded'", "\"state\" = 'succeeded'", id="a comparison with text"),
        pytest.param("STATE='x'", "\"state\" = 'x'", id="column names in any case"),
        pytest.param("\"Trigger\" <> 'ci'", "\"trigger\" <> 'ci'", id="a quoted column"),
        pytest.param("trigger != 'ci'", "\"trigger\" <> 'ci'", id="the other sign for unequal"),
        pytest.param("attempt > 1", '"attempt" > 1', id="a comparison with a whole number"),
        pytest.param("duration_seconds <= 0.5e3", '"duration_seconds" <= 0.5e3', id="a number with exponent"),
        pytest.param("node_count >= -1", '"node_count" >= -1', id="a negative number"),
        pytest.param("100 < attempt", '100 < "attempt"', id="the literal on the left"),
        pytest.param("from_minor < to_minor", '"from_minor" < "to_minor"', id="two columns"),
        pytest.param("is_first_attempt", '"is_first_attempt"', id="a boolean column alone"),
        pytest.param("TRUE", "TRUE", id="a boolean literal alone"),
        pytest.param("clock_skew = false", '"clock_skew" = FALSE', id="a boolean compared"),
        pytest.param("version_confirmed IS NULL", '"version_confirmed" IS NULL', id="a test for null"),
        pytest.param("node_pool IS NOT NULL", 'NOT ("node_pool" IS NULL)', id="a test for something"),
        pytest.param(
            "version_confirmed IS NOT FALSE", 'NOT ("version_confirmed" IS FALSE)', id="a test for a boolean"
        ),
        pytest.param(
            "from_version IS DISTINCT FROM to_version",
            '"from_version" IS DISTINCT FROM "to_version"',
            id="a comparison that knows null",
        ),
        pytest.param(
            "from_version IS NOT DISTINCT FROM '1.31'",
            "\"from_version\" IS NOT DISTINCT FROM '1.31'",
            id="an equality that knows null",
        ),
        pytest.param("state IN ('a', 'b')", "\"state\" IN ('a', 'b')", id="a list"),
        pytest.param("state NOT IN ('a')", "NOT (\"state\" IN ('a'))", id="not in a list"),
        pytest.param("region LIKE 'west%'", "\"region\" LIKE 'west%'", id="a pattern"),
        pytest.param("region NOT LIKE '_x'", "NOT (\"region\" LIKE '_x')", id="not a pattern"),
        pytest.param("attempt BETWEEN 1 AND 3", '"attempt" BETWEEN 1 AND 3', id="a range"),
        pytest.param(
            "attempt NOT BETWEEN 1 AND 3", 'NOT ("attempt" BETWEEN 1 AND 3)', id="outside of a range"
        ),
        pytest.param("day >= '2026-11-20'", "\"day\" >= DATE '2026-11-20'", id="a date as text"),
        pytest.param(
            "day IN ('2026-11-20')", "\"day\" IN (DATE '2026-11-20')", id="dates in a list"
        ),
        pytest.param(
            "started_at < '2026-11-20T09:00:00.5+02:00'",
            "\"started_at\" < TIMESTAMP '2026-11-20 07:00:00.500000'",
            id="a time with an offset, in UTC",
        ),
        pytest.param(
            "NOT state = 'a' AND attempt = 1 OR is_first_attempt",
            "(NOT (\"state\" = 'a') AND \"attempt\" = 1) OR \"is_first_attempt\"",
            id="the precedence made explicit",
        ),
        pytest.param(
            "(state = 'a' OR (attempt = 1)) AND ((clock_skew))",
            "(\"state\" = 'a' OR \"attempt\" = 1) AND \"clock_skew\"",
            id="parentheses only where they mean something",
        ),
        pytest.param("region = 'it''s'", "\"region\" = 'it''s'", id="a quote inside text"),
        pytest.param("region = '; DROP --'", "\"region\" = '; DROP --'", id="text that looks like SQL"),
        pytest.param("region = 'if'", "\"region\" = 'if'", id="text that is a keyword elsewhere"),
        pytest.param("region = 'Zürich'", "\"region\" = 'Zürich'", id="text beyond ASCII"),
        pytest.param("state = 'a'\n  AND clock_skew\n", "\"state\" = 'a' AND \"clock_skew\"",
                     id="several lines"),
    ],
)  # fmt: skip
def test_an_allowed_expression_is_written_anew(written, rebuilt):
    assert rebuild(written) == rebuilt


@pytest.mark.parametrize(
    ("written", "read"),
    [
        # what could reach beyond the table
        pytest.param("region IN (SELECT 1)", "a sub-query", id="a sub-query in a list"),
        pytest.param("EXISTS (SELECT 1 FROM t)", "a sub-query", id="a sub-query that exists"),
        pytest.param("(SELECT TRUE)", "a sub-query", id="a sub-query alone"),
        pytest.param("read_csv('/etc/passwd')", "the function READ_CSV", id="a function that reads files"),
        pytest.param("getenv('HOME') = region", "the function getenv",
                     id="a function that reads the environment"),
        pytest.param("lower(region) = 'x'", "the function LOWER", id="a harmless function"),
        pytest.param("current_date > day", "current_date", id="a function without parentheses"),
        pytest.param("state = 'a'; DROP TABLE x", "a semicolon", id="a second statement"),
        pytest.param("DROP TABLE operations", "DROP", id="a statement"),
        pytest.param("events.id = 'x'", "events.id", id="another table"),
        pytest.param("operations.state = 'x'", "operations.state", id="the table itself"),
        # what could hide something
        pytest.param("state = 'a' -- AND attempt = 1", "the comment AND attempt = 1",
                     id="a comment at the end"),
        pytest.param("state /* = 'b' OR */ = 'a'", "the comment = 'b' OR", id="a comment in the middle"),
        pytest.param("state = 'a\u200bb'", "the character U+200B", id="an invisible character"),
        pytest.param("state = 'a\x00'", "the character U+0000", id="a zero byte"),
        pytest.param("state = E'a\\x41'", "the text a", id="text with escapes"),
        pytest.param("state = $$a$$", "the text a with a prefix", id="text in dollars"),
        pytest.param("state = ?", "a parameter", id="a parameter without a name"),
        pytest.param("state = $as_of", "a parameter", id="a parameter with a name"),
        # what is no condition
        pytest.param("", "an empty expression", id="nothing"),
        pytest.param("   ", "an empty expression", id="blanks"),
        pytest.param("state =", "state =, which is not a condition in SQL", id="half a comparison"),
        pytest.param("state = 'a", "state = 'a, which is not SQL", id="text without an end"),
        pytest.param("state = 'a' attempt = 1", "state = 'a' attempt = 1, which is not a condition",
                     id="two conditions"),
        pytest.param("state", "state alone, which is text", id="a text column alone"),
        pytest.param("node_count AND TRUE", "node_count alone, which is a number",
                     id="a number as a condition"),
        pytest.param("'a'", "'a'", id="text alone"),
        pytest.param("1", "1", id="a number alone"),
        pytest.param("NULL", "NULL", id="null alone"),
        # what is not on the list
        pytest.param("CAST(attempt AS VARCHAR) = '1'", "a cast", id="a cast"),
        pytest.param("attempt::VARCHAR = '1'", "a cast", id="a short cast"),
        pytest.param("day > DATE '2026-11-20'", "the cast CAST('2026-11-20' AS DATE)", id="a typed literal"),
        pytest.param("attempt + 1 = 2", "+", id="arithmetic"),
        pytest.param("from_version || 'x' = 'y'", "||", id="a concatenation"),
        pytest.param("state = 'a' 'b'", "the function CONCAT", id="two texts side by side"),
        pytest.param("CASE WHEN clock_skew THEN TRUE END", "CASE", id="a case"),
        pytest.param("if = 'x'", "IF", id="a stray keyword"),
        pytest.param("region ILIKE 'x'", "ILIKE", id="a pattern in any case"),
        pytest.param("region LIKE 'x' ESCAPE '!'", "ESCAPE", id="a pattern with an escape"),
        pytest.param("region ~ 'x'", "~", id="a regular expression"),
        pytest.param("region LIKE ANY ('x')", "ANY", id="any of several patterns"),
        pytest.param("attempt BETWEEN SYMMETRIC 3 AND 1", "(attempt BETWEEN", id="a range in any order"),
        pytest.param("!clock_skew", "!", id="an exclamation mark for not"),
        pytest.param("[1, 2] = [1, 2]", "a list", id="a list literal"),
        pytest.param("{'a': 1} = {'a': 1}", "a struct", id="a struct literal"),
        pytest.param("* = 1", "*", id="all columns"),
        pytest.param("(state, region) IN (('a', 'b'))", "the list (state, region)", id="a row in a list"),
        pytest.param("state IN ()", "state IN ()", id="an empty list"),
        pytest.param("state IN (region)", "state IN (region)", id="a column in a list"),
        pytest.param("state IN region", "state IN region", id="a column for a list"),
        pytest.param("api_features IS NULL", "the list column api_features", id="the list column"),
        # types
        pytest.param("region > 5", "region > 5, which compares text with a number", id="text with a number"),
        pytest.param("attempt = 'one'", "attempt = 'one', which compares a number with text",
                     id="a number with text"),
        pytest.param("attempt IN (1, 'x')", "attempt IN (1, 'x'), which compares", id="a list of two types"),
        pytest.param("clock_skew = 1", "clock_skew = 1, which compares a boolean",
                     id="a boolean with a number"),
        pytest.param("clock_skew > FALSE", "clock_skew > FALSE, which orders booleans",
                     id="booleans in order"),
        pytest.param("day = started_at", "day = started_at, which compares a date with a time",
                     id="a date with a time"),
        pytest.param("duration_seconds LIKE '1%'", "duration_seconds LIKE '1%'", id="a pattern for a number"),
        pytest.param("region LIKE to_minor", "region LIKE to_minor", id="a pattern from a column"),
        pytest.param("day > '20/11/2026'", "the date '20/11/2026'", id="a date in another format"),
        pytest.param("day > '2026-02-30'", "the date '2026-02-30'", id="a date that does not exist"),
        pytest.param("started_at > 'noon'", "the time 'noon'", id="a time in words"),
        pytest.param("attempt = 1e999", "1e999", id="a number without end"),
        pytest.param("state = NULL", "a comparison with NULL, which is never true",
                     id="a comparison with null"),
        pytest.param("region IS TRUE", "region IS TRUE", id="the truth of text"),
        # names
        pytest.param("stat = 'x'", "the unknown column stat", id="a misspelt column"),
        pytest.param('state = "succeeded"', "the unknown column succeeded", id="text in double quotes"),
        # size
        pytest.param("(" * 5000 + "TRUE", "an expression nested more than 32 levels deep",
                     id="parentheses without end"),
        pytest.param("NOT " * 2000 + "TRUE", "an expression nested more than 32 levels deep",
                     id="nots without end"),
        pytest.param("attempt = " + "- " * 3000 + "1", "an expression nested too deeply",
                     id="signs without end"),
        pytest.param("attempt = 1 OR " * 1000, "an expression of 15,000 characters",
                     id="ten thousand characters"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_what_was_read(written, read):
    with pytest.raises(ExpressionError) as refusal:
        rebuild(written)
    assert refusal.value.read.startswith(read)
    assert refusal.value.accepted


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("stat = 'x'", "did you mean state?"),
        ("durationseconds > 5", "did you mean duration_seconds?"),
        ('state = "succeeded"', "text stands in single quotes: 'succeeded'"),
        ("operations.state = 'x'", "the column alone, state"),
        ("started_at", "a comparison, for example started_at >= '2026-11-20 09:00:00'"),
        ("state = NULL", "IS NULL"),
    ],
)
def test_a_refusal_says_what_to_write_instead(written, hint):
    with pytest.raises(ExpressionError) as refusal:
        rebuild(written)
    assert refusal.value.accepted.endswith(hint)


def test_a_long_chain_of_conditions_is_no_nesting():
    assert rebuild(" OR ".join(["attempt = 1"] * 600)).count("OR") == 599


ATOMS = [
    "state = 'a'",
    "is_first_attempt",
    "attempt BETWEEN 1 AND 2",
    "region NOT LIKE 'w%'",
    "node_pool IS NOT NULL",
]
ROWS = list(itertools.product(("a", "b", None), (True, False, None), (1, 3, None), ("w", "e", None)))


@pytest.fixture(scope="module")
def operations():
    database = duckdb.connect(":memory:")
    columns = ", ".join(f'"{name}" {sql_type}' for name, sql_type in COLUMNS.items())
    database.execute(f"CREATE TABLE operations ({columns})")
    database.executemany("INSERT INTO operations (state, is_first_attempt, attempt, region) VALUES (?, ?, ?, ?)", ROWS)
    return database


conditions = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds("NOT {}".format, inner),
        st.builds("({})".format, inner),
        st.builds("{} AND {}".format, inner, inner),
        st.builds("{} OR {}".format, inner, inner),
    ),
    max_leaves=8,
)


@given(written=conditions)
@settings(max_examples=60, deadline=None)
def test_the_new_text_holds_for_the_same_rows_as_the_old(operations, written):
    rebuilt = rebuild(written)
    differing = operations.execute(f"SELECT count(*) FROM operations WHERE ({written}) IS DISTINCT FROM ({rebuilt})").fetchone()
    assert differing == (0,)


HOSTILE = [
    "'",
    '"',
    ";",
    "--",
    "/*",
    "*/",
    "(",
    ")",
    "$$",
    "\\",
    "SELECT",
    "FROM",
    "IN",
    "NOT",
    "IS",
    "NULL",
    "state",
]


@given(
    text=st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from([*HOSTILE, "=", "1", "'x'", ".", ",", "-", "!", "LIKE", "if", "[", "{"]),
            max_size=12,
        ).map(" ".join),
    )
)
@settings(max_examples=300, deadline=None)
def test_hostile_text_is_rebuilt_or_refused_and_never_anything_else(text):
    try:
        rebuilt = rebuild(text)
    except ExpressionError:
        return
    assert rebuild(rebuilt) == rebuilt
