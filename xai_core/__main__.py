"""``python -m xai_core``: the command line."""

from xai_core.cli import main

if __name__ == "__main__":
    main()
