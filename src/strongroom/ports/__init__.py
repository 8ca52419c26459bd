"""Protocols of one or two verbs: all that an analyzer, an executor or a plug-in needs."""

from strongroom.ports.analyzer import Analyzer
from strongroom.ports.executor import BatchFunction, Done, Executor, Limits, Lost, OnItem
from strongroom.ports.ledger import Act, Entry, Ledger
from strongroom.ports.policy import Policy
from strongroom.ports.source import Source
from strongroom.ports.tools import (
    RATE,
    LanguageDetector,
    Line,
    Look,
    OcrModel,
    PictureModel,
    Pixels,
    Sound,
    Span,
    SpeechModel,
    TextEmbedder,
    Tools,
    VoiceDetector,
)

__all__ = [
    "RATE",
    "Act",
    "Analyzer",
    "BatchFunction",
    "Done",
    "Entry",
    "Executor",
    "LanguageDetector",
    "Ledger",
    "Limits",
    "Line",
    "Look",
    "Lost",
    "OcrModel",
    "OnItem",
    "PictureModel",
    "Pixels",
    "Policy",
    "Sound",
    "Source",
    "Span",
    "SpeechModel",
    "TextEmbedder",
    "Tools",
    "VoiceDetector",
]
