"""Text in images: where it stands, how much of the image it takes, and whether it can be read."""
