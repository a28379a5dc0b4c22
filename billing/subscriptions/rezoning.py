"""Existing clients on the terms of a newly published map (rules R5, R10).

`coverage.zone_published` with MOVE starts it, `billing.rezoning_continued` carries it from chunk to
chunk, each in its own transaction. A service gets a new plan span from the day on: same tariff, the
zone that won its building at the publication, the price there. What is prepaid beyond that day is
given back on that day, by charging. KEEP changes nothing. Delivered twice, it does nothing twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from billing.calendar import kyiv_date
from billing.ledger import operations as ledger
from billing.subscriptions import hooks
from billing.subscriptions.models import ChargeState, PlanSpan, Rezoning, Subscription, TermsMove
from billing.subscriptions.new_terms import Fate, Outcome, Service, outcomes, services_in
from billing.subscriptions.respan import Respanner, Target
from billing.tariffs.models import TariffVersion
from billing.tariffs.price_book import PriceBook
from coverage import queries as coverage_queries
from coverage.queries import Publication, Winner
from project.core import audit, outbox
from project.core.actor import Actor, ActorKind
from project.core.errors import NotFoundError

CONTINUED = "billing.rezoning_continued"
MOVED = "subscription.terms_moved"
CHUNK_ACCOUNTS = 300


def on_zone_published(*, payload: dict[str, Any], at: datetime) -> None:
    """Handler of `coverage.zone_published`."""
    if payload.get("existing") == "MOVE":
        rezone_services(
            changeset_id=payload["changeset_id"],
            move_on=date.fromisoformat(payload["move_on"]),
            at=at,
        )


def on_continued(*, payload: dict[str, Any], at: datetime) -> None:
    """Handler of the next chunk; one that was done already is passed over."""
    row = Rezoning.objects.select_for_update().get(changeset_id=payload["changeset_id"])
    if row.after_account_id == payload["after_account_id"]:
        _next_chunk(row, at=at)


@transaction.atomic
def rezone_services(*, changeset_id: int, move_on: date, at: datetime) -> None:
    """Begin to move the services that a published change set concerns; the first chunk at once.

    Raises NotFoundError for a change set that is not published. Begun already: nothing happens.
    """
    publication = coverage_queries.publication(changeset_id=changeset_id)
    if publication is None:
        raise NotFoundError()
    row, is_new = Rezoning.objects.get_or_create(
        changeset_id=changeset_id,
        defaults={
            "move_on": move_on,
            "published_at": publication.published_at,
            "started_at": at,
        },
    )
    if is_new:
        _next_chunk(row, at=at)


def _next_chunk(row: Rezoning, *, at: datetime) -> None:
    if row.done_at is not None:
        return
    publication = coverage_queries.publication(changeset_id=row.changeset_id)
    assert publication is not None, row.changeset_id
    account_ids = _accounts_after(row, publication)
    if account_ids:
        _move_accounts(row, publication, account_ids, at=at)
        row.after_account_id = account_ids[-1]
    if len(account_ids) == CHUNK_ACCOUNTS:
        payload = {"changeset_id": row.changeset_id, "after_account_id": row.after_account_id}
        outbox.emit(topic=CONTINUED, payload=payload, at=at)
    else:
        row.done_at = at
        _tell_done(row, publication, at=at)
    row.save()


def _accounts_after(row: Rezoning, publication: Publication) -> list[int]:
    return list(
        Subscription.objects.filter(
            state=Subscription.State.ACTIVE,
            building_id__in=publication.building_ids,
            network_type__in=publication.network_types,
            account_id__gt=row.after_account_id,
        )
        .order_by("account_id")
        .values_list("account_id", flat=True)
        .distinct()[:CHUNK_ACCOUNTS]
    )


def _move_accounts(
    row: Rezoning, publication: Publication, account_ids: Sequence[int], *, at: datetime
) -> None:
    """One chunk: locks in the order of the daily run (balances, then subscriptions)."""
    ledger.lock_balances(account_ids=account_ids)
    locked = Subscription.objects.select_for_update(of=("self",)).filter(account_id__in=account_ids)
    ids = list(locked.order_by("id").values_list("id", flat=True))
    charged_until = dict(
        ChargeState.objects.filter(subscription_id__in=ids).values_list(
            "subscription_id", "charged_until"
        )
    )
    first = max(row.move_on, kyiv_date(at))
    book = PriceBook()
    services = services_in(
        building_ids=publication.building_ids,
        network_types=publication.network_types,
        on_date=first,
        account_ids=account_ids,
    )
    found = outcomes(
        services=services,
        winners=coverage_queries.winners(
            building_ids={service.building_id for service in services}, at=row.published_at
        ),
        zone_ids=publication.zone_ids,
        on_date=first,
        book=book,
    )
    mover = _Mover(row=row, book=book, found=found, at=at, label=_actor(publication).label)
    for one in found:
        mover.take(one, from_date=_first_day(one.service, first, charged_until[one.service.id]))
    mover.write()


def _first_day(service: Service, first: date, charged_until: date | None) -> date:
    """The day from which a service may get other terms: a day that is charged keeps its price.

    What is prepaid for a month is no day's charge: it is given back.
    """
    is_daily = service.charge_type == TariffVersion.ChargeType.DAILY
    return max(first, charged_until) if is_daily and charged_until is not None else first


@dataclass
class _Mover:
    """Moves the services of one chunk and notes what became of each."""

    row: Rezoning
    book: PriceBook
    found: Sequence[Outcome]
    at: datetime
    label: str

    def __post_init__(self) -> None:
        ids = [one.service.id for one in self.found]
        self._spans = Respanner(subscription_ids=ids, book=self.book, at=self.at, label=self.label)
        self._others = _other_moves(self.row, ids)
        self._notes: list[TermsMove] = []

    def take(self, one: Outcome, *, from_date: date) -> None:
        """Move one service from that day on, or note why not."""
        service, winner = one.service, one.winner
        until = self._until(service.id)
        if until is not None and until <= from_date:
            self._note(one, from_date, outcome=TermsMove.Outcome.SUPERSEDED)
            return
        if winner is None:
            if one.fate == Fate.NOT_SOLD:
                self._note(one, from_date, outcome=TermsMove.Outcome.NOT_SOLD)
            return
        target = Target(
            subscription_id=service.id,
            network_type=service.network_type,
            segment=service.segment,
            locality_id=service.locality_id,
            winner=winner,
            from_date=from_date,
            until_date=until,
        )
        done = self._spans.move(target) if winner.is_served else None
        if done is not None and done.new is not None:
            assert done.old is not None
            self._note(
                one,
                done.new.during.lower,
                outcome=TermsMove.Outcome.MOVED,
                old=done.old,
                new=done.new,
            )
        elif one.fate == Fate.NOT_SOLD or (done is not None and done.is_unsold):
            self._note(one, from_date, outcome=TermsMove.Outcome.NOT_SOLD)

    def write(self) -> None:
        """Write spans and notes; earlier publications' moves that this one overtakes are over."""
        self._spans.changes.write()
        TermsMove.objects.bulk_create(self._notes, batch_size=1_000)
        moved = [note for note in self._notes if note.outcome == TermsMove.Outcome.MOVED]
        over = [
            other.id
            for note in moved
            for other in self._others.get(note.subscription_id, ())
            if _published(other) < self.row.published_at and other.from_date >= note.from_date
        ]
        TermsMove.objects.filter(id__in=over, settled_date__isnull=True).update(
            outcome=TermsMove.Outcome.SUPERSEDED
        )
        self.row.moved_count += len(moved)
        self.row.not_sold_count += sum(
            note.outcome == TermsMove.Outcome.NOT_SOLD for note in self._notes
        )
        hooks.subscriptions_changed(
            subscription_ids=[note.subscription_id for note in moved], at=self.at
        )

    def _until(self, subscription_id: int) -> date | None:
        """The day from which a later publication has decided already."""
        later = (
            other.from_date
            for other in self._others.get(subscription_id, ())
            if _published(other) > self.row.published_at
        )
        return min(later, default=None)

    def _note(
        self,
        one: Outcome,
        from_date: date,
        *,
        outcome: str,
        old: PlanSpan | None = None,
        new: PlanSpan | None = None,
    ) -> None:
        before = old or self._span_on(one.service.id, from_date)
        after = new or before
        self._notes.append(
            TermsMove(
                rezoning=self.row,
                subscription_id=one.service.id,
                from_date=from_date,
                outcome=outcome,
                old_zone_version_id=before.sold_zone_version_id if before else None,
                zone_version_id=after.sold_zone_version_id if after else None,
                old_price_kopecks=one.service.price_kopecks,
                price_kopecks=new.sold_price_kopecks if new else one.service.price_kopecks,
                created_at=self.at,
            )
        )

    def _span_on(self, subscription_id: int, day: date) -> PlanSpan | None:
        spans = self._spans.spans(subscription_id)
        begun = [span for span in spans if span.during.lower <= day]
        return begun[-1] if begun else None


