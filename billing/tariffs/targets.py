"""What a price is for: one zone, one administrative unit or everywhere; a network; a segment."""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.tariffs.models import PriceRule
from billing.tariffs.sanity import BadTermsError
from coverage.models import AdminUnit, NetworkType, Zone

_SEGMENT = re.compile(r"[\w-]{0,24}")


@dataclass(frozen=True, slots=True)
class PriceTarget:
    """A place of the ladder; two prices of one target may not meet on any day."""

    level: str
    zone_id: int | None = None
    admin_unit_id: int | None = None
    network_type: str = ""
    segment: str = ""

    @classmethod
    def of(
        cls,
        *,
        zone_id: int | None = None,
        admin_unit_id: int | None = None,
        network_type: str = "",
        segment: str = "",
    ) -> "PriceTarget":
        """The target with its level; raises BadTermsError for what there is not."""
        if zone_id is not None and admin_unit_id is not None:
            raise BadTermsError(_("A price is for a zone or for a locality, not for both."))
        if network_type and network_type not in NetworkType.values:
            raise BadTermsError(_("There is no such network type."), field="network_type")
        if not _SEGMENT.fullmatch(segment):
            raise BadTermsError(
                _("A segment is a short word of letters and digits."), field="segment"
            )
        level = PriceRule.Level.DEFAULT
        if zone_id is not None:
            level = PriceRule.Level.ZONE
            own = Zone.objects.filter(id=zone_id).values_list("network_type", flat=True).first()
            if own is None:
                raise BadTermsError(_("There is no such zone."), field="zone_id")
            if network_type and network_type != own:
                raise BadTermsError(
                    _("This zone belongs to another network type."), field="network_type"
                )
        elif admin_unit_id is not None:
            level = PriceRule.Level.LOCALITY
            if not AdminUnit.objects.filter(id=admin_unit_id).exists():
                raise BadTermsError(_("There is no such locality."), field="admin_unit_id")
        return cls(level, zone_id, admin_unit_id, network_type, segment)

    @classmethod
    def of_row(cls, row: Any) -> "PriceTarget":
        """That of a stored rule or draft."""
        return cls(row.level, row.zone_id, row.admin_unit_id, row.network_type, row.segment)

    def columns(self) -> dict[str, Any]:
        """As columns of a rule."""
        return {name: getattr(self, name) for name in PriceTarget.__slots__}
