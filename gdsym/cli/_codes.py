"""The codes of what a command says and no text of a model means: `error[usage]`, `stale`."""

from __future__ import annotations

from gdsym.language.codes import Code

COMMANDS: dict[str, Code] = {
    entry.name: entry
    for entry in (
        Code(
            "data",
            "data that do not fit the model",
            "A column is missing or holds what the model's domain excludes, a file cannot be "
            "read, sizes disagree. The message names the file, the row and the column as far as "
            "there is one.",
            "y in {0, 1} in the model, and a 2 in line 7 of the column y",
            "y in {0, 1, 2} in the model, or another number in line 7",
        ),
        Code(
            "layout",
            "a file that is not in the canonical layout",
            "`gdsym fmt --check` found spaces, alignment or empty lines that `gdsym fmt` would "
            "change. The meaning of the text is the same before and after.",
            "data x [n],y[n]",
            "data x[n], y[n]",
        ),
        Code(
            "stale",
            "a module that is not what its model gives",
            "`gdsym compile --check` found that the file is missing, was changed by hand, or that "
            "the model, the update rules or the backend are others by now. The version of gdsym "
            "does not count.",
            "gdsym compile --check churn.gd -o churn.py, after a change of churn.gd",
            "gdsym compile churn.gd -o churn.py",
        ),
        Code(
            "usage",
            "a command line or a call that cannot be carried out",
            "A command, an option, a file or a name is not there, or a value is not what the "
            "option takes. Nothing has been read or written, or the message says so.",
            "gdsym fit churn.csv churn.gd",
            "gdsym fit churn.gd churn.csv",
        ),
    )
}
