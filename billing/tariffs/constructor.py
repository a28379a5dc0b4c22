"""The constructor's desk: naming a product, drafts of terms and prices, publishing them.

A draft changes nothing for anybody: it is tried (`billing.whatif`) and then published whole, terms
and prices in one transaction. One draft a tariff; whoever writes it holds the tariff's row.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext_lazy as _

from billing.calendar import ONE_DAY
from billing.ledger import operations as ledger
from billing.tariffs.errors import (
    DraftChangedError,
    NothingToPublishError,
    RuleEndError,
    StalePriceError,
)
from billing.tariffs.models import DraftPrice, PriceRule, Tariff, TariffVersion
from billing.tariffs.operations import (
    VAT_ACCOUNT_CODE,
    next_number,
    overlap_error,
    require_dates,
    require_period,
    require_price,
    require_reachable,
    set_price,
)
from billing.tariffs.queries import TariffNotFoundError
from billing.tariffs.sanity import BadTermsError, require_sane
from billing.tariffs.targets import PriceTarget
from billing.tariffs.terms import Terms, columns, terms_of
from project.core import audit
from project.core.actor import Actor
from project.core.errors import NotFoundError


def locked_tariff(*, tariff_id: int) -> Tariff:
    """The tariff, held until the transaction ends; raises TariffNotFoundError."""
    tariff = Tariff.objects.select_for_update().filter(id=tariff_id).first()
    if tariff is None:
        raise TariffNotFoundError()
    return tariff


@transaction.atomic
def rename(
    *,
    at: datetime,
    actor: Actor,
    tariff_id: int,
    name_uk: str,
    name_en: str,
    description_uk: str,
    description_en: str,
    is_public: bool,
    sort: int,
) -> None:
    """Other words for a product; what it costs and does is its versions' and prices' affair."""
    tariff = locked_tariff(tariff_id=tariff_id)
    wanted = {
        "name_uk": name_uk,
        "name_en": name_en,
        "description_uk": description_uk,
        "description_en": description_en,
        "is_public": is_public,
        "sort": sort,
    }
    before = {name: getattr(tariff, name) for name in wanted}
    Tariff.objects.filter(id=tariff.id).update(**wanted)
    _audit(at, actor, tariff, "billing.tariff.renamed", name_uk, before=before, after=wanted)


@transaction.atomic
def archive(*, at: datetime, actor: Actor, tariff_id: int, is_archived: bool) -> None:
    """Sell it no more (who has it, keeps it), or sell it again."""
    tariff = locked_tariff(tariff_id=tariff_id)
    if (tariff.archived_at is not None) == is_archived:
        return
    Tariff.objects.filter(id=tariff.id).update(archived_at=at if is_archived else None)
    action = "billing.tariff.archived" if is_archived else "billing.tariff.restored"
    _audit(at, actor, tariff, action, tariff.code)


@transaction.atomic
def save_draft(
    *,
    at: datetime,
    actor: Actor,
    tariff_id: int,
    applies_from: date,
    terms: Terms,
    applies_existing_from: date | None = None,
) -> int:
    """Draw up new terms, or change those that are being drawn up; the version's id.

    Raises BadTermsError.
    """
    tariff = locked_tariff(tariff_id=tariff_id)
    require_sane(terms, tariff=tariff)
    require_dates(
        tariff=tariff, applies_from=applies_from, applies_existing_from=applies_existing_from
    )
    require_reachable(terms, tariff=tariff, applies_existing_from=applies_existing_from)
    values = {
        **columns(terms),
        "applies_from": applies_from,
        "applies_existing_from": applies_existing_from,
    }
    draft = draft_of(tariff_id=tariff.id)
    if draft is None:
        draft = TariffVersion.objects.create(tariff=tariff, version=next_number(tariff), **values)
    else:
        TariffVersion.objects.filter(id=draft.id).update(**values)
    _audit(
        at, actor, tariff, "billing.tariff_version.drafted",
        f"{tariff.code} v{draft.version}: {applies_from:%d.%m.%Y}",
    )  # fmt: skip
    return draft.id


def draft_of(*, tariff_id: int) -> TariffVersion | None:
    """The terms that are being drawn up."""
    return TariffVersion.objects.filter(tariff_id=tariff_id, published_at__isnull=True).first()


@transaction.atomic
def drop_draft(*, at: datetime, actor: Actor, tariff_id: int) -> None:
    """Throw the draft away, prepared prices and all; raises NothingToPublishError."""
    tariff = locked_tariff(tariff_id=tariff_id)
    terms, _by_model = TariffVersion.objects.filter(
        tariff=tariff, published_at__isnull=True
    ).delete()
    prices, _by_model = DraftPrice.objects.filter(tariff=tariff).delete()
    if not terms and not prices:
        raise NothingToPublishError()
    _audit(at, actor, tariff, "billing.tariff_version.dropped", tariff.code)


@dataclass(frozen=True, slots=True)
class WantedPrice:
    """A price to be prepared: where, how much (kopecks), in which half-open period."""

    target: PriceTarget
    price_kopecks: int
    valid_from: date
    valid_until: date | None = None
    connection_fee_kopecks: int = 0


@transaction.atomic
def prepare_prices(
    *, at: datetime, actor: Actor, tariff_id: int, prices: Iterable[WantedPrice]
) -> list[int]:
    """Put prices into the draft; one of the same place is replaced. Ids of the prepared prices.

    Raises BadTermsError, and PriceRuleOverlapError (with the other rule) for what could not be
    published because another price of the same place lies inside the period.
    """
    tariff = locked_tariff(tariff_id=tariff_id)
    made = []
    for wanted in prices:
        made.append(_prepare(tariff, wanted, at=at, actor=actor))
    return made


def _prepare(tariff: Tariff, wanted: WantedPrice, *, at: datetime, actor: Actor) -> int:
    require_price(
        price_kopecks=wanted.price_kopecks, connection_fee_kopecks=wanted.connection_fee_kopecks
    )
    require_period(valid_from=wanted.valid_from, valid_until=wanted.valid_until)
    place = wanted.target.columns()
    valid = DateRange(wanted.valid_from, wanted.valid_until)
    older = ends_by(tariff_id=tariff.id, target=wanted.target, valid_from=wanted.valid_from)
    in_the_way = PriceRule.objects.filter(tariff=tariff, valid__overlap=valid, **place)
    if in_the_way.exclude(id=older.id if older else 0).exists():
        raise overlap_error(tariff_id=tariff.id, target=wanted.target, valid=valid)
    row, _is_new = DraftPrice.objects.update_or_create(
        tariff=tariff,
        **place,
        defaults={
            "price_kopecks": wanted.price_kopecks,
            "connection_fee_kopecks": wanted.connection_fee_kopecks,
            "valid": valid,
            "based_on": older,
            "created_at": at,
            "created_by": actor.label[:150],
        },
    )
    return row.id


def ends_by(*, tariff_id: int, target: PriceTarget, valid_from: date) -> PriceRule | None:
    """The open price of the same place that one from that day would end."""
    return PriceRule.objects.filter(
        tariff_id=tariff_id,
        valid__startswith__lt=valid_from,
        valid__upper_inf=True,
        **target.columns(),
    ).first()


@transaction.atomic
def drop_price(*, at: datetime, actor: Actor, tariff_id: int, draft_price_id: int) -> None:
    """Take a prepared price out of the draft; raises NotFoundError."""
    tariff = locked_tariff(tariff_id=tariff_id)
    gone, _by_model = DraftPrice.objects.filter(tariff=tariff, id=draft_price_id).delete()
    if not gone:
        raise NotFoundError()


def fingerprint(*, tariff_id: int) -> str:
    """What the draft is now, in a word: to publish only what was looked at."""
    draft = draft_of(tariff_id=tariff_id)
    parts = [] if draft is None else [repr(columns(terms_of(draft))), repr(_dates(draft))]
    for row in DraftPrice.objects.filter(tariff_id=tariff_id).order_by("id"):
        parts.append(f"{row.id} {row.price_kopecks} {row.connection_fee_kopecks} {row.valid}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16] if parts else ""


def _dates(version: TariffVersion) -> tuple[date, date | None]:
    return version.applies_from, version.applies_existing_from


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication made: the version (None when only prices) and the price rules."""

    version_id: int | None
    rule_ids: tuple[int, ...]


