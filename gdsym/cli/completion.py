"""`gdsym completion`: the script that completes commands, options and files in a shell."""

from __future__ import annotations

import click


@click.command(short_help="Print the completion script of a shell.")
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes commands, options and files in SHELL.

    \b
      eval "$(gdsym completion bash)"                           in ~/.bashrc
      eval "$(gdsym completion zsh)"                            in ~/.zshrc
      gdsym completion fish > ~/.config/fish/completions/gdsym.fish
    """
    from click.shell_completion import get_completion_class

    from gdsym.cli import COMPLETION, gdsym

    completer = get_completion_class(shell)
    assert completer is not None
    click.echo(completer(gdsym, {}, "gdsym", COMPLETION).source())
