"""What a run did, by tariff and zone, added up from what it has posted."""

from dataclasses import dataclass

from django.db import connection

from billing.charging.models import ChargeRun

# Counted by line of the journals of the run's chunks. A service whose terms moved within the day
# has one line; a connection fee is money of its tariff, but no service of its own.
_LINES = """
    SELECT t.id, t.name_uk, t.name_en, z.id, COALESCE(z.name, ''),
           count(*) FILTER (WHERE p.charge_code = 'SERVICE'), (-sum(p.amount_kopecks))::bigint
    FROM ledger_posting AS p
    JOIN billing_charge_basis AS b ON b.id = p.charge_basis_id
    JOIN billing_tariff_version AS v ON v.id = b.tariff_version_id
    JOIN billing_tariff AS t ON t.id = v.tariff_id
    LEFT JOIN coverage_zoneversion AS zv ON zv.id = b.zone_version_id
    LEFT JOIN coverage_zone AS z ON z.id = zv.zone_id
    WHERE p.value_date = %(day)s AND p.charge_code IS NOT NULL
      AND p.journal_id = ANY (%(journals)s)
    GROUP BY t.id, t.name_uk, t.name_en, z.id, z.name
    ORDER BY 7 DESC, t.id, z.id
"""


@dataclass(frozen=True, slots=True)
class RunLine:
    """A tariff in a zone: how many services were charged, and how much. No zone: outside zones."""

    tariff_id: int
    tariff_name_uk: str
    tariff_name_en: str
    zone_id: int | None
    zone_name: str
    services: int
    kopecks: int


def by_tariff_and_zone(*, run: ChargeRun) -> list[RunLine]:
    """The lines of a run, the largest sum first. Together they are the run's sum."""
    journals = list(
        run.chunks.filter(journal_id__isnull=False).values_list("journal_id", flat=True)
    )
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"day": run.charge_date, "journals": journals})
        return [RunLine(*row) for row in cursor.fetchall()]
