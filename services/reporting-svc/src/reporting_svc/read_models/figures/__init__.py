"""Figures that can be published, and what moved them since."""
