"""What is asked of a room: questions, answered from what it holds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

from strongroom.domain.answer import Answer, Answered, AnswerEvent, Turn
from strongroom.flows.answer import Asking, answering
from strongroom.room.reading import Reading


def _unheard(event: AnswerEvent) -> None:
    del event


class Questions(Reading):
    """What is asked of a room."""

    def ask(self, question: str, *, history: Sequence[Turn] = (), on_event: Callable[[AnswerEvent], None] = _unheard) -> Answer:
        """Answer a question from what the room holds, in sentences that each cite the segment that supports them.

        Without the setting ``chat_url`` they are quotations from the sources; with it, a language model writes them, and each
        is checked against what it cites.

        Args:
            question: In plain words; filters of the query language (``container:letters``) narrow what is read.
            history: Earlier questions of the same talk, oldest first, so that a follow-up may say "it" and "then".
            on_event: Is told of each sentence as it is ready.

        Raises:
            UsageError: It asks nothing, or is too long.
            ModelMissing: The text model has not been pulled.
            Unreachable: The language model does not answer.
        """
        for event in self.asking(question, history=history):
            on_event(event)
            if isinstance(event, Answered):
                return event.answer
        raise AssertionError("an answer ends with all of it")

    @property
    def chat_model(self) -> str:
        """Name of the language model that writes answers; empty where they are quotations."""
        return self.settings.chat_model

    def asking(self, question: str, *, history: Sequence[Turn] = ()) -> Iterator[AnswerEvent]:
        """Answer a question event by event, as `ask` does: `Looked`, a `Told` for each sentence, `Answered`.

        The sources are searched, and what can be wrong with the question is raised, before it returns; the act is in the
        ledger before the first event. Closing the iterator stops the language model.
        """
        scope = self.scope("ask")

        def record(asking: Asking) -> None:
            self._record("ask", scope, **asdict(asking))

        def finish(answer: Answer) -> None:
            cited = dict.fromkeys(citation.content for sentence in answer.sentences for citation in sentence.citations)
            self._record("answer", scope, question=question, model=answer.model, cited=list(cited), dropped=answer.dropped)

        return answering(self._parts, question, history, scope, on_asking=record, on_answer=finish)
