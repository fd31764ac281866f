"""Scores for other systems, and hand-ins from them."""
