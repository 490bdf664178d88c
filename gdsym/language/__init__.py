"""The gd language: text to a checked model, with every expression typed by its dimensions."""
