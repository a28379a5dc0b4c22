"""Limits of files of addresses, and why a file may be refused as a whole."""

from django.utils.translation import gettext_lazy as _

from project.core.errors import DomainError

# A city of three million in OpenStreetMap is 60 MB; an oblast up to 150 MB.
MAX_FILE_BYTES = 400_000_000
MAX_ROWS = 1_000_000
MAX_TABLE_ROWS = 500_000
MAX_COLUMNS = 200
MAX_CELL_CHARS = 2_000


class AddressFileError(DomainError):
    """The file can't be read as a file of addresses."""

    code = "address_file_unreadable"
    message = _("The file can't be read.")


class AddressFileTooLargeError(AddressFileError):
    """More bytes, rows or columns than a file of addresses needs."""

    code = "address_file_too_large"
    http_status = 413
    message = _("The file is too large: at most 400 MB.")


class AddressFormatError(AddressFileError):
    """None of the formats that are read."""

    code = "address_file_format"
    message = _(
        "This is none of the formats that are read: an OpenStreetMap extract (.osm.pbf), GeoJSON, "
        "CSV, an Excel table (.xlsx)."
    )
