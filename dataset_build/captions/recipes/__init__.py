"""The recipes that come with the project; each file holds one, or a family."""
