import os
import stat
import sys

import pytest

from gdsym import cache, private
from gdsym.language import parse
from gdsym.recipe import Recipe

TEXT = "data x[n], y[n]\nparam a, b\nloss mean((y - a*x - b)^2)\n"

unix = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes are Unix's")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A cache of the test's own."""
    home = tmp_path / "cache"
    monkeypatch.setenv("GDSYM_CACHE_DIR", str(home))
    return home


@pytest.fixture
def compilations(monkeypatch):
    """The names that were really compiled, in order."""
    import gdsym.compiler

    names = []
    compile_text = gdsym.compiler.compile_text

    def count(text, name, recipe):
        names.append(name)
        return compile_text(text, name, recipe)

    monkeypatch.setattr(gdsym.compiler, "compile_text", count)
    return names


def test_a_module_is_compiled_once(home, compilations):
    first = cache.module_of(TEXT, "line.gd")
    second = cache.module_of(TEXT, "line.gd")

    assert compilations == ["line.gd"]
    assert first.SHA256 == second.SHA256
    assert first.__text__ == second.__text__


def test_other_texts_names_rules_and_schedules_are_other_entries(home, compilations):
    cache.module_of(TEXT, "line.gd")
    cache.module_of(TEXT + "# more\n", "line.gd")
    cache.module_of(TEXT, "other.gd")
    cache.module_of(TEXT, "line.gd", Recipe(update=["adam"]))
    cache.module_of(TEXT, "line.gd", Recipe(update=["adam"], schedules={"lr": "0.1/t"}))
    cache.module_of(TEXT, "line.gd", Recipe(update=["adam"], schedules={"lr": "0.1/t"}))

    assert compilations == ["line.gd", "line.gd", "other.gd", "line.gd", "line.gd"]
    assert len(list(home.glob("*.py"))) == 5


def test_an_edited_rule_file_is_another_entry(home, compilations, tmp_path):
    rule = tmp_path / "mine.gd"
    rule.write_text("optimizer mine(lr = 0.1)\nupdate x = x - lr*g\n")
    first = cache.module_of(TEXT, "line.gd", Recipe(update=[str(rule)]))
    rule.write_text("optimizer mine(lr = 0.2)\nupdate x = x - lr*g\n")
    second = cache.module_of(TEXT, "line.gd", Recipe(update=[str(rule)]))

    assert first.RULES["mine"]["options"] == {"lr": 0.1}
    assert second.RULES["mine"]["options"] == {"lr": 0.2}


@pytest.mark.parametrize("damage", [b"", b"import os\n", b"\xff\xfe"])
def test_a_damaged_entry_is_compiled_anew(home, compilations, damage):
    cache.module_of(TEXT, "line.gd")
    (entry,) = home.glob("*.py")
    whole = entry.read_bytes()
    entry.write_bytes(damage + whole[: len(whole) // 2])

    module = cache.module_of(TEXT, "line.gd")

    assert module.MODEL == "line"
    assert compilations == ["line.gd", "line.gd"]
    assert entry.read_bytes() == whole


@unix
def test_the_directory_is_made_for_its_owner_alone(home):
    assert private.directory() == home
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@unix
def test_entries_are_private_whatever_the_mask_of_the_user(home):
    mask = os.umask(0)
    try:
        cache.module_of(TEXT, "line.gd")
    finally:
        os.umask(mask)

    (entry,) = home.glob("*.py")
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600


@unix
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_directory_that_others_can_write_is_not_used(home, mode):
    home.mkdir()
    home.chmod(mode)

    module = cache.module_of(TEXT, "line.gd")

    assert module.MODEL == "line"
    assert list(home.iterdir()) == []


@unix
def test_a_directory_of_somebody_else_is_not_used(home, monkeypatch):
    home.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: home.stat().st_uid + 1)

    assert private.directory() is None


def test_a_place_that_cannot_be_a_directory_is_not_used(home):
    home.write_text("a file")

    assert cache.module_of(TEXT, "line.gd").MODEL == "line"


def test_the_oldest_entries_make_room(home, monkeypatch):
    monkeypatch.setattr(cache, "_MAX_ENTRIES", 2)
    home.mkdir(mode=0o700)
    for age, name in enumerate(["new.py", "older.py", "oldest.py"]):
        (home / name).write_text("")
        os.utime(home / name, (1_000_000 - age, 1_000_000 - age))

    cache.module_of(TEXT, "line.gd")

    left = {path.name for path in home.glob("*.py")}
    assert "new.py" in left
    assert len(left) == 2


def test_the_text_is_that_of_the_module_and_as_well_kept(home, compilations):
    text = cache.text_of(TEXT, "line.gd")

    assert cache.module_of(TEXT, "line.gd").__text__ == text
    assert compilations == ["line.gd"]


@pytest.fixture
def parser(home):
    """Makes the parser of the grammar anew, as a process that begins does."""
    yield lambda: parse._lark.__wrapped__()
    parse._lark.cache_clear()


def parsed(made):
    return repr(made.parse("let z = X @ w + b", start="statement"))


def test_the_tables_of_the_parser_are_kept(home, parser, monkeypatch):
    first = parser()
    monkeypatch.setattr(parse, "_made", lambda *_: pytest.fail("made anew"))
    second = parser()

    assert [path.name for path in home.iterdir()] == ["grammar.tables"]
    assert parsed(first) == parsed(second)


def test_tables_of_another_grammar_are_not_used(home, parser, monkeypatch):
    parser()
    text = parse.grammar_text()
    monkeypatch.setattr(parse, "grammar_text", lambda: text.replace('"@"', '"@@"'))

    assert parser().parse("let z = X @@ w", start="statement")


@pytest.mark.parametrize("damage", [b"", b"\x80\x04garbage"])
def test_damaged_tables_are_made_anew(home, parser, damage):
    first = parser()
    (tables,) = home.iterdir()
    whole = tables.read_bytes()
    tables.write_bytes(damage + whole[: len(whole) // 2])

    assert parsed(parser()) == parsed(first)
    assert private.read(tables) is not None
