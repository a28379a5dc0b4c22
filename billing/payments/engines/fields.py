"""Declared fields of a message: where they stand, what they are, what is wrong with them (pure)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from billing.payments.calls import Answer, Call
from billing.payments.gateway import Merchant, Message, Refusal
from billing.payments.results import TEXTS, Result, code_of
from billing.payments.wire import values
from billing.payments.wire.values import BadValueError


def _text(told: str) -> str:
    return values.short(told.strip(), 200)


# kind -> how it is read, and what a wrong one is called.
KINDS: dict[str, tuple[Callable[[str], Any], Result]] = {
    "text": (_text, Result.BAD_FORMAT),
    "account": (values.account_number, Result.BAD_ACCOUNT),
    "digits": (values.digits, Result.BAD_FORMAT),
    "key": (values.key, Result.BAD_FORMAT),
    "uah": (values.uah, Result.BAD_AMOUNT),
    "kopecks": (values.kopecks, Result.BAD_AMOUNT),
    "local_time": (values.local_time, Result.BAD_DATE),
    "iso_time": (values.iso_time, Result.BAD_DATE),
    "unix_time": (values.unix_time, Result.BAD_DATE),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message: its place on the wire (a parameter, a path), its kind (see KINDS)."""

    wire: str
    kind: str = "text"
    required: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a protocol: its fields by our names, and the call that they make."""

    fields: Mapping[str, Field]
    call: Callable[[Mapping[str, Any]], Call]


@dataclass(frozen=True, slots=True)
class Wire:
    """What was read of a message, kept for its answer: texts as they came, by our names."""

    operation: str
    raw: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """Everything that the layout of an answer needs."""

    operation: str
    raw: Mapping[str, str]
    answer: Answer
    code: str
    text: str
    merchant: Merchant

    @property
    def is_done(self) -> bool:
        """Whether what was asked is so."""
        return self.answer.result.is_done


def read(
    word: str, operations: Mapping[str, Operation], get: Callable[[str], str | None]
) -> Message:
    """The message of a declared operation; `get` gives the text at a place, None for no such place.

    Raises Refusal; what could be read goes with it, so that the answer can echo it.
    """
    operation = operations.get(word)
    if operation is None:
        raw = _echoes(operations, get)
        raise refusal(Result.UNKNOWN_OPERATION, values.short(word, 40), word="", raw=raw)
    raw = {name: get(field.wire) or "" for name, field in operation.fields.items()}
    read_values: dict[str, Any] = {}
    for name, field in operation.fields.items():
        told = get(field.wire)
        if told is None or (not told.strip() and not field.required):
            if field.required:
                reason = f"{field.wire} is missing"
                raise refusal(Result.MISSING_FIELD, reason, word=word, raw=raw)
            continue
        reader, wrong = KINDS[field.kind]
        try:
            read_values[name] = reader(told)
        except BadValueError as error:
            raise refusal(wrong, f"{field.wire}: {error}", word=word, raw=raw) from error
    return Message(operation=word, calls=(operation.call(read_values),), wire=Wire(word, raw))


def _echoes(
    operations: Mapping[str, Operation], get: Callable[[str], str | None]
) -> dict[str, str]:
    first = next(iter(operations.values()))
    return {name: get(field.wire) or "" for name, field in first.fields.items()}


def refusal(result: Result, reason: str, *, word: str, raw: Mapping[str, str]) -> Refusal:
    """A refusal of a message of which so much could be read."""
    return Refusal(result, reason, message=Message(word, (), Wire(word, raw)))


def reply_to(
    message: Message | None, answer: Answer, codes: Mapping[Result, str], merchant: Merchant
) -> Reply:
    """What the layout needs for the answer to a message (or to what could be read of one)."""
    wire = message.wire if message is not None and isinstance(message.wire, Wire) else Wire("", {})
    return Reply(
        operation=wire.operation,
        raw=wire.raw,
        answer=answer,
        code=code_of(answer.result, codes),
        text=answer.text or TEXTS[answer.result],
        merchant=merchant,
    )
