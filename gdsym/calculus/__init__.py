"""From a checked model to a program graph with exact derivatives."""
