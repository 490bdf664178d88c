"""The canonical layout: what it looks like, and that it changes nothing but the layout."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdsym.errors import Source, SourceError
from gdsym.language import layout
from gdsym.language.canonical import canonical, same
from gdsym.language.parse import MODEL_KEYWORDS, RULE_KEYWORDS, parse, statements

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path
    for folder in ("examples", "gdsym/optimizers", "tests/zoo", "tests/golden/bad")
    for path in (ROOT / folder).glob("*.gd")
)


def readable(path):
    """The text of a file that can be read, whatever it means; None for others."""
    text = path.read_bytes().decode()
    try:
        canonical(text, path.name)
    except SourceError:
        return None
    return text


TEXTS = {path.stem: text for path in FILES if (text := readable(path)) is not None}


def parsed(text):
    for keywords, start in ((MODEL_KEYWORDS, "statement"), (RULE_KEYWORDS, "rule_statement")):
        file, found = statements(Source("a.gd", text), keywords, start)
        if not found:
            return file.statements
    raise AssertionError(found)


def test_there_are_files_of_every_kind_to_lay_out():
    assert len(TEXTS) > 60
    assert {"rents", "adam", "two_layers", "declared_twice"} <= set(TEXTS)


@pytest.mark.parametrize("name", TEXTS)
def test_the_layout_keeps_the_syntax_and_is_its_own_layout(name):
    once = canonical(TEXTS[name], "a.gd")

    assert same(parsed(once), parsed(TEXTS[name].removeprefix("\ufeff")))
    assert canonical(once, "a.gd") == once


SHIPPED = [*(ROOT / "gdsym").rglob("*.gd"), *(ROOT / "examples").glob("*.gd")]


@pytest.mark.parametrize("path", sorted(SHIPPED), ids=lambda path: path.stem)
def test_the_files_that_ship_are_in_canonical_layout(path):
    text = path.read_text(encoding="utf-8")
    assert canonical(text, path.name) == text


UGLY = """\

# gdsym fit examples/rents.gd
model   rents   "Rents"


data X [ n,d ]from *  "features"
data rent[n] in{0:"a",1 : "b"}   from["a" ,"b"]except [ "c" ], wt[n]>0=1 "weights"  #  why
param w[d],
  b   "both"
param s>0 and  <=1 and in ( 0,1 ]
  # about nu
param nu fixed=4
const guess [k]= [18,-28 , 4e1]

def  f( a,b )=- a^ - 2*b
let r[n,d]=(rent-X  @w+ - b)/s"doc"
let t=X .T[n] + sum [ k ] ( exp( r ) ) and not (r<=1)
loglik sum( lgamma( (nu+1) / 2 )- 1/2*2 * log( s )
 -(nu + 1)/2
   * log(1+r ^2/nu)
)
observe y~normal( mean = r,sd=s )
claim grad (w)=w
predict p = softmax[k](
  Z,

  # inside

  2)
    "last"
method lbfgs( tol = 1e-12,max_iter=5)
# end
"""
NEAT = """\
# gdsym fit examples/rents.gd
model rents "Rents"

data    X[n, d] from *                   "features"
data    rent[n] in {0: "a", 1: "b"} from ["a", "b"] except ["c"], wt[n] > 0 = 1  "weights"  #  why
param   w[d],
        b                                "both"
param   s > 0 and <= 1 and in (0, 1]
# about nu
param   nu fixed = 4
const   guess[k] = [18, -28, 4e1]

def     f(a, b) = -a^-2*b
let     r[n, d] = (rent - X @ w + -b)/s  "doc"
let     t = X.T[n] + sum[k](exp(r)) and not (r <= 1)
loglik  sum(lgamma((nu + 1) / 2) - 1/2*2 * log(s)
            - (nu + 1)/2
            * log(1 + r^2/nu)
           )
observe y ~ normal(mean=r, sd=s)
claim   grad(w) = w
predict p = softmax[k](
            Z,

            # inside

            2)
            "last"
