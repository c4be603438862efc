#!/usr/bin/env python3
"""End-to-end benchmarks against stock tor's own client; run.py --help tells how."""

import sys

from e2ebench.cli import main

if __name__ == "__main__":
    sys.exit(main())
