"""A small-GAN studio: train on a folder of pictures, look inside the model, publish it."""

import sys

# Every entry point comes by here before it reads anything that an older Python could not: keep this file that plain.
if sys.version_info < (3, 11):  # noqa: UP036, for people whom nothing else told
    version = ".".join(map(str, sys.version_info[:2]))
    print(f"GAN Studio needs Python 3.11 or 3.12, and this is {version}: see Start in README.md.", file=sys.stderr)
    sys.exit(2)
