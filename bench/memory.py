"""How much memory a process took at its peak."""

from __future__ import annotations

import re
import resource
import sys
from contextlib import suppress
from pathlib import Path


def peak() -> int:
    """Return the largest resident set of this process, in bytes.

    ``getrusage`` will not do on Linux: what the parent had when it started this process counts.
    """
    with suppress(OSError):
        status = Path("/proc/self/status").read_text("ascii", "replace")
        if found := re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE):
            return int(found[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
