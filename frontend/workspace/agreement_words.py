"""What a session should have and has, line by line in words; the differences marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from frontend.formats import duration, speed
from frontend.workspace.network_words import CAUSES, DRIFT, ERROR_CAUSES, KINDS, VERDICTS
from network.agreement import Agreement
from network.models import AccessAction, Session
from network.profile import AccessProfile, Burst, ProfileState

State = AccessAction.State
CODES = {"COA": "CoA", "DISCONNECT": "Disconnect"}
SAID_YES = (State.ACKNOWLEDGED, State.VERIFIED, State.NOT_APPLIED)


@dataclass(frozen=True, slots=True)
class Line:
    """One concern of a profile. `differs`: the session would be changed for it."""

    title: str
    should: str
    has: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Packet:
    """One request of the newest wish and what the BRAS answered; `verdict` "" is none yet."""

    code: str
    concern: str
    verdict: str
    error: str
    why: str


@dataclass(frozen=True, slots=True)
class AgreementPage:
    """The block of a session's page. `reason` is why they differ, in words, "" where they agree."""

    found: Agreement
    lines: list[Line]
    reason: str
    tone: str
    kind: Any = ""
    cause: Any = ""
    acknowledged_at: datetime | None = None
    verified_at: datetime | None = None
    packets: Sequence[Packet] = ()


def page_of(found: Agreement, *, session: Session) -> AgreementPage:
    """All that the block tells of one open session."""
    row, action = found.row, found.action
    reason = str(DRIFT.get(row.reason, "")) if row and not found.is_stranger else ""
    is_calm = row is not None and row.reason in {"WAITING", "UNPROVEN"}
    lines = _lines(found, session=session)
    if not reason and not found.is_stranger and any(one.differs for one in lines):
        reason = str(DRIFT["ACCESS" if lines[0].differs else "PROFILE"])
    acknowledged = row.acknowledged_at if row else None
    verified = row.verified_at if row else None
    if action is not None:
        acknowledged = action.answered_at if action.state in SAID_YES else acknowledged
        verified = action.verified_at or verified
    return AgreementPage(
        found=found,
        lines=lines,
        reason=reason,
        tone="guest" if is_calm else "debt",
        kind=KINDS.get(action.kind, action.kind) if action else "",
        cause=CAUSES.get(action.cause, action.cause) if action else "",
        acknowledged_at=acknowledged,
        verified_at=verified,
        packets=_packets(action) if action else (),
    )


def _lines(found: Agreement, *, session: Session) -> list[Line]:
    should, has = found.desired, found.applied
    access = _line(
        _("Access"),
        _access(should.state if should else None),
        _access(ProfileState.GUEST if session.is_guest else ProfileState.FULL),
    )
    told = [
        access,
        _pair(_("Speed to the subscriber"), should, has, lambda one: _speed(one.speed_down_bit_s)),
        _pair(_("Speed from the subscriber"), should, has, lambda one: _speed(one.speed_up_bit_s)),
    ]
    if (should and should.burst) or (has and has.burst):
        told.append(_pair(_("First seconds"), should, has, lambda one: _burst(one.burst)))
    told.append(_address(found, session=session))
    for title, name in (
        (_("IPv6 of the link"), "framed_ipv6_prefix"),
        (_("IPv6 behind the router"), "delegated_ipv6_prefix"),
    ):
        if any(getattr(one, name) for one in (should, has) if one):
            told.append(_pair(title, should, has, lambda one, name=name: getattr(one, name) or "–"))
    return [
        *told,
        _pair(_("Pool of the BRAS"), should, has, lambda one: one.pool or "–"),
        _pair(_("Web pages are led to"), should, has, lambda one: one.redirect_url or "–"),
        # It counts from the next log-in on: nothing is changed in a session for its sake.
        _pair(_("Time limit"), should, has, _limit, is_felt=False),
    ]


def _line(title: str, should: str, has: str) -> Line:
    return Line(title, should, has, differs=should != has)


def _pair(
    title: str,
    should: AccessProfile | None,
    has: AccessProfile | None,
    tell: Any,
    *,
    is_felt: bool = True,
) -> Line:
    wanted = tell(should) if should else "–"
    there = tell(has) if has else pgettext("profile", "not known")
    differs = is_felt and should is not None and has is not None and wanted != there
    return Line(title, wanted, there, differs=differs)


def _address(found: Agreement, *, session: Session) -> Line:
    """Accounting tells what it has; one of a pool is right whichever it is."""
    should = found.desired
    there = session.framed_ip or pgettext("profile", "not known")
    if should is None:
        return Line(_("IP address"), "–", there)
    if should.framed_ip:
        differs = bool(session.framed_ip) and session.framed_ip != should.framed_ip
        return Line(_("IP address"), should.framed_ip, there, differs=differs)
    return Line(_("IP address"), of_pools(found.pools), there)


def of_pools(names: Sequence[str]) -> str:
    """ "An address of pool X", or "one that the BRAS gives" where no pool of ours does."""
    if not names:
        return _("one that the BRAS gives")
    return _("an address of pool %(pool)s") % {"pool": " → ".join(names)}


def _access(state: ProfileState | None) -> str:
    if state is None:
        return pgettext("access", "none: no session")
    return (
        pgettext("access", "as a guest, behind the wall")
        if state is ProfileState.GUEST
        else pgettext("access", "full")
    )


def _speed(bit_s: int | None) -> str:
    return speed(bit_s) if bit_s else _("not limited")


def _burst(burst: Burst | None) -> str:
    if burst is None:
        return "–"
    both = f"↓ {speed(burst.down_bit_s)} ↑ {speed(burst.up_bit_s)}"
    return f"{both}, {duration(burst.seconds)}"


def _limit(profile: AccessProfile) -> str:
    limit_s = profile.session_timeout_s
    return duration(limit_s) if limit_s else pgettext("time limit", "none")


def _packets(action: AccessAction) -> list[Packet]:
    return [
        Packet(
            code=CODES.get(str(one.get("code")), str(one.get("code", ""))),
            concern=str(one.get("concern", "")),
            verdict=str(VERDICTS.get(one.get("verdict"), one.get("verdict") or "")),
            error=" ".join(
                str(part)
                for part in (
                    one.get("error_cause") or "",
                    ERROR_CAUSES.get(str(one.get("error_cause")), ""),
                )
                if part
            ),
            why=str(one.get("why") or ""),
        )
        for one in action.packets
    ]
