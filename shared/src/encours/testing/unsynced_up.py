"""`encours up` as in :mod:`encours.testing.forked_up`, with syncs left out: for all tests but those of power cuts."""

from __future__ import annotations

from encours.testing.forked_up import forked_up
from encours.testing.syncs import leave_out_syncs

if __name__ == "__main__":
    leave_out_syncs()
    forked_up()
