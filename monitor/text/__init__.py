"""Text as people read it, and the terms in it."""
