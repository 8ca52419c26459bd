"""Questions to answers: quoted from the sources, or written by a language model and checked against them."""

from strongroom.flows.answer.answering import Asking, answering

__all__ = ["Asking", "answering"]
