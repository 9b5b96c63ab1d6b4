"""Layouts of files: the FEC, import files of accounting software, tables."""
