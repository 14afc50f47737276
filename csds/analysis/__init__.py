"""A study's comparison: its plan, its animals, what is computed of them, what speaks against it, and the words."""
