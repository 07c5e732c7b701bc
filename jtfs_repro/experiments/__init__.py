"""Published results, one per file: the root functions that gin binds."""
