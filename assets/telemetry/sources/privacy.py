"""What is taken out of provider records before anything is written.

Belongs here: masking free text, and dropping the fields of a raw record that describe people, machines and
requests.
Does not belong here: canonical events, whose senders decide what they hold; which fields a source reads at
all (its module).

Every pattern is linear in the length of the text, since the text is a stranger's.
"""

import re
from collections.abc import Callable, Collection, Iterable
from ipaddress import AddressValueError, IPv6Address
from typing import NamedTuple

from assets.telemetry.sources.memory import remembered

MESSAGE_LIMIT = 2_000

# Keys whose values are dropped from raw records, whatever they hold: callers, credentials, requests, hosts
# and bodies. Claims about a person are there by themselves as well: a record written on several lines is
# refused line by line.
_DROPPED_KEYS = (
    "accessKeyId",
    "authorization",
    "caller",
    "callerIpAddress",
    "claims",
    "clientIpAddress",
    "family_name",
    "given_name",
    "httpRequest",
    "identity",
    "ipaddr",
    "managedFields",
    "principalId",
    "puid",
    "requestBody",
    "requestID",
    "resourceIds",
    "responseBody",
    "sourceIPAddress",
    "unique_name",
    "upn",
    "user",
    "userAgent",
    "userIdentity",
)
# Log Analytics appends the type of a column to its name, and the path of what it took out of an object:
# `Claims_d`, `identity_claim_upn_s`. Keys inside JSON that is itself a string have escaped quotes.
_DROPPED_KEY = re.compile(
    rf'(?<!\\)(\\*+)"(?:(?:{"|".join(_DROPPED_KEYS)})(?:_\w++)?|http://schemas\.[^"\\]++)\1"(?:\s|\\+[nrt])*+:(?:\s|\\+[nrt])*+',
    re.IGNORECASE,
)
# Some writers escape more than they have to: `\u0022` for a quote within a string, `\u0040` for an at sign.
_NEEDLESS_ESCAPE = re.compile(r"(?<!\\)(\\++)u00([2-7][0-9a-f])", re.IGNORECASE)
_BARE_DROPPED_KEY = re.compile(rf"""(?<![\w"\\])'?(?:{"|".join(_DROPPED_KEYS)})(?:_d)?'?\s{{0,3}}[:=]""", re.IGNORECASE)
_STRUCTURE = re.compile(r'(?<!\\)(\\*+)"|[\[\]{},]')


def mask(text: str, *, keep: Collection[str] = ()) -> str:
    """A message without what identifies people, workloads and machines, cut at 2,000 characters.

    E-mail addresses, tokens and passwords, IP addresses, host names of nodes, GUIDs, and names of pods,
    namespaces and disruption budgets become placeholders such as `<email>`. `keep`: GUIDs that stay, in lower
    case: those of the cluster.
    """
    return _masked(text, keep) if _GUID.search(text) else _masked_without_guid(text)


def _masked(text: str, keep: Collection[str]) -> str:
    masked = _replaced(text, _SECRETS_AND_ADDRESSES)
    masked = _GUID.sub(lambda guid: guid[0] if guid[0].lower() in keep else "<guid>", masked)
    return _replaced(masked, _NAMES)[:MESSAGE_LIMIT]


@remembered
def _masked_without_guid(text: str) -> str:
    return _masked(text, ())


def mask_raw(raw: bytes, *, is_broken: bool = False) -> bytes:
    """The bytes of a provider record as the quarantine may keep them: readable, but no longer the record.

    Values of keys that describe callers, requests and hosts are dropped, at any depth, also in JSON inside
    strings and in text that is broken JSON; e-mail addresses, secrets, IP addresses and host names of nodes
    become placeholders everywhere. Needless escapes are spelled out before, and the zero bytes of UTF-16, which
    Windows writes and nobody here reads, are left out, so that nothing hides behind them. With `is_broken`, what is no
    JSON ends at the first such key that is not in double quotes: where its value would end is anyone's guess.
    """
    text = raw.replace(b"\0", b"").decode("utf-8", "surrogateescape")
    text = _NEEDLESS_ESCAPE.sub(_unescaped, text)
    text = _without_dropped_keys(text)
    if is_broken and (key := _BARE_DROPPED_KEY.search(text)):
        text = f"{text[: key.end()]} <dropped>"
    return _replaced(text, _SECRETS_AND_ADDRESSES).encode("utf-8", "surrogateescape")


class _Rule(NamedTuple):
    """What is replaced, and by what. `hints`: whatever the pattern matches holds one of them, upper case aside."""

    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]
    hints: tuple[str, ...]


def _replaced(text: str, rules: Iterable[_Rule]) -> str:
    """The text after all rules. Most messages hold a hint of hardly any, and looking for hints costs next to nothing."""
    hinting = text.lower()
    is_ascii = text.isascii()
    for pattern, replacement, hints in rules:
        for hint in hints:
            # Beyond ASCII a pattern that disregards case matches more than the lower case of a hint: ſ is an s of "secret" too.
            if hint in hinting or not is_ascii:
                text = pattern.sub(replacement, text)
                hinting = text.lower()
                break
    return text


def _if(condition: Callable[[str], bool], placeholder: str) -> Callable[[re.Match[str]], str]:
    return lambda match: placeholder if condition(match[0]) else match[0]


def _is_node_host(name: str) -> bool:
    return name.rstrip(".").endswith(".internal") or re.match(r"ip(?:-\d{1,3}){4}\b", name) is not None


