"""``python -m csds``: the same as the command ``csds``."""

from csds.cli import main

if __name__ == "__main__":
    main()
