"""Real clients of the blob protocol, each as a script of named steps that runs against any server of it."""

from clients.place import Place, run
from clients.scripts import SCRIPTS

__all__ = ["SCRIPTS", "Place", "run"]
