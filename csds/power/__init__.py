"""How many animals a study needs: studies simulated with known effects, and their planned tests."""
