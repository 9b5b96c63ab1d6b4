"""Exposure, payment behaviour, limits and credit checks of Encours."""
