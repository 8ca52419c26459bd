"""What a question asks about: the words that tell."""

from strongroom.index.tokens import STOP_WORDS, fold, words

_ASKING = """
how why whose whom which what who when where do does did done can could may might must shall should will would am being been
than too very just only also any some much many that this these those there here ever other another each more most own same such
one get got said say tell give s t don isn didn doesn wasn
"""
ASKING = STOP_WORDS | frozenset(_ASKING.split())
"""Words that ask, rather than say what is asked about."""


def telling_words(text: str) -> list[str]:
    """Give the folded words of a text that say what it is about, each once, in order."""
    folded = (fold(word) for word, _, _ in words(text))
    return list(dict.fromkeys(word for word in folded if word not in ASKING and (len(word) > 1 or word.isdecimal())))
