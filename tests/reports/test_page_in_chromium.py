"""The page in a real browser that has no network: it draws, stays quiet, asks for nothing, fits, and keeps nobody out.

axe-core comes out of its package, never from elsewhere. One browser is launched for all of it.
"""

import shutil
from dataclasses import replace

import polars as pl
import pytest

from assets.reports.page import render
from assets.reports.restated import Figures, Moved, Restated

playwright = pytest.importorskip("playwright.sync_api", reason="the playwright package is not installed (group test)")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed (group test)")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def address(fleet_data, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render(fleet_data), encoding="utf-8")
    return path.as_uri()


class Visit:
    """A tab without network that remembers what the page asked for and complained about."""

    def __init__(self, browser, *, width=1440, **options):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
        self.page = self.context.new_page()
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def open(self, address):
        self.page.goto(address)
        self.page.evaluate("() => window.report && window.report.drawAll()")
        return self


@pytest.mark.parametrize("width", [390, 820, 1440])
def test_offline_it_draws_every_chart_without_a_request_a_complaint_or_sideways_scrolling(browser, address, width):
    with Visit(browser, width=width).open(address) as visit:
        live = visit.page.eval_on_selector_all(
            "[data-chart]",
            "boxes => boxes.map(box => [box.dataset.chart, box.dataset.live,"
            " box.querySelectorAll('.stage.ready svg path, .stage.ready svg text').length])",
        )
        assert [name for name, _, _ in live] == [
            "burndown", "change", "excess", "survival-1", "quantiles-1", "retries", "reasons",
        ]  # fmt: skip
        assert all(state == "drawn" and marks > 20 for _, state, marks in live)
        overhang = visit.page.eval_on_selector_all(
            ".stage.ready", "stages => stages.map(s => s.querySelector('svg').getBoundingClientRect().width - s.clientWidth)"
        )
        assert max(overhang) <= 1
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.requests == [address]
        assert visit.complaints == []


def test_without_javascript_every_chart_is_on_the_page(browser, address):
    with Visit(browser, width=390, java_script_enabled=False) as visit:
        visit.page.goto(address)
        drawings = visit.page.locator(".static svg")
        assert drawings.count() == 7
        assert all(drawings.nth(number).is_visible() for number in range(7))
        assert visit.page.locator("h1").inner_text().startswith("Upgrade success missed its 99")
        assert not visit.page.locator("#filter").is_visible()


def test_the_policy_stops_any_script_that_is_not_ours(browser, address, tmp_path):
    from pathlib import Path
    from urllib.parse import unquote, urlparse

    text = Path(unquote(urlparse(address).path)).read_text(encoding="utf-8")
    forged = tmp_path / "forged.html"
    forged.write_text(text.replace("</main>", "<script>document.title = 'forged'</script></main>"), encoding="utf-8")
    with Visit(browser).open(forged.as_uri()) as visit:
        assert "forged" not in visit.page.title()
        assert any("Content Security Policy" in complaint for complaint in visit.complaints)


def test_hostile_names_stay_text_in_the_live_page(browser, build, tmp_path):
    slo = build.objective()
    given = build.Input().add(slo, [(9_650, 250), (95, 5)])
    for number, region in enumerate(
        ["<script>document.title = 'run'</script>", "=cmd()", "<img src=x onerror=alert(1)>", "x" * 200]
    ):
        given.status.append(build.status_row(slo, 80, 20 + number, region=region))
    path = tmp_path / "hostile.html"
    path.write_text(render(given.data()), encoding="utf-8")
    with Visit(browser, width=390).open(path.as_uri()) as visit:
        assert "Upgrade SLO" in visit.page.title()
        chart = visit.page.locator("[data-chart=excess] .stage")
        assert "<script>document.title = 'run'</script>" in chart.text_content()
        assert chart.locator(".mark-rect path").first.bounding_box()["width"] > 150, "a long name squeezed the plot"
        chart.locator(".mark-rect path").first.hover(position={"x": 4, "y": 6}, force=True)
        tooltip = visit.page.locator("#vg-tooltip-element.visible")
        tooltip.wait_for(timeout=2_000)
        assert tooltip.locator("img, script").count() == 0
        assert visit.requests == [path.as_uri()]
        assert visit.complaints == []


