"""What the pages of the public site show, composed from coverage, billing and crm. Reads only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.tariffs import queries as tariff_queries
from billing.tariffs.queries import Offer
from coverage import queries as coverage_queries
from coverage.answers import AddressCandidate, Answer, CheckResult, MatchKind, NetworkAnswer, Reason
from coverage.models import AvailabilityCheck, Street
from frontend import formats
from frontend.public.bill import FirstBill, first_bill
from frontend.public.words import STREET_ONLY, WORDS, Words
from frontend.words import network_name


@dataclass(frozen=True, slots=True)
class Plan:
    """An offer as the page shows it, in the language of the page."""

    key: str
    tariff_code: str
    network_type: str
    network_name: Any
    name: str
    description: str
    speed_down_bit_s: int | None
    price_kopecks: int
    is_monthly: bool
    url: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The plans of one network type."""

    name: Any
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class Pill:
    """A badge under the headline: a state of `frontend.states` with a text of its own."""

    kind: str
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line with an icon at the side."""

    icon: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of what happens next."""

    title: Any
    text: Any = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A house or a street that may be meant; `number` is "" for a street."""

    label: str
    place: str
    note: str
    street_id: int | None
    building_id: int | None
    number: str


@dataclass(slots=True)
class AnswerPage:
    """The answer for an address: all that its page and the order page show."""

    public_id: str
    answer: str
    reason: str
    words: Words
    address: str
    old_name: str
    street_now: str
    building_id: int | None
    point: tuple[float, float] | None
    pills: list[Pill]
    distance: str
    candidates: tuple[Candidate, ...]
    offers: tuple[Offer, ...] = ()
    groups: tuple[Group, ...] = ()
    chosen: Plan | None = None
    bill: FirstBill | None = None
    facts: list[Fact] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def houses(self) -> tuple[Candidate, ...]:
        """The candidates, when all of them are houses of one street."""
        streets = {candidate.street_id for candidate in self.candidates}
        all_houses = all(candidate.building_id for candidate in self.candidates)
        return self.candidates if len(streets) == 1 and all_houses else ()

    @property
    def answer_url(self) -> str:
        """This page, with the chosen plan."""
        return self._with_plan(reverse("public:answer", args=[self.public_id]))

    @property
    def order_url(self) -> str:
        """The request form, with the chosen plan."""
        return self._with_plan(reverse("public:order", args=[self.public_id]))

    @property
    def request_url(self) -> str:
        """Where the request form is sent."""
        return reverse("public:order", args=[self.public_id])

    def _with_plan(self, url: str) -> str:
        return f"{url}?{urlencode({'plan': self.chosen.key})}" if self.chosen else url


def answer_page(*, public_id: str, plan_key: str, on_date: date, language: str) -> AnswerPage:
    """The stored answer with today's plans and prices; raises NotFoundError."""
    check = coverage_queries.check_result(public_id=public_id)
    page = AnswerPage(
        public_id=check.public_id,
        answer=check.answer.value,
        reason=check.reason.value,
        words=STREET_ONLY if check.match_kind is MatchKind.STREET_ONLY else WORDS[check.reason],
        address=check.address_label or _typed(check),
        old_name=check.old_name,
        street_now=check.address_label.rpartition(",")[0] or check.address_label,
        building_id=check.building_id,
        point=check.point,
        pills=_pills(check),
        distance=_distance(check.networks),
        candidates=_candidates(check.candidates) if check.point is None else (),
    )
    if check.answer is Answer.AVAILABLE:
        _add_plans(page, check=check, plan_key=plan_key, on_date=on_date, language=language)
    elif not page.candidates:
        page.steps = _steps_before(check.reason)
    return page


def _typed(check: CheckResult) -> str:
    """What was typed, where no address came of it."""
    if check.point is not None:
        return ""
    stored = AvailabilityCheck.objects.filter(id=check.check_id).values_list("raw_text", flat=True)
    return stored.first() or ""


def _candidates(found: Sequence[AddressCandidate]) -> tuple[Candidate, ...]:
    streets = Street.objects.filter(id__in=[c.street_id for c in found if c.street_id])
    localities = dict(streets.values_list("id", "locality__name"))
    return tuple(
        Candidate(
            label=c.label,
            place=localities.get(c.street_id or 0, ""),
            note=c.note,
            street_id=c.street_id,
            building_id=c.building_id,
            number=c.label.rpartition(", ")[2] if c.building_id else "",
        )
        for c in found
    )


def _add_plans(
    page: AnswerPage, *, check: CheckResult, plan_key: str, on_date: date, language: str
) -> None:
    sold = {n.network_type for n in check.networks if n.answer is Answer.AVAILABLE}
    every = tariff_queries.offers_for_check(check=check, on_date=on_date)
    page.offers = tuple(o for o in every if o.network_type in sold and not o.is_addon)
    if not page.offers:
        return
    keys = {_key(offer): offer for offer in page.offers}
    chosen = keys.get(plan_key) or _middle(page.offers)
    page.groups = tuple(
        Group(
            name=network_name(network_type),
            plans=tuple(
                _plan(offer, page=page, language=language, chosen=offer is chosen)
                for offer in group
            ),
        )
        for network_type, group in groupby(page.offers, key=lambda offer: offer.network_type)
    )
    page.chosen = _plan(chosen, page=page, language=language, chosen=True)
    page.bill = first_bill(offer=chosen, on_date=on_date, name=page.chosen.name)
    page.facts = _facts(chosen)


