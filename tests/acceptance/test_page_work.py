"""The work in a browser: what waits and what failed is listed, it is stopped and goes on, and a user's rights change."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser import NARROW, Served, Visitor, needs, serving, strongroom, visitor


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a room that is read as files arrive, with some files that cannot be read."""
    folder = tmp_path_factory.mktemp("watched")
    room, files = folder / "quay", folder / "files"
    files.mkdir()
    for n in range(4):
        (files / f"broken-{n}.pdf").write_bytes(b"%PDF-1.7\n" + bytes(200 + n))
    (files / "letter.txt").write_text("The harbour office asks for an annual report.", "utf-8")
    strongroom("init", room)
    strongroom("add", f"{files}/", "--to", "letters", "--room", room)
    with serving(room, "--analyze") as one:
        yield one


@pytest.fixture
def owner(browser: Browser, watched: Served) -> Iterator[Visitor]:
    with visitor(browser, watched) as one:
        yield one


def test_reading_stops_and_what_arrives_waits_until_it_goes_on(owner: Visitor, watched: Served, tmp_path: Path) -> None:
    page = owner.page
    owner.go("/work")
    page.get_by_role("button", name="Stop reading").click()
    expect(page.get_by_role("button", name="Go on reading")).to_be_visible()
    (tmp_path / "late.txt").write_text("A letter that came too late.", "utf-8")
    strongroom("add", tmp_path / "late.txt", "--to", "letters", "--later", "--room", watched.room)
    owner.go("/containers")
    needs(["1 pending", "4 failed"], page.inner_text("main"))
    owner.need_accessible()
    page.get_by_role("link", name="1 pending").click()
    expect(page).to_have_url(re.compile("/work/pending$"))
    needs(["letters/late.txt", "a first look"], page.inner_text("main"))
    owner.need_accessible()
    owner.go("/work")
    needs(["Stopped", "Somebody stopped the reading"], page.inner_text("main"))
    owner.need_accessible()
    page.get_by_role("button", name="Go on reading").click()
    expect(page.locator("#pending")).to_have_text("0 pending")
    owner.go("/work/pending")
    needs(["Nothing waits"], page.inner_text("main"))


def test_a_reason_leads_to_all_its_files(owner: Visitor) -> None:
    page = owner.page
    owner.go("/work")
    page.get_by_role("link", name="all 4").first.click()
    expect(page.locator("tbody tr")).to_have_count(4)
    owner.need_accessible()


def test_rights_of_a_user_are_changed_and_hold_at_once(browser: Browser, watched: Served, owner: Visitor) -> None:
    strongroom("users", "add", "ann", "--role", "editor", "--room", watched.room)
    page = owner.page
    owner.go("/settings")
    page.get_by_label("Role and containers of ann").click()
    owner.need_accessible()
    page.get_by_label("Role", exact=True).first.select_option("reader")
    page.get_by_label("Sees everything").uncheck()
    page.get_by_role("button", name="Change ann").click()
    expect(page.locator("tr", has_text="ann")).to_contain_text("nothing")
    with visitor(browser, watched, watched.link("ann"), viewport=NARROW) as ann:
        ann.go("/containers")
        needs(["There is none yet"], ann.page.inner_text("main"))
        ann.go("/work")
        assert "Stop reading" not in ann.page.inner_text("main")
        ann.need_accessible()
