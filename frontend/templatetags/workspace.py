"""Template tags that only the workspace uses."""

from typing import Any

from django import template
from django.http import HttpRequest

from billing.payments import links
from frontend.workspace import navigation, network_words, params
from network.option82 import parsing
from project.core.models import User
from project.core.roles import Permission

register = template.Library()


@register.simple_tag(takes_context=True)
def workspace_modules(context: dict[str, Any]) -> list[navigation.ShownModule]:
    """The modules that this person may open."""
    return navigation.modules_for(context["request"])


@register.simple_tag(takes_context=True)
def workspace_administration(context: dict[str, Any]) -> list[navigation.ShownPage]:
    """Staff and audit, for those who may."""
    return navigation.administration_for(context["request"])


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], permission: str) -> bool:
    """`{% may "ledger.view" as sees_money %}`: whether the person may do that."""
    user = context["request"].user
    return isinstance(user, User) and user.may(Permission(permission))


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: object) -> str:
    """The present query string with parameters changed; None drops one."""
    request: HttpRequest = context["request"]
    return params.query_with(request, **changes)


@register.filter
def packet_value(value: object) -> str:
    """The value of a packet's attribute: several beside each other, nothing as a dash."""
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "–" if value is None or value == "" else str(value)


@register.filter
def role_name(role: object) -> Any:
    """The role in words."""
    from frontend.workspace.labels import ROLE_LABELS

    return ROLE_LABELS.get(str(role), role)


@register.filter
def channel_name(channel: object) -> Any:
    """The payment channel in words."""
    from frontend.workspace.labels import CHANNEL_LABELS, word

    return word(CHANNEL_LABELS, channel)


@register.filter
def check_channel(channel: object) -> Any:
    """Who asked whether a connection is possible."""
    from frontend.workspace.timeline_words import CHECK_CHANNELS

    return CHECK_CHANNELS.get(str(channel), channel)


@register.filter
def network_name(network_type: object) -> Any:
    """The network type in words."""
    from frontend.workspace.labels import NETWORK_LABELS, word

    return word(NETWORK_LABELS, network_type)


@register.filter
def reason_text(reason: object) -> Any:
    """Why the coverage answer is what it is."""
    from frontend.workspace.labels import REASON_LABELS, word

    return word(REASON_LABELS, reason)


@register.filter
def actor_name(label: object) -> Any:
    """Who acted: a person's name as it is, the system and a client in words."""
    from frontend.workspace.audit_words import ACTORS

    return ACTORS.get(str(label), label)


@register.filter
def action_name(action: object) -> Any:
    """An action of the audit log in words, or its code where nobody gave it words."""
    from frontend.workspace.audit_words import ACTIONS

    return ACTIONS.get(str(action), action)


@register.filter
def pay_path(account_code: str) -> str:
    """The path of the account's signed payment page."""
    return links.path_of(account_code=account_code)


@register.filter
def at_key(table: Any, key: object) -> Any:
    """The entry of a table with that key, or None."""
    return table.get(key)


@register.filter
def mac(digits: str) -> str:
    """ "a4cf12345678" → "a4:cf:12:34:56:78"."""
    if len(digits) != 12:
        return digits
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


@register.filter
def port_id(digits: str) -> str:
    """A part of Option 82 as people know it: text where it is text, else its hex digits."""
    text = parsing.as_text(digits) or ""
    return text if text.strip() and text.isprintable() else digits and f"0x{digits}"


@register.filter
def holder_key(row: Any, contract: Any) -> str:
    """ "customer id:account id", as `ServiceForm.holder` reads it."""
    return f"{row.customer_id}:{contract.account_id}"


@register.filter
def plain_hryvnias(kopecks: int) -> str:
    """Kopecks as a number to type: 30000 → "300", 30050 → "300,50"."""
    whole, rest = divmod(kopecks, 100)
    return f"{whole},{rest:02d}" if rest else str(whole)


@register.filter
def account_kind(kind: object) -> Any:
    """What the accounts of a kind are for."""
    from frontend.workspace.labels import ACCOUNT_KINDS, word

    return word(ACCOUNT_KINDS, kind)


@register.filter
def access_word(state: object) -> Any:
    """What an authorization gets, in a word."""
    from frontend.workspace.labels import ACCESS_WORDS, word

    return word(ACCESS_WORDS, state)


@register.filter
def journal_name(kind: object) -> Any:
    """What a journal or an operation is, in words."""
    from frontend.workspace.labels import JOURNAL_LABELS, word

    return word(JOURNAL_LABELS, kind)


@register.filter
def value_of(data: Any, name: str) -> str:
    """What was sent under that name, to be sent again."""
    return str(data.get(name, "")) if data else ""


@register.simple_tag
def money_actions() -> list[Any]:
    """Operations that people may do with a client's money."""
    from frontend.workspace.money_words import ACTIONS

    return list(ACTIONS.values())


@register.filter
def minus(kopecks: int) -> int:
    """The amount with the other sign: a debit as a column of debits shows it."""
    return -kopecks


@register.filter
def action_kind(row: Any) -> Any:
    """What a wish to a BRAS takes."""
    return network_words.KINDS.get(row.kind, row.kind)


@register.filter
def verdict_word(outcome: str) -> Any:
    """What came back of a request to a BRAS, or was decided."""
    return network_words.VERDICTS.get(outcome, outcome)


@register.filter
def action_cause(row: Any) -> Any:
    """Why a BRAS was asked."""
    return network_words.CAUSES.get(row.cause, row.cause)


@register.filter
def error_word(row: Any) -> Any:
    """What an Error-Cause of a BRAS means."""
    return network_words.ERROR_CAUSES.get(str(row.error_cause), "")


@register.filter
def drift_word(row: Any) -> Any:
    """Why a session stands on the drift board."""
    return network_words.DRIFT.get(row.reason, row.reason)


@register.filter
def nobody_word(row: Any) -> Any:
    """What a session of nobody is."""
    return network_words.NOBODY.get(row.kind, row.kind)


@register.filter
def drift_kind(row: Any) -> Any:
    """What the last wish of a session on the drift board took."""
    return network_words.KINDS.get(row.action_kind, row.action_kind)


@register.filter
def drift_cause(row: Any) -> Any:
    """Why it was asked."""
    return network_words.CAUSES.get(row.action_cause, row.action_cause)


@register.filter
def refusal_word(code: object) -> Any:
    """Why a service of a batch did not get the tariff."""
    from frontend.workspace.labels import REFUSALS, word

    return word(REFUSALS, code)
