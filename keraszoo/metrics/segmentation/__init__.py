"""How good masks are, beside labels."""
