"""A loss and its gradient as one recording: what both compute is computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gdsym.tracing.graph import Literal, Node, Recording


def merged(loss: Recording, gradient: Recording) -> Recording:
    """The operations of the loss, those that only the gradient has, and the results of both."""
    nodes = list(loss.nodes)
    known = {_key(node): i for i, node in reversed(list(enumerate(nodes)))}
    literals, renamed = _literals(loss, gradient)
    places: list[int] = []
    for node in gradient.nodes:
        detail = renamed.get(node.detail, node.detail) if node.op == "const" else node.detail
        own = replace(node, args=tuple(places[arg] for arg in node.args), detail=detail)
        place = known.setdefault(_key(own), len(nodes))
        if place == len(nodes):
            nodes.append(own)
        places.append(place)
    return Recording(
        tuple(nodes),
        (*loss.results, *((name, places[i], axes) for name, i, axes in gradient.results)),
        _names(gradient.names, places) | loss.names,
        _names(gradient.hints, places) | loss.hints,
        {places[i]: axes for i, axes in gradient.orders.items()} | loss.orders,
        gradient.categories | loss.categories,
        literals,
    )


def _key(node: Node) -> str:
    """Operations with equal keys have equal values."""
    return repr((node.op, node.args, node.axes, node.detail))


def _names(names: Mapping[int, str], places: list[int]) -> dict[int, str]:
    return {places[i]: name for i, name in sorted(names.items(), reverse=True)}


def _literals(loss: Recording, gradient: Recording) -> tuple[tuple[Literal, ...], dict[str, str]]:
    """The lists of numbers of both; other numbers of the same name get another one."""
    found = {literal.name: literal for literal in loss.literals}
    renamed: dict[str, str] = {}
    for literal in gradient.literals:
        name = literal.name
        while name in found and found[name].values != literal.values:
            name += "_"
        renamed[literal.name] = name
        found[name] = replace(literal, name=name)
    return tuple(found.values()), renamed
