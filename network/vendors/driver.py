"""What a BRAS driver is: data only, and the one engine that renders it (pure: no Django).

A template is an attribute and a form with `{places}`. A template with a place of which the profile
says nothing is left out. Of several `:=` templates of one attribute the first that is whole is
used; `+=` templates are all used. Units and directions are chosen by the place: `{down_kbit}`,
`{up_suffix}`; `places.py` lists them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from network.profile import AccessProfile, ProfileState
from network.vendors.places import PLACE, filled, profile_values


class ReplyAttribute(NamedTuple):
    """One attribute on its way to the BRAS: name of FreeRADIUS' dictionary, operator, value.

    The name may end in a tag: `ERX-Service-Activate:1`.
    """

    name: str
    op: str
    value: str | int


class Concern(StrEnum):
    """What an attribute is about. A CoA speaks of one concern only: some BRASes do a part of a
    request with two and acknowledge the whole.

    SESSION (timeouts) is changed where the BRAS can, and never worth a reconnection. FIXED (Class)
    is never changed in a running session.
    """

    WALL = "WALL"
    SERVICES = "SERVICES"
    RATE = "RATE"
    ADDRESS = "ADDRESS"
    SESSION = "SESSION"
    FIXED = "FIXED"


class When(StrEnum):
    """For which sessions a template is meant."""

    ALWAYS = "ALWAYS"
    FULL = "FULL"
    GUEST = "GUEST"


@dataclass(frozen=True, slots=True)
class Template:
    """An attribute and the form of its value, e.g. `Mikrotik-Rate-Limit` = `{up_suffix}/…`.

    `each_service`: once for each of the profile's further services, as `{service}`; `{n}` in the
    attribute's tag counts them from 2.
    """

    attribute: str
    form: str
    concern: Concern = Concern.RATE
    when: When = When.ALWAYS
    op: str = ":="
    each_service: bool = False

    @property
    def places(self) -> tuple[str, ...]:
        """Names of the places in the form."""
        return tuple(PLACE.findall(self.form))

    def render(self, values: Mapping[str, object]) -> ReplyAttribute | None:
        """The attribute with its places filled; None when one of them is unknown."""
        value: str | int | None = filled(self.form, values)
        whole = PLACE.fullmatch(self.form)
        if whole and isinstance(number := values.get(whole[1]), int):
            value = number
        name = filled(self.attribute, values)
        return None if value is None or name is None else ReplyAttribute(name, self.op, value)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the BRAS can do with a session.

    `guest_wall`: it has what walls guests in (a filter, a redirect, a profile) under the names that
    its driver says; without it nobody is let in as a guest, because he would have the internet.
    `guest_wall_ipv6`: what walls guests in stops IPv6 too; without it a guest has no IPv6, which
    would lead around the wall.
    `coa`: it takes a CoA at all; `coa_rate`: a new speed by it; `redirect`: from guest to full and
    back by it; `coa_address`: a new address by it; `multi_service`: services beside the main one.
    `ack_unreliable`: its acknowledgement is no proof that anything was changed.
    """

    guest_wall: bool = True
    guest_wall_ipv6: bool = False
    coa: bool = False
    coa_rate: bool = False
    redirect: bool = False
    coa_address: bool = False
    multi_service: bool = False
    ack_unreliable: bool = False


class ChangeKind(StrEnum):
    """The cheapest way from one profile to another."""

    NOTHING = "NOTHING"
    COA = "COA"
    SERVICE_SWAP = "SERVICE_SWAP"
    DISCONNECT = "DISCONNECT"


