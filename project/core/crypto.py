"""Secrets at rest: Fernet (AES-128-CBC with HMAC-SHA256) with a key kept outside the database.

`GEOBILL_FIELD_KEYS` holds one or more texts divided by commas or spaces: the first encrypts, all
decrypt, so a key is changed by putting the new one in front.
"""

import base64
import functools
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class WrongKeyError(RuntimeError):
    """A stored secret cannot be read with any of the configured keys."""


def encrypt(text: str) -> bytes:
    """The text as an encrypted token for a binary column."""
    return _box(settings.GEOBILL_FIELD_KEYS).encrypt(text.encode("utf-8"))


def decrypt(token: bytes | memoryview) -> str:
    """The text of a token; WrongKeyError when the key is not ours or the token was changed."""
    try:
        return _box(settings.GEOBILL_FIELD_KEYS).decrypt(bytes(token)).decode("utf-8")
    except InvalidToken as error:
        raise WrongKeyError("a stored secret cannot be read with GEOBILL_FIELD_KEYS") from error


@functools.lru_cache(maxsize=4)
def _box(keys: str) -> MultiFernet:
    texts = keys.replace(",", " ").split()
    assert texts, "GEOBILL_FIELD_KEYS is empty"
    digests = (hashlib.sha256(text.encode("utf-8")).digest() for text in texts)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
