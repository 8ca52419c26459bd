"""Each state of the page that is no everyday one: errors, refusals, empty lists, what is kept, and what was taken away."""

import re
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from browser import NARROW, WIDE, Served, Visitor, needs, serving, strongroom, visitor
from servers import PATIENCE

LOOKS = [{"viewport": size, "color_scheme": scheme} for size in (WIDE, NARROW) for scheme in ("light", "dark")]
"""How each is looked at."""
Looked = Callable[..., None]


def fits(page: Page) -> None:
    """Fail where something is wider than the screen."""
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, f"{page.url} is {over} pixels wider than the screen"


@pytest.fixture
def looked(browser: Browser, served: Served) -> Iterator[Looked]:
    """Look at paths on a wide screen and on a phone, in light and in dark; what is refused is an error in the console."""
    contexts: list[BrowserContext] = []
    first = browser.new_context()
    first.new_page().goto(served.link())
    proof = first.storage_state()
    first.close()

    def look(*paths: str, says: str, is_known: bool = True) -> None:
        for how in LOOKS:
            context = browser.new_context(**how, storage_state=proof if is_known else None)  # type: ignore[arg-type]
            context.set_default_timeout(PATIENCE * 1000)
            contexts.append(context)
            one = Visitor(context.new_page(), served.base)
            for path in paths:
                one.go(path)
                one.page.wait_for_load_state("networkidle")
                assert re.search(says, one.page.inner_text("main")), one.page.inner_text("main")
                one.need_accessible()
                fits(one.page)

    yield look
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/searches", "Saved searches"),
        ("/exports", "Many searches at once"),
        ("/exports?q=harbour", "What a search finds"),
        ("/ask?q=When+is+the+rent+due%3F", "first working day"),
        ("/ask?q=Who+painted+the+Mona+Lisa%3F", "Nothing found that answers this"),
        ("/?q=%22no+such+phrase+anywhere%22", "Nothing found"),
        ("/work/failures", "could not be read"),
    ],
)
def test_each_state_is_accessible_and_fits(looked: Looked, path: str, says: str) -> None:
    looked(path, says=says)


def test_what_cannot_be_is_told_in_a_sentence(looked: Looked) -> None:
    looked("/view/" + "0" * 64, says="no blob here holds the content 0000")
    looked("/no/such/place", says="Not Found")
    looked("/?q=size%3Ex", says=r"write it as size>10MB")
    looked("/export?q=harbour&form=pdf", says="one of the forms xlsx, csv, json, zip")


def test_whoever_is_not_known_is_asked_to_sign_in(looked: Looked) -> None:
    looked("/login", "/work", "/login?token=used", says="Sign in|sign in|this link", is_known=False)


def test_a_reader_is_told_what_they_may_not_do(browser: Browser, served: Served) -> None:
    strongroom("users", "add", "reads", "--room", served.room)
    context = browser.new_context(viewport=NARROW)
    one = Visitor(context.new_page(), served.base)
    one.page.goto(served.link("reads"))
    one.go("/settings/ledger")
    needs(["Access denied", "reads is a reader", "To the search page"], one.page.inner_text("main"))
    one.need_accessible()
    fits(one.page)
    context.close()
    strongroom("users", "remove", "reads", "--room", served.room)


def test_whoever_asks_too_much_is_told_when_to_come_again(browser: Browser, tmp_path: Path) -> None:
    strongroom("init", tmp_path / "busy")
    with (tmp_path / "busy" / "settings.toml").open("a") as settings:
        settings.write("page_burst = 8.0\npage_rate = 0.05\n")
    with serving(tmp_path / "busy") as served:
        context = browser.new_context(viewport=NARROW)
        one = Visitor(context.new_page(), served.base)
        one.page.goto(served.login)
        for _ in range(20):
            if (answer := one.page.goto(served.base + "/work")) and answer.status == 429:
                break
        needs(["Too Many Requests"], one.page.inner_text("main"))
        context.close()


def test_a_search_is_kept_and_shown_with_what_came(browser: Browser, served: Served) -> None:
    for how in LOOKS[:: len(LOOKS) - 1]:
        with visitor(browser, served, **how) as one:
            page = one.page
            one.go("/?q=pumps")
            page.get_by_text("Save or export").click()
            page.get_by_role("link", name="Save this search").click()
            expect(page.locator("#query")).to_have_value("pumps")
            page.fill("#name", "Pumps")
            page.get_by_role("button", name="Keep it").click()
            one.need_accessible()
            fits(page)
            page.get_by_role("link", name="Pumps", exact=True).click()
            needs(["Atom feed", "Search again"], page.inner_text("main"))
            one.need_accessible()
            fits(page)
            one.go("/searches")
            page.get_by_role("button", name="delete Pumps").click()
            expect(page.locator("main")).to_contain_text("You keep none yet")


def test_a_batch_of_searches_is_a_table(browser: Browser, served: Served) -> None:
    with visitor(browser, served, viewport=NARROW) as one:
        page = one.page
        one.go("/exports")
        page.fill("#queries", "harbour office\nunicorn\nrent")
        page.select_option("#table", "csv")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Search for all").click()
        rows = Path(waiting.value.path()).read_text("utf-8-sig").splitlines()
        assert any(row.startswith('"""harbour office""",') or "harbour office" in row for row in rows)


def test_what_looks_like_a_picture_is_taken_away(browser: Browser, served: Served, samples: Path) -> None:
    with visitor(browser, served) as one:
        page = one.page
        page.set_input_files("#example", samples / "photos" / "cat.png")
        page.wait_for_url("**like=**")
        expect(page.locator("#hits .hit")).to_have_count(1)  # what looks unlike is left out
        page.locator(".bar summary", has_text="Export").click()
        with page.expect_download() as waiting:
            page.get_by_role("link", name="CSV", exact=True).click()
        assert "cat.png" in Path(waiting.value.path()).read_text("utf-8-sig")
        one.need_accessible()


def test_a_dossier_is_read_as_a_file_in_a_browser(browser: Browser, served: Served, tmp_path: Path) -> None:
    with visitor(browser, served) as one:
        answer = one.page.request.get(f"{served.base}/export?q=harbour+office&form=zip")
        zipfile.ZipFile(BytesIO(answer.body())).extractall(tmp_path)
    (index,) = tmp_path.rglob("index.html")
    for how in LOOKS:
        context = browser.new_context(**how)  # type: ignore[arg-type]
        one = Visitor(context.new_page(), index.as_uri().rpartition("/")[0])
        one.watch()
        one.page.goto(index.as_uri())
        expect(one.page.locator("article").first).to_contain_text("letter-scan.pdf")
        drawn = one.page.locator("article figure img").first
        drawn.scroll_into_view_if_needed()
        drawn.evaluate("image => image.decode()")
        one.need_accessible()
        fits(one.page)
        assert one.troubles == []
        context.close()
