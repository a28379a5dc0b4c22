"""The columns of an import: which of them say what, told by their names, ours and other systems'.

A login and a password that come in are set, so a column is one of them only where its name says
nothing else; what holds a password in any shape is shown nowhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from project.core.errors import DomainError

# Words of a name; the first that fits. "": nothing that we use.
FIELDS: tuple[tuple[str, str], ...] = (
    ("", r"^geobill_|wi-?fi|wlan|пас+порт|passport"),
    ("hash", r"hash|md5|crypt|хеш|хэш|\bsha-?\d"),
    ("", r"дата|(\b|_)date(\b|_)|[ _-]at$|last|останн|послед"),
    ("password", r"pass|парол|pwd|psw|secret"),
    ("person", r"\buid\b|^user[ _-]?(id|no|num|number)$|абонент"),
    (
        "service",
        r"^(service|subscription|послуга|услуга)([ _-]?(id|no|num|number|№|номер))?$"
        r"|^(id|номер|№) ?(послуги|услуги)$",
    ),
    ("circuit", r"circuit"),
    ("remote", r"remote[ _-]?id|agent[ _-]?remote"),
    ("delegated", r"deleg|\bpd\b|делегов"),
    ("prefix", r"ipv6|prefix|префікс|префикс"),
    ("mac", r"\bmac\b|\bмак\b|hwaddr|mac[ _-]?ad|^user[ _-]?mac$"),
    ("address", r"\bip\b|ipv4|framed|address|адрес|ip[ _-]?ад|^user[ _-]?ip$"),
    ("contract", r"contract|договір|договор|рахун|счет|account|л/с|о/р"),
    ("", r"(логін|логин|login)s?[ _-]?(id|no|num|time|count|ip|mac|type|status)"),
    ("login", r"логін|логин|login|^user([ _-]?name)?$"),
)
AGAIN = re.compile(r" \(\d+\)$")  # a name that the table has twice
# Of what says whose row it is, and of what is to be set and secret, one column must be meant.
ONE_ONLY = ("login", "password", "contract", "service")
WHO = frozenset({"login", "contract", "service"})
# What may hold a password, used or not.
SECRET = re.compile(
    r"pass(?!port)|парол|pwd|psw|secret|hash|md5|crypt|хеш|\bpin\b|\bпін\b|key|ключ"
)
READ_AS = {
    "": _("not used"),
    "password": _("the password"),
    "person": _("the login, to find the service by"),
    "service": _("the service's number"),
    "circuit": "Circuit-Id",
    "remote": "Remote-Id",
    "delegated": _("the delegated prefix"),
    "prefix": _("the IPv6 prefix"),
    "mac": "MAC",
    "address": _("the IP address"),
    "contract": _("the contract"),
    "login": _("the login"),
}


class NoUsefulColumnsError(DomainError):
    """The file does not say whose rows it holds, or nothing about them."""

    code = "no_useful_columns"
    message = _(
        "The file needs a column that says whose row it is, and one more. Name them in the first "
        "row: login, contract, service, password, mac, circuit_id, remote_id, ip, ipv6, delegated."
    )


class HashedPasswordError(DomainError):
    """A column has passwords of which only a check sum is left."""

    code = "hashed_password"
    message = _(
        "The column “%(name)s” seems to hold check sums of passwords. PPPoE needs the passwords "
        "themselves: take the column out of the file."
    )


class DoubleColumnError(DomainError):
    """Two columns would be the same thing, and it must be one."""

    code = "double_column"
    message = _(
        "The columns “%(one)s” and “%(other)s” would both be read as %(kind)s. Take one of them "
        "out of the file, or rename it."
    )


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name: what it is read as ("": not used), and whether it is shown nowhere."""

    name: str
    kind: str
    is_secret: bool

    @property
    def read_as(self) -> str:
        """The same in words."""
        return str(READ_AS[self.kind])


def field_of(name: str) -> str:
    """What a column of this name says; "" for nothing that we use."""
    lowered = AGAIN.sub("", name.strip().casefold())
    return next((one for one, words in FIELDS if re.search(words, lowered)), "")


def columns_of(header: Sequence[str]) -> list[Column]:
    """What each column is read as. Raises HashedPasswordError, DoubleColumnError,
    NoUsefulColumnsError."""
    kinds = [field_of(name) for name in header]
    if "hash" in kinds:
        text = HashedPasswordError.message % {"name": header[kinds.index("hash")]}
        raise HashedPasswordError(text)
    _refuse_doubles(header, kinds)
    told = set(kinds)
    if told & WHO:
        # A number of the subscriber in the other system is nobody's login beside what is one's.
        kinds = ["" if kind == "person" else kind for kind in kinds]
    elif "person" not in told:
        raise NoUsefulColumnsError
    who = told & (WHO | {"person"})
    gives_login = "login" in told and len(told & WHO) > 1
    if not (told - who - {""} or gives_login):
        raise NoUsefulColumnsError
    used = [kind if kind not in kinds[:at] else "" for at, kind in enumerate(kinds)]
    return [
        Column(name, kind, kind == "password" or bool(SECRET.search(name.casefold())))
        for name, kind in zip(header, used, strict=True)
    ]


def gives_login(columns: Sequence[Column]) -> bool:
    """Whether a login is what shall be set, not what tells whose row it is."""
    kinds = {one.kind for one in columns}
    return "login" in kinds and len(kinds & WHO) > 1


def _refuse_doubles(header: Sequence[str], kinds: Sequence[str]) -> None:
    for kind in ONE_ONLY:
        names = [name for name, one in zip(header, kinds, strict=True) if one == kind]
        if len(names) > 1:
            about = {"one": names[0], "other": names[1], "kind": READ_AS[kind]}
            raise DoubleColumnError(DoubleColumnError.message % about)
