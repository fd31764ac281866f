"""What a model makes of images that nobody has seen."""
