"""Long products of arrays: what two of them have in common is multiplied once.

Reverse mode spells each adjoint out as a product, so that the rules of stability see what cancels.
Where they have seen it, a chain of n steps is left with products that differ by a factor each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush
from itertools import combinations

from gdsym.calculus.build import HAZARDS
from gdsym.calculus.program import Graph, Map, Node, Program, reachable

# Products of fewer arrays stay as they are written; of more there are too many pairs to count.
FEWEST, MOST = 3, 40
# What may cancel with a factor of a second derivative stays free.
FREE = HAZARDS | {"where", "sigmoid", "share", "other_share"}

Pair = tuple[int, int]


def with_shared_products(program: Program) -> Program:
    """The program whose gradients multiply once what several of their long products contain."""
    at = shared(program.graph, program.grads.values())
    return replace(program, grads={name: at[node] for name, node in program.grads.items()})


def shared(graph: Graph, roots: Iterable[Node]) -> dict[Node, Node]:
    """Images of the roots and of all that they read, in the same graph."""
    order = reachable(roots)
    held = {node: arrays for node in order if FEWEST <= len(arrays := _arrays(node)) <= MOST}
    if len(held) < 2:
        return {node: node for node in order}
    first = len(graph)  # numbers from here on are pairs, below it nodes
    pairs, left = _common([[node.id for node in arrays] for arrays in held.values()], first)
    parts = dict(zip(held, left, strict=True))
    nodes = {node.id: node for node in order}
    at: dict[Node, Node] = {}

    def image(number: int) -> Node:
        if number < first:
            return at[nodes[number]]
        product = graph.mul(*map(image, pairs[number - first]))
        graph.named.add(product)
        return product

    for node in order:
        if node in parts:
            assert isinstance(node, Map)
            rest = [at[arg] for arg in node.args if arg not in held[node]]
            at[node] = graph.mul(*rest, *map(image, parts[node]))
        else:
            at[node] = graph.copied(node, at)
        if node in graph.named:
            graph.named.add(at[node])
    return at


def _arrays(node: Node) -> list[Node]:
    """The factors of a product that go over all of its entries, and with which nothing cancels."""
    if not isinstance(node, Map) or node.op != "mul" or not node.axes:
        return []
    return [
        arg
        for arg in node.args
        if arg.axes == node.axes and not (isinstance(arg, Map) and arg.op in FREE)
    ]


def _common(products: list[list[int]], first: int) -> tuple[list[Pair], Sequence[Sequence[int]]]:
    """Pairs of factors, each the most frequent when it is taken, as numbers from `first` on; and
    the products in terms of them."""
    holders: dict[Pair, set[int]] = {}
    for place, factors in enumerate(products):
        for pair in combinations(factors, 2):
            holders.setdefault(pair, set()).add(place)
    queue = [(-len(places), pair) for pair, places in holders.items() if len(places) > 1]
    heapify(queue)
    pairs: list[Pair] = []
    while queue:
        count, pair = heappop(queue)
        places = holders[pair]
        if len(places) < -count:
            if len(places) > 1:
                heappush(queue, (-len(places), pair))
            continue
        number = first + len(pairs)
        pairs.append(pair)
        new: dict[Pair, None] = {}
        for place in sorted(places):
            for old in combinations(products[place], 2):
                holders[old].discard(place)
            products[place] = [n for n in products[place] if n not in pair] + [number]
            for made in combinations(products[place], 2):
                holders.setdefault(made, set()).add(place)
                new[made] = None
        for made in new:
            if made[1] == number and len(holders[made]) > 1:
                heappush(queue, (-len(holders[made]), made))
    return pairs, products