def test_days_on_the_live_axis_do_not_move_with_the_readers_time_zone(browser, address):
    with Visit(browser, timezone_id="America/Los_Angeles").open(address) as visit:
        assert "9 Feb" in visit.page.locator("[data-chart=burndown] .stage").text_content()
        shifted = visit.page.locator("[data-chart=burndown] .stage svg").inner_html()
    with Visit(browser, timezone_id="Pacific/Auckland").open(address) as visit:
        assert visit.page.locator("[data-chart=burndown] .stage svg").inner_html() == shifted


def test_paper_shows_the_static_drawings_in_light_colours_and_begins_with_the_first_minute(browser, address):
    with Visit(browser, color_scheme="dark").open(address) as visit:
        visit.page.emulate_media(media="print", color_scheme="dark")
        assert visit.page.locator(".static svg").first.is_visible()
        assert not visit.page.locator(".stage").first.is_visible()
        assert not visit.page.locator(".contents").is_visible()
        ink = visit.page.evaluate("getComputedStyle(document.body).color")
        assert ink == "rgb(21, 24, 28)"
        assert visit.page.evaluate("getComputedStyle(document.getElementById('budget')).breakBefore") == "page"


def test_a_revision_fits_the_phone_and_the_paper_where_it_begins_the_second_page(browser, fleet_data, tmp_path):
    before, after = (Figures(good, 1_325, 1_088, 240, good / (good + 1_325), "undecided") for good in (1_116_560, 1_117_885))
    moved = [
        Moved(each.name, window, {}, before, after) for each in fleet_data.objectives for window in ("28d", "7d", "3d", "1d")
    ]
    path = tmp_path / "restated.html"
    path.write_text(render(replace(fleet_data, restated=Restated(1, tuple(moved), (), None, ("code",)))), encoding="utf-8")
    with Visit(browser, width=390).open(path.as_uri()) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
    a4_without_margins = 703  # 186 mm in CSS pixels
    with Visit(browser, width=a4_without_margins, java_script_enabled=False) as visit:
        visit.page.goto(path.as_uri())
        visit.page.emulate_media(media="print")
        cut = visit.page.eval_on_selector_all(
            ".scroll",
            "boxes => boxes.filter(box => box.clientWidth > 0 && box.scrollWidth > box.clientWidth).map(box => box.ariaLabel)",
        )
        assert cut == []
        breaks = visit.page.eval_on_selector_all(
            "main > section", "found => found.map(each => getComputedStyle(each).breakBefore)"
        )
        assert breaks[:3] == ["auto", "page", "auto"]


def test_the_keyboard_reaches_the_summary_the_tables_and_the_numbers(browser, address):
    with Visit(browser).open(address) as visit:
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.className") == "skip"
        stops = []
        for _ in range(40):
            visit.page.keyboard.press("Tab")
            stops.append(visit.page.evaluate("[document.activeElement.tagName, document.activeElement.className].join(' ')"))
        assert any(stop.startswith("SUMMARY") for stop in stops)
        assert any(stop.startswith("DIV scroll") for stop in stops)
        assert not any(stop.startswith(("svg", "g", "path")) for stop in stops)
        details = visit.page.locator("details.numbers").first
        details.locator("summary").focus()
        visit.page.keyboard.press("Enter")
        assert details.get_attribute("open") is not None


# The choice of a slice

OUTSIDE = "parts => parts.filter(part => part.classList.contains('outside')).map(part => Object.values(part.dataset).join(' '))"


def test_a_version_chosen_by_keyboard_dims_what_is_outside_and_removes_nothing(browser, address, fleet_data):
    [(bad, total)] = fleet_data.status.filter(
        pl.col("slo") == "upgrade-success", pl.col("slice_by") == "to_version", pl.col("to_version") == "1.31.2"
    ).select("bad", "total").rows()  # fmt: skip
    with Visit(browser).open(address) as visit:
        page = visit.page
        said = page.locator("#filter output")
        assert said.inner_text().startswith("Whole fleet: ")
        parts = page.locator("main *").count()
        page.locator("#filter select[name=version]").focus()
        for _ in range(3):  # past 1.30.8 and 1.30.9
            page.keyboard.press("ArrowDown")
        assert said.inner_text().startswith("1.31.2: ")
        assert f", {bad} bad of {total:,}. " in said.inner_text()
        assert page.url.endswith("#slice=1.31.2,,")
        cells = page.eval_on_selector_all(".heat td", OUTSIDE)
        assert len(cells) == 35  # five other versions in seven regions
        assert not any("1.31.2" in cell for cell in cells)
        assert page.locator(".score .outside, #quality .outside, #why .outside").count() == 0
        for chart in ("excess", "quantiles-1"):
            assert page.locator(f"[data-chart={chart}] .stage [opacity='0.18']").count() > 0, chart
        assert page.locator("[data-chart=burndown] .stage [opacity='0.18']").count() == 0
        page.locator("#filter button").focus()
        page.keyboard.press("Enter")
        assert page.locator(".outside, .stage [opacity='0.18']").count() == 0
        assert page.locator("main *").count() == parts
        assert "#" not in page.url
        assert visit.complaints == []


