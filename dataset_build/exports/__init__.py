"""A release written in the formats of others: one file per format, and what they share."""
