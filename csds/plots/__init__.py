"""Figures of a whole study, by matplotlib: every function returns its artists, and the data that it shows."""
