"""The digests and signatures of all providers, each formula once (pure).

`md5` and `sha1` are what the providers use; nothing of ours rests on them alone. Every comparison
takes constant time; hexadecimal digests compare in any letter case.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}
JWS_ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
TIME_KEY_HASHES = ("md5", "sha256", "sha512", "sha3_512")


class BadKeyError(ValueError):
    """A text that is no key of the expected kind."""


def same(told: str, right: str) -> bool:
    """Whether two texts are equal, in constant time."""
    return hmac.compare_digest(told.encode("utf-8", "replace"), right.encode("utf-8"))


def same_hex(told: str, right: str) -> bool:
    """Whether two hexadecimal digests are equal in any letter case, in constant time."""
    return same(told.strip().lower(), right.lower())


def md5_hex(text: str, *, encoding: str = "utf-8") -> str:
    """md5 of the text."""
    return hashlib.md5(text.encode(encoding), usedforsecurity=False).hexdigest()


def md5_concat(values: Sequence[str], *, separator: str = "", encoding: str = "utf-8") -> str:
    """md5hex of the values (the secret among them, in its place) joined by the separator."""
    return md5_hex(separator.join(values), encoding=encoding)


def md5_rev_upper(values: Sequence[tuple[str, bool]]) -> str:
    """md5hex(upper(all values, each backwards where it says so)); Platon."""
    return md5_hex("".join(value[::-1] if back else value for value, back in values).upper())


def sha1_md5(text: str, secret: str) -> str:
    """sha1hex(md5hex(text + secret)); Privat24 ishop."""
    return hashlib.sha1(md5_hex(text + secret).encode(), usedforsecurity=False).hexdigest()


def sha1_sandwich_b64(data: str, secret: str) -> str:
    """base64(sha1(secret + data + secret)); LiqPay."""
    digest = hashlib.sha1((secret + data + secret).encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def sha256_prefix_b64(body: bytes, secret: str) -> str:
    """base64(sha256(secret + body)); EasyPay merchant API (not an HMAC)."""
    return base64.b64encode(hashlib.sha256(secret.encode() + body).digest()).decode()


def hmac_sha256_upper(text: str, secret: str) -> str:
    """Upper-case hexadecimal HMAC-SHA256 of the text as it is given; Portmone."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest().upper()


def hmac_sha512_salt(salt: str, secret: str) -> str:
    """Hexadecimal HMAC-SHA512 of a salt; iPay."""
    return hmac.new(secret.encode(), salt.encode(), hashlib.sha512).hexdigest()


def hash_time_key(time_text: str, secret: str, *, algorithm: str = "md5") -> str:
    """Hexadecimal hash(time + key); iPay Masterpass and its siblings."""
    if algorithm not in TIME_KEY_HASHES:
        raise BadKeyError(f"no hash that is used here: {algorithm[:20]}")
    made = hashlib.new(algorithm, usedforsecurity=False)
    made.update((time_text + secret).encode())
    return made.hexdigest()


# --- Keys ----------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def public_key(pem: str) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
    """A public key from PEM. Raises BadKeyError."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, TypeError) as error:
        raise BadKeyError("no public key in PEM") from error
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise BadKeyError("the key is neither RSA nor of an elliptic curve")
    return key


@lru_cache(maxsize=64)
def private_key(pem: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    """A private key from PEM. Raises BadKeyError."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise BadKeyError("no private key in PEM") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise BadKeyError("the key is neither RSA nor of an elliptic curve")
    return key


# --- RSA-SHA1 over a body with an empty <Sign>; EasyPay 3.1 --------------------------------------


def sign_span(body: bytes) -> tuple[int, int] | None:
    """Where the text of the one `<Sign>` of a body stands; None unless there is exactly one."""
    opened, closed = body.find(b"<Sign>"), body.find(b"</Sign>")
    if opened < 0 or closed < opened or body.count(b"<Sign>") != 1 or body.count(b"</Sign>") != 1:
        return None
    return opened + len(b"<Sign>"), closed


