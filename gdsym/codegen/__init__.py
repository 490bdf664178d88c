"""From a program with derivatives to the text of a Python module."""
