"""How strings that nobody vouches for (regions, versions, cluster names, error codes) become fit to be shown.

Belongs here: replacing what could forge a line, hide text or call somebody, per kind of output.
Does not belong here: HTML escaping, which the template engine and the chart renderer do for every string.
That goes to `page.py` (autoescape, JSON in scripts) and `drawing.py` (SVG).
"""

import re

REPLACED = "\ufffd"
LONGEST = 120  # characters of a name
LONGEST_SENTENCE = 400
# Control characters, line and paragraph separators, bidirectional overrides and isolates, lone surrogates,
# non-characters: none of them is visible, all of them change what the neighbouring text seems to say.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_CHAT = str.maketrans({"<": "‹", ">": "›", "&": "＆", "@": "＠", "`": "ˋ", "#": "＃"})
_MARKDOWN = re.compile(r"([\\`*_{}\[\]#|~$:@])")


def shown(text: object, *, longest: int = LONGEST) -> str:
    """One visible line of at most `longest` characters; what cannot be seen becomes `�`. None is `–`."""
    if text is None:
        return "–"
    line = _INVISIBLE.sub(REPLACED, str(text))
    return line if len(line) <= longest else line[: longest - 1] + "…"


def sentence(text: object) -> str:
    """`shown` for what is longer than a name: a description, a rule, an observation."""
    return shown(text, longest=LONGEST_SENTENCE)


def for_chat(text: object) -> str:
    """`shown`, without the characters that mention people, make links or close a code block in chat."""
    return shown(text).translate(_CHAT)


def for_markdown(text: object) -> str:
    """`shown`, with everything that Markdown or HTML would interpret made literal."""
    escaped = shown(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", escaped)
