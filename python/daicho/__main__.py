"""`python -m daicho` is the `daicho` command."""

from daicho.cli import main

if __name__ == "__main__":
    main()
