"""Dagster assets, thin: read, call a function or a query, write. One file per stage."""
