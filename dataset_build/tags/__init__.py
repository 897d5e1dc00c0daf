"""Tags in one spelling."""
