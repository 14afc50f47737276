"""The report of a study; comes with a later version."""
