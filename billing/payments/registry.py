"""All channels of payments, in one readable place."""

from billing.payments.gateway import Channel, Gateway

CASH = Channel(
    code="CASH",
    clearing_code="clearing.cash",
    min_kopecks=1_00,
    # Cash between a person and a business in a day: at most 50,000 hryvnias (NBU rule № 148).
    max_kopecks=50_000_00,
)

CHANNELS: dict[str, Channel] = {channel.code: channel for channel in (CASH,)}

GATEWAYS: dict[str, Gateway] = {}
