"""End-to-end benchmarks against stock tor's own client. Importing it makes `privnet` and `traffic`
importable."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / "examples" / "private_network"))
