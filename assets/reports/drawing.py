"""From a chart to what a page can carry: specification, static SVG, PNG, and the chart library itself.

Belongs here: the calls to Altair's serialiser and to vl-convert, and making their output repeatable.
Does not belong here: what a chart shows (`charts.py`) and where it stands on the page (`page.py`).
Altair and vl-convert are imported when first used: reading or writing the page's modules must stay cheap.
"""

import functools
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from assets.reports import theme

if TYPE_CHECKING:
    import altair as alt

VEGA_LITE = "6.4"  # of the specifications that Altair 6 writes
_SVG = "http://www.w3.org/2000/svg"


def spec(chart: "alt.TopLevelMixin", *, validate: bool = False) -> dict[str, Any]:
    """The Vega-Lite specification, free of whatever Altair theme the caller's session has switched on.

    Checking it against the schema of Vega-Lite costs more than drawing it; the tests do that for every chart there is.
    """
    import altair as alt

    with alt.theme.enable("none"):
        return chart.to_dict(validate=validate)


def svg(chart: "alt.TopLevelMixin", *, prefix: str) -> str:
    """The chart as an inline SVG element in token colours.

    Ids are numbered in document order and start with `prefix`: they are global to a page, and the renderer
    counts them through the life of the process, so that two builds of one page would otherwise differ.
    """
    return _tidy(_render(spec(chart)), prefix)


def png(chart: "alt.TopLevelMixin", *, scale: float = 2.0) -> bytes:
    """The chart as a PNG in light colours on a light ground, for places that know no CSS."""
    import vl_convert

    ground = {"background": theme.TOKENS["surface"][0]}
    drawn = theme.in_light(_tidy(_render({**spec(chart), **ground}), "png"))
    return vl_convert.svg_to_png(drawn, scale=scale)


def light(chart: "alt.TopLevelMixin") -> "alt.Chart":
    """The same chart for notebooks, whose page knows neither our tokens nor our style sheet.

    Colours are light hex values, and texts have no halo: without `paint-order` it would cover the letters.
    """
    import json

    import altair as alt

    drawn = _without_halos(json.loads(theme.in_light(json.dumps(spec(chart)))))
    return alt.Chart.from_dict({**drawn, "background": theme.TOKENS["surface"][0]})


@functools.cache
def library() -> str:
    """Vega, Vega-Lite and vega-embed as one script that defines `window.vegaEmbed`; about 0.9 MB, offline."""
    import vl_convert

    code = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    if "</script" in code.lower() or "<!--" in code or "\r" in code:
        raise RuntimeError(
            "the Vega bundle contains </script, <!-- or a carriage return and cannot stand in an inline "
            "script. Use the vl-convert-python version of requirements.lock, or escape it in drawing.library."
        )
    return code


def _without_halos(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_halos(each) for each in part]
    if not isinstance(part, dict):
        return part
    dropped = {"stroke", "strokeWidth"} if part.get("type") == "text" else set()
    return {name: _without_halos(each) for name, each in part.items() if name not in dropped}


def _render(specification: dict[str, Any]) -> str:
    import vl_convert

    return vl_convert.vegalite_to_svg(specification, vl_version=VEGA_LITE)


def _tidy(markup: str, prefix: str) -> str:
    """Repeatable ids, the page's own font, and halos that lie under their letters."""
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(markup)  # noqa: S314 - written by our own renderer a moment ago
    new_ids: dict[str, str] = {}
    for element in root.iter():
        if "id" in element.attrib:
            new_ids[element.attrib["id"]] = f"{prefix}-{len(new_ids) + 1}"
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name == "id":
                element.set(name, new_ids[value])
            elif value.startswith("url(#"):
                element.set(name, re.sub(r"#([^)]*)", lambda m: "#" + new_ids.get(m[1], m[1]), value))
            elif name in {"class", "aria-roledescription", "role"} or (name == "font-family" and prefix != "png"):
                del element.attrib[name]
        if element.tag == f"{{{_SVG}}}text" and "stroke" in element.attrib:
            element.set("paint-order", "stroke")
    return ElementTree.tostring(root, encoding="unicode")
