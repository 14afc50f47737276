"""A results folder: its files by name, what they hold, and the saved tracks read again."""
