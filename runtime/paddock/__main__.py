"""`python -m paddock`: hands over to the command line, or says how to install it."""

import sys

_CLI_PACKAGES = frozenset({"typer", "rich"})


def main() -> None:
    """Run the `paddock` command."""
    try:
        from paddock.cli.main import main as run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _CLI_PACKAGES:
            raise
        sys.exit(f'The command line needs {error.name}: pip install "paddock[cli]"')
    run()


if __name__ == "__main__":
    main()
