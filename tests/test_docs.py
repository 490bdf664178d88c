"""Every code block of the README and of `docs/` is run, and what it shows is what comes out.

A page's blocks run in order, in one directory. `sh` blocks are run by bash. `python` blocks share
one namespace. A `text` block directly after one of them is what that block prints, stderr first,
where `...` stands for anything. `gd` blocks are compiled. More can be said after the language:

- a file name: the block is part of that file, which is written if it is not there yet;
- `gdsym compile MODEL`: the block is part of what this command prints;
- `exit 2`: the block ends with this exit code.
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import gdsym

ROOT = Path(__file__).parents[1]
ELSEWHERE = "extending"  # tried on a copy of the package, in test_docs_extending
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = [page for page in PAGES if page.stem != ELSEWHERE]
FENCE = re.compile(r"^```(\{\w+\}|\w*)[ \t]*([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    language: str
    info: str
    text: str
    line: int
    follows: bool  # nothing but a blank line lies between this block and the one before


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found, end = [], 0
    for match in FENCE.finditer(text):
        follows = not text[end : match.start()].strip() and bool(found)
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(match[1], match[2].strip(), match[3], line, follows))
        end = match.end()
    return found


def run_sh(script: str, where: str, code: int = 0) -> str:
    """What a script prints, stderr before stdout as a reader sees it, with `gdsym` on the path."""
    answer = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True
    )
    assert answer.returncode == code, f"{where}: exit {answer.returncode}\n{answer.stderr}"
    return answer.stderr + answer.stdout


def run_python(block: Block, page: Path, names: dict[str, object]) -> str:
    out = io.StringIO()
    code = compile("\n" * block.line + block.text, str(page), "exec")
    with contextlib.redirect_stdout(out):
        exec(code, names)
    return out.getvalue()


def matches(shown: str, printed: str) -> bool:
    pattern = r".*?".join(re.escape(part) for part in shown.strip().split("..."))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A directory like a fresh clone, with what pages may read."""
    for folder in ("examples", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, module in (("gdsym", "-m gdsym"), ("python", ""), ("python3", "")):
        (programs / name).write_text(
            f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {module} "$@"\n'
        )
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs_and_prints_what_the_page_shows(page, workplace):
    names: dict[str, object] = {"__name__": "page"}
    printed = ""
    for block in blocks(page):
        where = f"{page.name}:{block.line}"
        if block.info.startswith("gdsym compile "):
            assert block.text in run_sh(block.info, where), where
        elif block.info and not block.info.startswith("exit "):
            file = workplace / block.info
            if not file.exists():
                file.write_text(block.text, encoding="utf-8")
            assert block.text in file.read_text(encoding="utf-8"), where
        elif block.language == "sh" and "pytest" not in block.text:
            script = block.text.rpartition("&& .venv/bin/")[2]
            printed = run_sh(script, where, int(block.info.removeprefix("exit ") or 0))
        elif block.language == "python":
            printed = run_python(block, page, names)
        elif block.language == "gd":
            gdsym.compile(block.text)
        elif block.language == "text" and block.follows:
            assert matches(block.text, printed), f"{where} shows\n{block.text}\nnot\n{printed}"


def test_a_code_block_names_its_language():
    unnamed = [
        f"{page.name}:{block.line}"
        for page in [*PAGES, ROOT / "CONTRIBUTING.md"]
        for block in blocks(page)
        if not block.language
    ]

    assert unnamed == []


def test_the_readme_leads_to_every_page():
    linked = set(re.findall(r"\(docs/([\w-]+)\.md\)", PAGES[0].read_text(encoding="utf-8")))

    assert sorted(linked | {"examples"}) == sorted(page.stem for page in PAGES[1:])


def test_sphinx_makes_web_pages_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]

    done = subprocess.run(
        [*command, "-d", tmp_path / "doctrees", ROOT / "docs", tmp_path / "html"],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    made = {path.stem for path in (tmp_path / "html").glob("*.html")}
    assert {page.stem for page in PAGES[1:]} <= made


def readme_commands() -> list[str]:
    return [block.text for block in blocks(ROOT / "README.md") if block.language == "sh"]


def test_the_first_two_commands_of_the_readme_are_one_line_each_and_stand_alone():
    first, second = readme_commands()[:2]

    assert first.count("\n") == second.count("\n") == 1
    assert first.startswith("python3 -m venv ")
    assert second.startswith("python3 -m venv ")
    assert "gdsym fit examples/" in first
    assert "pytest" in second
