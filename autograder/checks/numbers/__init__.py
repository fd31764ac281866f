"""Answers that are worked out by hand."""