def _middle(offers: Sequence[Offer]) -> Offer:
    """Of the first network's plans the middle one: nobody is pushed to the dearest."""
    first = [offer for offer in offers if offer.network_type == offers[0].network_type]
    return first[(len(first) - 1) // 2]


def _key(offer: Offer) -> str:
    return f"{offer.tariff_code}:{offer.network_type}"


def _plan(offer: Offer, *, page: AnswerPage, language: str, chosen: bool) -> Plan:
    url = reverse("public:answer", args=[page.public_id])
    return Plan(
        key=_key(offer),
        tariff_code=offer.tariff_code,
        network_type=offer.network_type,
        network_name=network_name(offer.network_type),
        name=offer.name(language=language),
        description=offer.description(language=language),
        speed_down_bit_s=offer.speed_down_bit_s,
        price_kopecks=offer.price_kopecks,
        is_monthly=offer.charge_type != "ONE_OFF",
        url=f"{url}?{urlencode({'plan': _key(offer)})}",
        chosen=chosen,
    )


def _facts(offer: Offer) -> list[Fact]:
    facts = []
    if offer.connection_fee_kopecks:
        fee = formats.money(offer.connection_fee_kopecks, whole=True)
        facts.append(Fact("ti-plug", _("Connection: %(fee)s, once") % {"fee": fee}))
    else:
        facts.append(Fact("ti-plug", _("Connection is free at this address")))
    if offer.charge_type == "DAILY":
        facts.append(Fact("ti-calendar-dollar", _("Paid by the day: you pay for days of service")))
    elif offer.charge_type == "MONTHLY_PREPAID":
        facts.append(Fact("ti-calendar-dollar", _("Paid by the calendar month, in advance")))
    if offer.speed_up_bit_s and offer.speed_up_bit_s != offer.speed_down_bit_s:
        speed = formats.speed(offer.speed_up_bit_s)
        facts.append(Fact("ti-upload", _("Upload: up to %(speed)s") % {"speed": speed}))
    return facts


def _pills(check: CheckResult) -> list[Pill]:
    """One badge a network type that says something; unknown addresses have none."""
    if check.reason in {Reason.ADDRESS_AMBIGUOUS, Reason.ADDRESS_UNKNOWN}:
        return []
    return [
        _pill(network) for network in check.networks if network.answer is not Answer.NO_COVERAGE
    ]


def _pill(network: NetworkAnswer) -> Pill:
    if network.reason is Reason.BUILDING:
        return Pill("zone", "BUILDING", _pill_text(network))
    return Pill("answer", network.answer.value, _pill_text(network))


def _pill_text(network: NetworkAnswer) -> str:
    name = network_name(network.network_type)
    match network.reason:
        case Reason.AVAILABLE:
            return _("%(network)s · available now") % {"network": name}
        case Reason.PLANNED | Reason.BUILDING:
            state = _("being built") if network.reason is Reason.BUILDING else _("planned")
            if network.planned_for_date:
                when = quarter(network.planned_for_date)
                return f"{name} · {state}: {when}"
            return f"{name} · {state}"
        case Reason.SUSPENDED:
            return _("%(network)s · on hold") % {"network": name}
        case _:
            return _("%(network)s · needs a look on the spot") % {"network": name}


def quarter(on_date: date) -> str:
    """ "IV quarter 2026"."""
    number = ("I", "II", "III", "IV")[(on_date.month - 1) // 3]
    return _("%(quarter)s quarter of %(year)s") % {"quarter": number, "year": on_date.year}


def _distance(networks: Iterable[NetworkAnswer]) -> str:
    for network in networks:
        if network.reason is Reason.NEAR_EDGE and network.distance_m:
            metres = max(1, round(network.distance_m))
            return _("From this place to the zone: about %(metres)s m.") % {"metres": metres}
    return ""


def _steps_before(reason: Reason) -> list[Step]:
    """What will happen to a request where nothing can be promised yet."""
    if reason in {Reason.PLANNED, Reason.BUILDING, Reason.SUSPENDED}:
        return [
            Step(_("You leave a phone number")),
            Step(_("The request waits with this address"), _("it is seen when zones are planned")),
            Step(_("We call when it can be ordered"), _("with the plans and prices of that day")),
        ]
    if reason is Reason.OUTSIDE_ZONE:
        return [
            Step(_("You leave a request")),
            Step(_("It is counted on the demand map"), _("that is how new zones are chosen")),
            Step(_("We call when your house is in a zone")),
        ]
    if reason is Reason.ADDRESS_UNKNOWN:
        return [
            Step(_("You leave a phone number")),
            Step(_("An operator finds your house"), _("and asks you where it is not clear")),
            Step(_("We call with the answer: yes or no"), _("with the plans and prices")),
        ]
    return [
        Step(_("You leave a phone number")),
        Step(_("An engineer looks at the scheme"), _("and comes to look at the house if needed")),
        Step(_("We call with the answer: yes or no"), _("with the plans and prices")),
    ]
