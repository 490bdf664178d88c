"""What each argument of a function is: data, a parameter or a constant, with its dimensions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gdsym.errors import SourceError, UsageError, did_you_mean
from gdsym.language.check import load_model
from gdsym.tracing.graph import Input, Task

# The sizes that dimensions have while a function is traced: like no number that stands in code.
SIZES = (23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109)

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
ENTRY = re.compile(
    rf"\s*(?P<name>{NAME})\s*"
    r"(?:=\s*\((?P<round>[^()]*)\)|=\s*(?P<plain>[^\s,<>=]+(?:,[^\s,<>=]+)*)|\[(?P<square>[^\]]*)\])?"
    r"\s*(?P<domain>(?:in\b|[<>]).*)?\s*",
    re.DOTALL,
)
ONE = "1"  # an axis of length 1, as column vectors have: `y=n,1`
EXAMPLE = "such as X=n,d, 'y=n in {0, 1}' or k=3"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of --shapes or --params: `y=n in {0, 1}`."""

    name: str
    dims: tuple[str, ...] = ()
    domain: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """What the model will say of a name. `sizes`: of those of its dimensions that have one.
    `shape`: its dimensions with those of length 1."""

    name: str
    shape: tuple[str, ...]
    role: str
    domain: str = ""
    value: float | None = None
    sizes: dict[str, int] = field(default_factory=dict)

    @property
    def dims(self) -> tuple[str, ...]:
        return tuple(dim for dim in self.shape if dim != ONE)


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of the function. `default` is None where it has none that is a number, `left`
    where it keeps a default that is no number."""

    name: str
    default: float | None = None
    left: bool = False


@dataclass(frozen=True, slots=True)
class Roles:
    """`declared` in the order of the arguments, and what they mean to the process that traces."""

    declared: tuple[Declared, ...]
    task: Task


Given = str | Iterable[str] | Mapping[str, Any]


def entries(given: Given, option: str) -> list[Entry]:
    """What --shapes or --params says: a text, texts, or a mapping from names to dimensions."""
    if isinstance(given, Mapping):
        texts = [
            f"{name}={_text(value)}" if value != () else name for name, value in given.items()
        ]
    elif isinstance(given, str):
        texts = [given]
    else:
        texts = list(given)
    found = [_entry(part, option) for text in texts for part in _split(text)]
    names = [entry.name for entry in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{option}: `{name}` is given twice")
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str | int) else ",".join(map(str, value))  # type: ignore[return-value]


def _split(text: str) -> list[str]:
    """`w=d, b`, `X=n,d y=n`: at a comma with a space behind it, and before `name=`."""
    if re.fullmatch(rf"\s*{NAME}(\s*,\s*{NAME})*\s*", text):
        return [name.strip() for name in text.split(",")]
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth:
            continue
        comma = character == "," and text[at + 1 : at + 2].isspace()
        begins = character.isspace() and re.match(rf"{NAME}\s*(=(?!=)|\[)", text[at + 1 :])
        if begins and text[start:at].split()[-1:] == ["in"]:
            continue  # `in simplex[k]`
        if comma or begins:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def _entry(text: str, option: str) -> Entry:
    match = ENTRY.fullmatch(text)
    if match is None:
        raise UsageError(f"{option} {text}: a name and its dimensions were expected, {EXAMPLE}")
    listed = next((match[k] for k in ("round", "plain", "square") if match[k] is not None), "")
    dims = tuple(dim.strip() for dim in listed.split(",") if dim.strip())
    domain = f" {match['domain'].strip()}" if match["domain"] else ""
    if len(dims) == 1 and dims[0].isdigit():
        return Entry(match["name"], (), domain, int(dims[0]))
    for dim in dims:
        if dim == ONE:
            continue
        if dim.isdigit():
            mend = f"give it a name and a size: {match['name']}={listed.replace(dim, 'k')} k={dim}"
            raise UsageError(f"{option} {text}: a dimension has a name\nhelp: {mend}")
        if not re.fullmatch(NAME, dim):
            raise UsageError(f"{option} {text}: `{dim}` is no name of a dimension; {EXAMPLE}")
    if any(dims.count(dim) > 2 for dim in dims if dim != ONE):
        raise UsageError(f"{option} {text}: a dimension stands at most twice")
    return Entry(match["name"], dims, domain)


@dataclass(frozen=True, slots=True)
class Said:
    """What --shapes and --params say: arrays and parameters by name, `sizes` of dimensions.

    `told`: there are --params. `outside`: variables of the module that are data. `flat`: the
    argument that is the vector of the `pieces`, "" where none is.
    """

    shaped: dict[str, Entry]
    chosen: dict[str, Entry]
    sizes: dict[str, int]
    told: bool
    outside: tuple[str, ...]
    pieces: tuple[str, ...]
    flat: str

    def parts(self, argument: str) -> tuple[str, ...]:
        """What an argument holds."""
        return self.pieces if argument == self.flat else (argument,)


def roles(
    function: str,
    arguments: Sequence[Parameter],
    variables: Sequence[str],
    shapes: Given,
    params: Given | None,
) -> Roles:
    """Decides what each argument is. `variables`: those of the function's module, which may be
    data, too. Raises UsageError where that cannot be told."""
    said = _said(function, arguments, variables, shapes, params)
    rows = _rows(said.shaped.values(), said.sizes)
    by_argument = {a.name: _of_argument(a, said, rows) for a in arguments}
    by_argument |= {name: _of_argument(Parameter(name), said, rows) for name in said.outside}
    declared = [entry for found in by_argument.values() for entry in found]
    declared = _with_parameters(function, declared, said.told)
    declared = [replace(d, sizes=_own(d.dims, said.sizes)) for d in declared]
    _check_dims(declared, said.sizes)
    _check_domains(declared)
    held = [(a.name, said.parts(a.name)) for a in arguments if by_argument[a.name]]
    return Roles(tuple(declared), _task(declared, held, said.outside, said.flat, said.sizes))


def _said(
    function: str,
    arguments: Sequence[Parameter],
    variables: Sequence[str],
    shapes: Given,
    params: Given | None,
) -> Said:
    listed = {entry.name: entry for entry in entries(shapes, "--shapes")}
    chosen = {} if params is None else {e.name: e for e in entries(params, "--params")}
    names = [argument.name for argument in arguments]
    both = [*listed.items(), *chosen.items()]
    sizes = {n: e.size for n, e in both if e.size is not None and n not in names}
    shaped = {n: e for n, e in listed.items() if n not in sizes}
    outside = tuple(n for n in shaped if n in variables and n not in names)
    pieces = tuple(n for n in chosen if n not in names and n not in sizes)
    _check_names(function, [*names, *outside], shaped, pieces)
    flat = _flat(function, arguments, shaped, chosen, pieces) if pieces else ""
    return Said(shaped, chosen, sizes, params is not None, outside, pieces, flat)


def _of_argument(argument: Parameter, said: Said, rows: str) -> list[Declared]:
    """What stands for an argument: nothing for one that keeps a default which is no number."""
    shape = said.shaped.get(argument.name)
    chosen = [said.chosen[name] for name in said.parts(argument.name) if name in said.chosen]
    if chosen:
        return [_param(entry, shape) for entry in chosen]
    if shape is None and argument.left:
        return []
    return [_declared(argument, shape, said.told, rows)]


def of_gradient(function: str, arguments: Sequence[Parameter], found: Roles) -> Task:
    """What the arguments of a gradient are: it has those of the loss, or some of them."""
    held = dict(found.task.arguments)
    own: list[tuple[str, tuple[str, ...]]] = []
    flat = ""
    for argument in arguments:
        if argument.name in held:
            flat = argument.name if argument.name == found.task.flat else flat
            own.append((argument.name, held[argument.name]))
        elif found.task.flat and not flat and argument.default is None and not argument.left:
            flat = argument.name
            own.append((flat, held[found.task.flat]))
        elif argument.default is None and not argument.left:
            mend = did_you_mean(argument.name, held) or f"that has {', '.join(held)}"
            raise UsageError(
                f"{function} wants an argument `{argument.name}`, which the loss does not have\n"
                f"help: {mend}"
            )
    return replace(found.task, arguments=tuple(own), flat=flat, gradient=True)


def _own(dims: Sequence[str], sizes: Mapping[str, int | None]) -> dict[str, int]:
    return {dim: size for dim in dims if (size := sizes.get(dim)) is not None}


def _check_names(
    function: str, names: Sequence[str], shaped: Mapping[str, Entry], pieces: Sequence[str]
) -> None:
    for name in shaped:
        if name not in names:
            mend = did_you_mean(name, names) or f"it has {', '.join(names) or 'none'}"
            raise UsageError(f"{function} has no argument `{name}`\nhelp: {mend}")
    if len(pieces) == 1 and (near := did_you_mean(pieces[0], names)):
        raise UsageError(f"{function} has no argument `{pieces[0]}`\nhelp: {near}")


def _flat(
    function: str,
    arguments: Sequence[Parameter],
    shaped: Mapping[str, Entry],
    chosen: Mapping[str, Entry],
    pieces: Sequence[str],
) -> str:
    """The argument that is the vector of the pieces: the first that nothing else is said of."""
    free = [
        a.name
        for a in arguments
        if a.name not in shaped and a.name not in chosen and a.default is None and not a.left
    ]
    if not free:
        listed = ", ".join(pieces)
        raise UsageError(
            f"{function} has no argument for the vector of {listed}: all others have a shape\n"
            "help: leave the vector out of --shapes"
        )
    return free[0]


def _rows(shapes: Iterable[Entry], sizes: Mapping[str, Any]) -> str:
    """The dimension of the rows: of any size, first in every array that has it, and in most."""
    arrays = [tuple(d for d in entry.dims if d != ONE) for entry in shapes if entry.dims]
    arrays = [dims for dims in arrays if dims]
    counts: dict[str, int] = {}
    for dims in arrays:
        counts[dims[0]] = counts.get(dims[0], 0) + (dims[0] not in sizes)
    first = {d: c for d, c in counts.items() if c and all(d not in dims[1:] for dims in arrays)}
    return max(first, key=lambda dim: first[dim]) if first else ""


def _param(entry: Entry, shape: Entry | None) -> Declared:
    """A parameter; its dimensions may stand in --shapes."""
    dims = entry.dims or (shape.dims if shape else ())
    return Declared(entry.name, dims, "param", entry.domain or (shape.domain if shape else ""))


def _declared(argument: Parameter, shape: Entry | None, told: bool, rows: str) -> Declared:
    """An argument that --params does not name; `told` where there are --params."""
    dims, domain = (shape.dims, shape.domain) if shape else ((), "")
    if argument.default is not None and not dims:
        return Declared(argument.name, (), "const", domain, argument.default)
    if told:
        return Declared(argument.name, dims, "data" if dims else "const", domain)
    return Declared(argument.name, dims, "data" if rows and rows in dims else "param", domain)


def _check_domains(declared: Sequence[Declared]) -> None:
    """Raises for what the language does not take as a domain."""
    for entry in declared:
        if not entry.domain:
            continue
        sizes = "".join(f"dim {dim} = 2\n" for dim in dict.fromkeys(entry.dims))
        dims = f"[{', '.join(entry.dims)}]" if entry.dims else ""
        value = " = 1" if entry.role == "const" and entry.value is not None else ""
        text = f"{sizes}{entry.role} {entry.name}{dims}{entry.domain}{value}\n"
        try:
            load_model(f"{text}param {entry.name}_\nloss {entry.name}_^2\n", "domain")
        except SourceError as error:
            found = error.diagnostics[0]
            mend = f"\nhelp: {found.help}" if found.help else ""
            what = f"--shapes {entry.name}{dims}{entry.domain}"
            raise UsageError(f"{what}: {found.message}{mend}") from None


def _with_parameters(function: str, declared: Sequence[Declared], told: bool) -> list[Declared]:
    """Where all arguments looked like data: the only one is the parameter."""
    if any(entry.role == "param" for entry in declared):
        return list(declared)
    if len(declared) == 1 and not told:
        return [replace(declared[0], role="param")]
    names = ", ".join(entry.name for entry in declared)
    raise UsageError(
        f"which arguments of {function} are parameters? All of {names or 'them'} look like data\n"
        f"help: say it, such as --params {declared[0].name if declared else 'w'}"
    )


def _check_dims(declared: Sequence[Declared], sizes: Mapping[str, int | None]) -> None:
    names = {entry.name for entry in declared}
    dims = {dim for entry in declared for dim in entry.dims}
    for dim in sorted({*dims, *sizes} & names):
        raise UsageError(f"`{dim}` is an argument, and cannot be the name of a dimension, too")
    for dim in sizes:
        if dim not in dims:
            mend = did_you_mean(dim, dims | names) or f"there are {', '.join(sorted(dims))}"
            raise UsageError(f"no argument has a dimension `{dim}`\nhelp: {mend}")


def _task(
    declared: Sequence[Declared],
    held: Sequence[tuple[str, tuple[str, ...]]],
    outside: Sequence[str],
    flat: str,
    sizes: dict[str, int],
) -> Task:
    free = iter(size for size in SIZES if size not in sizes.values())
    own = dict(sizes)
    for entry in declared:
        for dim in entry.dims:
            if dim not in own:
                own[dim] = next(free)
    inputs = tuple(Input(e.name, e.shape, e.role) for e in declared)
    return Task(inputs, tuple(held), tuple(outside), flat, own, frozenset(sizes))