def test_a_click_on_the_map_chooses_its_version_and_region_and_keeps_the_workload(browser, address):
    with Visit(browser).open(f"{address}#slice=,,ml_batch") as visit:
        page = visit.page
        assert page.locator("#filter output").inner_text().startswith("ml_batch: ")
        page.locator(".heat td[data-version='1.31.2'][data-region='westeurope']").click()
        assert page.locator("#filter output").inner_text().startswith("1.31.2 · westeurope · ml_batch: ")
        assert page.eval_on_selector_all("#filter select", "found => found.map(each => each.value)") == [
            "1.31.2", "westeurope", "ml_batch",
        ]  # fmt: skip
        assert page.url.endswith("#slice=1.31.2,westeurope,ml_batch")
        page.emulate_media(media="print")
        assert not page.locator("#filter").is_visible()
        assert set(page.eval_on_selector_all(".outside", "found => found.map(each => getComputedStyle(each).opacity)")) == {"1"}


@pytest.mark.parametrize("hash_of_address", ["#slice=9.99.9,%3Cimg%3E,", "#slice=%E0%A4%A,,", "#budget"])
def test_an_address_that_names_no_slice_shows_the_whole_fleet(browser, address, hash_of_address):
    with Visit(browser) as visit:
        visit.page.goto(address + hash_of_address)
        assert visit.page.locator("#filter output").inner_text().startswith("Whole fleet: ")
        assert visit.page.locator(".outside").count() == 0
        assert visit.page.url.endswith("#budget") or "#" not in visit.page.url
        assert visit.complaints == []


# Nobody kept out


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (820, "light"), (390, "light")])
def test_axe_finds_no_barrier(browser, address, width, scheme):
    with Visit(browser, width=width, color_scheme=scheme).open(address) as visit:
        found = axe.Axe().run(visit.page, options={"rules": {"target-size": {"enabled": True}}}).response["violations"]
        assert [(each["impact"], each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_it_reflows_on_the_narrowest_screen_and_nothing_moves_for_those_who_asked_for_that(browser, address):
    with Visit(browser, width=320, reduced_motion="reduce").open(address) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 320
        moving = visit.page.eval_on_selector_all(
            "html, body *",
            "found => found.filter(each => { const style = getComputedStyle(each); return style.scrollBehavior !== 'auto'"
            " || style.animationName !== 'none' || style.transitionDuration !== '0s' }).length",
        )
        assert moving == 0


def test_what_is_focused_has_a_ring_and_is_not_hidden_under_the_filter(browser, address):
    with Visit(browser, reduced_motion="reduce").open(address) as visit:
        page = visit.page
        for selector in (".skip", "#filter select", "#map summary", "#map .scroll", ".contents a"):
            page.locator(selector).first.focus()
            ring = page.evaluate(
                "(() => { const style = getComputedStyle(document.activeElement);"
                " return [style.outlineStyle, style.outlineWidth] })()"
            )
            assert ring == ["solid", "2px"], selector
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.locator("#overdue + .scroll").focus()
        assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= page.evaluate(
            "document.getElementById('filter').getBoundingClientRect().bottom"
        )


def test_the_first_minute_fits_the_first_sheet(browser, address):
    width, height = 703, 1_009  # of A4 within its margins, in CSS pixels
    with Visit(browser, width=width, java_script_enabled=False) as visit:
        visit.page.goto(address)
        visit.page.emulate_media(media="print")
        assert visit.page.evaluate("document.getElementById('minute').getBoundingClientRect().bottom") <= height
