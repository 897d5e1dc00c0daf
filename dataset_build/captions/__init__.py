"""From tags and texts to captions."""
