"""The viewer in a browser: places within one file are reached without leaving it, and stand in the address."""

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser import NARROW, Served, Visitor, visitor
from servers import PATIENCE

Address = Callable[[str], str]


@pytest.fixture
def reader(browser: Browser, served: Served) -> Iterator[Visitor]:
    with visitor(browser, served) as one:
        yield one


@pytest.fixture(scope="session")
def view(samples: Path) -> Address:
    """Give the address of the viewer of one of the demo's files."""

    def address(name: str) -> str:
        return f"/view/{hashlib.sha256((samples / name).read_bytes()).hexdigest()}"

    return address


def test_pages_are_turned_beside_the_list_and_a_copied_link_shows_the_same(reader: Visitor) -> None:
    page = reader.page
    reader.go("/?q=lease+timber")
    page.locator("#hits .hit", has_text="lease.pdf").locator("h2 a").click()
    drawn = page.locator("#pane .sheet img")
    expect(drawn).to_have_attribute("alt", re.compile("Page 1"))
    page.locator("#pane").get_by_role("link", name="Next page").click()
    expect(drawn).to_have_attribute("alt", re.compile("Page 2"))
    expect(page).to_have_url(re.compile(r"/\?q=lease\+timber&open=[0-9a-f]{64}&page=2$"))
    expect(page.locator("#pane [data-key=page]")).to_be_focused()
    page.reload()
    expect(page.locator("#pane .sheet img")).to_have_attribute("alt", re.compile("Page 2"))
    page.get_by_role("button", name="Close").click()
    expect(page).to_have_url(re.compile(r"q=lease\+timber$"))


def test_next_and_previous_go_through_the_list_and_keep_the_focus(reader: Visitor) -> None:
    page = reader.page
    reader.go("/?q=harbour")
    page.locator("#hits .hit").first.locator("h2 a").click()
    first = page.locator("#pane h1").inner_text()
    page.locator("#pane").get_by_role("button", name="Next").click()
    expect(page.locator("#pane h1")).not_to_have_text(first)
    expect(page.locator("#pane").get_by_role("button", name="Next")).to_be_focused()
    page.locator("#pane").get_by_role("link", name="Whole page").click()
    page.get_by_role("link", name="Previous", exact=True).click()
    expect(page.locator("h1")).to_have_text(first)


def test_the_keyboard_turns_and_zooms(reader: Visitor, view: Address) -> None:
    page = reader.page
    reader.go(view("documents/lease.pdf"))
    page.keyboard.press("ArrowRight")
    expect(page.locator(".sheet img")).to_have_attribute("alt", re.compile("Page 2"))
    expect(page).to_have_url(re.compile(r"\?page=2$"))
    page.locator(".stage").focus()
    page.keyboard.press("+")
    expect(page.locator(".stage")).to_have_class(re.compile("zoomed"))
    page.keyboard.press("0")
    expect(page.locator(".stage")).not_to_have_class(re.compile("zoomed"))
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".sheet img")).to_have_attribute("alt", re.compile("Page 1"))


def test_the_picture_of_a_page_has_its_size_before_it_comes(reader: Visitor, view: Address) -> None:
    page = reader.page
    page.route("**/pages/*/picture*", lambda route: route.fulfill(status=200, content_type="image/png", body=b""))
    reader.go(view("documents/lease.pdf"))
    box = page.locator(".sheet img").bounding_box()
    assert box is not None
    assert abs(box["height"] / box["width"] - 842 / 595) < 0.02


def test_searching_inside_lists_the_pages_and_leads_there(reader: Visitor, view: Address) -> None:
    page = reader.page
    reader.go(view("documents/lease.pdf"))
    page.fill("#find", "thirty days")
    page.keyboard.press("Enter")
    expect(page.locator(".inside li")).to_have_count(1)
    page.locator(".inside a").click()
    expect(page.locator(".sheet img")).to_have_attribute("src", re.compile(r"/pages/2/picture\?.*mark=thirty&mark=days"))
    expect(page.locator(".piece.at mark").first).to_be_visible()


