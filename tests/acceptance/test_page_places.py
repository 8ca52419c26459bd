"""The places beside the search: growth, settings, containers and work, in a browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

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
