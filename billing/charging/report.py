"""What a run did: date by date as it goes, and by tariff and zone from what it has posted."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from django.db import connection

from billing.charging.chunks import ChunkResult
from billing.charging.models import ChargeRun

FAILURES_NAMED = 50

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

    def with_more(self, other: "RunLine") -> "RunLine":
        """Both together."""
        return replace(
            self, services=self.services + other.services, kopecks=self.kopecks + other.kopecks
        )


@dataclass
class DayReport:
    """What charging one date did: of a trial its `lines`, of a run the journals that have them."""

    charge_date: date
    charged_count: int = 0
    charged_kopecks: int = 0
    blocked_count: int = 0
    resumed_count: int = 0
    chunk_count: int = 0
    failed_account_count: int = 0
    lines: dict[tuple[int, int | None], RunLine] = field(default_factory=dict)
    journal_ids: list[int] = field(default_factory=list)

    def add(self, result: ChunkResult, lines: Sequence[RunLine] = ()) -> None:
        """Count one chunk in."""
        self.charged_count += result.charged_count
        self.charged_kopecks += result.charged_kopecks
        self.blocked_count += len(result.blocked_ids)
        self.resumed_count += len(result.resumed_ids)
        self.chunk_count += 1
        for line in lines:
            key = (line.tariff_id, line.zone_id)
            before = self.lines.get(key)
            self.lines[key] = line if before is None else before.with_more(line)

    def as_json(self) -> dict[str, Any]:
        """To be kept; `of_json` reads it."""
        kept = asdict(self) | {"charge_date": self.charge_date.isoformat()}
        return kept | {"lines": [asdict(line) for line in self.lines.values()]}

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> "DayReport":
        """What was kept."""
        lines = [RunLine(**line) for line in kept["lines"]]
        return cls(
            **kept
            | {
                "charge_date": date.fromisoformat(kept["charge_date"]),
                "lines": {(line.tariff_id, line.zone_id): line for line in lines},
            }
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """An account that could not be charged, and what the fault was."""

    account_id: int
    error: str


@dataclass
class RunReport:
    """What a run did, date by date; a dry run says what it would have done.

    Of a dry run also: the first `failures`, and that accounts up to `after` have been tried.
    """

    is_dry_run: bool
    days: list[DayReport] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    after: int = 0

    @property
    def charged_count(self) -> int:
        """Charges over all dates."""
        return sum(day.charged_count for day in self.days)

    @property
    def charged_kopecks(self) -> int:
        """Money over all dates."""
        return sum(day.charged_kopecks for day in self.days)

    def lines(self) -> list[RunLine]:
        """By tariff and zone over all dates, the largest sum first; of a run what it has posted."""
        total = DayReport(charge_date=date.min)
        nothing = ChunkResult(None, 0, 0, (), ())
        for day in self.days:
            posted = lines_of(day=day.charge_date, journal_ids=day.journal_ids)
            total.add(nothing, list(day.lines.values()) if self.is_dry_run else posted)
        return sorted(total.lines.values(), key=lambda line: (-line.kopecks, line.tariff_id))

    def as_json(self) -> dict[str, Any]:
        """To be kept; `of_json` reads it."""
        kept = asdict(self)
        return kept | {"days": [day.as_json() for day in self.days]}

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> "RunReport":
        """What was kept."""
        days = [DayReport.of_json(day) for day in kept["days"]]
        failures = [Failure(**failure) for failure in kept["failures"]]
        return cls(**kept | {"days": days, "failures": failures})


def by_tariff_and_zone(*, run: ChargeRun) -> list[RunLine]:
    """The lines of a run, the largest sum first. Together they are the run's sum."""
    journals = run.chunks.values_list("journal_id", flat=True)
    return lines_of(day=run.charge_date, journal_ids=[n for n in journals if n is not None])


def lines_of(*, day: date, journal_ids: Sequence[int]) -> list[RunLine]:
    """What these journals of charges of that day say, the largest sum first."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"day": day, "journals": list(journal_ids)})
        return [RunLine(*row) for row in cursor.fetchall()]
