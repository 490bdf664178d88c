"""Calls functions with stand-ins for arrays that note what is done with them.

This runs in the process of the user's function and needs NumPy alone. `record.py` is the way in;
`gdsym.gradcheck.trace` makes models of what was noted.
"""
