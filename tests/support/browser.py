"""A room that is served, and Debian's Chromium before it, in which any error and any request to elsewhere is a failure."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from servers import PATIENCE

PROGRAM = [sys.executable, "-c", "from strongroom.cli import main; main()"]
PAGE = re.compile(r"^Page: (?P<base>http://[^/]+)(?P<login>/login\?token=\S+)", re.MULTILINE)
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
GRAVE = ("serious", "critical")

expect.set_options(timeout=PATIENCE * 500)  # milliseconds: a busy machine is no fault of the page


@dataclass
class Served:
    """A room that is served."""

    room: Path
    base: str
    login: str

    def link(self, name: str = "owner") -> str:
        """Make another link that lets somebody in once."""
        made = strongroom("users", "link", name, "--room", self.room)
        found = re.search(r"/login\?token=\S+", made)
        assert found, made
        return self.base + found[0]


def strongroom(*arguments: object) -> str:
    """Run the command line, and give what it said."""
    done = subprocess.run([*PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@contextmanager
def serving(room: Path, *options: str) -> Iterator[Served]:
    """Serve a room at free ports."""
    told = room.with_name(f"{room.name}.log")
    command = [*PROGRAM, "serve", "--room", str(room), "--blob-port", "0", "--port", "0", *options]
    with told.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        end = time.monotonic() + PATIENCE
        while (found := PAGE.search(told.read_text("utf-8"))) is None:
            assert process.poll() is None, told.read_text("utf-8")
            assert time.monotonic() < end, told.read_text("utf-8")
            time.sleep(0.05)
        yield Served(room=room, base=found["base"], login=found["base"] + found["login"])
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
        assert "Traceback" not in told.read_text("utf-8"), told.read_text("utf-8")


@dataclass
class Visitor:
    """Somebody before a browser, who writes down what goes wrong."""

    page: Page
    base: str
    troubles: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Write down errors of the console and of scripts, and requests to other servers."""
        page, base = self.page, self.base
        page.on("console", lambda told: self.troubles.append(told.text) if told.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith((base, "data:", "blob:")) else self.troubles.append(f"asked {asked.url}")
            ),
        )

    def go(self, path: str) -> None:
        """Open a path of the site."""
        self.page.goto(self.base + path)

    def need_accessible(self) -> None:
        """Fail where axe-core finds a serious fault."""
        found = Axe().run(self.page).response["violations"]
        grave = [
            f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:5]]}"
            for one in found
            if one["impact"] in GRAVE
        ]
        assert not grave, "\n".join(grave)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed: `make chromium` does it")
    playwright: Playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def visitor(browser: Browser, served: Served, login: str | None = None, **options: object) -> Iterator[Visitor]:
    """Let somebody in, by a link, and fail at the end if anything went wrong on the way."""
    context: BrowserContext = browser.new_context(**({"viewport": WIDE} | options))
    context.set_default_timeout(PATIENCE * 1000)
    one = Visitor(context.new_page(), served.base)
    one.watch()
    one.page.goto(login or served.link())
    yield one
    context.close()
    assert one.troubles == []


def needs(texts: Sequence[str], inside: str) -> None:
    """Fail where one of some texts is missing."""
    assert [text for text in texts if text not in inside] == []
