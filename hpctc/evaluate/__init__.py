"""Candidates are built, checked and timed; nothing here knows who wrote them."""
