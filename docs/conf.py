"""Makes web pages of this folder: sphinx-build -W docs FOLDER, with the extra `docs`."""

import re
from pathlib import Path
from typing import ClassVar

from pygments.lexer import RegexLexer, words
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Text
from sphinx.application import Sphinx

project = "gdsym"
author = "The gdsym authors"
copyright = "The gdsym authors"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "gdsym"
exclude_patterns = ["_build"]
myst_heading_anchors = 3

EXAMPLES = Path(__file__).parents[1] / "examples" / "README.md"
LINK = re.compile(r"\]\((?!https?:)")

STATEMENTS = (
    *("model", "dim", "data", "param", "const", "def", "let", "loss", "maximize", "nll", "loglik"),
    *("residual", "observe", "prior", "penalty", "predict", "claim", "method"),
    *("optimizer", "state", "update"),
)


class GdLexer(RegexLexer):
    """Colours of the gd language: a statement's keyword stands at the start of its line."""

    name = "gd"
    aliases: ClassVar = ["gd"]
    filenames: ClassVar = ["*.gd"]
    tokens: ClassVar = {
        "root": [
            (words(STATEMENTS, prefix="^", suffix=r"\b"), Keyword),
            (words(("in", "from", "except", "and", "or", "not", "like"), suffix=r"\b"), Keyword),
            (r"#.*", Comment),
            (r'"[^"\n]*"', String),
            (r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", Number),
            (r"[A-Za-z_]\w*(?=\()", Name.Function),
            (r"[A-Za-z_]\w*", Name),
            (r"[-+*/^@=<>!~]", Operator),
            (r"\s+|.", Text),
        ]
    }


def with_examples(app: Sphinx, page: str, source: list[str]) -> None:
    """The page of the examples, which stands beside them, in place of the pointer to it."""
    if page == "examples":
        source[0] = LINK.sub("](../examples/", EXAMPLES.read_text(encoding="utf-8"))


def setup(app: Sphinx) -> None:
    app.connect("source-read", with_examples)
    app.add_lexer("gd", GdLexer)
