"""A browser shows the report without a complaint or a request, to everybody; its tables sort, also by keyboard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from csds.report.formats import write_html_report

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

playwright = pytest.importorskip("playwright.sync_api", reason="there is no playwright to drive a browser with")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="there is no axe-core to look at the page")

pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this machine"),
    pytest.mark.slow,
]

PHONE, DESK = 390, 1280
#: What moves the first cell of a table's first column, and how each heading says that the table is sorted.
_FIRST = "document.querySelector('#quality tbody tr').cells[0].innerText"
_SORTED = "[...document.querySelectorAll('#quality thead th')].map((head) => head.getAttribute('aria-sort'))"


@pytest.fixture(scope="module")
def chromium() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A page, with what the browser asked for and complained of."""

    def __init__(self, browser: playwright.Browser, file: Path, *, width: int = DESK, scheme: str = "light") -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(file.as_uri())
        self.page.eval_on_selector_all("details", "all => all.forEach((one) => { one.open = true; })")
        self.page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")


@pytest.fixture
def page(results) -> Path:
    folder = results(name="an_animal_" * 12, treatment="anti-IL-4Rα, second lot, 10 mg/kg")
    return write_html_report(folder, folder / "report.html")


def test_page_asks_for_nothing_and_complains_of_nothing(chromium, page: Path) -> None:
    seen = Opened(chromium, page)
    assert [url for url in seen.requests if not url.startswith("data:")] == [page.as_uri()]
    assert seen.page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)") == []
    assert seen.complaints == []
    assert seen.page.evaluate("document.images.length") > 24
    assert seen.page.evaluate("[...document.images].filter((image) => !image.naturalWidth).length") == 0
    seen.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_page_has_no_serious_fault_of_accessibility(chromium, page: Path, width: int, scheme: str) -> None:
    seen = Opened(chromium, page, width=width, scheme=scheme)
    found = axe.Axe().run(seen.page).response
    serious = [one for one in found["violations"] if one["impact"] in {"serious", "critical"}]
    assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == []
    # The rules that matter most here were among those that looked at something.
    assert {"color-contrast", "image-alt", "scrollable-region-focusable", "bypass"} <= {
        one["id"] for one in found["passes"]
    }
    seen.page.close()


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_only_tables_are_wider_than_the_screen_and_scroll_within_their_box(chromium, page: Path, width: int) -> None:
    seen = Opened(chromium, page, width=width)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = seen.page.evaluate(
        "[...document.querySelectorAll('.scroll')].map((box) => [box.scrollWidth, box.clientWidth])"
    )
    assert boxes
    if width == PHONE:
        assert all(within > shown for within, shown in boxes)
    seen.page.close()


def test_keyboard_reaches_the_answer_and_sorts(chromium, page: Path) -> None:
    seen = Opened(chromium, page)
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.className") == "skip"
    assert seen.page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    seen.page.locator("#quality th button").first.focus()
    assert seen.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    flagged_first = seen.page.evaluate(_FIRST)
    seen.page.keyboard.press("Enter")
    assert (flagged_first, seen.page.evaluate(_FIRST)) == ("s5", "s0")
    assert seen.page.evaluate(_SORTED)[:2] == ["ascending", "none"]
    seen.page.keyboard.press("Space")
    assert seen.page.evaluate(_FIRST) == "s23"
    assert seen.page.evaluate(_SORTED)[:2] == ["descending", "none"]
    seen.page.close()


@pytest.mark.parametrize("heading", ["statistic", "p", "adjusted p", "effect [95 % CI]"])
def test_numbers_sort_by_their_size_whatever_stands_around_them(chromium, page: Path, heading: str) -> None:
    seen = Opened(chromium, page)
    table = seen.page.locator("#statistics table").first
    place = [text.strip() for text in table.locator("thead th").all_inner_texts()].index(heading)
    button = table.locator("thead th").nth(place).locator("button")

    def column() -> list[str]:
        return [row.locator("th, td").nth(place).inner_text().strip() for row in table.locator("tbody tr").all()]

    def size(text: str) -> float:
        number = text.split("[", maxsplit=1)[0].rsplit("=", maxsplit=1)[-1]
        return float(number.replace("<", "").replace("\N{MINUS SIGN}", "-")) - 1e-9 * ("<" in number)

    known = sorted((text for text in column() if text), key=size)
    assert len(known) > 2
    for order in (known, known[::-1]):
        button.click()
        shown = column()
        assert [size(text) for text in shown[: len(known)]] == [size(text) for text in order]
        assert not any(shown[len(known) :])
    seen.page.close()


def test_print_is_light_whole_and_within_the_paper(chromium, page: Path) -> None:
    seen = Opened(chromium, page, width=680, scheme="dark")  # 680 px of A4 lie between margins of 15 mm
    seen.page.eval_on_selector_all("details", "all => all.forEach((one) => { one.open = false; })")
    seen.page.emulate_media(media="print", color_scheme="dark")
    assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 680
    assert seen.page.locator("details tbody tr").first.is_visible()
    assert not seen.page.locator("nav").is_visible()
    seen.page.close()
