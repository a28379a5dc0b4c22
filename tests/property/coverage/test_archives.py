"""Whatever bytes of an archive are changed, it is read or refused, and nothing else."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.zonefiles.container import Opened, open_file
from coverage.zonefiles.contents import ZoneFileError
from tests.support import zone_files as files

WHOLE = files.zipped(
    {"зони.kml": files.kml("<name>" + "а" * 300 + "</name>"), "b/x.txt": b"x" * 50}
)


def moved_index(data: bytes, *, by: int) -> bytes:
    """The archive whose end says that its index begins so many bytes farther on."""
    at = data.rfind(b"PK\x05\x06") + 16
    return (
        data[:at] + struct.pack("<I", struct.unpack_from("<I", data, at)[0] + by) + data[at + 4 :]
    )


CHANGES = st.lists(
    st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=4
)


@given(CHANGES, st.integers(0, 12), st.integers(0, 40))
def test_an_archive_with_changed_bytes_is_read_or_refused(changes, cut_before, cut_behind):
    data = bytearray(WHOLE)
    for at, byte in changes:
        data[at] = byte
    with suppress(ZoneFileError):
        assert isinstance(open_file(bytes(data[cut_before : len(data) - cut_behind])), Opened)


NAME = "зони.kml".encode()
DAMAGED = {
    "a name that is UTF-8 in the index only": WHOLE.replace(NAME, b"\xb3" + NAME[1:], 1),
    "an entry before the beginning of the file": moved_index(WHOLE, by=40),
    "no name": files.zipped({"зони.kml": b"<kml/>"}).replace(NAME, b"\0" * len(NAME)),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_tables_that_contradict_each_other_are_damage(what):
    with pytest.raises(ZoneFileError):
        open_file(DAMAGED[what])
