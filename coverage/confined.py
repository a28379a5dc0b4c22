"""Runs one of our worker scripts on hostile bytes: a child process with no secrets to lose.

The child has an empty environment, no database, a folder of its own and limits that it sets on
itself; a job goes in as one JSON object, JSON lines come back in a file. Whatever the bytes do to
the C++ that reads them ends there.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

NOWHERE = "http://127.0.0.1:9"  # the discard port: whatever would go out ends there
QUIET: dict[str, str] = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), NOWHERE),
}


class ConfinedError(Exception):
    """The child did not do its job: it took too long, or it died of the file (`detail`: how)."""

    def __init__(self, *, is_late: bool, detail: str = "") -> None:
        super().__init__(detail or "too long")
        self.is_late = is_late
        self.detail = detail


def run(
    *, worker: Path, job: dict[str, Any], folder: Path, environment: dict[str, str], wall_s: int
) -> Path:
    """The file of JSON lines that the worker made in `folder`; raises ConfinedError."""
    output = folder / "rows.jsonl"
    try:
        done = subprocess.run(  # noqa: S603 - our own script, fixed arguments
            [sys.executable, "-I", str(worker)],
            input=json.dumps({**job, "output": str(output)}).encode(),
            env={**QUIET, **environment, "TMPDIR": str(folder), "HOME": str(folder)},
            cwd=folder,
            capture_output=True,
            timeout=wall_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ConfinedError(is_late=True) from error
    if done.returncode != 0 or not output.exists():
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        detail = "".join(last).replace(str(folder), "…").partition(os.sep)[0][:200]
        raise ConfinedError(is_late=False, detail=detail)
    return output
