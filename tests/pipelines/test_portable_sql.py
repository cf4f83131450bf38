"""The heavy pass stays in a subset of SQL that means the same on Spark: held to an allow-list of syntax, node by node.

Belongs here: which parts of SQL the statements that grow with the number of operations may use, and what stands outside of it.
Does not belong here: what the statements come to (`tests/upgrades/`, `tests/slo/`), proof on Spark, which is not installed.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

import assets
from assets.slo import cells, slices
from assets.slo.objectives import load_objectives
from assets.sql_files import compose
from assets.upgrades import keys
from tests.data.made_objectives import ratio, threshold

ROOT = Path(assets.__file__).parent

# Every kind of node that may occur. That a statement can be transpiled proves nothing: `arg_min` and `list(x ORDER BY y)` are
# written for Spark without complaint and are silently wrong there. So what is not on the list is refused.
ALLOWED = {
    # Statements and queries: only the query inside has to be ported; tables are replaced in each engine's own way.
    exp.Create, exp.Insert, exp.Schema, exp.Properties, exp.TemporaryProperty,
    exp.Select, exp.From, exp.Where, exp.Group, exp.Subquery, exp.With, exp.CTE, exp.Table, exp.TableAlias, exp.Alias,
    exp.Union, exp.Except, exp.Join, exp.Order, exp.Ordered,
    # Equal on both engines, tried on a million events: FILTER, GROUPING SETS, QUALIFY.
    exp.Filter, exp.GroupingSets, exp.Having,
    # Columns, literals, parameters. A star is refused below when it leaves out or replaces columns.
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Star, exp.Placeholder, exp.Paren, exp.Tuple, exp.Distinct,
    # Comparisons with SQL's three values, and the two that know no third.
    exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.In, exp.And, exp.Or, exp.Not,
    exp.NullSafeEQ, exp.NullSafeNEQ,
    # `||` of texts: NULL when one side is, on both. `-` occurs between whole numbers only.
    exp.DPipe, exp.Sub,
    # Types are stated. A CASE without ELSE is NULL, by the standard.
    exp.Cast, exp.DataType, exp.Case, exp.If,
    # Functions of the standard that treat NULL alike: aggregates skip it, coalesce passes over it.
    exp.Coalesce, exp.Nullif, exp.Min, exp.Max, exp.Sum, exp.Count,
    # One per group, in an order that the data decides completely (checked below).
    exp.RowNumber, exp.Window, exp.WindowSpec,
    # Bits of whole numbers.
    exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseOrAgg,
    # Which of the grouping sets a row belongs to; and the text of it: concat_ws skips NULLs on both.
    exp.Grouping, exp.ConcatWs,
}  # fmt: skip
TYPES = {"DATE", "TEXT", "BIGINT"}  # as sqlglot calls them: TEXT is VARCHAR
# What ends an order that leaves no ties: the ids that make a row unique within its partition.
UNIQUE = {"id", "operation_id"}
# 64-bit hashes. They only narrow down; the engines hash differently, so that no result may depend on their values.
HASH_KEYS = {"identity", "thread_key", "cluster_key", "resource_key", "upgrade_key"}
# What the keys that tables are joined by were made of.
HASHED = {"identity": {"source", "id"}, "resource_key": {"provider", "cluster_id", "scope", "node_pool"}}


def read(path: str, **parts: str) -> str:
    return compose((ROOT / f"{path}.sql").read_text(encoding="utf-8"), **parts)


def statements() -> dict[str, str]:
    """The statements of the heavy pass, those with gaps as they run for objectives of every kind, by a name for the test."""
    plain = (
        "telemetry/sql/new_identities", "telemetry/sql/repeated_rows", "telemetry/sql/create_known",
        "telemetry/sql/records_of_files", "telemetry/sql/new_keys", "telemetry/sql/insert_touched",
        "upgrades/sql/create_refolded", "upgrades/sql/create_replaced",
        "upgrades/sql/create_thread_events", "upgrades/sql/create_paired", "upgrades/sql/create_merged",
        "upgrades/sql/create_resolved", "upgrades/sql/create_classed",
        "upgrades/sql/create_folded", "upgrades/sql/create_enriched", "upgrades/sql/failure_texts",
        "upgrades/sql/create_upgrade_keys", "upgrades/sql/changed_successes", "upgrades/sql/create_siblings",
        "upgrades/sql/create_receivers", "upgrades/sql/receivers",
        "upgrades/sql/create_donors", "upgrades/sql/stored_donors", "upgrades/sql/insert_donors",
        "upgrades/sql/create_changed", "upgrades/sql/insert_touched_days", "upgrades/sql/insert_operations",
        "slo/sql/create_recounted", "slo/sql/sum_lone_cells",
    )  # fmt: skip
    found = {path.replace("/sql/", "/"): read(path) for path in plain}
    found["upgrades/keys of changed"], found["upgrades/keys of a day"] = keys._CHANGED, keys._STORED
    found["telemetry/keys_of_day"] = read("telemetry/sql/keys_of_day", key="identity")
    found["upgrades/days_of_events"] = read("upgrades/sql/days_of_events", operations="refolded")
    several = (*load_objectives(None).objectives, ratio(slice_by=("scope",)), threshold("gte", name="slow", failed="excluded"))
    for objective in several:
        found[f"slo/insert_cells for {objective.name}"] = cells._count_sql(objective)
        found[f"slo/sum_cells for {objective.name}"] = read(
            "slo/sql/sum_cells",
            slice_by=slices.slice_by_sql(slices.finest(objective)),
            columns=slices.columns_sql(slices.finest(objective)),
            grouping_sets=slices.grouping_sets(slices.subsets(objective), '"window"'),
        )
    return found


STATEMENTS = statements()

# What stands outside the list today, and what a port has to do about it. An entry that no longer applies fails the test too.
ROWID = "DuckDB's number of a row: a port gives each row that it writes a number of its own"
HASH = "engines hash differently: the values are only keys that narrow a search, and never reach a reader"
NARROWS = "a hash groups only to find what needs a closer look: two of one hash are both looked at, and come to the same"
MAX_BY = "max_by on Spark. Ranks are unique within an operation, and NULL where the value is, which both pass over"
MICROSECONDS = "unix_micros on Spark; a reader that stores whole microseconds would spare it"
LIST = {
    "Explode": "unpacks a list that is bound as one parameter: of days, or of the code's own names; a port writes them out",
    "CAST to ARRAY": "the type of that parameter",
}
MIDNIGHT = "a date's midnight without a zone: TIMESTAMP_NTZ on Spark, as sqlglot writes it"
EXCEPTIONS: dict[str, dict[str, str]] = {
    "telemetry/new_identities": {"rowid": ROWID},
    "telemetry/repeated_rows": {
        "rowid": ROWID,
        "Add": "of row numbers, whole on both",
        "order ends in rowid": "the last tie, between events of one record, is broken by the order in which they were read",
    },
    "telemetry/create_known": {"rowid": ROWID, **LIST},
    "telemetry/records_of_files": {"rowid": ROWID, "Add": "of counts, whole on both"},
    "telemetry/insert_touched": {"hash()": HASH},
    "upgrades/create_refolded": {
        "hash()": HASH,
        "Mod": "says which part of the clusters an operation belongs to; all parts together are the same, however they are cut",
        **LIST,
    },
    "upgrades/days_of_events": LIST,
    "upgrades/create_replaced": {"rowid": ROWID, **LIST},
    "upgrades/create_thread_events": {"SplitPart": "the same on Spark, for one character", **LIST},
    "upgrades/create_paired": {"epoch_us()": MICROSECONDS},
    "upgrades/create_merged": {
        "epoch_us()": MICROSECONDS,
        "order ends in into_operation": "the id of the operation that is merged into: unique among those that one may be part of",
    },
    "upgrades/create_classed": {
        "ArgMax": MAX_BY,
        "StartsWith": "startswith on Spark, NULL for NULL on both",
        "Trim": "of a leading letter; sqlglot writes it as the standard does",
    },
    "upgrades/create_folded": {
        "ArgMax": MAX_BY,
        "epoch_us()": MICROSECONDS,
        "thread_key decides a result": NARROWS,
        **LIST,
    },
    "upgrades/create_enriched": {
        "hash()": HASH,
        "order ends in provider": "rows that tie agree in every column that is taken from them, so that either may win",
    },
    "upgrades/create_siblings": {"rowid": ROWID, **LIST},
    "upgrades/receivers": {"hash()": HASH},
    "upgrades/stored_donors": {"hash()": HASH, "rowid": ROWID, **LIST},
    "upgrades/insert_donors": {"rowid": ROWID, **LIST},
    "upgrades/create_changed": {"upgrade_key decides a result": NARROWS},
    "upgrades/keys of changed": {"hash()": HASH, "CAST to TIMESTAMPNTZ": MIDNIGHT},
    "upgrades/keys of a day": {"hash()": HASH, "CAST to TIMESTAMPNTZ": MIDNIGHT},
    "upgrades/insert_operations": {
        "epoch_us()": MICROSECONDS,
        "Div": "by the constant 1e6, for the duration in seconds: never by zero, and a double on both",
        "RegexpExtract": "equal for this pattern, the empty text without a match; Spark's literals double the backslash",
    },
    "slo/sum_lone_cells": LIST,
    **{
        name: {"epoch_us()": MICROSECONDS}
        for name in STATEMENTS
        if name.startswith("slo/insert_cells")
    },
}  # fmt: skip


def refused(sql: str) -> set[str]:
    """What in the statement is not portable, in a word each."""
    return set(_refused(sqlglot.parse_one(sql, read="duckdb")))


def _refused(tree: exp.Expr) -> Iterator[str]:
    for node in tree.walk():
        match node:
            case exp.Anonymous():
                yield f"{node.name.lower()}()"
            case exp.Null() if not isinstance(node.parent, exp.Is | exp.Cast):
                yield "NULL without a type"
            case exp.Cast() if node.to.this.name not in TYPES:
                yield f"CAST to {node.to.this.name}"
            case exp.Star() if any(node.args.values()):
                yield "* with changes"
            case exp.Join() if node.method or node.args.get("using"):
                yield f"{node.method or 'USING'} JOIN"
            case exp.SetOperation() if node.args.get("by_name"):
                yield "BY NAME"
            case exp.Group() if node.args.get("all"):
                # Equal on both; which columns it means is for the reader to see.
                pass
            case exp.Column() if node.name == "rowid":
                yield "rowid"
            case exp.Window():
                yield from _window(node)
            case _ if type(node) not in ALLOWED:
                yield type(node).__name__
        if isinstance(node, exp.Group | exp.Order | exp.Ordered | exp.Window):
            within = node.args.get("partition_by", []) if isinstance(node, exp.Window) else [node]
            for column in (each for part in within for each in part.find_all(exp.Column)):
                if column.name in HASH_KEYS:
                    yield f"{column.name} decides a result"


def _window(node: exp.Window) -> Iterator[str]:
    """An order without ties, and rows instead of a range that ties would share."""
    order = node.args.get("order")
    if order is None:
        if isinstance(node.this, exp.RowNumber):
            yield "row_number without an order"
        return
    last = order.expressions[-1].this
    if last.name not in UNIQUE:
        yield f"order ends in {last.name}"
    frame = node.args.get("spec")
    if not isinstance(node.this, exp.RowNumber) and (frame is None or frame.args["kind"] != "ROWS"):
        yield "a running aggregate without ROWS"


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_heavy_pass_uses_portable_sql_and_exceptions_that_are_written_down(name):
    assert refused(STATEMENTS[name]) == set(EXCEPTIONS.get(name, {}))


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_query_of_a_statement_can_be_written_for_spark_and_read_back(name):
    tree = sqlglot.parse_one(STATEMENTS[name], read="duckdb")
    query = tree.expression if isinstance(tree, exp.Create | exp.Insert) else tree
    written = query.sql("spark", identify=True, unsupported_level=sqlglot.ErrorLevel.RAISE)
    again = sqlglot.parse_one(written, read="spark")
    names, again_names = ([column.alias_or_name.lower() for column in each.selects] for each in (query, again))
    assert again_names == names
    assert len(list(again.find_all(exp.Select))) == len(list(query.find_all(exp.Select)))


def test_a_join_by_a_hash_key_compares_what_was_hashed_too():
    joins = Counter()
    for name, statement in STATEMENTS.items():
        for join in sqlglot.parse_one(statement, read="duckdb").find_all(exp.Join):
            joined_on = {column.name for column in join.args["on"].find_all(exp.Column)}
            for key in joined_on & HASH_KEYS:
                joins[name, key] += 1
                where = join.parent.args.get("where")
                compared = joined_on | ({column.name for column in where.find_all(exp.Column)} if where else set())
                assert HASHED[key] <= compared, name
    assert joins == {("upgrades/create_changed", "resource_key"): 2, ("telemetry/create_known", "identity"): 1}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT arg_min(region, time) FROM events GROUP BY cluster_id", "ArgMin"),
        ("SELECT list(region ORDER BY time) FROM events GROUP BY cluster_id", "ArrayAgg"),
        ("SELECT first(region) FROM events GROUP BY cluster_id", "First"),
        ("SELECT quantile_disc(seconds, 0.5) FROM operations", "PercentileDisc"),
        ("SELECT good / total FROM cells", "Div"),
        ("SELECT epoch_us(time) FROM events", "epoch_us()"),
        ("SELECT epoch_ms(time) FROM events", "UnixToTime"),  # sqlglot takes it for its opposite
        ("SELECT log(seconds) FROM operations", "Log"),
        ("SELECT x[1:2] FROM t", "Bracket"),
        ("SELECT MOD(x, 2) FROM t", "Mod"),
        ("SELECT x FROM t WHERE day IN (SELECT unnest($days::DATE[]))", "Explode"),
        ("SELECT CAST(day AS TIMESTAMP) FROM t", "CAST to TIMESTAMPNTZ"),
        ("SELECT * REPLACE (1 AS x) FROM t", "* with changes"),
        ("SELECT * EXCLUDE (x) FROM t", "* with changes"),
        ("SELECT x FROM t UNION ALL BY NAME SELECT x FROM u", "BY NAME"),
        ("SELECT x FROM t ASOF JOIN u ON t.a = u.a AND t.time >= u.time", "ASOF JOIN"),
        ("SELECT x FROM t JOIN u USING (a)", "USING JOIN"),
        ("SELECT NULL AS x FROM t", "NULL without a type"),
        ("SELECT CAST(x AS HUGEINT) FROM t", "CAST to INT128"),
        ("SELECT row_number() OVER (PARTITION BY a) FROM t", "row_number without an order"),
        ("SELECT row_number() OVER (PARTITION BY a ORDER BY time) FROM t", "order ends in time"),
        ("SELECT sum(n) OVER (PARTITION BY a ORDER BY id) FROM t", "a running aggregate without ROWS"),
        ("SELECT max(x) FROM t GROUP BY thread_key", "thread_key decides a result"),
        ("SELECT upgrade_key FROM t GROUP BY upgrade_key HAVING count(*) > 1", "upgrade_key decides a result"),
        ("SELECT rowid FROM t", "rowid"),
    ],
)
def test_what_differs_between_engines_is_refused(sql, expected):
    assert expected in refused(sql)
