"""Measures of captions: pure functions of texts, of log-probabilities, of embeddings that are given."""
