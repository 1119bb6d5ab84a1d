"""seedwatch: give it a news article; it tells you, once, when the story moves."""

__version__ = "0.1.0"
