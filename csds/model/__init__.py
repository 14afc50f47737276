"""The types, columns and flags that every part of csds agrees on. Plain data, nothing is computed from files."""
