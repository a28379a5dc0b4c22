"""All channels of payments and all payment systems, in one readable place."""

from billing.payments.gateway import Channel, Provider
from billing.payments.providers import (
    bank,
    citypay,
    easypay,
    ibox,
    ipay,
    moneyua,
    monobank,
    platezhka,
    platon,
    portmone,
    privat24,
    pumb,
    ukrpays,
)

CASH = Channel(
    code="CASH",
    clearing_code="clearing.cash",
    min_kopecks=1_00,
    # Cash between a person and a business in a day: at most 50,000 hryvnias (NBU rule № 148).
    max_kopecks=50_000_00,
)

# Channels of our own, beside the payment systems.
CHANNELS: dict[str, Channel] = {channel.code: channel for channel in (CASH,)}

# Payment systems by the word that stands in their address.
PROVIDERS: dict[str, Provider] = {
    provider.code: provider
    for provider in (
        bank.PROVIDER,
        citypay.PROVIDER,
        easypay.PROVIDER,
        ibox.PROVIDER,
        ipay.PROVIDER,
        monobank.PROVIDER,
        moneyua.PROVIDER,
        platezhka.PROVIDER,
        platon.PROVIDER,
        portmone.PROVIDER,
        privat24.PROVIDER,
        pumb.PROVIDER,
        ukrpays.PROVIDER,
    )
}
