"""A plot of ratios as SVG: a row per case, a dot per peer, on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from math import log2

# Dark enough on white, and told apart by people who see few colours (Okabe and Ito, 2008, and two
# of Tol, 2021). A peer has the same colour in every plot, and no two of one plot share theirs.
COLOURS = {
    **dict.fromkeys(("NumPy", "NumPy and SciPy"), "#000000"),
    **dict.fromkeys(("NumPy, BLAS threads", "SciPy, our gradient"), "#e69f00"),
    **dict.fromkeys(("JAX", "jaxopt", "JAX and jaxopt"), "#0072b2"),
    **dict.fromkeys(("JAX, scan", "statsmodels"), "#999933"),
    **dict.fromkeys(("JAX and optax, scan", "genosolver, our gradient"), "#882255"),
    "PyTorch": "#d55e00",
    "numba": "#009e73",
    "numba, threads": "#cc79a7",
    "scikit-learn": "#56b4e9",
}
ANOTHER = "#777777"
LEFT, RIGHT, TOP, ROW = 230, 30, 44, 22
WIDTH, KEYS = 760, 3  # names in a line of the key
LOWEST, HIGHEST = 0.25, 32.0  # what lies beyond is drawn at the edge


def dots(title: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    """`rows`: for each case the ratio of each peer."""
    peers = list(dict.fromkeys(peer for ratios in rows.values() for peer in ratios))
    colours = {peer: COLOURS.get(peer, ANOTHER) for peer in peers}
    bottom = TOP + ROW * len(rows)
    height = bottom + 30 + 18 * (-(-len(peers) // KEYS))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="16">{escape(title)}</text>',
        *_grid(bottom),
    ]
    for row, (case, ratios) in enumerate(rows.items()):
        y = TOP + ROW * row + ROW // 2
        parts.append(f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(case)}</text>')
        parts += [
            f'<circle cx="{_x(ratio):.0f}" cy="{y}" r="4" fill="{colours[peer]}" '
            f'fill-opacity="0.8"><title>{escape(peer)} {ratio:.2f}</title></circle>'
            for peer, ratio in ratios.items()
        ]
    parts += _key(colours, bottom + 24)
    return "\n".join([*parts, "</svg>", ""])


def _x(ratio: float) -> float:
    share = log2(min(max(ratio, LOWEST), HIGHEST) / LOWEST) / log2(HIGHEST / LOWEST)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _grid(bottom: int) -> list[str]:
    lines, at = [], LOWEST
    while at <= HIGHEST:
        x, colour = f"{_x(at):.0f}", "#c00000" if at == 1 else "#dddddd"
        lines.append(f'<path d="M{x} {TOP}V{bottom}" stroke="{colour}"/>')
        mark = {LOWEST: "\u2264 ", HIGHEST: "\u2265 "}.get(at, "")
        lines.append(f'<text x="{x}" y="{TOP - 8}" text-anchor="middle">{mark}{at:g}</text>')
        at *= 2
    return lines


def _key(colours: Mapping[str, str], top: int) -> list[str]:
    lines = []
    for i, (peer, colour) in enumerate(colours.items()):
        x, y = 30 + (WIDTH - 30) // KEYS * (i % KEYS), top + 18 * (i // KEYS)
        lines.append(f'<circle cx="{x}" cy="{y - 4}" r="4" fill="{colour}"/>')
        lines.append(f'<text x="{x + 10}" y="{y}">{escape(peer)}</text>')
    return lines