method  lbfgs(tol=1e-12, max_iter=5)
# end
"""


def test_an_ugly_file_becomes_a_neat_one():
    assert canonical(UGLY, "a.gd") == NEAT


def test_a_rule_file_is_laid_out_too():
    text = (
        'optimizer mine( lr=0.1 "rate" ,beta =0.9 )\n  "doc" # note\nstate v=0, s scalar=1\n'
        "let a = 2*v\nupdate v=beta * v+g\nupdate x=x-lr*v\n"
    )
    assert canonical(text, "mine.gd") == (
        'optimizer mine(lr = 0.1 "rate", beta = 0.9)\n    "doc"  # note\n'
        "state  v = 0, s scalar = 1\nlet    a = 2*v\nupdate v = beta * v + g\n"
        "update x = x - lr*v\n"
    )


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff\n"])
def test_nothing_stays_nothing(text):
    assert canonical(text, "a.gd") == ""


def test_a_file_of_comments_keeps_them():
    assert canonical("\n  # a\n\n\n# b", "a.gd") == "# a\n\n# b\n"


def test_a_text_that_cannot_be_read_is_an_error_with_its_place():
    with pytest.raises(SourceError, match=r"a\.gd:2:10: error\[syntax\]"):
        canonical("param a\nloss a + * 2\n", "a.gd")


def test_a_text_that_is_wrong_but_can_be_read_is_laid_out():
    assert canonical("loss  unknown+1", "a.gd") == "loss unknown + 1\n"


def squeezed(draw, text):
    """The same tokens with other spaces between them; `*` and `/` keep theirs or their lack."""
    result = ""
    end = 0
    tokens = list(layout.tokens(text, 0, len(text)))
    for place, token in enumerate(tokens):
        gap = text[end : token.start]
        if "#" in gap or "\n" in gap:
            indent = len(gap) - len(gap.rstrip(" "))
            gap = gap[: len(gap) - indent] + " " * (indent and draw(st.integers(1, 9)))
        else:
            before = tokens[place - 1].text if place else ""
            product = {before, token.text} & {"*", "/"}
            wordlike = before[-1:].isalnum() and token.text[0] in "abcdefghijklmnopqrstuvwxyz\
ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789."  # fmt: skip
            if product:
                gap = gap and " " * draw(st.integers(1, 3))
            elif gap and wordlike:
                gap = draw(st.sampled_from([" ", "  ", "\t", "    "]))
            elif not (before and token.text == ".T"):
                gap = draw(st.sampled_from(["", " ", "  ", "\t"])) if gap else gap
        result += gap + token.text
        end = token.stop
    return result + text[end:]


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_other_spaces_have_the_same_layout(data):
    name = data.draw(st.sampled_from(sorted(TEXTS)))
    text = canonical(TEXTS[name], "a.gd")
    other = squeezed(data.draw, text)

    assert canonical(other, "a.gd") == text


def broken(draw, text):
    """The same tokens with line breaks, comments and blank lines put between them."""
    result = ""
    end = 0
    for token in layout.tokens(text, 0, len(text)):
        gap = text[end : token.start]
        if end and "\n" not in gap and draw(st.integers(0, 7)) == 0:
            gap += draw(st.sampled_from(["\n ", "\n\n\n\t", "# note\n    ", "\n# note\n  "]))
        result += gap + token.text
        end = token.stop
    return result + text[end:]


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_other_lines_keep_the_syntax_and_settle_at_once(data):
    name = data.draw(st.sampled_from(sorted(TEXTS)))
    text = broken(data.draw, TEXTS[name].removeprefix("\ufeff"))

    once = canonical(text, "a.gd")

    assert same(parsed(once), parsed(TEXTS[name].removeprefix("\ufeff")))
    assert canonical(once, "a.gd") == once
    assert "\n\n\n" not in once
    assert all(line == line.rstrip() for line in once.split("\n"))
    assert once.count("# note") == text.count("# note")


def test_syntax_that_differs_is_not_the_same():
    assert not same(parse(Source("a", "loss a + b")), parse(Source("a", "loss a - b")))
    assert not same(parse(Source("a", "loss a")), parse(Source("a", 'loss "a"')))
