"""How well copies are told from independent work, and how long a class takes."""
