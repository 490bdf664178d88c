"""The `gdsym` command: one file of this folder per command, and what all of them share.

A file `NAME.py` holds the click command `command` and is thereby `gdsym NAME`. Such a file imports
only click at its top, so that `gdsym --help` starts at once. Results go to stdout, everything else
to stderr.
"""

from __future__ import annotations

import errno
import gc
import os
import pkgutil
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from gdsym import __version__
from gdsym.cli._diagnostics import Finding, chosen, echo, findings_of, tell
from gdsym.errors import Diagnostic, GdsymError, Span, did_you_mean

# Exit codes besides those of `GdsymError` (2: could not be done) and of a fit's status (0, or 1
# where the answer is bad), which commands return.
OK = 0
COULD_NOT = 2
DEFECT = 70  # of gdsym: EX_SOFTWARE of sysexits.h
INTERRUPTED = 130  # Ctrl-C: 128 + SIGINT
COMPLETION = "_GDSYM_COMPLETE"  # set by the scripts of `gdsym completion`
BROKEN_PIPE = 141  # the reader of stdout went away: 128 + SIGPIPE


class Commands(click.Group):
    """The commands are the files of this folder; each is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in pkgutil.iter_modules(__path__))
        return sorted(name for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"gdsym.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            if args[0].endswith(".gd"):
                mend = f"`gdsym fit {args[0]} DATA`?"
            else:
                mend = did_you_mean(args[0], known) or f"there are {', '.join(known)}"
            raise click.UsageError(f"there is no command `{args[0]}`; {mend}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 99},
    epilog="Exit codes: 0 done; 1 done, but the answer is bad (stopped, diverged, stale, "
    "findings); 2 could not be done; 130 interrupted.",
)
@click.version_option(__version__, message="gdsym %(version)s")
def gdsym() -> None:
    """Compiles a loss function written as a formula, and fits it."""


def main() -> None:
    """The entry point."""
    if instruction := os.environ.get(COMPLETION):
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(gdsym, {}, "gdsym", COMPLETION, instruction))
    # By default every 700 new objects: a start makes a hundred thousand, and hardly any garbage.
    gc.set_threshold(20_000)
    # A stream that was closed before we began (`>&-`) is None.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:
        # `run` has told it; Python flushes once more on its way out and would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code; every error is printed here."""
    context = None
    try:
        # Not `gdsym.main`: it would answer a broken pipe itself, with exit code 1.
        with gdsym.make_context("gdsym", list(arguments)) as context:
            code = gdsym.invoke(context)
        sys.stdout.flush()
        return code if isinstance(code, int) else OK
    except click.exceptions.Exit as exit:  # after --help and --version
        return exit.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return COULD_NOT
    except click.ClickException as error:
        return _misused(error, context)
    except GdsymError as error:
        tell(findings_of(error), chosen(context), err=True)
        return error.exit_code
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except MemoryError:
        _complain("there is not enough memory for this model and these data")
        return COULD_NOT
    except OSError as error:
        return _refused(error)
    except Exception as error:
        return _defect(error)


def _misused(error: click.ClickException, context: click.Context | None) -> int:
    """The exit code for a command line that click itself refuses."""
    place = getattr(error, "ctx", None) or context
    mend = f"`{place.command_path} --help` lists the options" if place is not None else ""
    message = error.format_message()
    if isinstance(error, click.NoSuchOption):  # versions of click word it differently
        options = [option for p in place.command.params for option in p.opts] if place else []
        near = did_you_mean(error.option_name, [*options, "--help"])
        message = f"No such option '{error.option_name}'" + (f"; {near}" if near else "")
    diagnostic = Diagnostic("usage", message, Span(0, 0), help=mend)
    tell([Finding(diagnostic)], chosen(place), err=True)
    return COULD_NOT


def _refused(error: OSError) -> int:
    """The exit code for what the system refused."""
    if isinstance(error, BrokenPipeError):
        return BROKEN_PIPE
    # A write that names no file is one to standard output: files are written by `gdsym.files`.
    nowhere = "cannot write to standard output: " if error.errno == errno.ENOSPC else ""
    place = f"{error.filename}: " if error.filename else nowhere
    _complain(f"{place}{error.strerror or error}")
    return COULD_NOT


def _complain(message: str) -> None:
    echo(f"error: {message}", sys.stderr)


def _defect(error: Exception) -> int:
    if os.environ.get("GDSYM_DEBUG"):
        import traceback

        traceback.print_exception(error)
    click.echo(
        f"{type(error).__name__}: {str(error)[:500]}\n"
        f"this is a defect of gdsym {__version__}: please report it with model and command\n"
        "help: with GDSYM_DEBUG=1 in the environment the traceback is shown",
        err=True,
    )
    return DEFECT