def _published(move: TermsMove) -> datetime:
    assert move.rezoning is not None, move.id
    return move.rezoning.published_at


def _other_moves(row: Rezoning, subscription_ids: Sequence[int]) -> dict[int, list[TermsMove]]:
    rows = TermsMove.objects.filter(
        subscription_id__in=subscription_ids,
        outcome=TermsMove.Outcome.MOVED,
        rezoning__isnull=False,
    ).exclude(rezoning=row)
    found: dict[int, list[TermsMove]] = {}
    for move in rows.select_related("rezoning"):
        found.setdefault(move.subscription_id, []).append(move)
    return found


def reapply(*, subscription: Subscription, after: date, at: datetime, actor: Actor) -> None:
    """Move plans again that were made after a move was announced for a later day."""
    moves = _announced(subscription, after=after)
    _follow_moves(subscription, moves, at=at, actor=actor)


def follow(
    *, addon: Subscription, parent: Subscription, after: date, at: datetime, actor: Actor
) -> None:
    """An add-on sold beside a service whose move is announced moves with it."""
    moves = _announced(parent, after=after)
    _follow_moves(addon, moves, at=at, actor=actor)
    spans = PlanSpan.objects.filter(subscription=addon).order_by("during")
    for move in moves:
        new = next((span for span in spans if span.during.lower == move.from_date), None)
        if new is not None:
            TermsMove.objects.create(
                rezoning=move.rezoning,
                subscription=addon,
                from_date=move.from_date,
                outcome=TermsMove.Outcome.MOVED,
                old_zone_version_id=spans[0].sold_zone_version_id,
                zone_version_id=new.sold_zone_version_id,
                old_price_kopecks=spans[0].sold_price_kopecks,
                price_kopecks=new.sold_price_kopecks,
                created_at=at,
            )


