"""What kind of file this is, told by its content (names are never believed), and unpacking.

An archive is opened with suspicion: the sizes it states are not believed but counted while
unpacking; entries are chosen by their endings and written nowhere under their own names.
"""

import gzip
import io
import struct
import zipfile
import zlib
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from coverage.zonefiles.contents import (
    MAX_FILE_BYTES,
    MAX_UNPACKED_BYTES,
    ArchiveRefusedError,
    FileTooLargeError,
    UnknownFormatError,
    ZoneFileError,
)

MAX_ENTRIES = 500
MAX_LAYERS = 20
MAX_RATIO = 200  # outlines of zones pack 3 to 30 times; 1,000 is a bomb
RATIO_FREE_BYTES = 2_000_000  # small entries may be as empty as they like
CHUNK_BYTES = 65_536
SHAPE_PARTS = ("shp", "shx", "dbf", "prj", "cpg")
ARCHIVES = ("zip", "kmz", "gz", "tgz", "bz2", "xz", "7z", "rar", "tar", "zst")
TEXTS = ("kml", "geojson", "json", "gpkg", "csv", "tsv", "txt")
# What Python's reader raises for an archive whose own tables contradict each other.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, IndexError,
    NotImplementedError,
)  # fmt: skip
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
OTHER_PACKERS = (b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
SHAPE_MAGIC = b"\x00\x00\x27\x0a"
SQLITE_MAGIC = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Opened:
    """`kind` is GEOJSON, KML, KMZ, SHAPEFILE, GPKG or CSV; a Shapefile has its parts by layer."""

    kind: str
    data: bytes = b""
    layers: dict[str, dict[str, bytes]] = field(default_factory=dict)


def open_file(data: bytes) -> Opened:
    """Say what the bytes are and unpack them; raises ZoneFileError and its subclasses."""
    if len(data) > MAX_FILE_BYTES:
        raise FileTooLargeError
    if data.startswith(b"\x1f\x8b"):
        data = _gunzip(data)
        if data.startswith((b"\x1f\x8b", b"PK\x03\x04")):
            raise ArchiveRefusedError(_("An archive inside an archive is not unpacked."))
    elif data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _archive(data)
    return Opened(kind=_kind(data), data=data)


def _kind(data: bytes) -> str:
    if not data.strip(b"\x00 \t\r\n"):
        raise ZoneFileError(_("The file is empty."))
    if data.startswith(SQLITE_MAGIC):
        return "GPKG"
    if data.startswith(OTHER_PACKERS):
        raise UnknownFormatError(_("Pack a Shapefile as ZIP: other archives are not opened."))
    if data.startswith(SHAPE_MAGIC):
        text = _("A Shapefile is several files: put .shp, .shx, .dbf and .prj into one ZIP.")
        raise UnknownFormatError(text)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        start = data[:400].decode("utf-16", "ignore")
    else:
        start = data[:400].removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    start = start.lstrip()
    if start.startswith("<"):
        return "KML"
    if start.startswith(("{", "[")):
        return "GEOJSON"
    if "\x00" in start:
        raise UnknownFormatError
    return "CSV"


def _gunzip(data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            unpacked = stream.read(MAX_UNPACKED_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ZoneFileError(_("The archive is damaged.")) from error
    _refuse_bomb(packed=len(data), unpacked=len(unpacked), total=len(unpacked))
    return unpacked


def _archive(data: bytes) -> Opened:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except DAMAGED as error:
        raise ZoneFileError(_("The archive is damaged.")) from error
    entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
    _refuse_harmful(entries)
    by_ending: dict[str, list[zipfile.ZipInfo]] = {}
    for entry in entries:
        by_ending.setdefault(_ending(entry.filename), []).append(entry)
    unpacking = _Unpacking(archive)
    if "shp" in by_ending:
        return _shapefile(unpacking, entries, by_ending["shp"])
    if "kml" in by_ending:  # KMZ: doc.kml, or else the first one, is the document
        named = [e for e in by_ending["kml"] if e.filename.lower() == "doc.kml"]
        return Opened(kind="KMZ", data=unpacking.read((named or by_ending["kml"])[0]))
    readable = [entry for ending in TEXTS for entry in by_ending.get(ending, [])]
    if len(readable) != 1:
        text = _("The ZIP holds no Shapefile, no KML, and not one single file that can be read.")
        raise UnknownFormatError(text)
    inner = unpacking.read(readable[0])
    return Opened(kind=_kind(inner), data=inner)


def _shapefile(
    unpacking: "_Unpacking", entries: list[zipfile.ZipInfo], outlines: list[zipfile.ZipInfo]
) -> Opened:
    if len(outlines) > MAX_LAYERS:
        raise ArchiveRefusedError(_("The ZIP holds too many Shapefiles."))
    layers: dict[str, dict[str, bytes]] = {}
    for outline in outlines:
        stem = outline.filename[:-4]
        parts = {
            _ending(entry.filename): unpacking.read(entry)
            for entry in entries
            if _ending(entry.filename) in SHAPE_PARTS
            and entry.filename.lower() == f"{stem}.{_ending(entry.filename)}".lower()
        }
        if not parts["shp"].startswith(SHAPE_MAGIC):
            raise ZoneFileError(_("The .shp in the ZIP is not a Shapefile."))
        layers[stem.replace("\\", "/").rpartition("/")[2] or "layer"] = parts
    return Opened(kind="SHAPEFILE", layers=layers)


def _refuse_harmful(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES:
        raise ArchiveRefusedError(_("The archive has too many entries."))
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        if name.startswith("/") or ":" in name[:3] or ".." in name.split("/"):
            text = _("An entry of the archive has a path that leads out of it; it is refused.")
            raise ArchiveRefusedError(text)
        if entry.flag_bits & 0x1:
            raise ArchiveRefusedError(_("The archive is protected by a password."))
        if entry.compress_type not in METHODS:
            raise ArchiveRefusedError(_("The archive is packed in an unusual way: use plain ZIP."))
        if _ending(name) in ARCHIVES:
            raise ArchiveRefusedError(_("An archive inside an archive is not unpacked."))
        _refuse_bomb(entry.compress_size, entry.file_size, entry.file_size)
    _refuse_bomb(0, 0, sum(entry.file_size for entry in entries))


def _refuse_bomb(packed: int, unpacked: int, total: int) -> None:
    if total > MAX_UNPACKED_BYTES or unpacked > max(packed * MAX_RATIO, RATIO_FREE_BYTES):
        raise ArchiveRefusedError(_("The archive unpacks to far more than it seems (a ZIP bomb)."))


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


class _Unpacking:
    """Reads entries and counts what really comes out, whatever the archive's index claims."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.total_bytes = 0

    def read(self, entry: zipfile.ZipInfo) -> bytes:
        parts = []
        size_bytes = 0
        try:
            with self.archive.open(entry) as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    size_bytes += len(chunk)
                    self.total_bytes += len(chunk)
                    _refuse_bomb(entry.compress_size, size_bytes, self.total_bytes)
                    parts.append(chunk)
        except DAMAGED as error:
            raise ZoneFileError(_("The archive is damaged.")) from error
        except RuntimeError as error:  # zipfile's word for a password
            raise ArchiveRefusedError(_("The archive is protected by a password.")) from error
        return b"".join(parts)
