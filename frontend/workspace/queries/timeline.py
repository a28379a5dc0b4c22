"""The time line of a building or of one flat in it: each app tells its part, here they meet."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from billing.ledger import queries as ledger_queries
from billing.subscriptions.timeline import timeline_of_services
from coverage.happenings import Asked, Happening, Kind, Place, merged
from coverage.models import Building, Premise
from coverage.place_timeline import timeline_of_place
from crm import queries as crm_queries
from crm.timeline import timeline_of_requests
from frontend.states import UNKNOWN, State
from frontend.workspace.queries import places
from frontend.workspace.timeline_words import FILTERS, TITLES
from project.core import clock

PAGE_SIZE = 40
UNITS_SHOWN = 1_000
_KEY = re.compile(r"[a-z]+:[0-9:]{1,60}")
_SOURCES = (timeline_of_place, timeline_of_services, timeline_of_requests)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page; people's names only where they may be seen."""

    happening: Happening
    look: State
    is_ahead: bool
    contract: str
    customer_id: int | None
    customer_name: str

    @property
    def day(self) -> date:
        """Its date in Kyiv."""
        return clock.today(self.happening.at)

    @property
    def is_dated(self) -> bool:
        """Whether it is about a day and not about a moment of it."""
        local = self.happening.at.astimezone(clock.KYIV)
        return self.happening.kind in (Kind.PLAN, Kind.SERVICE) and (
            local.time() == datetime.min.time()
        )

    @property
    def last_day(self) -> date:
        """Of a service that ended: the day before."""
        return self.day - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """What the page shows; `next_before` leads to what is older."""

    building: Building
    label: str
    unit: str
    units: Sequence[str]
    chosen: str
    lines: Sequence[Line]
    next_before: str | None
    is_first: bool


def page(
    *,
    building_id: int,
    unit: str,
    chosen: str,
    before: Place | None,
    at: datetime,
    with_people: bool,
) -> TimelinePage:
    """The time line, newest first; raises NotFoundError. `unit` "" is the whole building."""
    building = places.building_of(building_id=building_id)
    asked = Asked(
        building_id=building_id,
        unit=unit or None,
        kinds=FILTERS[chosen][1] if chosen else frozenset(Kind),
        before=before,
        limit=PAGE_SIZE + 1,
    )
    found = merged(_SOURCES, asked=asked)
    shown = found[:PAGE_SIZE]
    units = Premise.objects.filter(building=building).exclude(unit="").order_by("unit")
    known = sorted(
        units.values_list("unit", flat=True)[:UNITS_SHOWN], key=lambda one: (len(one), one)
    )
    return TimelinePage(
        building=building,
        label=places.label_of(building),
        unit=unit,
        units=known if not unit or unit in known else [unit, *known],
        chosen=chosen,
        lines=_lines(shown, at=at, with_people=with_people),
        next_before=cursor_of(shown[-1]) if len(found) > PAGE_SIZE else None,
        is_first=before is None,
    )


def cursor_of(happening: Happening) -> str:
    """The place of a happening as it stands in the address line."""
    return f"{happening.at.isoformat()}~{happening.key}"


def place_of(cursor: str) -> Place | None:
    """The place that a cursor names, or None for what is none."""
    moment, _tilde, key = cursor.replace(" ", "+").partition("~")
    if not _KEY.fullmatch(key):
        return None
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (found, key) if found.tzinfo is not None and 1990 <= found.year < 2200 else None


def _lines(shown: Sequence[Happening], *, at: datetime, with_people: bool) -> list[Line]:
    account_ids = sorted({o.facts["account_id"] for o in shown if "account_id" in o.facts})
    holders: dict[int, tuple[int, str]] = {}
    numbers: dict[int, str] = {}
    if with_people and account_ids:
        holders = crm_queries.customers_of_accounts(account_ids=account_ids)
        infos = ledger_queries.accounts(ids=account_ids)
        numbers = {account_id: info.code for account_id, info in infos.items()}
    lines = []
    for one in shown:
        account_id = one.facts.get("account_id", 0)
        customer_id, name = holders.get(account_id, (None, ""))
        if one.kind == Kind.REQUEST and with_people:
            customer_id, name = one.facts["customer_id"], one.facts["contact_name"]
        lines.append(
            Line(
                happening=one,
                look=TITLES.get((one.kind, one.what), UNKNOWN),
                is_ahead=one.at > at,
                contract=numbers.get(account_id, ""),
                customer_id=customer_id,
                customer_name=name,
            )
        )
    return lines
