"""Merchant accounts: found for each request, opened and changed by people."""

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings as django_settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing.ledger import operations as ledger
from billing.payments import legal_entities, registry
from billing.payments.gateway import Entity, Merchant, Provider
from billing.payments.models import LegalEntity, MerchantAccount
from billing.payments.wire import addresses
from project.core import audit, crypto, prepared
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

_BY_ADDRESS = """
SELECT m.id, sha256(m.secrets_encrypted), m.version, m.is_active, m.commission, m.commission_bp,
       m.min_kopecks, m.max_kopecks, m.keeps_unknown, m.clearing_account_id, m.legal_entity_id,
       EXISTS (SELECT 1 FROM billing_legal_entity_area)
FROM billing_merchant_account AS m
WHERE m.provider = %s AND m.slug = %s
"""


class UnknownProviderError(DomainError):
    """There is no payment system of that name."""

    code = "unknown_provider"
    http_status = 404
    message = _("There is no such payment system.")


class BadMerchantError(DomainError):
    """A setting of a merchant account is missing or cannot be so."""

    code = "bad_merchant"


@dataclass(frozen=True, slots=True)
class Account:
    """A merchant account as operations see it: the plug-in's view, and the rules of its money."""

    view: Merchant
    provider: Provider
    version: int
    is_active: bool
    commission: str
    commission_bp: int
    min_kopecks: int
    max_kopecks: int
    keeps_unknown: bool
    clearing_account_id: int
    legal_entity_id: int
    goes_by_place: bool

    @property
    def id(self) -> int:
        """The row's id."""
        return self.view.id

    def credited(self, *, amount: int, gross: int | None, net: int | None) -> int:
        """What of a payment goes to the client's account, in kopecks, by the commission rule."""
        if self.commission == MerchantAccount.Commission.GROSS:
            return gross if gross is not None else amount
        if self.commission == MerchantAccount.Commission.NET_FIELD:
            return net if net is not None else amount
        if self.commission == MerchantAccount.Commission.PERCENT:
            base = gross if gross is not None else amount
            return base - (2 * base * self.commission_bp + 10_000) // 20_000
        return amount


def find(*, provider: str, slug: str) -> Account | None:
    """The merchant account at that address, or None. One short query; secrets are kept decrypted
    in the process until the row's version changes.
    """
    declared = registry.PROVIDERS.get(provider)
    if declared is None:
        return None
    rows = prepared.rows(_BY_ADDRESS, [provider, slug])
    if not rows:
        return None
    merchant_id, sealed, version, *rest = rows[0]
    return Account(_view(merchant_id, version, bytes(sealed)), declared, version, *rest)


def get(*, merchant_id: int) -> Account:
    """The merchant account with that id. Raises NotFoundError."""
    row = MerchantAccount.objects.filter(id=merchant_id).values("provider", "slug").first()
    found = find(provider=row["provider"], slug=row["slug"]) if row else None
    if found is None:
        raise NotFoundError(_("There is no such merchant account."))
    return found


@lru_cache(maxsize=256)
def _view(merchant_id: int, version: int, sealed: bytes) -> Merchant:
    """What plug-ins see; `sealed` tells the row from one of another database with its number."""
    row = MerchantAccount.objects.select_related("legal_entity").get(id=merchant_id)
    declared = registry.PROVIDERS[row.provider]
    values = {setting.name: setting.default for setting in declared.settings} | row.settings
    if row.secrets_encrypted:
        values |= json.loads(crypto.decrypt(row.secrets_encrypted))
    entity = row.legal_entity
    return Merchant(
        id=row.id,
        provider=row.provider,
        slug=row.slug,
        settings=values,
        networks=tuple(row.networks),
        base_url=row.base_url.rstrip("/"),
        public_url=str(django_settings.GEOBILL_PUBLIC_URL).rstrip("/"),
        entity=Entity(
            id=entity.id,
            name=entity.name,
            edrpou=entity.edrpou,
            iban=entity.iban,
            bank_name=entity.bank_name,
            mfo=entity.mfo,
        ),
    )


def masked_words(merchant: Merchant) -> tuple[str, ...]:
    """The secrets of a merchant account as texts that the journal must not hold."""
    declared = registry.PROVIDERS[merchant.provider]
    values = (str(merchant.settings.get(s.name) or "") for s in declared.settings if s.is_secret)
    return tuple(sorted((value for value in values if len(value) >= 4), key=len, reverse=True))


