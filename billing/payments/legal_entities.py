"""Legal entities that receive money: opened, changed, and the places that each of them serves."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from billing.payments.models import LegalEntity, LegalEntityArea, MerchantAccount
from coverage.labels import unit_names
from coverage.models import AdminUnit
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

FIELDS = ("name", "edrpou", "iban", "bank_name", "mfo")
_EDRPOU = re.compile(r"[0-9]{8}|[0-9]{10}")
_MFO = re.compile(r"[0-9]{6}")
_IBAN = re.compile(r"UA[0-9]{27}")


class BadLegalEntityError(DomainError):
    """A code or an account that cannot be so, or a place that another legal entity serves."""

    code = "bad_legal_entity"


@dataclass(frozen=True, slots=True)
class Area:
    """A place that a legal entity serves: an administrative unit and all below it."""

    id: int
    admin_unit_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Card:
    """A legal entity with its places and how many accounts at payment systems it has."""

    entity: LegalEntity
    areas: Sequence[Area]
    accounts: int


def cards() -> list[Card]:
    """All legal entities, the default one first."""
    counts = dict(
        MerchantAccount.objects.order_by()
        .values_list("legal_entity_id")
        .annotate(count=Count("id"))
        .values_list("legal_entity_id", "count")
    )
    rows = list(LegalEntityArea.objects.order_by("id")[:2000])
    names = unit_names(unit_ids=[row.admin_unit_id for row in rows])
    areas: dict[int, list[Area]] = {}
    for row in rows:
        area = Area(row.id, row.admin_unit_id, names.get(row.admin_unit_id, ""))
        areas.setdefault(row.legal_entity_id, []).append(area)
    entities = LegalEntity.objects.order_by("-is_default", "name")[:200]
    return [Card(one, areas.get(one.id, []), counts.get(one.id, 0)) for one in entities]


def card(*, entity_id: int) -> Card:
    """One of them. Raises NotFoundError."""
    for one in cards():
        if one.entity.id == entity_id:
            return one
    raise NotFoundError(_("There is no such legal entity."))


@transaction.atomic
def open_legal_entity(*, at: datetime, actor: Actor, name: str, **values: str) -> int:
    """A legal entity that receives money; the first one is the default. Its id.

    Raises BadLegalEntityError.
    """
    first = not LegalEntity.objects.exists()
    told = _checked({"name": name, **values})
    made = LegalEntity.objects.create(is_default=first, **told)
    _note(made, at=at, actor=actor, verb="opened", before=None, after=told)
    return made.id


@transaction.atomic
def change_legal_entity(
    *,
    at: datetime,
    actor: Actor,
    entity_id: int,
    make_default: bool = False,
    add_unit_id: int | None = None,
    drop_area_ids: Sequence[int] = (),
    **values: str,
) -> None:
    """Change its requisites, make it the default one, add or drop places that it serves.

    A place is served by one legal entity; of places one inside another the deepest counts. Raises
    NotFoundError, BadLegalEntityError.
    """
    row = LegalEntity.objects.select_for_update().filter(id=entity_id).first()
    if row is None:
        raise NotFoundError(_("There is no such legal entity."))
    told = _checked({name: getattr(row, name) for name in FIELDS} | values)
    before = {name: getattr(row, name) for name in FIELDS} | {"is_default": row.is_default}
    for name, value in told.items():
        setattr(row, name, value)
    if make_default and not row.is_default:
        LegalEntity.objects.filter(is_default=True).update(is_default=False)
        row.is_default = True
    row.save()
    # Plug-ins show its requisites: what processes keep of its accounts is read anew.
    for merchant in MerchantAccount.objects.select_for_update().filter(legal_entity=row):
        merchant.version += 1
        merchant.save(update_fields=["version"])
    dropped = LegalEntityArea.objects.filter(legal_entity=row, id__in=list(drop_area_ids))
    gone = list(dropped.values_list("admin_unit_id", flat=True))
    dropped.delete()
    if add_unit_id is not None:
        _serve(row, unit_id=add_unit_id)
    after: dict[str, Any] = {**told, "is_default": row.is_default}
    if add_unit_id is not None or gone:
        after |= {"place_added": add_unit_id, "places_dropped": gone}
    _note(row, at=at, actor=actor, verb="changed", before=before, after=after)


def _serve(row: LegalEntity, *, unit_id: int) -> None:
    if not AdminUnit.objects.filter(id=unit_id).exists():
        raise BadLegalEntityError(_("There is no such place."), field="admin_unit_id")
    known = LegalEntityArea.objects.select_related("legal_entity").filter(admin_unit_id=unit_id)
    other = known.first()
    if other is not None and other.legal_entity_id != row.id:
        raise BadLegalEntityError(
            _("This place is served by %(name)s.") % {"name": other.legal_entity.name},
            field="admin_unit_id",
        )
    LegalEntityArea.objects.get_or_create(legal_entity=row, admin_unit_id=unit_id)


def _checked(values: dict[str, Any]) -> dict[str, str]:
    told = {name: " ".join(str(values.get(name) or "").split()) for name in FIELDS}
    told["iban"] = "".join(told["iban"].split()).upper()
    if not told["name"]:
        raise BadLegalEntityError(_("Write the name."), field="name")
    rules = (
        ("edrpou", _EDRPOU, _("ЄДРПОУ has 8 digits, the tax number of a person 10.")),
        ("mfo", _MFO, _("МФО has 6 digits.")),
        ("iban", _IBAN, _("An IBAN here is UA and 27 digits.")),
    )
    for name, form, message in rules:
        if told[name] and form.fullmatch(told[name]) is None:
            raise BadLegalEntityError(message, field=name)
    if told["iban"] and not _is_iban(told["iban"]):
        raise BadLegalEntityError(_("A digit of the IBAN is wrong."), field="iban")
    return told


def _is_iban(text: str) -> bool:
    """Whether the two check digits hold (ISO 13616)."""
    turned = text[4:] + text[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def _note(
    row: LegalEntity, *, at: datetime, actor: Actor, verb: str, before: Any, after: Any
) -> None:
    audit.record(
        at=at,
        actor=actor,
        action=f"billing.legal_entity.{verb}",
        obj=("legal_entity", row.id),
        summary=row.name,
        before=before,
        after=after,
    )
