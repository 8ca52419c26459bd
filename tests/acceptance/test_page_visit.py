"""The whole visit: in by a link, files in by dropping, the work watched, things found, opened, asked and taken away."""

import io
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from browser import NARROW, Served, Visitor, needs, serving, strongroom, visitor
from servers import PATIENCE

KEEPER = "The lighthouse keeper counted eleven gulls on Sunday and wrote it down."


@pytest.fixture
def reader(browser: Browser, served: Served) -> Iterator[Visitor]:
    with visitor(browser, served) as one:
        yield one


@pytest.fixture(scope="module")
def pile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pile") / "island"
    (folder / "log").mkdir(parents=True)
    (folder / "log" / "sunday.txt").write_text(KEEPER, "utf-8")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"found on the island" + bytes(50))
    Image.fromarray(skimage.data.chelsea()).save(folder / "cat.jpg")
    return folder


def test_a_link_lets_in_once(browser: Browser, served: Served) -> None:
    link = served.link()
    with visitor(browser, served, link) as one:
        expect(one.page.locator("#q")).to_be_focused()
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    needs(["this link was used"], page.inner_text("main"))
    page.goto(served.base + "/work")
    assert "/login?next=" in page.url
    context.close()


def test_a_dropped_folder_is_sent_read_and_found(reader: Visitor, pile: Path) -> None:
    page = reader.page
    reader.go("/containers")
    page.fill("#name", "island")
    page.get_by_role("button", name="Make it").click()
    page.set_input_files("#folder", pile)
    page.get_by_role("link", name="Watch the work").click()
    expect(page.locator("#now")).to_contain_text("All is read", timeout=120_000)
    expect(page.locator("main")).to_contain_text("broken.png")
    reader.need_accessible()
    reader.go("/containers/island")
    expect(page.locator("table.files")).to_contain_text("island")
    page.goto(reader.base + "/?q=gulls+container:island")
    expect(page.locator("#hits .hit").first).to_contain_text("eleven gulls")


def test_words_find_and_the_match_is_drawn_on_its_page(reader: Visitor) -> None:
    page = reader.page
    page.fill("#q", "cellar of the harbour office")
    first = page.locator("#hits .hit").first
    expect(first).to_contain_text("letter-scan.pdf")
    expect(page).to_have_url(re.compile(r"q=cellar\+of\+the"))
    expect(page.locator("#truth")).to_contain_text(re.compile(r"searched \d+ of \d+"))
    first.locator("h2 a").click()
    drawn = page.locator("#pane .sheet img")
    expect(drawn).to_have_attribute("src", re.compile(r"/pages/1/picture\?.*mark=cellar"))
    drawn.evaluate("image => image.decode()")
    assert marked(drawn.screenshot()) > 200
    expect(page.locator("#pane .piece mark").first).to_be_visible()
    reader.need_accessible()
    page.keyboard.press("Escape")
    expect(page.locator("#pane")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"q=cellar\+of\+the\+harbour\+office$"))


def marked(png: bytes) -> int:
    """Count the pixels that are as yellow as a marker's."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    return int(((pixels[..., 0] > 200) & (pixels[..., 1] > 170) & (pixels[..., 2] < 190)).sum())


def test_the_keyboard_does_it_all(reader: Visitor) -> None:
    page = reader.page
    page.keyboard.type("harbour")
    expect(page.locator("#hits .hit").nth(1)).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator("#hits .hit").nth(1)
    expect(second).to_have_class(re.compile("chosen"))
    page.keyboard.press("Enter")
    expect(page.locator("#pane .view")).to_be_visible()
    page.keyboard.press("k")
    expect(page.locator("#hits .hit").first).to_have_class(re.compile("chosen"))
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    expect(page.locator("#hits")).to_have_class(re.compile("grid"))
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()


def test_a_picture_finds_pictures(reader: Visitor, samples: Path) -> None:
    page = reader.page
    page.set_input_files("#example", samples / "photos" / "cat.png")
    page.wait_for_url("**like=**")
    expect(page.locator("#hits .hit").first).to_contain_text("cat.png")
    page.get_by_role("link", name="more like this").first.click()
    expect(page).to_have_url(re.compile("like=[0-9a-f]{64}"))


def until(page: Page, wanted: str) -> None:
    """Wait for a state of the player; the page's own rules keep a script from waiting inside it."""
    end = time.monotonic() + PATIENCE
    while not page.locator("#pane .player").evaluate(wanted):
        assert time.monotonic() < end, wanted
        page.wait_for_timeout(100)


