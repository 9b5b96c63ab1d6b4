"""The worklist, from the current rows of the read model `cases`."""
