"""The tables of `docs/methods.md` are those of the rules that ship.

`--update-golden` writes them anew after a rule has changed or a new one has come.
"""

import re
from pathlib import Path

from gdsym.language.constants import shown
from gdsym.language.optimizer import load_rule
from gdsym.optimizers import rule_path, rules

PAGE = Path(__file__).parents[1] / "docs/methods.md"


def text_of(name):
    return rule_path(name).read_text(encoding="utf-8")


def statements(name):
    """The states that do not begin at 0, then lets and updates, as the file writes them."""
    found = re.findall(r"^(state|let|update)\s+(.*)", text_of(name), re.M)
    kept = (code for word, code in found if word != "state" or not code.endswith("= 0"))
    return [code.replace(" scalar", "").strip() for code in kept]


def rule_table():
    rows = ["", "| rule | options | a step | source |", "| --- | --- | --- | --- |"]
    for name in rules():
        rule = load_rule(text_of(name), f"{name}.gd")
        options = "<br>".join(f"`{o.name} = {shown(o.default)}`" for o in rule.options)
        code = "<br>".join(f"`{line}`" for line in statements(name))
        link = f"[`{name}`](../gdsym/optimizers/{name}.gd)"
        rows.append(f"| {link} | {options} | {code} | {rule.doc} |")
    return "\n".join([*rows, "", ""])


def variants():
    """What the comments of the rules say."""
    notes = {
        name: " ".join(line[1:].strip() for line in text_of(name).splitlines() if line[:1] == "#")
        for name in rules()
    }
    lines = [f"- `{name}`: {note}" for name, note in notes.items() if note]
    return "\n".join(["", *lines, "", ""])


def test_the_tables_are_those_of_the_folder(request):
    written = PAGE.read_text(encoding="utf-8")
    for word, table in {"rules": rule_table(), "variants": variants()}.items():
        pattern = rf"(<!-- {word} -->\n).*?(<!-- end -->)"
        written, count = re.subn(
            pattern, lambda m, table=table: m[1] + table + m[2], written, flags=re.DOTALL
        )
        assert count == 1, word
    if request.config.getoption("--update-golden"):
        PAGE.write_text(written, encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == written, "run this test with --update-golden"


def test_every_rule_names_its_source_with_a_year():
    for name in rules():
        assert re.search(r"\b(18|19|20)\d\d\b", load_rule(text_of(name), f"{name}.gd").doc), name
