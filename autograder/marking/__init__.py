"""Marking explanations by hand: what is to be marked, grouped by likeness, on a local web page."""
