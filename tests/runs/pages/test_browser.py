"""A report in a real browser: it opens, answers to mouse and keys, prints, and runs nothing else.

Skipped where there is no Chromium.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runs.lineage import lineage
from runs.pages.family import family_page
from runs.pages.report import report_page
from runs.record import RunRecord, candidate_id
from runs.store import Store
from tests.runs.pages.browser import Browser, chromium
from tests.runs.pages.samples import HOSTILE, told_run


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, RunRecord]]:
    with Store.open(tmp_path_factory.mktemp("told") / "cambrian.db") as store:
        yield store, told_run(store)


@pytest.fixture(scope="module")
def page(told: tuple[Store, RunRecord], tmp_path_factory: pytest.TempPathFactory) -> Path:
    store, run = told
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(report_page(store, run.id), "utf-8")
    return file


DETAILS = "document.getElementById('details')"


def text(browser: Browser) -> str:
    return browser.run(f"{DETAILS}.hidden ? '' : {DETAILS}.textContent")


def click_node(browser: Browser, place: int) -> None:
    node = f"document.querySelectorAll('#tree .node')[{place}]"
    browser.run("document.getElementById('tree').scrollIntoView({block: 'center'})")
    box = browser.run(f"(({{x, y}}) => [x, y])({node}.getBoundingClientRect())")
    browser.click_at(*box)


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (1200, True), (390, False)])
def test_a_click_on_a_node_opens_its_source(
    browser: Browser, page: Path, width: int, dark: bool
) -> None:
    browser.open(page, width, dark)
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert browser.run("document.querySelectorAll('#tree .node').length") == 6
    click_node(browser, 2)
    told = text(browser)
    assert "return lr * sign(m), m" in told
    assert "- return lr * m, m" in told.replace("-     return", "- return")
    assert "over its parent+0.2000 ± 0.0000 (95 %)" in told
    assert browser.complaints() == []


def test_curves_are_drawn_of_those_that_have_them(browser: Browser, page: Path) -> None:
    browser.open(page)
    click_node(browser, 1)
    assert browser.run(f"{DETAILS}.querySelectorAll('.curve path').length") == 1
    click_node(browser, 2)
    assert browser.run(f"{DETAILS}.querySelectorAll('.curve path').length") == 0


def test_it_can_be_walked_with_keys_alone(browser: Browser, page: Path) -> None:
    browser.open(page)
    here = "document.activeElement.getAttribute('aria-label')"
    browser.run("document.querySelector('#tree [tabindex=\"0\"]').focus()")
    assert "score 0.8000" in browser.run(here)
    browser.press("ArrowLeft")
    assert "score 0.6000" in browser.run(here)
    browser.press("Home")
    assert "warm start" in browser.run(here)
    browser.press("End", "Enter")
    assert "sign(m)" in text(browser)
    assert browser.run("document.activeElement.id") == "details-title"
    browser.press("Escape")
    assert text(browser) == ""
    assert "score 0.8000" in browser.run(here)
    assert browser.run("document.querySelectorAll('#tree [tabindex=\"0\"]').length") == 1


def test_zoom_colour_and_height_change_the_picture(browser: Browser, page: Path) -> None:
    browser.open(page)
    stage = "document.querySelector('#tree g').getAttribute('transform')"
    before = browser.run(stage)
    browser.run("document.getElementById('zoom-in').click()")
    assert browser.run(stage) != before
    browser.run("document.getElementById('zoom-all').click()")
    assert browser.run(stage) == before
    choose = (
        "(s => (s.value = {!r}, s.dispatchEvent(new Event('change'))))"
        "(document.getElementById({!r}))"
    )
    ink = "[...document.querySelectorAll('#tree .node')].map(n => getComputedStyle(n).stroke)"
    seen = set()
    for colour in ("proposer", "operator", "score", "age"):
        browser.run(choose.format(colour, "colour"))
        seen.add(tuple(browser.run(ink)))
        assert browser.run("document.getElementById('legend').children.length") > 0
    assert len(seen) == 4
    place = "[...document.querySelectorAll('#tree .node')].map(n => n.getAttribute('d'))"
    before = browser.run(place)
    browser.run(choose.format("score", "height"))
    assert browser.run(place) != before


def test_links_and_addresses_open_a_candidate(browser: Browser, page: Path) -> None:
    browser.open(page)
    click = "new MouseEvent('click', {bubbles: true, cancelable: true})"
    browser.run(f"document.querySelector('.chart a').dispatchEvent({click})")
    assert "Candidate" in text(browser)
    address = browser.run("location.hash")
    browser.driver.get("about:blank")
    browser.driver.get(page.as_uri() + address)
    assert address[1:] in text(browser)


def test_what_a_stranger_wrote_does_nothing(browser: Browser, page: Path) -> None:
    browser.open(page)
    click_node(browser, 3)
    assert HOSTILE in text(browser)
    assert r"\x1b[31m \u202e" in text(browser)
    assert browser.run("window.hurt === undefined")
    assert browser.run("document.images.length") == 0
    assert browser.complaints() == []


def test_the_policy_stops_what_is_not_ours(browser: Browser, page: Path) -> None:
    browser.open(page)
    script = "Object.assign(document.createElement('script'), {text: 'window.hurt = 3'})"
    browser.run(f"document.body.append({script})")
    assert browser.run("window.hurt === undefined")
    assert any("Content Security Policy" in said for said in browser.complaints())


def test_it_prints(browser: Browser, page: Path) -> None:
    browser.open(page, dark=True)
    assert browser.printed().startswith(b"%PDF-")
    browser.command("Emulation.setEmulatedMedia", {"media": "print"})
    assert browser.run("getComputedStyle(document.querySelector('.controls')).display") == "none"
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.complaints() == []


def test_a_lineage_opens_too(
    browser: Browser, told: tuple[Store, RunRecord], tmp_path: Path
) -> None:
    store, run = told
    file = tmp_path / "family.html"
    file.write_text(family_page(store, lineage(store, candidate_id(run.id, 2))), "utf-8")
    browser.open(file)
    click_node(browser, 1)
    assert "lerp(m, g, 0.1)" in text(browser)
    assert browser.complaints() == []


@pytest.mark.parametrize("dark", [False, True])
def test_charts_fit_a_phone_and_can_be_read_there(browser: Browser, page: Path, dark: bool) -> None:
    browser.open(page, 390, dark)
    each = "[...document.querySelectorAll('.chart:not(.curve)')]"
    widths = browser.run(f"{each}.map(chart => chart.getBoundingClientRect().width)")
    assert len(widths) == 2
    assert all(300 < width <= 390 for width in widths)
    assert browser.run("document.documentElement.scrollWidth") == 390
    words = f"{each}.flatMap(chart => [...chart.querySelectorAll('text')])"
    heights = browser.run(f"{words}.map(word => word.getBoundingClientRect().height)")
    assert min(heights) > 9
    # No word leaves its chart, and none lies on another.
    out = f"{words}.filter(w => w.getBBox().x < 0 || w.getBBox().x + w.getBBox().width > 640)"
    assert browser.run(f"{out}.map(word => word.textContent)") == []
    boxes = browser.run(
        f"{each}.map(chart => [...chart.querySelectorAll('text')].map(word => "
        "(({left, right, top, bottom}) => [left, right, top, bottom])"
        "(word.getBoundingClientRect())))"
    )
    for chart in boxes:
        for n, (left, right, top, bottom) in enumerate(chart):
            for a, b, c, d in chart[:n]:
                assert left >= b or a >= right or top >= d - 4 or c >= bottom - 4


def test_zero_has_no_minus(browser: Browser, page: Path) -> None:
    browser.open(page, 1200, False)
    assert browser.run("[-0.00001, 0, -0.5].map(v => shown(v))") == ["0.0000", "0.0000", "−0.5000"]
    assert browser.run("[-0.00001, 0.5, -0.5].map(signed)") == ["+0.0000", "+0.5000", "−0.5000"]
