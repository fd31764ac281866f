"""A Keras model as data, and back again without trusting it."""
