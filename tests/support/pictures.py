"""Take the pictures of the page that the docs show: a room of the demo's files, each place in light, dark and on a phone.

Run: make pictures
"""

import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from browser import NARROW, WIDE, Served, chromium, serving, strongroom

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PLACES = {
    "search": "/?q=harbour",
    "grid": "/?q=type:image&view=grid",
    "ask": "/ask?q=When+is+the+rent+due%3F",
    "containers": "/containers/samples",
    "work": "/work",
    "growth": "/growth",
    "settings": "/settings",
}
OPENED = {"page": "cellar of the harbour office", "recording": "age of foolishness type:audio", "mail": "invoice type:mail"}


def shoot(page: Page, name: str) -> None:
    """Take one picture, when everything is there."""
    page.wait_for_load_state("networkidle")
    file = PICTURES / f"{name}.png"
    page.screenshot(path=file)
    Image.open(file).convert("RGB").quantize(256).save(file, optimize=True)


def take(browser: Browser, served: Served) -> None:
    """Take all of them."""
    state = browser.new_context()
    state.new_page().goto(served.link())
    cookies = state.storage_state()
    wide = browser.new_context(viewport=WIDE, storage_state=cookies)
    page = wide.new_page()
    for path in PLACES.values():
        page.goto(served.base + path)  # models are loaded by now, so that no picture tells how long that took
    for name, path in PLACES.items():
        page.goto(served.base + path)
        shoot(page, name)
    for name, query in OPENED.items():
        page.goto(f"{served.base}/?q={query.replace(' ', '+')}")
        page.locator("#hits .hit h2 a").first.click()
        page.locator("#pane .view").wait_for()
        shoot(page, name)
    for name, options in {"dark": {"color_scheme": "dark"}, "phone": {"viewport": NARROW}}.items():
        context = browser.new_context(storage_state=cookies, **({"viewport": WIDE} | options))
        page = context.new_page()
        page.goto(served.base + PLACES["search"])
        shoot(page, f"search-{name}")


def main() -> None:
    """Make the room, serve it and take the pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder) / "harbour"
        strongroom("demo", "--room", room)
        with serving(room) as served, chromium() as browser:
            take(browser, served)


if __name__ == "__main__":
    main()
