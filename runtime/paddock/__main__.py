"""`python -m paddock` and the `paddock` program: hands over to the command line."""

from paddock.cli.main import main

if __name__ == "__main__":
    main()
