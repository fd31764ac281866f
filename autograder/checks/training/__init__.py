"""How data were prepared and models trained."""
