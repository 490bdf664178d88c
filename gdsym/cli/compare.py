"""`gdsym compare`: fits of the same data side by side."""

from __future__ import annotations

import click


@click.command(short_help="Compare fits of the same data.")
@click.argument("fits", nargs=-1, type=click.Path(), metavar="FIT.json FIT.json...")
@click.option(
    "--nested",
    is_flag=True,
    help="Test each fit against those with more parameters, also where their models differ: you "
    "know that it is a special case.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def command(fits: tuple[str, ...], nested: bool, as_json: bool) -> None:
    """Compare fits by AIC and BIC (least squares: by s and R^2).

    \b
      gdsym compare full.json without_town.json

    They must have been fitted to the same rows. Where one fit is the other one with parameters
    kept (`--fix`), the likelihood ratio (least squares: F) says whether they matter.
    """
    from gdsym.run import compare

    comparison = compare.compare(fits, nested)
    if as_json:
        import json

        from gdsym.run.fit_file import plain

        click.echo(json.dumps(plain(comparison.to_json())))
        return
    from gdsym.cli._report import show_table

    show_table(compare.table(comparison))
    for line in compare.lines(comparison):
        click.echo(line)
