"""A folder of vectors: what is in its files."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from billing.payments import recipes

IN, OUT, ALGORITHM = "provider->biller", "biller->provider", "algorithm"
NOT_PROVIDERS = {"fixtures", "test_keys"}


@dataclass(frozen=True)
class Vector:
    """One vector as it stands in its file."""

    provider: str
    data: dict[str, Any]

    @property
    def name(self) -> str:
        """Its name, unique in the file."""
        return str(self.data["name"])

    @property
    def direction(self) -> str:
        """Who calls whom; `algorithm`: nobody."""
        return str(self.data["direction"])

    @property
    def operation(self) -> str:
        """What it does."""
        return str(self.data.get("operation", ""))

    @property
    def secrets(self) -> dict[str, Any]:
        """What the merchant account is configured with."""
        return dict(self.data.get("secrets") or {})

    @property
    def expected(self) -> dict[str, Any]:
        """Status, type and fields of the answer."""
        return dict(self.data.get("expected_response") or {})

    @property
    def method(self) -> str:
        """The HTTP method."""
        return str(self.data["http"].get("method") or "GET")

    @property
    def path_suffix(self) -> str:
        """What follows the address of the merchant (or of the provider), with the query."""
        return str(self.data["http"].get("path_suffix") or "")

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the request."""
        return dict(self.data["http"].get("headers") or {})

    @property
    def body(self) -> str:
        """The exact text of the body."""
        return str(self.data["http"].get("body") or "")

    @property
    def signature(self) -> dict[str, Any]:
        """Algorithm, text that is signed, value."""
        return dict(self.data.get("signature") or {})


@dataclass
class Keys:
    """The throw-away keys of a folder, as PEM."""

    raw: dict[str, Any] = field(default_factory=dict)

    def public(self, name: str) -> str:
        """The public part."""
        return str(self.raw[name]["public_pem"])

    def private(self, name: str) -> str:
        """The private part."""
        jwk = self.raw[name]["private_jwk"]
        number = {
            part: int.from_bytes(recipes.b64url_decode(value))
            for part, value in jwk.items()
            if part not in ("kty", "crv")
        }
        if jwk["kty"] == "RSA":
            key: Any = rsa.RSAPrivateNumbers(
                p=number["p"],
                q=number["q"],
                d=number["d"],
                dmp1=number["dp"],
                dmq1=number["dq"],
                iqmp=number["qi"],
                public_numbers=rsa.RSAPublicNumbers(number["e"], number["n"]),
            ).private_key()
        else:
            curves = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
            points = ec.EllipticCurvePublicNumbers(number["x"], number["y"], curves[jwk["crv"]])
            key = ec.EllipticCurvePrivateNumbers(number["d"], points).private_key()
        return key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    def told(self, text: str) -> str:
        """The PEM that a vector names as `test_keys.json#name (public)`."""
        name, _, part = text.partition("#")[2].partition(" ")
        return self.private(name) if "private" in part else self.public(name)


@dataclass(frozen=True)
class Folder:
    """All of a folder."""

    path: Path

    @cached_property
    def fixtures(self) -> dict[str, Any]:
        """Accounts, amounts, the moment."""
        return dict(json.loads((self.path / "fixtures.json").read_text(encoding="utf-8")))

    @cached_property
    def keys(self) -> Keys:
        """Its keys; none, where it has none."""
        path = self.path / "test_keys.json"
        return Keys(json.loads(path.read_text(encoding="utf-8"))["keys"] if path.exists() else {})

    @property
    def now(self) -> datetime:
        """The moment at which all vectors happen."""
        return datetime.fromisoformat(self.fixtures["now_utc"].replace("Z", "+00:00"))

    def providers(self) -> list[str]:
        """Providers that have a file."""
        return sorted(p.stem for p in self.path.glob("*.json") if p.stem not in NOT_PROVIDERS)

    def vectors(self, provider: str) -> list[Vector]:
        """The vectors of one provider, each after those that it depends on."""
        text = (self.path / f"{provider}.json").read_text(encoding="utf-8")
        waiting = [Vector(provider, data) for data in json.loads(text)]
        ordered: list[Vector] = []
        while waiting:
            done = {vector.name for vector in ordered}
            ready = [v for v in waiting if set(v.data.get("depends_on") or ()) <= done]
            assert ready, f"{provider}: vectors that wait for each other, or for nobody"
            ordered.append(ready[0])
            waiting.remove(ready[0])
        return ordered
