"""The door of the command line: ``fangpin VERB …``. What a verb does stands in `commands`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run one verb and end with its exit code: 0 ok, 2 usage, 3 bad input, 4 refused, 1 a bug of ours."""
    from commands.desk import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
