"""`gdsym trace`: the model of a loss that is written in NumPy."""

from __future__ import annotations

import click

from gdsym.cli._diagnostics import output_format


@click.command(short_help="Write the model of a loss that is written in NumPy.")
@click.argument("function", metavar="FILE.py:FUNCTION")
@click.argument("more", nargs=-1, metavar="[NAME=DIMS]...")
@click.option(
    "--shapes",
    multiple=True,
    metavar="NAME=DIMS...",
    help="The dimensions of the arguments, with their domain if need be: X=n,d 'y=n in {0, 1}'; "
    "k=3 is a size.",
)
@click.option(
    "--params",
    metavar="NAMES",
    help="The arguments that are parameters, or what the flat vector of them holds: 'w=d, b'.",
)
@click.option("--grad", metavar="FUNCTION", help="Its gradient, which becomes claims to check.")
@click.option("-o", "--output", metavar="MODEL.gd", help="Where to write; stdout otherwise.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    metavar="SECONDS",
    help="The time for one call of the function. [5]",
)
@output_format
def command(
    function: str,
    more: tuple[str, ...],
    shapes: tuple[str, ...],
    params: str | None,
    grad: str | None,
    output: str | None,
    timeout: float,
) -> None:
    """Write the model of FUNCTION, a loss in NumPy: what it does with its arguments as a formula.

    \b
      gdsym trace churn.py:loss --shapes X=n,d w=d 'y=n in {0, 1}'
      gdsym trace package.module:loss --shapes X=n,d y=n --params "w=d, b"
      gdsym trace churn.py:loss --grad churn.py:gradient --shapes X=n,d w=d y=n -o churn.gd

    The function is called once with stand-ins that note what is done with them, and then with
    random numbers, which the formula must agree with. Nothing is written otherwise.
    """
    from gdsym.files import check_writable, write_atomically
    from gdsym.gradcheck.trace.front import trace

    if output is not None:
        check_writable(output)
    text = trace(function, [*shapes, *more], params=params, gradient=grad, seconds=timeout)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_atomically(output, text)
