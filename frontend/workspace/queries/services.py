"""What an operator needs to sell a service: the place, the plans with prices, the effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from billing.ledger import queries as ledger_queries
from billing.models import Subscription
from billing.subscriptions import queries as subscription_queries
from billing.tariffs import queries as tariff_queries
from billing.tariffs.queries import Offer
from coverage.answers import Answer, NetworkAnswer, Reason
from coverage.models import Building, NetworkType
from crm import queries as crm_queries
from crm.models import ConnectionRequest
from frontend.public.bill import FirstBill, first_bill
from frontend.workspace.queries import places
from network import queries as network_queries
from network.queries import explain_access
from project.core.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class SalePlace:
    """A building with what can be sold in it.

    Prices are those of `segment`, a kind of client ("" for an ordinary one). `uncovered`: plans at
    the price of the locality or the default one, for networks that do not reach the building; only
    somebody who may sell there is shown them.
    """

    building: Building
    label: str
    answers: Sequence[NetworkAnswer]
    offers: Sequence[Offer]
    addons: Sequence[Offer]
    uncovered: Sequence[Offer]
    segment: str

    def offer(self, *, tariff_id: int, network_type: str) -> Offer | None:
        """The offer of a plan, covered or not."""
        for one in (*self.offers, *self.uncovered):
            if (one.tariff_id, one.network_type) == (tariff_id, network_type):
                return one
        return None

    def is_covered(self, network_type: str) -> bool:
        """Whether the network is in service in the building."""
        return any(
            a.network_type == network_type and a.answer is Answer.AVAILABLE for a in self.answers
        )


@dataclass(frozen=True, slots=True)
class Effect:
    """What the sale will do, before it is done."""

    bill: FirstBill
    addons: Sequence[Offer]
    month_kopecks: int
    is_covered: bool


def sale_place(
    *, building_id: int, at: datetime, on_date: date, with_uncovered: bool, segment: str = ""
) -> SalePlace:
    """Plans and prices at a building for a kind of client; raises NotFoundError."""
    building = places.building_of(building_id=building_id)
    answers = places.answers_at(building=building, at=at)
    reached = [a for a in answers if a.answer is Answer.AVAILABLE]
    beyond = _beyond(answers) if with_uncovered else []
    where: dict[str, Any] = {
        "locality_id": building.locality_id,
        "on_date": on_date,
        "segment": segment,
    }
    addons = tariff_queries.addon_offers(networks=[*reached, *beyond], **where)
    return SalePlace(
        building=building,
        label=places.label_of(building),
        answers=answers,
        offers=tariff_queries.offers(networks=reached, **where),
        addons=addons,
        uncovered=tariff_queries.offers(networks=beyond, **where),
        segment=segment,
    )


def _beyond(answers: Sequence[NetworkAnswer]) -> list[NetworkAnswer]:
    """Networks that are not in service here, as if they were, with no zone to price by."""
    reached = {a.network_type for a in answers if a.answer is Answer.AVAILABLE}
    return [
        NetworkAnswer(network_type=str(kind), answer=Answer.AVAILABLE, reason=Reason.OVERRIDDEN)
        for kind in NetworkType.values
        if kind not in reached
    ]


def effect(
    *, place: SalePlace, offer: Offer, addon_ids: Sequence[int], on_date: date, name: str
) -> Effect:
    """The first bill and the month's price of a plan with its add-ons."""
    addons = [
        a for a in place.addons if a.tariff_id in addon_ids and a.network_type == offer.network_type
    ]
    return Effect(
        bill=first_bill(offer=offer, on_date=on_date, name=name),
        addons=addons,
        month_kopecks=offer.price_kopecks + sum(a.price_kopecks for a in addons),
        is_covered=place.is_covered(offer.network_type),
    )


def open_request(*, number: int) -> ConnectionRequest:
    """A request that can become a service; raises NotFoundError."""
    request = crm_queries.request_by_number(number=number)
    if request.building_id is None or request.state not in crm_queries.OPEN_STATES:
        raise NotFoundError
    return request


@dataclass(frozen=True, slots=True)
class Created:
    """A service that has just been made."""

    subscription_id: int
    customer_id: int
    customer_name: str
    account_id: int
    contract: str
    address: str
    login: str
    state: str
    sentence: str
    balance_kopecks: int


def created(*, subscription_id: int, at: datetime) -> Created:
    """The new service for the page that ends the sale; raises NotFoundError."""
    account_id = subscription_queries.account_of(subscription_id=subscription_id)
    holder = crm_queries.customers_of_accounts(account_ids=[account_id or 0]).get(account_id or 0)
    if account_id is None or holder is None:
        raise NotFoundError
    service = Subscription.objects.select_related("building").get(id=subscription_id)
    access = network_queries.access_of(subscription_ids=[subscription_id]).get(subscription_id)
    explanation = explain_access(subscription_id=subscription_id, at=at) if access else None
    return Created(
        subscription_id=subscription_id,
        customer_id=holder[0],
        customer_name=holder[1],
        account_id=account_id,
        contract=ledger_queries.accounts(ids=[account_id])[account_id].code,
        address=places.label_of(service.building),
        login=access.login if access else "",
        state=access.state if access else "",
        sentence=str(explanation.text) if explanation else "",
        balance_kopecks=ledger_queries.balance_kopecks(account_id=account_id),
    )
