"""`python -m encours.embedded.clean`: remove what a local installation keeps outside its own folder (`make clean`)."""

from __future__ import annotations

from encours.embedded.layout import default_layout
from encours.embedded.postgres import wheel_binaries
from encours.embedded.shelter import remove_shelter

if __name__ == "__main__":
    for origin in (default_layout().root, wheel_binaries()):
        remove_shelter(origin)
