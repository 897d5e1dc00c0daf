"""Releases: their manifest, database and card, and how they are read."""
