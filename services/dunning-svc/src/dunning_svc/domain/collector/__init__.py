"""Collectors: their portfolios, absences and substitutes, and who owns a customer or a task on a day."""
