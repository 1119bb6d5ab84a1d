"""Topics: what the user watches, and how close an item comes to it."""