def _announced(subscription: Subscription, *, after: date) -> list[TermsMove]:
    rows = TermsMove.objects.filter(
        subscription=subscription,
        outcome=TermsMove.Outcome.MOVED,
        from_date__gt=after,
        rezoning__isnull=False,
    )
    return list(
        rows.select_related("rezoning", "zone_version")
        .defer("zone_version__geometry")
        .order_by("from_date")
    )


def _follow_moves(
    subscription: Subscription, moves: Sequence[TermsMove], *, at: datetime, actor: Actor
) -> None:
    for number, move in enumerate(moves):
        mover = Respanner(
            subscription_ids=[subscription.id], book=PriceBook(), at=at, label=actor.label
        )
        version = move.zone_version
        mover.move(
            Target(
                subscription_id=subscription.id,
                network_type=subscription.network_type,
                segment=subscription.segment,
                locality_id=subscription.building.locality_id,
                winner=Winner(
                    building_id=subscription.building_id,
                    network_type=subscription.network_type,
                    zone_id=version.zone_id if version else None,
                    zone_version_id=version.id if version else None,
                    is_served=True,
                ),
                from_date=move.from_date,
                until_date=moves[number + 1].from_date if number + 1 < len(moves) else None,
            )
        )
        mover.changes.write()


def _actor(publication: Publication) -> Actor:
    """The system, on behalf of the person who published."""
    return Actor(
        kind=ActorKind.SYSTEM, label="zone publication", user_id=publication.published_by_id
    )


def _tell_done(row: Rezoning, publication: Publication, *, at: datetime) -> None:
    figures = {
        "changeset_id": row.changeset_id,
        "move_on": row.move_on.isoformat(),
        "moved": row.moved_count,
        "not_sold": row.not_sold_count,
    }
    audit.record(
        at=at,
        actor=_actor(publication),
        action="billing.subscriptions.terms_moved",
        obj=("zonechangeset", row.changeset_id),
        summary=f"{row.move_on:%d.%m.%Y}: {row.moved_count} / {row.not_sold_count}",
        after=figures,
    )
    outbox.emit(topic=MOVED, payload=figures, at=at)
