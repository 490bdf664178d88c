"""`python -m gdsym` is the `gdsym` command."""

from gdsym.cli import main

if __name__ == "__main__":
    main()
