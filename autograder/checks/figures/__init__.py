"""What a figure or a table shows."""
