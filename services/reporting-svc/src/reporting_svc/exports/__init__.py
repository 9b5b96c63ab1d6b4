"""Exports: requests, the process that writes a file, and the layouts of files."""
