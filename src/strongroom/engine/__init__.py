"""The local executor: worker processes, and what happens when one of them dies."""

from strongroom.engine.local import LocalExecutor

__all__ = ["LocalExecutor"]