def _is_ipv4(candidate: str) -> bool:
    return all(int(octet) <= 255 for octet in candidate.split("."))


def _masked_ipv6(match: re.Match[str]) -> str:
    candidate = match[0]
    address = candidate if candidate.endswith("::") else candidate.rstrip(":")
    try:
        IPv6Address(address)
    except AddressValueError:
        return candidate
    return "<ip>" + candidate[len(address) :]


_SECRETS_AND_ADDRESSES = (
    _Rule(re.compile(r"://[^\s/@:]*+:[^\s/@]*+@"), "://<token>@", hints=("://",)),
    _Rule(re.compile(r"\b(bearer\s{1,3})[\w.~+/=-]{8,}+", re.IGNORECASE), r"\1<token>", hints=("bearer",)),
    _Rule(
        re.compile(
            r"""(?<![\w-])([\w-]*?(?:(?:token|secret|password|passwd|pwd|api[-_]?key|access[-_]?key)"""
            r"""\\{0,7}["']?\s{0,3}[=:]|sig(?:nature)?=)\s{0,3}\\{0,7}["']?)[^\s"'`,;&<>\[\]{}()\\]++""",
            re.IGNORECASE,
        ),
        r"\1<token>",
        hints=("token", "secret", "passw", "pwd", "key", "sig=", "signature="),
    ),
    _Rule(
        re.compile(
            r"(?<![\w~-])(?:eyJ[\w-]{8,}+(?:\.[\w-]++)+|sha256~[\w-]{20,}+|(?:AKIA|ASIA)[A-Z0-9]{16}\b"
            r"|gh[a-z]_\w{20,}+|glpat-[\w-]{20,}+)"
        ),
        "<token>",
        hints=("eyj", "sha256~", "akia", "asia", "gh", "glpat-"),
    ),
    _Rule(re.compile(r"(?<![\w.%+-])[\w.%+-]++@[\w-]++(?:\.[\w-]++)++"), "<email>", hints=("@",)),
    _Rule(re.compile(r"(?<![\w.-])ip-[\w.-]++"), _if(_is_node_host, "<host>"), hints=("ip-",)),
    _Rule(re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)", re.ASCII), _if(_is_ipv4, "<ip>"), hints=(".",)),
    _Rule(re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{3,39}+(?![\w:.])", re.ASCII), _masked_ipv6, hints=(":",)),
)
_GUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
_BARE_NAME = r"[a-z0-9][a-z0-9.]*+[-/][a-z0-9./-]++"
_NAMES = (
    _Rule(
        re.compile(
            r"\b(pods?|namespaces?|pdbs?|pod ?disruption ?budgets?)\b(\s{0,3}[:=]?\s{0,3})"
            rf"""(?:(["'`])[^"'`\s]{{1,300}}\3|\[?{_BARE_NAME}(?:, ?{_BARE_NAME})*+\]?)""",
            re.IGNORECASE,
        ),
        r"\1\2<name>",
        hints=("pod", "namespace", "pdb"),
    ),
    _Rule(re.compile(r"""(["'`])[a-z0-9-]{1,63}/(?!v\d)[a-z0-9.-]{1,253}\1"""), r"\1<name>\1", hints=("/",)),
    _Rule(re.compile(r"(?<![\w./-])[a-z0-9-]{1,63}/[a-z0-9.-]{1,253}(?= blocked by pdb)"), "<name>", hints=(" blocked by pdb",)),
    # The random parts of a replica set's pod, from the alphabet Kubernetes uses for them (no vowels, no 0, 1 and 3).
    _Rule(
        re.compile(
            r"(?<![\w.-])(?:[a-z0-9-]{1,63}/)?[a-z0-9-]+-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}"
            r"(?![\w-])"
        ),
        "<name>",
        hints=("-",),
    ),
)


def _without_dropped_keys(text: str) -> str:
    kept, position = [], 0
    while key := _DROPPED_KEY.search(text, position):
        escapes = key[1]
        kept.append(text[position : key.end()])
        kept.append(f'{escapes}"<dropped>{escapes}"')
        position = _end_of_value(text, key.end(), level=_level(len(escapes)))
    kept.append(text[position:])
    return "".join(kept)


def _unescaped(escape: re.Match[str]) -> str:
    character = chr(int(escape[2], 16))
    return "\\" * _backslashes(len(escape[1])) + character if character in '"\\' else character


def _backslashes(before_u: int) -> int:
    """How many stand before a quote that says what `\\u0022` with so many says: an escape within an escape doubles them."""
    return before_u if before_u % 2 else 2 * _backslashes(before_u // 2) + 1


def _level(backslashes: int) -> int:
    """How deep in strings within strings a quote after so many backslashes stands: 0 in JSON itself."""
    level = 0
    while backslashes % 2:
        backslashes = (backslashes - 1) // 2
        level += 1
    return level


def _end_of_value(text: str, start: int, *, level: int) -> int:
    """Where the JSON value that starts there ends, at the latest with the enclosing string or the text."""
    depth, in_string = 0, False
    for token in _STRUCTURE.finditer(text, start):
        if token[0].endswith('"'):
            token_level = _level(len(token[1]))
            if token_level < level:
                return token.start()
            if token_level == level:
                in_string = not in_string
                if not in_string and depth == 0:
                    return token.end()
        elif in_string:
            continue
        elif token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            if depth == 0:
                return token.start()
            depth -= 1
            if depth == 0:
                return token.end()
        elif depth == 0:
            return token.start()
    return len(text)