@transaction.atomic
def publish_draft(
    *,
    at: datetime,
    on_date: date,
    actor: Actor,
    tariff_id: int,
    seen: str,
    existing_from: date | None = None,
) -> Published:
    """Publish the draft as it was `seen` (`fingerprint`): prices first, then terms.

    `existing_from`, for a draft of prices alone: existing clients get the prices from that day, by
    publishing the present terms once more. Raises NothingToPublishError, DraftChangedError,
    StalePriceError, BadTermsError, PriceRuleOverlapError; then nothing is published.
    """
    tariff = locked_tariff(tariff_id=tariff_id)
    now = fingerprint(tariff_id=tariff.id)
    if not now:
        raise NothingToPublishError()
    if now != seen:
        raise DraftChangedError()
    prepared = list(DraftPrice.objects.filter(tariff=tariff).order_by("id"))
    for row in prepared:
        _require_publishable(row, on_date=on_date)
    rules = tuple(
        set_price(
            at=at,
            actor=actor,
            tariff_id=tariff.id,
            price_kopecks=row.price_kopecks,
            connection_fee_kopecks=row.connection_fee_kopecks,
            valid_from=row.valid.lower,
            valid_until=row.valid.upper,
            zone_id=row.zone_id,
            admin_unit_id=row.admin_unit_id,
            network_type=row.network_type,
            segment=row.segment,
        )
        for row in prepared
    )
    DraftPrice.objects.filter(tariff=tariff).delete()
    draft = draft_of(tariff_id=tariff.id)
    if draft is None and existing_from is not None:
        draft = again(tariff=tariff, on_date=on_date, existing_from=existing_from)
        draft.save()
    if draft is not None:
        _publish_terms(tariff, draft, at=at, on_date=on_date, actor=actor)
    return Published(version_id=draft.id if draft else None, rule_ids=rules)


