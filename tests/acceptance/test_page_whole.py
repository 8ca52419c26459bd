"""The whole visit in one go, as a newcomer makes it: from the link that the server printed to a dossier that is taken away."""

import io
import json
import re
import shutil
import time
import zipfile
from pathlib import Path

import openpyxl
from playwright.sync_api import Browser, Page, expect

from browser import Visitor, serving, strongroom, visitor
from servers import PATIENCE

TAKEN = ("documents/lease.pdf", "documents/letter-scan.pdf", "photos/cat.png", "photos/rocket.jpg", "recordings/street.mp4")


def dropped(page: Page, place: str, what: Path) -> None:
    """Drop a file or a folder of this machine, as a file manager does."""
    box = page.locator(place).bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    spot = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(what)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **spot})


def taken(page: Page, name: str) -> bytes:
    """Take away what is found, in one form."""
    page.get_by_text("Save or export").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    page.get_by_text("Save or export").click()
    return Path(waiting.value.path()).read_bytes()


def fill(one: Visitor, samples: Path, tmp_path: Path) -> None:
    """Make a container, drop a folder and watch the work to its end."""
    folder = tmp_path / "leak"
    for name in TAKEN:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(samples / name, folder / name)
    page = one.page
    page.get_by_role("link", name="Make a container and drop a folder").click()
    page.fill("#name", "leak")
    page.get_by_role("button", name="Make it").click()
    dropped(page, "#drop", folder)
    expect(page.locator("#sent")).to_contain_text(f"{len(TAKEN)} files are here")
    page.get_by_role("link", name="Watch the work").click()
    expect(page.locator("#now")).to_contain_text("All is read", timeout=PATIENCE * 4000)


def search(page: Page, samples: Path) -> None:
    """Search in words, open a scan on its page with the match drawn; search by a picture that is dropped."""
    page.get_by_role("link", name="Search", exact=True).click()
    dropped(page, "#example-drop", samples / "photos" / "cat.png")
    page.wait_for_url("**like=**")
    expect(page.locator("#hits .hit")).to_have_count(1)
    expect(page.locator("#hits .hit").first).to_contain_text("cat.png")
    page.fill("#q", "thirty days")
    first = page.locator("#hits .hit").first
    expect(first).to_contain_text("lease.pdf")
    first.locator(".match a", has_text="page 2").first.click()
    drawn = page.locator("#pane .sheet img")
    expect(drawn).to_have_attribute("alt", re.compile("Page 2"))
    expect(drawn).to_have_attribute("src", re.compile("mark=thirty"))
    drawn.evaluate("image => image.decode()")
    page.keyboard.press("Escape")


def play(page: Page) -> None:
    """Play a video from the second that was found."""
    page.fill("#q", "a bicycle type:video")
    expect(page.locator("#hits .hit")).to_have_count(1)
    page.locator("#hits .hit .match a").first.click()
    player = page.locator("#pane video")
    wanted = float(player.get_attribute("data-at") or 0)
    assert wanted > 0
    wait(page, f"video => video.readyState > 1 && Math.abs(video.currentTime - {wanted}) < 0.5")
    player.evaluate("video => { video.muted = true; video.play() }")
    wait(page, f"video => video.currentTime > {wanted} + 0.3")
    assert player.evaluate("video => video.currentTime") < wanted + PATIENCE
    player.evaluate("video => video.pause()")
    page.keyboard.press("Escape")


def wait(page: Page, wanted: str) -> None:
    """Wait for a state of the player; the page's own rules keep a script from waiting inside it."""
    end = time.monotonic() + PATIENCE
    while not page.locator("#pane video").evaluate(wanted):
        assert time.monotonic() < end, wanted
        page.wait_for_timeout(100)


def question(page: Page) -> None:
    """Ask, and follow what the answer cites."""
    page.fill("#q", "When is the rent due?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".answer .sentence").first).to_contain_text("first working day")
    page.locator(".answer .cite").first.click()
    expect(page.locator(".view .sheet img")).to_have_attribute("alt", re.compile("Page 2"))


def export(page: Page) -> None:
    """Take the list away as a table, as plain text, and as a dossier with the cited page."""
    page.fill("#q", "harbour office")
    page.keyboard.press("Enter")
    expect(page.locator("#hits .hit").first).to_contain_text("letter-scan.pdf")
    book = openpyxl.load_workbook(io.BytesIO(taken(page, "Excel table")), read_only=True)
    assert "letter-scan.pdf" in str(list(book["Results"].iter_rows(values_only=True))[1])
    assert "letter-scan.pdf" in taken(page, "CSV").decode("utf-8-sig").splitlines()[1]
    with zipfile.ZipFile(io.BytesIO(taken(page, "Dossier"))) as dossier:
        names = dossier.namelist()
        manifest = next(name for name in names if name.endswith("manifest.json"))
        assert "letter-scan.pdf" in str(json.loads(dossier.read(manifest))["hits"][0])
        assert any(name.endswith("index.html") for name in names)


def test_the_whole_visit_in_one_go(browser: Browser, samples: Path, tmp_path: Path) -> None:
    """Nothing on the way is an error of the console, and nothing is asked of another server: `visitor` sees to that."""
    strongroom("init", tmp_path / "room")
    with serving(tmp_path / "room") as served, visitor(browser, served, served.login) as one:
        fill(one, samples, tmp_path)
        search(one.page, samples)
        play(one.page)
        question(one.page)
        export(one.page)
