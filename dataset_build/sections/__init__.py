"""The tables of dataset.toml, by subject."""
