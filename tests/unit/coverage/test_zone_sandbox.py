"""The child process that opens files with GDAL: two drivers, no secrets, no way out."""

import json
import os
import subprocess
import sys

import pytest
from shapely.geometry import box

from coverage.zonefiles import sandbox
from coverage.zonefiles.contents import ZoneFileError
from tests.support import zone_files as files


def vrt(source: str) -> bytes:
    return (
        f"<OGRVRTDataSource><OGRVRTLayer name='layer'><SrcDataSource>{source}</SrcDataSource>"
        "</OGRVRTLayer></OGRVRTDataSource>"
    ).encode()


@pytest.mark.parametrize("name", ["zones.vrt", "layer.shp", "zones.gpkg"])
def test_a_virtual_source_is_not_followed_even_to_a_good_file(tmp_path, name):
    good = files.by_gdal(tmp_path, [box(36, 50, 36.1, 50.1)], {"name": ["A"]}, driver="GPKG")
    assert good
    with pytest.raises(ZoneFileError):
        sandbox.read(files={name: vrt(str(tmp_path / "layer.gpkg"))}, opened=name)


def test_only_two_drivers_are_left():
    sandbox.write(
        driver="GPKG",
        name="a.gpkg",
        job={"rows": [], "fields": ["name"], "numbers": [], "layer": "zones"},
    )
    skipped = sandbox._learnt["GDAL_SKIP"].split(",")
    assert {"OGR_VRT", "CSV", "GeoJSON", "LIBKML", "KML"} <= set(skipped)
    assert not {"GPKG", "ESRI Shapefile"} & set(skipped)


def test_the_child_has_none_of_our_environment(monkeypatch):
    seen = {}
    monkeypatch.setenv("GEOBILL_DB_APP_PASSWORD", "secret")

    def spy(*args, **options):
        seen.update(options["env"])
        return subprocess.CompletedProcess(args, 1, b"", b"RuntimeError: /etc/passwd")

    monkeypatch.setattr(subprocess, "run", spy)
    with pytest.raises(ZoneFileError) as caught:
        sandbox.read(files={"layer.shp": b""}, opened="layer.shp")
    assert not any(name.startswith(("GEOBILL", "DJANGO", "PG")) for name in seen)
    assert "etc" not in json.dumps(caught.value.as_json())


def test_a_child_that_does_not_end_is_ended(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "WALL_S", 1)
    sleeper = tmp_path / "sleeper.py"
    sleeper.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(sandbox, "WORKER", sleeper)
    with pytest.raises(ZoneFileError, match="довго"):
        sandbox.read(files={"layer.shp": b""}, opened="layer.shp")


def test_the_child_bounds_its_own_memory():
    code = (
        "import runpy, sys; sys.argv = ['w']; m = runpy.run_path(sys.stdin.readline().strip());"
        "m['limit'](); bytearray(3_000_000_000)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        input=str(sandbox.WORKER).encode() + b"\n",
        env={"PATH": os.defpath},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert b"MemoryError" in done.stderr
