"""`mail`: a message as a reader sees it, its HTML made safe, and the conversation that it is part of."""

from strongroom.flows.mail.reading import read

__all__ = ["read"]
