"""A V4 monitor in Python, written from docs/protocol/open-v4.md alone: another hand's reading of the same document."""
