"""Run hpctc from a bare checkout: ``python cli.py --help``."""

from hpctc.cli import main

if __name__ == "__main__":
    main()
