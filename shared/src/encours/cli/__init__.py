"""The `encours` command."""

from encours.cli.main import main

__all__ = ["main"]
