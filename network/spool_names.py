"""What a spool and its files are known by in Redis (pure: no Django).

Redis may remember more than a disk has: files were taken away, a disk was copied to another machine
or has lost its end. A place in a file must then be no place in another, for what is skipped is lost
and what is sent twice is harmless.
"""

import os
import re
import socket
import uuid
import zlib
from pathlib import Path

MACHINE = Path("/etc/machine-id")
HEAD_BYTES = 8 * 1024  # a line has at most half
_FIRST_LINE = re.compile(rb"\n*[^\n]+\n")


def name_of(folder: Path) -> tuple[str, str]:
    """The name of this spool and the one that it had on another machine, else "".

    It is in a file beside the others, so it stays for as long as they do.
    """
    path = folder / ".name"
    known = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    machine = _machine()
    if known.startswith(f"{machine}-"):
        return known, ""
    made = f"{machine}-{uuid.uuid4().hex}"
    new = path.with_name(".name.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    return made, known


def key_of(name: str, descriptor: int) -> str:
    """What a file of the spool `name` is known by, "" while it has no whole line.

    By its first line too: a number of an inode is given to a new file once the old one is gone.
    """
    head = os.pread(descriptor, HEAD_BYTES, 0)
    match = _FIRST_LINE.match(head)
    if match is None and len(head) < HEAD_BYTES:
        return ""
    sum_ = zlib.crc32(match[0] if match else head)
    return f"{name}/{os.fstat(descriptor).st_ino}-{sum_:08x}"


def can_end(descriptor: int, place: int) -> bool:
    """Whether what was sent can have ended here: behind a line. Not so where a power failure has
    taken the end of the file and other lines have come since."""
    return os.pread(descriptor, 1, place - 1) == b"\n"


def _machine() -> str:
    """A name of this machine, for people too."""
    host = re.sub(r"[^0-9A-Za-z.-]", "-", socket.gethostname())
    number = MACHINE.read_bytes() if MACHINE.exists() else b""
    return f"{host}-{zlib.crc32(number):08x}"
