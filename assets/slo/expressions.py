"""The `where` of an objective: read as SQL, checked against what is allowed, written anew.

Belongs here: the columns an expression may use, the allowed operators, the types on both sides of them.
Does not belong here: where expressions stand in OpenSLO and what they select (`assets/slo/objectives.py`),
the statements that use them (`assets/slo/sql/`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from assets.yaml_fields import cut, nearest

# The columns of upgrades.operations. A list column is known, so that the message can say why it is refused.
COLUMNS = {
    "day": "DATE",
    "cluster_id": "VARCHAR",
    "operation_id": "VARCHAR",
    "scope": "VARCHAR",
    "provider": "VARCHAR",
    "node_pool": "VARCHAR",
    "region": "VARCHAR",
    "workload_type": "VARCHAR",
    "from_version": "VARCHAR",
    "to_version": "VARCHAR",
    "from_minor": "VARCHAR",
    "to_minor": "VARCHAR",
    "trigger": "VARCHAR",
    "node_count": "BIGINT",
    "state": "VARCHAR",
    "scheduled_at": "TIMESTAMP",
    "started_at": "TIMESTAMP",
    "finished_at": "TIMESTAMP",
    "duration_seconds": "DOUBLE",
    "clock_skew": "BOOLEAN",
    "upgrade_id": "VARCHAR",
    "attempt": "BIGINT",
    "is_first_attempt": "BOOLEAN",
    "error_code": "VARCHAR",
    "error_message": "VARCHAR",
    "error_category": "VARCHAR",
    "responsibility": "VARCHAR",
    "observed_version": "VARCHAR",
    "version_confirmed": "BOOLEAN",
    "api_features": "VARCHAR[]",
}

_TYPES = {
    "VARCHAR": "text",
    "BIGINT": "a number",
    "DOUBLE": "a number",
    "BOOLEAN": "a boolean",
    "DATE": "a date",
    "TIMESTAMP": "a time",
    "VARCHAR[]": "a list",
}
_LONGEST_EXPRESSION = 10_000  # characters
_DEEPEST_NESTING = 32  # parentheses and NOTs

_ALLOWED = (
    "a condition on the columns of operations with = <> < <= > >=, AND, OR, NOT, IN, LIKE, BETWEEN, "
    "IS NULL, IS TRUE, IS DISTINCT FROM, literals and parentheses"
)
_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]{1,3})?|\.[0-9]+")

# What a token that can never be part of an allowed expression stands for, by sqlglot's name of its type.
_REFUSED_TOKENS = {
    "SEMICOLON": "a semicolon",
    "SELECT": "a sub-query",
    "WITH": "a sub-query",
    "VALUES": "a sub-query",
    "EXISTS": "a sub-query",
    "DCOLON": "a cast",
    "PARAMETER": "a parameter",
    "PLACEHOLDER": "a parameter",
    "COLON": "a parameter",
    "L_BRACKET": "a list",
    "L_BRACE": "a struct",
    "CASE": "CASE",
    "STAR": "*",
}
# Words whose token looks harmless: sqlglot takes ! for NOT, DuckDB does not; a stray IF has no parser.
_REFUSED_WORDS = {"cast": "a cast", "try_cast": "a cast", "if": "IF", "!": "!"}
_ALLOWED_TOKENS = {
    "AND",
    "BETWEEN",
    "COMMA",
    "DASH",
    "DATE",
    "DISTINCT",
    "DOT",
    "EQ",
    "FALSE",
    "FROM",
    "GT",
    "GTE",
    "IDENTIFIER",
    "IN",
    "IS",
    "L_PAREN",
    "LIKE",
    "LT",
    "LTE",
    "NEQ",
    "NOT",
    "NULL",
    "NUMBER",
    "OR",
    "R_PAREN",
    "STRING",
    "TRUE",
    "VAR",
}


class ExpressionError(ValueError):
    """An expression that is not accepted: `read` and `accepted` are the two halves of the message."""

    def __init__(self, *, read: str, accepted: str = _ALLOWED) -> None:
        super().__init__(f"read {read}; accepted: {accepted}")
        self.read = read
        self.accepted = accepted


@dataclass(frozen=True, slots=True)
class _Operand:
    """One side of a comparison: its SQL, its type in words, and the value when it is a literal."""

    sql: str
    type: str
    literal: str | None = None


def rebuild(expression: str) -> str:
    """The same condition as SQL that holds nothing but allowed parts: quoted columns, literals, parentheses.

    The result is written from the parsed tree, never copied from the text. Times are in UTC; one that has an
    offset is converted. NULLs propagate as in SQL, so that the condition may be NULL for a row.

    Raises:
        ExpressionError: if any part is not allowed, a column is unknown or the types do not fit.
    """
    try:
        sql = _condition(_parsed(expression))
    except RecursionError:
        raise ExpressionError(read="an expression nested too deeply") from None
    _bind(sql)
    return sql


def _parsed(expression: str) -> Any:
    if len(expression) > _LONGEST_EXPRESSION:
        read = f"an expression of {len(expression):,} characters"
        raise ExpressionError(read=read, accepted=f"at most {_LONGEST_EXPRESSION:,} characters")
    for character in expression:
        if not character.isprintable() and character not in "\r\n\t":
            raise ExpressionError(read=f"the character U+{ord(character):04X}", accepted="printable text")

    import sqlglot
    from sqlglot.errors import SqlglotError
    from sqlglot.expressions import Condition

    dialect = sqlglot.Dialect.get_or_raise("duckdb")
    try:
        tokens = dialect.tokenize(expression)
    except SqlglotError:
        raise ExpressionError(read=f"{_quote(expression)}, which is not SQL") from None
    _check_tokens(tokens)
    try:
        trees = dialect.parse_into(Condition, expression)
    except SqlglotError:
        raise ExpressionError(read=f"{_quote(expression)}, which is not a condition in SQL") from None
    if len(trees) != 1 or trees[0] is None:
        raise ExpressionError(read=f"{_quote(expression)}, which is not one condition")
    return trees[0]


def _check_tokens(tokens: list[Any]) -> None:
    """Refuses whatever cannot be part of an allowed expression, before a parser makes something of it."""
    if not tokens:
        raise ExpressionError(read="an empty expression")
    depth = deepest = nots = 0
    for token in tokens:
        kind, word = token.token_type.name, token.text.lower()
        if token.comments:
            raise ExpressionError(read=f"the comment {_quote(token.comments[0].strip())}")
        if kind.endswith("_STRING"):
            raise ExpressionError(read=f"the text {_quote(token.text)} with a prefix", accepted="'text'")
        if word in _REFUSED_WORDS and kind != "STRING":
            raise ExpressionError(read=_REFUSED_WORDS[word])
        if kind not in _ALLOWED_TOKENS and word not in COLUMNS:
            raise ExpressionError(read=_REFUSED_TOKENS.get(kind, _quote(token.text)))
        depth += {"L_PAREN": 1, "R_PAREN": -1}.get(kind, 0)
        nots = nots + 1 if kind == "NOT" else 0
        deepest = max(deepest, depth + nots)
    if deepest > _DEEPEST_NESTING:
        read = "an expression nested more than 32 levels deep"
        raise ExpressionError(read=read, accepted=f"at most {_DEEPEST_NESTING} levels of parentheses and NOT")


def _condition(node: Any) -> str:
    """The SQL of a node that is true, false or NULL."""
    from sqlglot import expressions as exp

    match node:
        case exp.Paren():
            return _condition(_only(node, "this")["this"])
        case exp.And() | exp.Or():
            terms = [_term(term) for term in _chain(node, type(node))]
            return (" AND " if isinstance(node, exp.And) else " OR ").join(terms)
        case exp.Not():
            return f"NOT ({_condition(_only(node, 'this')['this'])})"
        case exp.Boolean():
            return "TRUE" if node.this else "FALSE"
        case exp.Column():
            column = _column(node)
            if column.type != "a boolean":
                read = f"{_name(node)} alone, which is {column.type}"
                raise ExpressionError(read=read, accepted=f"a comparison, for example {_example(column)}")
            return column.sql
        case exp.In() | exp.Like() | exp.Between() | exp.Is():
            test = _TESTS[type(node).__name__](node)
            return f"NOT ({test})" if node.args.get("negate") else test
        case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
            return _comparison(node, _OPERATORS[type(node).__name__])
        case exp.NullSafeEQ():
            return _comparison(node, "IS NOT DISTINCT FROM")
        case exp.NullSafeNEQ():
            return _comparison(node, "IS DISTINCT FROM")
    raise _refused(node)


_OPERATORS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}


def _chain(node: Any, kind: type) -> Iterator[Any]:
    """The terms of a AND b AND c in order, however the parser nested them; long chains need no recursion."""
    waiting = [node]
    while waiting:
        term = waiting.pop()
        if type(term) is kind:
            sides = _only(term, "this", "expression")
            waiting += [sides["expression"], sides["this"]]
        else:
            yield term


def _term(node: Any) -> str:
    from sqlglot import expressions as exp

    sql = _condition(node)
    while isinstance(node, exp.Paren):
        node = node.this
    return f"({sql})" if isinstance(node, exp.And | exp.Or) else sql


def _comparison(node: Any, operator: str) -> str:
    sides = _only(node, "this", "expression")
    left, right = _matched(node, _operand(sides["this"]), _operand(sides["expression"]))
    if operator in ("<", "<=", ">", ">=") and left.type == "a boolean":
        raise ExpressionError(read=f"{_sql(node)}, which orders booleans", accepted="= or <>")
    return f"{left.sql} {operator} {right.sql}"


def _membership(node: Any) -> str:
    parts = _only(node, "this", "expressions", "negate")
    if not parts.get("expressions"):
        raise ExpressionError(read=_sql(node), accepted="IN with a list of literals in parentheses")
    left = _operand(parts["this"])
    values = [_operand(value) for value in parts["expressions"]]
    if any(value.literal is None for value in values):
        raise ExpressionError(read=_sql(node), accepted="IN with a list of literals in parentheses")
    matched = [_matched(node, left, value) for value in values]
    return f"{matched[0][0].sql} IN ({', '.join(right.sql for _, right in matched)})"


def _like(node: Any) -> str:
    parts = _only(node, "this", "expression", "negate")
    left, right = _operand(parts["this"]), _operand(parts["expression"])
    if left.type != "text" or right.type != "text" or right.literal is None:
        raise ExpressionError(read=_sql(node), accepted="text LIKE a pattern, such as region LIKE 'west%'")
    return f"{left.sql} LIKE {right.sql}"


def _between(node: Any) -> str:
    parts = _only(node, "this", "low", "high", "negate")
    value = _operand(parts["this"])
    value, low = _matched(node, value, _operand(parts["low"]))
    value, high = _matched(node, value, _operand(parts["high"]))
    return f"{value.sql} BETWEEN {low.sql} AND {high.sql}"


def _is(node: Any) -> str:
    from sqlglot import expressions as exp

    parts = _only(node, "this", "expression", "negate")
    operand, test = _operand(parts["this"]), parts["expression"]
    if isinstance(test, exp.Null):
        return f"{operand.sql} IS NULL"
    if isinstance(test, exp.Boolean) and operand.type == "a boolean":
        return f"{operand.sql} IS {'TRUE' if test.this else 'FALSE'}"
    raise ExpressionError(read=_sql(node), accepted="IS NULL, or IS TRUE and IS FALSE of a boolean")


_TESTS = {"In": _membership, "Like": _like, "Between": _between, "Is": _is}


def _operand(node: Any) -> _Operand:
    """A column or a literal; parentheses around it mean nothing."""
    from sqlglot import expressions as exp

    match node:
        case exp.Paren():
            return _operand(_only(node, "this")["this"])
        case exp.Column():
            return _column(node)
        case exp.Boolean():
            word = "TRUE" if node.this else "FALSE"
            return _Operand(word, "a boolean", word)
        case exp.Literal() if node.is_string:
            return _Operand("'" + node.this.replace("'", "''") + "'", "text", node.this)
        case exp.Literal():
            return _number(node.this, "")
        case exp.Neg() if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return _number(node.this.this, "-")
        case exp.Null():
            raise ExpressionError(read="a comparison with NULL, which is never true", accepted="IS NULL")
    raise _refused(node)


def _number(digits: str, sign: str) -> _Operand:
    if not _NUMBER.fullmatch(digits) or float(digits) == float("inf"):
        raise ExpressionError(read=_quote(digits), accepted="a decimal number")
    return _Operand(sign + digits, "a number", sign + digits)


def _column(node: Any) -> _Operand:
    from sqlglot import expressions as exp

    identifier = node.this
    if not isinstance(identifier, exp.Identifier):
        raise _refused(identifier)
    if node.args.get("table"):
        raise ExpressionError(read=_sql(node), accepted=f"the column alone, {_name(node)}")
    _only(node, "this")
    name = identifier.name.lower()
    if name not in COLUMNS:
        hint = nearest(name, [*COLUMNS])
        if not hint and identifier.args.get("quoted"):
            hint = f"; text stands in single quotes: '{_name(node)}'"
        raise ExpressionError(read=f"the unknown column {_name(node)}", accepted=f"{', '.join(COLUMNS)}{hint}")
    if COLUMNS[name].endswith("[]"):
        raise ExpressionError(read=f"the list column {name}", accepted="a column that holds one value")
    return _Operand(f'"{name}"', _TYPES[COLUMNS[name]])


def _matched(node: Any, left: _Operand, right: _Operand) -> tuple[_Operand, _Operand]:
    """Both sides with one type; text beside a date or time is read as one."""
    left, right = _as_moment(left, right.type), _as_moment(right, left.type)
    if left.type != right.type:
        read = f"{_sql(node)}, which compares {left.type} with {right.type}"
        raise ExpressionError(read=read, accepted="two sides of one type")
    return left, right


def _as_moment(operand: _Operand, wanted: str) -> _Operand:
    if operand.literal is None or operand.type != "text" or wanted not in ("a date", "a time"):
        return operand
    if wanted == "a date":
        try:
            return _Operand(f"DATE '{date.fromisoformat(operand.literal)}'", wanted, operand.literal)
        except ValueError:
            raise ExpressionError(read=f"the date {operand.sql}", accepted="YYYY-MM-DD, such as '2026-11-20'") from None
    try:
        moment = datetime.fromisoformat(operand.literal)
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise ExpressionError(read=f"the time {operand.sql}", accepted="ISO 8601 in UTC, such as '2026-11-20 09:00:00'") from None
    return _Operand(f"TIMESTAMP '{moment.isoformat(sep=' ')}'", wanted, operand.literal)


def _only(node: Any, *names: str) -> dict[str, Any]:
    """The named parts of a node. Any other part would be lost in the rebuilt text, so it is refused."""
    extra = [name for name, value in node.args.items() if value and name not in names]
    if extra:
        raise _refused(node)
    return dict(node.args)


def _refused(node: Any) -> ExpressionError:
    from sqlglot import expressions as exp

    match node:
        case exp.Cast():
            what = f"the cast {_sql(node)}"
        case exp.Query() | exp.Subquery():
            what = "a sub-query"
        case exp.Func():
            what = f"the function {_quote(node.name if isinstance(node, exp.Anonymous) else node.sql_name())}"
        case exp.Tuple():
            what = f"the list {_sql(node)} outside IN"
        case _:
            what = _sql(node)
    return ExpressionError(read=what)


def _name(node: Any) -> str:
    return _quote(node.name)


def _example(column: _Operand) -> str:
    values = {
        "text": "= 'text'",
        "a number": "> 0",
        "a date": ">= '2026-11-20'",
        "a time": ">= '2026-11-20 09:00:00'",
    }
    return f"{column.sql.strip(chr(34))} {values[column.type]}"


def _sql(node: Any) -> str:
    return _quote(node.sql(dialect="duckdb", comments=False))


def _quote(text: str) -> str:
    return cut(" ".join(text.split()))


def _bind(sql: str) -> None:
    """Has DuckDB resolve names and types on an empty table: the proof that the rebuilt text runs."""
    import duckdb

    try:
        [result_type] = _empty_operations().cursor().sql(f"SELECT ({sql}) AS holds FROM operations").types
    except duckdb.Error as error:
        why = _quote(str(error).partition("\n")[0])
        raise ExpressionError(read=f"{_quote(sql)}, which DuckDB refuses ({why})") from None
    if str(result_type) != "BOOLEAN":
        raise ExpressionError(read=f"{_quote(sql)}, which is {result_type}")


@cache
def _empty_operations() -> Any:
    import duckdb

    database = duckdb.connect(":memory:", config={"threads": 1})
    columns = ", ".join(f'"{name}" {sql_type}' for name, sql_type in COLUMNS.items())
    database.execute(f"CREATE TABLE operations ({columns})")
    return database