@dataclass(frozen=True, slots=True)
class CoaPacket:
    """One CoA: a single concern and its attributes, without those that name the session."""

    concern: Concern
    attributes: tuple[ReplyAttribute, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What to do; the packets are sent one after the other."""

    kind: ChangeKind
    packets: tuple[CoaPacket, ...] = ()


NOTHING = Change(ChangeKind.NOTHING)
DISCONNECT = Change(ChangeKind.DISCONNECT)
# The wall goes up before the rest is changed, and the speed is right before it goes down; last of
# all come the timeouts.
ORDER = (Concern.WALL, Concern.SERVICES, Concern.RATE, Concern.ADDRESS)
Memo = dict[tuple[AccessProfile | None, AccessProfile], Change]
MEMO_MAX = 1_000


@dataclass(frozen=True)
class Driver:
    """One vendor's dialect.

    `accept` is what an Access-Accept says. `coa_set` changes a concern of a running session to what
    the new profile says, `coa_clear` takes back what the old one said (a service, a wall, a limit).
    `disconnect` goes with a Disconnect-Request beside `identify`, which names the session.
    `opt82_sources` ("circuit; remote" attributes) and `mac_sources` are where this BRAS puts who
    asks. `echo` are attributes of its accounting that tell what it really applies.
    """

    code: str
    title: str
    accept_templates: tuple[Template, ...]
    coa_set: tuple[Template, ...] = ()
    coa_clear: tuple[Template, ...] = ()
    disconnect: tuple[Template, ...] = ()
    identify: tuple[Template, ...] = ()
    opt82_sources: tuple[str, ...] = ()
    mac_sources: tuple[str, ...] = ("Calling-Station-Id",)
    echo: tuple[str, ...] = ()
    capabilities: Capabilities = field(default_factory=Capabilities)
    coa_port: int = 3799
    message_authenticator: bool = True

    @property
    def walls_guests(self) -> bool:
        """Whether guests can be walled in: a slow session that reaches the internet is no guest."""
        return self.capabilities.guest_wall and self.knows_walls

    @property
    def knows_walls(self) -> bool:
        """Whether this dialect has words for a guest's wall."""
        walls = {Concern.WALL, Concern.SERVICES}
        return any(one.when is When.GUEST and one.concern in walls for one in self.accept_templates)

    def accept(self, profile: AccessProfile) -> list[ReplyAttribute]:
        """The attributes of an Access-Accept in this dialect."""
        services = None if self.capabilities.multi_service else ()
        told = self._told(profile)
        return [one for _, one in _rendered(self.accept_templates, told, services=services)]

    def diff(
        self, old: AccessProfile | None, new: AccessProfile | None, *, memo: Memo | None = None
    ) -> Change:
        """The cheapest way from `old` to `new`; None: nothing is known of what the session has
        (old), or it shall not be (new). `memo` keeps what was found, for the other sessions of the
        same change: only their timeouts are each one's own."""
        if new is None:
            return DISCONNECT
        if old is not None and old.state is not new.state and not self.walls_guests:
            return DISCONNECT
        old, new = old and self._told(old), self._told(new)
        pair = (old and self._untimed(old), self._untimed(new))
        found = memo.get(pair) if memo is not None else None
        if found is None:
            found = self._but_for_timeouts(*pair)
            if memo is not None:
                if len(memo) >= MEMO_MAX:
                    memo.clear()
                memo[pair] = found
        if found.kind is ChangeKind.DISCONNECT or old is None:
            return found
        return self._with_timeouts(found, old=old, new=new)

    def _untimed(self, profile: AccessProfile) -> AccessProfile:
        return replace(profile, session_timeout_s=None) if self._timeouts_apart else profile

    @cached_property
    def _timeouts_apart(self) -> bool:
        """Whether only the concern SESSION speaks of the time; a form may be edited otherwise."""
        forms = (*self.accept_templates, *self.coa_set, *self.coa_clear)
        return all(
            one.concern is Concern.SESSION
            for one in forms
            if "session_timeout_s" in {*one.places, *PLACE.findall(one.attribute)}
        )

    def _but_for_timeouts(self, old: AccessProfile | None, new: AccessProfile) -> Change:
        has, shall = self._concerns(old), self._concerns(new)
        packets: list[CoaPacket] = []
        for concern in ORDER:
            if old is not None and has[concern] == shall[concern]:
                continue
            if old is None and not shall[concern]:
                packets.extend(self._taken_back(concern, new))
                continue
            step = self._step(concern, old=old, new=new)
            if step is None:
                return DISCONNECT
            packets.extend(step)
        if not packets:
            return NOTHING
        swaps = any(one.concern is Concern.SERVICES for one in packets)
        kind = ChangeKind.SERVICE_SWAP if swaps else ChangeKind.COA
        return Change(kind, _wall_last_to_fall(packets, old=old, new=new))

    def _taken_back(self, concern: Concern, new: AccessProfile) -> list[CoaPacket]:
        """Of a session of which nothing is known: it may have a wall or a limit that the new
        profile does not speak of, from a change that broke off half way."""
        is_lifted = concern is Concern.RATE or (
            concern is Concern.WALL and self.walls_guests and new.state is ProfileState.FULL
        )
        told = _of(self.coa_clear, concern, new) if is_lifted and self._can(concern) else ()
        return [CoaPacket(concern, told)] if told else []

    def _with_timeouts(self, found: Change, *, old: AccessProfile, new: AccessProfile) -> Change:
        """And the timeouts, where they differ and this BRAS can change them."""
        has, shall = (_of(self.accept_templates, Concern.SESSION, one) for one in (old, new))
        step = None if has == shall else self._step(Concern.SESSION, old=old, new=new)
        if not step:
            return found
        kind = ChangeKind.COA if found.kind is ChangeKind.NOTHING else found.kind
        return Change(kind, _wall_last_to_fall([*found.packets, *step], old=old, new=new))

    def _told(self, profile: AccessProfile) -> AccessProfile:
        """What of the profile is said: of a guest's IPv6 nothing where the wall is not for it."""
        if profile.state is ProfileState.FULL or self.capabilities.guest_wall_ipv6:
            return profile
        return replace(profile, framed_ipv6_prefix=None, delegated_ipv6_prefix=None)

    def _concerns(self, profile: AccessProfile | None) -> dict[Concern, list[ReplyAttribute]]:
        found: dict[Concern, list[ReplyAttribute]] = {concern: [] for concern in Concern}
        services = None if self.capabilities.multi_service else ()
        for template, attribute in _rendered(self.accept_templates, profile, services=services):
            found[template.concern].append(attribute)
        return found

    def _step(
        self, concern: Concern, *, old: AccessProfile | None, new: AccessProfile
    ) -> list[CoaPacket] | None:
        """The packets that change one concern; None when this BRAS cannot."""
        if not self._can(concern):
            return None
        if concern is Concern.SERVICES:
            return None if old is None else self._swap(old, new)
        told = _of(self.coa_set, concern, new) or _of(self.coa_clear, concern, old or new)
        return [CoaPacket(concern, told)] if told else None

    def _swap(self, old: AccessProfile, new: AccessProfile) -> list[CoaPacket] | None:
        """Services off, then on; one packet each."""
        steps: list[tuple[ReplyAttribute, ...]] = []
        on_old, on_new = (_of(self.coa_set, Concern.SERVICES, one) for one in (old, new))
        if on_old != on_new:
            steps += [_of(self.coa_clear, Concern.SERVICES, old), on_new]
        for one in old.services:
            if one not in new.services:
                steps.append(_of(self.coa_clear, Concern.SERVICES, old, service=one))
        for one in new.services:
            if one not in old.services:
                steps.append(_of(self.coa_set, Concern.SERVICES, new, service=one))
        packets = [CoaPacket(Concern.SERVICES, step) for step in steps if step]
        return packets or None

    def _can(self, concern: Concern) -> bool:
        can = self.capabilities
        allowed = {
            Concern.RATE: can.coa_rate,
            Concern.WALL: can.redirect,
            Concern.SERVICES: can.coa_rate,
            Concern.ADDRESS: can.coa_address,
            Concern.SESSION: True,
        }
        return can.coa and allowed.get(concern, False)


def _wall_last_to_fall(
    packets: Iterable[CoaPacket], *, old: AccessProfile | None, new: AccessProfile
) -> tuple[CoaPacket, ...]:
    was_guest = old is None or old.state is ProfileState.GUEST
    if was_guest and new.state is ProfileState.FULL:
        return tuple(sorted(packets, key=lambda one: one.concern is Concern.WALL))
    return tuple(packets)


def _of(
    templates: Iterable[Template],
    concern: Concern,
    profile: AccessProfile,
    *,
    service: str | None = None,
) -> tuple[ReplyAttribute, ...]:
    """What these templates say of one concern: of the main service, or of one further one."""
    chosen = tuple(
        one
        for one in templates
        if one.concern is concern and one.each_service == (service is not None)
    )
    found = _rendered(chosen, profile, services=(service,) if service is not None else ())
    return tuple(attribute for _, attribute in found)


def _rendered(
    templates: Iterable[Template],
    profile: AccessProfile | None,
    *,
    services: tuple[str, ...] | None = None,
) -> list[tuple[Template, ReplyAttribute]]:
    if profile is None:
        return []
    values = profile_values(profile)
    found: list[tuple[Template, ReplyAttribute]] = []
    said: set[tuple[str, Concern]] = set()
    for template in templates:
        if template.when is not When.ALWAYS and template.when.value != profile.state.value:
            continue
        names = profile.services if services is None else services
        rounds: list[Mapping[str, object]] = (
            [{**values, "service": name, "n": n} for n, name in enumerate(names, start=2)]
            if template.each_service
            else [values]
        )
        for one in rounds:
            attribute = template.render(one)
            if attribute is None or (attribute.name, template.concern) in said:
                continue
            if template.op == ":=":
                said.add((attribute.name, template.concern))
            found.append((template, attribute))
    return found


def identification(driver: Driver, values: Mapping[str, object]) -> list[ReplyAttribute]:
    """What names a session to this BRAS; `values` are `places.SESSION_PLACES`."""
    rendered = (template.render(values) for template in driver.identify)
    return [one for one in rendered if one is not None]
