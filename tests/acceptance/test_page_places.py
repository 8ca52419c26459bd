"""The places beside the search: growth, settings, containers and work, in a browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Route, expect

from browser import NARROW, Served, Visitor, needs, visitor


@pytest.fixture
def owner(browser: Browser, served: Served) -> Iterator[Visitor]:
    with visitor(browser, served) as one:
        yield one


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/growth", "/growth?by=type&show=files", "/settings", "/settings/ledger"])
def test_each_place_is_accessible_and_fits(browser: Browser, served: Served, path: str, scheme: str) -> None:
    with visitor(browser, served, color_scheme=scheme) as one:
        for viewport in (None, NARROW):
            if viewport:
                one.page.set_viewport_size(viewport)  # type: ignore[arg-type]
            one.go(path)
            one.need_accessible()
            over = one.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, f"{path} is {over} pixels wider than the screen"


def test_growth_tells_what_is_stored(owner: Visitor) -> None:
    owner.go("/growth")
    needs(["Growth", "Different contents", "samples"], owner.page.inner_text("main"))
    owner.page.get_by_role("link", name="Files").click()
    expect(owner.page).to_have_url(re.compile("show=files"))


def test_a_user_is_let_in_and_removed(browser: Browser, served: Served, owner: Visitor) -> None:
    page = owner.page
    owner.go("/settings")
    page.get_by_text("Add a user").click()
    page.fill("#user-name", "ben")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("main")).to_contain_text("ben")
    page.get_by_role("button", name="Make a link for ben").click()
    link = page.locator("pre.secret").inner_text()
    with visitor(browser, served, link) as ben:
        ben.go("/settings")
        text = ben.page.inner_text("main")
        needs(["You are ben", "for its owners", "Readers and models"], text)
        assert "catalog_url" not in text
    owner.go("/settings")
    assert "token=" not in page.content()
    page.get_by_label("Remove ben").click()
    page.get_by_role("button", name="Remove ben").click()
    expect(page.get_by_role("button", name="Make a link for ben")).to_have_count(0)


def test_a_key_is_shown_once_and_revoked(owner: Visitor) -> None:
    page = owner.page
    owner.go("/settings")
    page.get_by_text("Make a key").click()
    page.fill("#key-label", "nightly")
    page.get_by_role("button", name="Make it").click()
    secret = page.locator("pre.secret").inner_text()
    assert secret.startswith("sr_")
    owner.go("/settings")
    assert secret not in page.content()
    page.get_by_role("button", name="Revoke the key nightly of owner").click()
    expect(page.get_by_text("nightly")).to_have_count(0)


def test_the_ledger_tells_what_was_done(owner: Visitor) -> None:
    owner.go("/?q=lease")
    owner.go("/settings/ledger")
    needs(["search", 'query "lease"'], owner.page.inner_text("table"))


@pytest.fixture(scope="module")
def pile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pile") / "crate"
    folder.mkdir()
    (folder / "large.bin").write_bytes(np.random.default_rng(6).bytes(20 << 20))
    for number in range(2):
        (folder / f"broken-{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50 + number))
    return folder


def test_a_broken_upload_goes_on_where_it_stood(owner: Visitor, pile: Path) -> None:
    page = owner.page
    page.on("dialog", lambda dialog: dialog.accept())
    owner.go("/containers")
    page.fill("#name", "crates")
    page.get_by_role("button", name="Make it").click()
    came: list[str] = []

    def hold(route: Route) -> None:
        came.append(route.request.url)
        if len(came) == 1:
            route.continue_()  # the second never arrives

    page.route("**/uploads/**block=**", hold)
    page.set_input_files("#folder", pile)
    expect(page.locator("#going progress").first).to_be_visible()
    while len(came) < 2:
        page.wait_for_timeout(50)
    owner.go("/containers/crates")  # leaving first: a route that is lifted lets through what it held
    page.unroute("**/uploads/**block=**")
    page.set_input_files("#folder", pile)
    expect(page.locator("#sent")).to_contain_text("8.4 MB had come before")
    owner.go("/containers/crates")
    page.set_input_files("#folder", pile)
    expect(page.locator("#sent")).to_contain_text("3 files of them had not changed")


def test_what_failed_alike_is_one_line_and_tried_again_at_once(owner: Visitor) -> None:
    page = owner.page
    owner.go("/work")
    expect(page.locator("#now")).to_contain_text("All is read", timeout=240_000)
    owner.go("/work")
    line = page.locator("tr", has_text="broken-0.png").first
    expect(line).to_contain_text("broken-1.png")
    owner.need_accessible()
    line.get_by_role("button").click()
    expect(page).to_have_url(re.compile("/work$"))
    owner.go("/work/failures")
    expect(page.locator("main")).to_contain_text("What could not be read")
    owner.need_accessible()


def test_tags_are_written_and_a_blob_goes_only_by_its_containers_name(owner: Visitor) -> None:
    page = owner.page
    owner.go("/containers/crates?prefix=crate/")
    page.get_by_role("link", name="Tags and metadata of crate/large.bin").click()
    owner.need_accessible()
    page.get_by_label("New name").first.fill("box")
    page.get_by_label("New value").first.fill("12")
    page.get_by_role("button", name="Save the tags").click()
    expect(page.get_by_label("Value of box")).to_have_value("12")
    page.get_by_text("Delete it").first.click()
    page.get_by_label("Write the container's name").fill("crates")
    page.get_by_role("button", name="Delete it").click()
    expect(page.locator("table.files")).to_contain_text("broken-0.png")
    expect(page.locator("table.files")).not_to_contain_text("large.bin")
