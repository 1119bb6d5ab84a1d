"""Feeds: what their documents say, who is who among their items, and when to ask again."""
