"""A data generator as data."""
