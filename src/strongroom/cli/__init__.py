"""The command line: arguments to verbs of `Room`, values to text and JSON."""

from strongroom.cli.main import main

__all__ = ["main"]
