"""Which images are the same picture, and which of them stands for the rest."""