def rsa_sha1_verify(body: bytes, pem: str) -> bool:
    """Whether the hexadecimal signature in `<Sign>` holds for the body with that element empty."""
    span, key = sign_span(body), public_key(pem)
    if span is None or not isinstance(key, rsa.RSAPublicKey):
        return False
    start, end = span
    try:
        signature = bytes.fromhex(body[start:end].decode("ascii").strip())
        key.verify(signature, body[:start] + body[end:], padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    except (InvalidSignature, ValueError):
        return False
    return True


def rsa_sha1_sign(body: bytes, pem: str) -> bytes:
    """The body with its empty `<Sign></Sign>` filled: upper-case hexadecimal RSA-SHA1."""
    span, key = sign_span(body), private_key(pem)
    assert span is not None, "the body to sign has one empty Sign"
    assert isinstance(key, rsa.RSAPrivateKey), "EasyPay's keys are RSA"
    start, end = span
    signature = key.sign(body, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    return body[:start] + signature.hex().upper().encode() + body[end:]


# --- JWS with the payload cut out; PUMB ----------------------------------------------------------


def b64url(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64url_decode(text: str) -> bytes:
    """Bytes of a base64url text without padding. Raises ValueError."""
    if not text.isascii() or any(sign in text for sign in "+/ \n"):
        raise ValueError("no base64url")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("no base64url") from error


def jws_detached_verify(header: str, payload: str, signature: str, *, alg: str, pem: str) -> bool:
    """Whether the signature (base64url) holds for `header.payload`; `alg` from the allow list.

    ECDSA signatures are two halves of any equal length, of whatever curve the key has: the bank's
    own ES512 sample is a P-256 signature padded to the length of P-521.
    """
    if alg not in JWS_ALGORITHMS:
        return False
    key, algorithm = public_key(pem), HASHES[alg[2:]]()
    signed = f"{header}.{payload}".encode()
    try:
        raw = b64url_decode(signature)
        if alg.startswith("RS"):
            if not isinstance(key, rsa.RSAPublicKey):
                return False
            key.verify(raw, signed, padding.PKCS1v15(), algorithm)
            return True
        if not isinstance(key, ec.EllipticCurvePublicKey) or not raw or len(raw) % 2:
            return False
        half = len(raw) // 2
        r, s = int.from_bytes(raw[:half]), int.from_bytes(raw[half:])
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(algorithm))
    except (InvalidSignature, ValueError):
        return False
    return True


def jws_detached_sign(header: str, payload: str, *, alg: str, pem: str) -> str:
    """The base64url signature of `header.payload`."""
    assert alg in JWS_ALGORITHMS, "never none, never HS"
    key, algorithm = private_key(pem), HASHES[alg[2:]]()
    signed = f"{header}.{payload}".encode()
    if isinstance(key, rsa.RSAPrivateKey):
        assert alg.startswith("RS"), "an RSA key signs by RS"
        return b64url(key.sign(signed, padding.PKCS1v15(), algorithm))
    assert alg.startswith("ES"), "an elliptic key signs by ES"
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(algorithm)))
    half = (key.curve.key_size + 7) // 8
    return b64url(r.to_bytes(half) + s.to_bytes(half))


# --- ECDSA over the raw body; monobank -----------------------------------------------------------


def ecdsa_verify(body: bytes, signature_b64: str, pem: str) -> bool:
    """Whether base64(DER(ECDSA, SHA-256)) holds for the very bytes of the body."""
    key = public_key(pem)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        raw = base64.b64decode(signature_b64, validate=True)
        key.verify(raw, body, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def ecdsa_sign(body: bytes, pem: str) -> str:
    """base64(DER(ECDSA, SHA-256)) of the body (the simulator's side)."""
    key = private_key(pem)
    assert isinstance(key, ec.EllipticCurvePrivateKey), "ECDSA needs an elliptic key"
    return base64.b64encode(key.sign(body, ec.ECDSA(hashes.SHA256()))).decode()
