"""Embeddings by a CLIP model, and what is measured on them."""
