"""`python -m encours.cli`, the same as `encours`."""

from encours.cli.main import main

main()
