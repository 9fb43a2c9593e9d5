"""The number that repeats a run of the tests."""

from __future__ import annotations

import os
import secrets

# In the environment, so that all workers of a run share it.
SEED = int(os.environ.setdefault("HARTONOMOUS_TEST_SEED", str(secrets.randbelow(2**31))))
