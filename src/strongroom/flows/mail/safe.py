"""HTML of messages made safe to show: what could act, call home or cover the page is taken out."""

import nh3

LONGEST = 2_000_000
"""Characters of HTML that are cleaned; a longer message is shown as text."""
TAGS = (nh3.ALLOWED_TAGS - {"map", "area", "nav", "details", "summary"}) | {"font", "tfoot"}
"""Text, tables, lists, links and pictures; no form, frame, object, style or script (https://docs.rs/ammonia)."""
DROPPED = {"script", "style", "title", "noscript", "template", "object", "svg", "math"}
"""Gone with all that is in them."""
PICTURES = ("data:image/png;", "data:image/jpeg;", "data:image/gif;", "data:image/webp;")
"""Pictures that come with the text itself."""
LINKS = ("http://", "https://", "mailto:", "#")
NAMELESS = frozenset({"cite"})
"""Attributes with addresses that nobody follows."""


def cleaned(html: str) -> tuple[str, int]:
    """Give HTML that can do no harm, and how many pictures from elsewhere were taken out.

    Args:
        html: Any text.
    """
    remote = 0

    def kept(tag: str, name: str, value: str) -> str | None:
        nonlocal remote
        plain = value.strip().lower()
        if tag == "img" and name == "src":
            if plain.startswith(PICTURES):
                return value
            remote += plain.startswith(("http:", "https:", "//"))
            return None
        if name == "href":
            return value if plain.startswith(LINKS) else None
        return None if name in NAMELESS else value

    text = nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags=DROPPED,
        attribute_filter=kept,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return text, remote