@transaction.atomic
def open_merchant(
    *,
    at: datetime,
    actor: Actor,
    provider: str,
    title: str = "",
    legal_entity_id: int | None = None,
    slug: str = "",
    settings: Mapping[str, Any] | None = None,
    **rules: Any,
) -> int:
    """Open an account at a provider and its clearing account in the ledger; its id.

    Without a `slug` the address ends in one that cannot be guessed. `rules` are the other fields of
    MerchantAccount. Raises UnknownProviderError, BadMerchantError.
    """
    declared = registry.PROVIDERS.get(provider)
    if declared is None:
        raise UnknownProviderError(provider=provider)
    slug = slug or secrets.token_hex(12)
    if SLUG.fullmatch(slug) is None:
        raise BadMerchantError(_("The address has letters, digits and dashes only."), field="slug")
    if MerchantAccount.objects.filter(provider=provider, slug=slug).exists():
        raise BadMerchantError(_("This address is taken."), field="slug")
    if legal_entity_id is None:
        entity = LegalEntity.objects.filter(is_default=True).first()
        legal_entity_id = (
            entity.id
            if entity
            else legal_entities.open_legal_entity(at=at, actor=actor, name=title or "—")
        )
    plain, secret = _sorted_settings(declared, settings or {}, known={})
    row = MerchantAccount(
        legal_entity_id=legal_entity_id,
        provider=provider,
        slug=slug,
        title=title.strip() or declared.title,
        settings=plain,
        secrets_encrypted=crypto.encrypt(json.dumps(secret)),
        min_kopecks=declared.min_kopecks,
        max_kopecks=declared.max_kopecks,
        created_at=at,
        clearing_code="",
        clearing_account_id=0,
    )
    _apply(row, rules)
    number = MerchantAccount.objects.filter(provider=provider).count() + 1
    row.clearing_code = f"clearing.{provider}.{number}"
    row.clearing_account_id = ledger.ensure_control_account(
        at=at, code=row.clearing_code, kind="CLEARING"
    )
    row.save(force_insert=True)
    ledger.ensure_control_account(at=at, code=SUSPENSE_CODE, kind="SUSPENSE")
    _note(row, at=at, actor=actor, verb="opened", changed=sorted(plain | secret | rules))
    return row.id


SUSPENSE_CODE = "suspense.payments"


@transaction.atomic
def change_merchant(
    *,
    at: datetime,
    actor: Actor,
    merchant_id: int,
    settings: Mapping[str, Any] | None = None,
    **rules: Any,
) -> None:
    """Change settings (those that are named; an empty secret keeps the stored one) and rules.

    Raises NotFoundError, BadMerchantError.
    """
    row = MerchantAccount.objects.select_for_update().filter(id=merchant_id).first()
    if row is None:
        raise NotFoundError(_("There is no such merchant account."))
    stored = json.loads(crypto.decrypt(row.secrets_encrypted)) if row.secrets_encrypted else {}
    plain, secret = _sorted_settings(
        registry.PROVIDERS[row.provider], settings or {}, known=row.settings | stored
    )
    row.settings, row.secrets_encrypted = plain, crypto.encrypt(json.dumps(secret))
    _apply(row, rules)
    row.version += 1
    row.save()
    _note(row, at=at, actor=actor, verb="changed", changed=sorted({*(settings or {}), *rules}))


@transaction.atomic
def learn(*, merchant_id: int, settings: Mapping[str, Any]) -> Account:
    """Keep settings that the provider itself has told (its new public key)."""
    row = MerchantAccount.objects.select_for_update().get(id=merchant_id)
    names = {setting.name for setting in registry.PROVIDERS[row.provider].settings}
    assert set(settings) <= names, "a provider teaches its own settings only"
    row.settings = row.settings | dict(settings)
    row.version += 1
    row.save(update_fields=["settings", "version"])
    return get(merchant_id=merchant_id)


def _sorted_settings(
    declared: Provider, wanted: Mapping[str, Any], *, known: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings that are no secret, and secrets."""
    by_name = {setting.name: setting for setting in declared.settings}
    if unknown := set(wanted) - set(by_name):
        raise BadMerchantError(
            _("%(provider)s has no such setting: %(names)s.")
            % {"provider": declared.title, "names": ", ".join(sorted(unknown))}
        )
    plain: dict[str, Any] = {}
    secret: dict[str, Any] = {}
    for setting in declared.settings:
        value = wanted.get(setting.name, known.get(setting.name, setting.default))
        if setting.is_secret and value in ("", None):
            value = known.get(setting.name, "")
        if setting.choices and str(value) not in setting.choices:
            raise BadMerchantError(
                _("%(name)s is one of: %(choices)s.")
                % {"name": setting.name, "choices": ", ".join(setting.choices)},
                field=setting.name,
            )
        (secret if setting.is_secret else plain)[setting.name] = value
    for name in _lacking(declared, plain | secret):
        raise BadMerchantError(_("%(name)s is needed.") % {"name": name}, field=name)
    return plain, secret


def _lacking(declared: Provider, values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        setting.name
        for setting in declared.settings
        if values.get(setting.name) in ("", None)
        and (setting.required or (setting.goes_with and values.get(setting.goes_with)))
    )


def lacking(*, merchant_id: int) -> tuple[str, ...]:
    """Settings of a merchant account that are needed and not there: nobody is let in without."""
    found = get(merchant_id=merchant_id)
    return _lacking(found.provider, found.view.settings)


RULES = (
    "title",
    "is_active",
    "networks",
    "base_url",
    "commission",
    "commission_bp",
    "min_kopecks",
    "max_kopecks",
    "keeps_unknown",
)


def _apply(row: MerchantAccount, rules: Mapping[str, Any]) -> None:
    for name, value in rules.items():
        assert name in RULES, f"{name} is no rule of a merchant account"
        setattr(row, name, _networks(value) if name == "networks" else value)
    if not 0 < row.min_kopecks <= row.max_kopecks:
        raise BadMerchantError(_("The least amount is above the greatest."), field="min_kopecks")


def _networks(texts: Iterable[str]) -> list[str]:
    try:
        return [str(addresses.network(text)) for text in texts]
    except addresses.BadNetworkError as error:
        raise BadMerchantError(str(error), field="networks") from error


def _note(
    row: MerchantAccount, *, at: datetime, actor: Actor, verb: str, changed: list[str]
) -> None:
    audit.record(
        at=at,
        actor=actor,
        action=f"billing.merchant.{verb}",
        obj=("merchant_account", row.id),
        summary=f"{row.provider}/{row.slug} {row.title}",
        after={"changed": changed, "is_active": row.is_active},
    )
