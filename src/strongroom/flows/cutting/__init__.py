"""Cutting a piece out of a recording, copying what can be copied."""

from strongroom.flows.cutting.cut import Cut, cut
from strongroom.flows.cutting.formats import Format, format_of

__all__ = ["Cut", "Format", "cut", "format_of"]
