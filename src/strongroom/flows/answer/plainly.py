"""Text that came from a model or a document, made plain: nothing in it can link, load, mark up or move the reader's eye."""

import re
import unicodedata

ADDRESS = "(an address that stands in the source)"
"""What is put in the place of an address, which a program might turn into a link."""

_PICTURE = re.compile(r"!\[([^\[\]\n]*)\]\s?(?:\([^()\n]*\)|\[[^\[\]\n]*\])")
_LINK = re.compile(r"\[([^\[\]\n]*)\]\s?(?:\([^()\n]*\)|\[(?![\d\s,;]*\])[^\[\]\n]*\])")
_TAG = re.compile(r"</?[A-Za-z!?][^<>]*>?|<(?=/)")
_URL = re.compile(r"\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.|mailto:|data:|javascript:)\S*", re.IGNORECASE)
_MARKUP = re.compile(
    r"```+\w*|`|~~|(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)|^\s*(?:#{1,6}|>+|[-+*\u2022])\s+", re.MULTILINE
)


def plainly(text: str) -> str:
    """Give the words of a text without markup, addresses and characters that are not seen.

    Args:
        text: Anything.

    Returns:
        One line of plain text; marks such as ``[2]`` stay.
    """
    text = _PICTURE.sub(r"\1", text)
    text = _LINK.sub(r"\1", text)
    text = _TAG.sub("", text)
    text = _URL.sub(ADDRESS, text)
    text = _MARKUP.sub("", text).replace("<", "\u2039").replace(">", "\u203a")
    return " ".join("".join(_visible(character) for character in text).split())


def _visible(character: str) -> str:
    """Give the character, a space for one that ends a line, and nothing for one that is not seen or turns the text round."""
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") else character
