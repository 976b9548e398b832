"""Wattseal's charge point."""

__version__ = "0.1.0"
