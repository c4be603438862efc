"""What the end-to-end tests share. Importing it makes `privnet` and `traffic` importable."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "examples" / "private_network"))