def _require_publishable(row: DraftPrice, *, on_date: date) -> None:
    if row.valid.lower < on_date:
        raise BadTermsError(_("A price begins today or later: change its first day."))
    target = PriceTarget.of_row(row)
    older = ends_by(tariff_id=row.tariff_id, target=target, valid_from=row.valid.lower)
    if (older.id if older else None) == row.based_on_id:
        return
    if older is None:
        raise StalePriceError()
    raise StalePriceError(rule_id=older.id, price_kopecks=older.price_kopecks)


def again(*, tariff: Tariff, on_date: date, existing_from: date) -> TariffVersion:
    """The newest terms as a new version (not saved), so that existing clients are priced anew.

    Raises BadTermsError when some of them would get other terms by it than they have: such terms
    are drawn up, so that they are seen before they are given.
    """
    versions = list(
        TariffVersion.objects.filter(tariff=tariff, published_at__isnull=False).order_by(
            "-applies_from"
        )
    )
    if not versions:
        raise BadTermsError(_("The tariff has no published terms yet."))
    last = versions[0]
    given = [
        one
        for one in versions
        if one.applies_existing_from is not None and one.applies_existing_from <= existing_from
    ]
    for sold in versions:
        newer = [one for one in given if one.applies_from > sold.applies_from]
        if terms_of(newer[0] if newer else sold) != terms_of(last):
            raise BadTermsError(
                _(
                    "Some clients have older terms than the newest ones: draw up terms in the "
                    "draft, so that it is seen what they get besides the price."
                ),
                field="existing_from",
            )
    return TariffVersion(
        tariff=tariff,
        version=next_number(tariff),
        applies_from=max(on_date, last.applies_from + ONE_DAY),
        applies_existing_from=existing_from,
        **columns(terms_of(last)),
    )


def _publish_terms(
    tariff: Tariff, draft: TariffVersion, *, at: datetime, on_date: date, actor: Actor
) -> None:
    if draft.applies_from < on_date:
        raise BadTermsError(_("New terms begin today or later."), field="applies_from")
    require_sane(terms_of(draft), tariff=tariff)
    applies_from, existing_from = _dates(draft)
    require_dates(tariff=tariff, applies_from=applies_from, applies_existing_from=existing_from)
    require_reachable(terms_of(draft), tariff=tariff, applies_existing_from=existing_from)
    if existing_from is not None and existing_from <= on_date:
        raise BadTermsError(
            _("Existing clients get new terms from tomorrow at the earliest: today is charged."),
            field="applies_existing_from",
        )
    ledger.ensure_control_account(at=at, kind="REVENUE", code=draft.revenue_account_code)
    ledger.ensure_control_account(at=at, kind="TAX", code=VAT_ACCOUNT_CODE)
    TariffVersion.objects.filter(id=draft.id, published_at__isnull=True).update(published_at=at)
    _audit(
        at, actor, tariff, "billing.tariff_version.published",
        f"{tariff.code} v{draft.version}: {applies_from:%d.%m.%Y}",
    )  # fmt: skip


@transaction.atomic
def end_price(*, at: datetime, on_date: date, actor: Actor, rule_id: int, until: date) -> None:
    """Set the first day on which a price is no longer in force: from then on it sells nothing new.

    What it has sold keeps it. Raises NotFoundError, RuleEndError.
    """
    rule = PriceRule.objects.select_for_update().filter(id=rule_id).first()
    if rule is None:
        raise NotFoundError()
    upper = rule.valid.upper
    if until < on_date or until <= rule.valid.lower or (upper is not None and until > upper):
        raise RuleEndError(field="until")
    rule.valid = DateRange(rule.valid.lower, until)
    rule.save(update_fields=["valid"])
    _audit(
        at, actor, rule.tariff, "billing.price_rule.ended",
        f"{rule.level} {rule.price_kopecks} {until:%d.%m.%Y}",
    )  # fmt: skip


def _audit(
    at: datetime, actor: Actor, tariff: Tariff, action: str, summary: str, **values: Any
) -> None:
    audit.record(
        at=at, actor=actor, action=action, obj=("tariff", tariff.id), summary=summary, **values
    )
