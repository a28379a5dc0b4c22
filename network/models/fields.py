"""A field for what Django's own address field cannot hold: a network with its length."""

import ipaddress
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


class PrefixField(models.Field):  # type: ignore[type-arg]
    """An address or a prefix of IPv4 or IPv6, kept as PostgreSQL's `inet`; text in Python.

    A whole address is written without a length ("10.0.0.2"), a prefix with one
    ("2001:db8:0:100::/56"). Bits behind the length must be zero.
    """

    description = "an IP address or prefix"

    def db_type(self, connection: Any) -> str:
        """`inet`: `cidr` would refuse a single address with a length."""
        return "inet"

    def get_prep_value(self, value: Any) -> str | None:
        """What goes to the database; ValidationError for what is no address or prefix."""
        if value is None:
            return None
        try:
            network = ipaddress.ip_network(str(value))
        except ValueError as error:
            raise ValidationError(_("This is not an IP address or prefix.")) from error
        return str(network)
