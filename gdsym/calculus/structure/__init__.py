"""The structure of what is minimised: one question per module."""
