"""What a login and a password of PPPoE may be (pure: no Django).

A login is compared without regard to case and outer blanks (`radius_resolve`, the ingest of
accounting, FreeRADIUS' cache), so it is kept in lower case: the database's unique constraint then
holds one login to one service. A password is compared letter by letter; 128 octets are what
User-Password can carry (RFC 2865, section 5.2).
"""

import re

from network.identifiers import mac_of_station, normalised_mac

LOGIN_MAX = 64
PASSWORD_MAX = 128
VISIBLE = re.compile(r"[\x21-\x7e]+\Z")
# FreeRADIUS' own language: where a text is expanded, %{User-Name} and ${prefix} become another.
EXPANDED = ("%{", "${")


def normalised_login(text: str) -> str:
    """The login as it is kept and compared, or "" when it can be none."""
    login = text.strip(" \t\r\n").lower()
    is_plain = len(login) <= LOGIN_MAX and VISIBLE.match(login) is not None
    return login if is_plain and not any(one in login for one in EXPANDED) else ""


def is_password(text: str) -> bool:
    """Whether a router and FreeRADIUS read this password alike."""
    return len(text) <= PASSWORD_MAX and VISIBLE.match(text) is not None


def macs_in(login: str) -> frozenset[str]:
    """The MACs that this login is, in any spelling that FreeRADIUS, a BRAS's driver or we read."""
    return frozenset({mac_in(login), normalised_mac(login)} - {""})


def mac_in(login: str) -> str:
    """The MAC for which FreeRADIUS takes a User-Name like this, "" for none."""
    return mac_of_station(b"", login.encode())
