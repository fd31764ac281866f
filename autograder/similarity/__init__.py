"""Hand-ins that are too much alike: pairs for a person to look at."""
