"""The tables of `docs/methods.md` are those of the methods and rules that ship.

`--update-golden` writes them anew after one has changed or a new one has come.
"""

import re
from pathlib import Path

from gdsym.language.constants import shown
from gdsym.language.optimizer import load_rule
from gdsym.optimizers import method, methods, needs, rule_path, rules
from gdsym.optimizers._options import own_options

PAGE = Path(__file__).parents[1] / "docs/methods.md"


def text_of(name):
    return rule_path(name).read_text(encoding="utf-8")


def statements(name):
    """The states that do not begin at 0, then lets and updates, as the file writes them."""
    found = re.findall(r"^(state|let|update)\s+(.*)", text_of(name), re.M)
    kept = (code for word, code in found if word != "state" or not code.endswith("= 0"))
    return [code.replace(" scalar", "").strip() for code in kept]


def method_table():
    rows = ["", "| method | needs | options |", "| --- | --- | --- |"]
    for name in methods():
        options = "<br>".join(f"`{o} = {v:g}`" for o, v in own_options(method(name)).items())
        wanted = ", ".join(f"`{need}`" for need in needs(name)) or "the gradient"
        rows.append(f"| [`{name}`](../gdsym/optimizers/{name}.py) | {wanted} | {options} |")
    return "\n".join([*rows, "", ""])


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
    tables = {"methods": method_table(), "rules": rule_table(), "variants": variants()}
    for word, table in tables.items():
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


def test_every_method_has_a_section_with_its_options_and_a_source_with_a_year():
    page = PAGE.read_text(encoding="utf-8")
    for name in methods():
        section = re.search(rf"^### {name}\n(.*?)(?=^##)", page, re.DOTALL | re.MULTILINE)
        assert section is not None, name
        assert re.search(r"\b(18|19|20)\d\d\b", section[1]), name
        for option in own_options(method(name)):
            assert f"`{option}`" in section[1], (name, option)
