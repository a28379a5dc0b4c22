"""Runs GDAL in a child process with limits, an empty environment and no way to the network.

GDAL and what it links read hostile bytes in C++. The child has no secrets to lose (no environment,
no database), gets files of our own naming in a folder of its own, and answers in JSON.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage import confined
from coverage.zonefiles.contents import MAX_FEATURES, ZoneFileError
from coverage.zoning.geometry import MAX_POINTS

WORKER = Path(__file__).with_name("worker.py")
WALL_S = 60
QUIET: dict[str, str] = {
    "PROJ_NETWORK": "OFF",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_NUM_THREADS": "1",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_DISABLE_READDIR_ON_OPEN": "YES",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
    "CPL_CURL_ENABLE_VSIMEM": "NO",
    "SHAPE_RESTORE_SHX": "YES",
    "GDAL_HTTP_PROXY": confined.NOWHERE,
}
_learnt: dict[str, str] = {}  # drivers to skip, as the first child of this process found them


def read(
    *, files: dict[str, bytes], opened: str, encoding: str = "", crs: str = ""
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Open the file named `opened` of `files` (our names); the head and rows of the worker."""
    with tempfile.TemporaryDirectory(prefix="geobill-zones-") as name:
        folder = Path(name)
        for file_name, data in files.items():
            assert "/" not in file_name, file_name
            (folder / file_name).write_bytes(data)
        job: dict[str, Any] = {
            "task": "read",
            "path": str(folder / opened),
            "encoding": encoding or None,
        }
        job |= {"crs": crs, "max_features": MAX_FEATURES, "max_points": MAX_POINTS}
        lines = _run(job, folder)
    return lines[0], lines[1:]


def write(*, driver: str, name: str, job: dict[str, Any]) -> dict[str, bytes]:
    """Let GDAL write a file named `name`; all files that came of it by name."""
    with tempfile.TemporaryDirectory(prefix="geobill-zones-") as holder:
        folder = Path(holder)
        made = folder / "made"
        made.mkdir()
        _run({"task": "write", "driver": driver, "path": str(made / name), **job}, folder)
        return {path.name: path.read_bytes() for path in sorted(made.iterdir())}


def _run(job: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    environment = {**QUIET, **_learnt}
    try:
        output = confined.run(
            worker=WORKER, job=job, folder=folder, environment=environment, wall_s=WALL_S
        )
    except confined.ConfinedError as error:
        if error.is_late:
            raise ZoneFileError(_("Reading this file takes too long.")) from error
        text = _("The file can't be opened: it is damaged.")
        raise ZoneFileError(text, detail=error.detail) from error
    with output.open(encoding="utf-8") as stream:
        lines = [json.loads(line) for line in stream]
    _learnt["GDAL_SKIP"] = lines[0]["skipped"]
    return lines
