"""What is seen inside a model, computed again and compared."""
