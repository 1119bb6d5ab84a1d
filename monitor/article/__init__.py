"""The article of a page. trafilatura lives only here, and is imported when a page is read."""

from monitor.article.apart import PageLimits, read_apart
from monitor.article.page import Article, read_article

__all__ = ["Article", "PageLimits", "read_apart", "read_article"]
