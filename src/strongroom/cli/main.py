"""Where the command line begins: one command a verb, and one place where errors become exit codes."""

import os
import sys

import typer
from rich.console import Console
from rich.text import Text

from strongroom.cli.app import app
from strongroom.errors import StrongroomError, codes

INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command.

    Args:
        arguments: The words after ``strongroom``.

    Returns:
        The exit code: 0 for success, 2 for a wrong command, 130 for an interruption, and for errors the code of
        `strongroom.errors.CODES`.
    """
    try:
        result = app(arguments, standalone_mode=False, prog_name="strongroom")
    except typer.TyperException as error:
        show = getattr(error, "show", None)
        if show is None:
            _tell(error.format_message())
        else:
            show()
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        _tell("stopped; what was done so far is kept, and the same command goes on from there")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except StrongroomError as error:
        _tell(str(error))
        return codes(error).exit
    return result if isinstance(result, int) else 0


def _tell(message: str) -> None:
    Console(stderr=True).print(Text(f"strongroom: {message}"), soft_wrap=True)
