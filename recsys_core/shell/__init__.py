"""Verbs of the shell that have grown out of `__main__`."""
