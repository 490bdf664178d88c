"""Problems whose answers are known to many digits, fitted with default options and scored.

`python -m tests.certified` fits all of them and writes `docs/certification.md`; a family is one
file here. Data and answers, with their sources, are in `tests/data/certified/`.
"""
