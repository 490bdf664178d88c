"""Makes the synthetic data files of this folder, but for ratings.csv: FILES lists them.

    python examples/data/generate.py FOLDER

Draws come from `random.Random(seed).random()`, whose sequence Python promises to keep, through
the inverse normal distribution function, and values are rounded: the files are the same to the
byte on every machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import permutations
from math import exp, sqrt
from pathlib import Path
from random import Random
from statistics import NormalDist


def normals(seed: int) -> Iterator[float]:
    """An endless sequence of standard normal draws."""
    uniform, inverse = Random(seed).random, NormalDist().inv_cdf
    while True:
        yield inverse(max(uniform(), 1e-12))


def lengths() -> str:
    """400 wing lengths in mm of three species, which the file does not name."""
    uniform, draw = Random(1846).random, normals(1894)
    lines = ["length"]
    for _ in range(400):
        u = uniform()
        mean, sd = (20.0, 1.5) if u < 0.5 else (27.0, 2.0) if u < 0.8 else (36.0, 3.0)
        lines.append(f"{mean + sd * next(draw):.3f}")
    return "\n".join(lines) + "\n"


def rents() -> str:
    """300 flats: the rent is linear in the features, with Student-t noise on 3 degrees."""
    uniform, draw = Random(1908).random, normals(1876)
    lines = ["area,age,distance,rent"]
    for _ in range(300):
        area = round(25 + 95 * uniform(), 1)
        age = round(110 * uniform() ** 2)
        distance = round(0.2 + 14 * uniform(), 2)
        chi2 = sum(next(draw) ** 2 for _ in range(3))
        noise = next(draw) / sqrt(chi2 / 3)
        rent = 3.0 + 0.11 * area - 0.015 * age - 0.21 * distance + 0.6 * noise
        lines.append(f"{area},{age},{distance},{rent:.3f}")
    return "\n".join(lines) + "\n"


def poisson(uniform: Callable[[], float], mean: float) -> int:
    """A count: how many uniform numbers multiply to no less than exp(-mean)."""
    count, product = 0, uniform()
    while product > exp(-mean):
        count, product = count + 1, product * uniform()
    return count


def policies() -> str:
    """800 motor policies in force for some years each, with the number of their claims."""
    uniform = Random(1781).random
    lines = ["age,power,town,years,claims"]
    for _ in range(800):
        age, power = round(18 + 62 * uniform()), round(40 + 160 * uniform() ** 2)
        town, years = int(uniform() < 0.4), round(0.1 + 2.9 * uniform(), 2)
        rate = exp(-1.4 - 0.025 * (age - 45) + 0.006 * (power - 90) + 0.45 * town)
        lines.append(f"{age},{power},{town},{years},{poisson(uniform, years * rate)}")
    return "\n".join(lines) + "\n"


def films() -> str:
    """How some of 40 viewers liked some of 25 films: about half of all pairs."""
    uniform, draw = Random(1895).random, normals(1902)
    kind = [next(draw) for _ in range(40)], [next(draw) for _ in range(40)]
    mild = [0.4 * next(draw) for _ in range(40)]
    shade = [next(draw) for _ in range(25)], [next(draw) for _ in range(25)]
    good = [0.5 * next(draw) for _ in range(25)]
    lines = ["viewer,film,stars"]
    for viewer in range(40):
        for film in range(25):
            taste = sum(0.5 * kind[f][viewer] * shade[f][film] for f in (0, 1))
            stars = 6 + mild[viewer] + good[film] + taste + 0.4 * next(draw)
            if uniform() < 0.5:
                lines.append(f"viewer {viewer + 1:02},film {film + 1:02},{stars:.1f}")
    return "\n".join(lines) + "\n"


TEAMS = ("Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Larch", "Maple", "Oak", "Yew")


def matches() -> str:
    """Two seasons in which each of ten teams plays each other at home: who won?"""
    uniform, draw = Random(1952).random, normals(1927)
    strength = {team: 0.8 * next(draw) for team in TEAMS}
    lines = ["home,away,home_won"]
    for home, away in 2 * list(permutations(TEAMS, 2)):
        chance = 1 / (1 + exp(-(0.4 + strength[home] - strength[away])))
        lines.append(f"{home},{away},{int(uniform() < chance)}")
    return "\n".join(lines) + "\n"


# How often a word stands in an honest message and in spam.
WORDS = {
    "meeting": (0.5, 0.05), "report": (0.4, 0.05), "thanks": (0.6, 0.2), "lunch": (0.3, 0.02),
    "project": (0.5, 0.1), "team": (0.4, 0.1), "please": (0.5, 0.5), "today": (0.4, 0.5),
    "free": (0.1, 0.8), "winner": (0.01, 0.4), "offer": (0.1, 0.7), "click": (0.1, 0.6),
    "money": (0.1, 0.5), "now": (0.4, 0.9), "prize": (0.01, 0.3), "account": (0.2, 0.5),
}  # fmt: skip


def messages() -> str:
    """300 messages as counts of sixteen words; two in five are spam."""
    uniform = Random(1978).random
    lines = ["kind," + ",".join(f"n_{word}" for word in WORDS)]
    for _ in range(300):
        spam = uniform() < 0.4
        length = 0.5 + uniform()
        counts = [poisson(uniform, length * rates[spam]) for rates in WORDS.values()]
        lines.append(",".join(["spam" if spam else "honest", *map(str, counts)]))
    return "\n".join(lines) + "\n"


def trajectories() -> str:
    """80 rides of ten steps on a line, where the reward is to be near 0 and slow.

    The driver brakes more often than not, but carelessly. `chance` is the probability with which
    the push was chosen, `gain` the sum of the rewards of this step and all later ones.
    """
    uniform, draw = Random(1957).random, normals(1992)
    lines = ["ride,step,place,speed,push,chance,reward,gain"]
    for ride in range(80):
        place, speed, steps = 1.5 * next(draw), 0.5 * next(draw), []
        for step in range(10):
            back = 0.5 if place + speed > 0 else 0.2
            chances = {"left": back, "none": 0.3, "right": 0.7 - back}
            u = uniform()
            push = "left" if u < back else "none" if u < back + 0.3 else "right"
            seen = f"{place:.3f},{speed:.3f}"
            speed += {"left": -0.4, "none": 0.0, "right": 0.4}[push] + 0.05 * next(draw)
            place += 0.5 * speed
            reward = round(-(place**2) - 0.1 * speed**2, 3)
            steps.append((f"{ride},{step},{seen},{push},{chances[push]:.1f}", reward))
        gain = 0.0
        for i, (text, reward) in reversed(list(enumerate(steps))):
            gain += reward
            steps[i] = f"{text},{reward:.3f},{gain:.3f}", reward
        lines += [text for text, _ in steps]
    return "\n".join(lines) + "\n"


FILES = {
    "films.csv": films,
    "lengths.csv": lengths,
    "matches.csv": matches,
    "messages.csv": messages,
    "policies.csv": policies,
    "rents.csv": rents,
    "trajectories.csv": trajectories,
}

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for name, text in FILES.items():
        (folder / name).write_text(text(), encoding="utf-8", newline="\n")
