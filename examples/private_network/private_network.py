#!/usr/bin/env python3
"""A private network of stock tor on loopback; see --help."""

import sys

from privnet.cli import main

if __name__ == "__main__":
    sys.exit(main())
