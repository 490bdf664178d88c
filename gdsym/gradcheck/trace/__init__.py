"""Losses written in NumPy as models.

`gdsym.tracing` notes what a function does, in the process of the function. Here is decided what
its arguments are (`roles.py`), what was noted becomes a text (`write.py`), and the text is held
against the function (`verify.py`).
"""
