"""A small class to grade: what `make demo` and the tests use."""
