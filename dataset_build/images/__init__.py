"""From the bytes of one image to what is measured on it."""
