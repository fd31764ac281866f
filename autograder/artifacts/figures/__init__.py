"""A figure as data, and what its pixels show."""