def test_a_recording_stands_at_its_second(reader: Visitor) -> None:
    page = reader.page
    reader.go("/?q=age+of+foolishness+type:audio")
    page.locator("#hits .hit .match a").first.click()
    player = page.locator("#pane .player")
    expect(player).to_be_visible()
    until(page, "player => player.readyState > 0")
    wanted = float(player.get_attribute("data-at") or 0)
    until(page, f"player => Math.abs(player.currentTime - {wanted}) < 1")
    assert player.evaluate("player => player.paused")
    expect(page.locator("#pane ol.said")).to_contain_text("age of foolishness")


def test_a_video_stands_at_its_second(reader: Visitor) -> None:
    page = reader.page
    reader.go("/?q=a+bicycle+type:video")
    page.locator("#hits .hit .match a").first.click()
    until(page, "player => player.readyState > 0")
    wanted = float(page.locator("#pane video").get_attribute("data-at") or 0)
    assert wanted > 0
    until(page, f"player => Math.abs(player.currentTime - {wanted}) < 1")


def test_a_question_is_answered_and_its_citation_opens(reader: Visitor) -> None:
    page = reader.page
    reader.go("/ask?q=When+is+the+rent+due%3F")
    expect(page.locator(".answer .sentence").first).to_contain_text("first working day")
    reader.need_accessible()
    page.locator(".answer .cite").first.click()
    expect(page.locator(".view h1")).to_contain_text("lease.pdf")
    expect(page.locator(".view .sheet img")).to_have_attribute("alt", re.compile("Page 2"))


def test_nothing_found_says_what_was_searched(reader: Visitor) -> None:
    page = reader.page
    reader.go("/?q=%22no+such+phrase+anywhere%22")
    needs(["Nothing found", "Searched"], page.inner_text("#found"))
    page.get_by_role("link", name="Search without the quotation marks").click()
    expect(page.locator("#q")).to_have_value(re.compile("no such phrase"))


def test_without_script_one_can_search_and_read(browser: Browser, served: Served) -> None:
    with visitor(browser, served, java_script_enabled=False) as one:
        page = one.page
        page.fill("#q", "lease timber")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="lease.pdf").first.click()
        expect(page.locator(".view h1")).to_have_text("lease.pdf")
        page.get_by_role("link", name="Next page").click()
        expect(page.locator(".sheet img")).to_have_attribute("alt", re.compile("Page 2"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/", "/?q=harbour", "/?q=harbour&view=grid", "/containers", "/containers/samples", "/work", "/ask"]
)
def test_every_place_is_accessible(browser: Browser, served: Served, path: str, scheme: str) -> None:
    for viewport in (None, NARROW):
        options = {"color_scheme": scheme} | ({"viewport": viewport} if viewport else {})
        with visitor(browser, served, **options) as one:
            one.go(path)
            one.page.wait_for_load_state("networkidle")
            one.need_accessible()
            over = one.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, f"{path} is {over} pixels wider than the screen"


def test_an_empty_room_says_how_to_fill_it(browser: Browser, tmp_path: Path) -> None:
    strongroom("init", tmp_path / "new")
    with serving(tmp_path / "new") as empty, visitor(browser, empty, empty.login) as one:
        needs(["This room is empty", "strongroom add"], one.page.inner_text("main"))
        one.need_accessible()
