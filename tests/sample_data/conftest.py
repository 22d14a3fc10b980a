"""Lets the tests import the sample shop's scripts, which are run as files and are no package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "sample_data"))