def until(reader: Visitor, wanted: str) -> None:
    end = time.monotonic() + PATIENCE
    while not reader.page.locator(".player").evaluate(wanted):
        assert time.monotonic() < end, wanted
        reader.page.wait_for_timeout(100)


def test_a_line_of_the_transcript_is_jumped_to_without_playing(reader: Visitor, view: Address) -> None:
    page = reader.page
    reader.go(view("recordings/reading.wav") + "?q=foolishness")
    until(reader, "player => player.readyState > 0")
    expect(page.locator(".moments li")).to_have_count(1)
    expect(page.locator(".line rect")).to_have_count(1)
    page.wait_for_timeout(700)
    line = page.locator(".said li", has_text="season of light")
    start = float(line.get_attribute("data-start") or 0)
    line.locator("a").click()
    until(reader, f"player => Math.abs(player.currentTime - {start}) < 1 && player.paused")
    expect(line).to_have_class("now")
    expect(page).to_have_url(re.compile(rf"q=foolishness&t={int(start)}"))
    expect(page.locator("[data-cut]")).to_have_attribute("href", re.compile(rf"t_start={int(start)}"))
    reader.need_accessible()


def test_what_cannot_be_played_says_so_and_offers_the_moment(browser: Browser, served: Served, view: Address) -> None:
    with visitor(browser, served) as one:
        broken = {"status": 200, "content_type": "video/mp4", "body": b"no video"}
        one.page.route("**/bytes?inline=1", lambda route: route.fulfill(**broken))
        one.go(view("recordings/street.mp4") + "?t=3")
        expect(one.page.locator("[data-cannot]")).to_contain_text("cannot play video/mp4")
        frame = one.page.locator("[data-cannot] img")
        frame.scroll_into_view_if_needed()
        frame.evaluate("image => image.decode()")


def test_a_citation_is_copied_with_place_and_hash(browser: Browser, served: Served, view: Address) -> None:
    with visitor(browser, served, permissions=["clipboard-read", "clipboard-write"]) as one:
        one.go(view("documents/lease.pdf") + "?page=2")
        one.page.locator(".cite summary").click()
        expect(one.page.locator(".cite summary")).to_have_text("Copied")
        copied = one.page.evaluate("navigator.clipboard.readText()")
        assert re.fullmatch(r"samples/.*documents/lease\.pdf, page 2, SHA-256 [0-9a-f]{64}", copied)


def test_a_picture_is_zoomed_by_the_wheel_once_it_is_chosen(reader: Visitor, view: Address) -> None:
    page = reader.page
    reader.go(view("photos/cat.png"))
    expect(page.locator(".like")).to_contain_text(re.compile("No other picture here looks like it|Nearly the same"))
    stage = page.locator(".stage")
    stage.hover()
    page.mouse.wheel(0, -300)
    expect(stage).not_to_have_class(re.compile("zoomed"))
    page.locator(".plate").click()
    page.mouse.wheel(0, -300)
    expect(stage).to_have_class(re.compile("zoomed"))
    page.get_by_role("button", name="Fit").click()
    expect(stage).not_to_have_class(re.compile("zoomed"))


def test_a_table_scrolls_beneath_its_head_and_marks_the_cell(reader: Visitor, view: Address) -> None:
    page = reader.page
    reader.go(view("documents/berths.xlsx") + "?q=%22week+28%22")
    expect(page.locator(".cells td.hit")).to_have_count(1)
    expect(page.locator(".cells td.hit")).to_be_in_viewport()
    expect(page.locator(".cells .first-row")).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "name",
    ["documents/lease.pdf", "photos/cat.png", "recordings/street.mp4", "mail/invoice.eml", "documents/berths.xlsx",
     "documents/notes.zip"],
)  # fmt: skip
def test_each_kind_is_accessible_and_fits(browser: Browser, served: Served, view: Address, name: str, scheme: str) -> None:
    for viewport in (None, NARROW):
        options = {"color_scheme": scheme} | ({"viewport": viewport} if viewport else {})
        with visitor(browser, served, **options) as one:
            one.go(view(name) + "?q=harbour+cat+pumps")
            one.page.wait_for_load_state("networkidle")
            one.need_accessible()
            over = one.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, f"{name} is {over} pixels wider than the screen"
