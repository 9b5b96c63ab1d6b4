"""Test clocks of sandboxes, advanced by command. :mod:`encours.service.calendar` opens the days of live ledgers."""
