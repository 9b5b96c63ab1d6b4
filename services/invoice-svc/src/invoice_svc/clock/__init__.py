"""The test clocks of sandboxes, moved by command. Live ledgers open their days by :mod:`encours.service.calendar`."""
