"""Gradients that are Python functions: against a model, or against differences of a loss."""
