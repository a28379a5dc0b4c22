"""Texts of import and export of zones that scripts put on the page."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

COUNTED: dict[str, Callable[[int], str]] = {
    "files_made": lambda n: ngettext(
        "{count} draft made. Nothing is published yet.",
        "{count} drafts made. Nothing is published yet.",
        n,
    ),
    "files_drafts": lambda n: ngettext(
        "{count} zone will become a draft", "{count} zones will become drafts", n
    ),
    "files_more": lambda n: ngettext(
        "and {count} more: see the report", "and {count} more: see the report", n
    ),
}


def file_texts() -> dict[str, str]:
    """Texts by their keys, in the language of the request."""
    return {
        "files_swap": _("Axes seem swapped"),
        "files_repair": _("Faults that can be repaired"),
        "files_refused": _("Refused"),
        "files_ready": _("Will become drafts"),
        "files_same": _("On the map exactly so already"),
        "files_swap_all": _("Swap the axes of all"),
        "files_repair_all": _("Accept all repairs"),
        "files_swap_one": _("Swap the axes"),
        "files_take_back": _("Take back"),
        "files_repaired": _("repaired"),
        "files_swapped": _("axes swapped"),
        "files_updated": _("changes a zone"),
        "files_unnamed": _("no name"),
        "files_none": _("No zone can be taken yet"),
        "files_no_column": _("no column"),
        "field_code": _("Code"),
        "file_gone": _("The file could not be sent. Choose it again."),
        "export_done": _("The file is downloaded."),
    }


def format_names() -> dict[str, str]:
    """Formats of export, the most useful first."""
    return {
        "geojson": _("GeoJSON — for QGIS and web maps"),
        "kml": _("KML — for Google Earth"),
        "kmz": _("KMZ — KML in an archive"),
        "shp": _("Shapefile in a ZIP"),
        "gpkg": _("GeoPackage — for QGIS"),
        "csv": _("CSV with WKT — for spreadsheets"),
    }


def projections() -> dict[str, str]:
    """Coordinate systems that files of Ukrainian offices come in (EPSG registry)."""
    zones = {4: "21°", 5: "27°", 6: "33°", 7: "39°"}
    return {
        "EPSG:4326": _("WGS 84, degrees"),
        "EPSG:3857": _("Web Mercator, metres"),
        **{
            f"EPSG:{5562 + n - 4}": _("UCS-2000, Gauss–Krüger zone %(zone)s (%(meridian)s)")
            % {"zone": n, "meridian": meridian}
            for n, meridian in zones.items()
        },
        **{f"EPSG:{32630 + n}": f"WGS 84 / UTM {n}N" for n in (4, 5, 6, 7)},
        **{
            f"EPSG:{28400 + n}": _("SK-42, zone %(zone)s (%(meridian)s)")
            % {"zone": n, "meridian": meridian}
            for n, meridian in zones.items()
        },
    }
