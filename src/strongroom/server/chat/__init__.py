"""The room as a model of any chat program: OpenAI's chat completions, answered from what the room holds."""

from strongroom.server.chat.completions import PREFIX, router
from strongroom.server.chat.faults import told

__all__ = ["PREFIX", "router", "told"]
