"""A merchant account as plug-ins see it: its settings, whose money it is (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a merchant account at a provider.

    `kind`: text, secret (encrypted, never shown again), key (a PEM, secret too), number, flag,
    choice. `default` holds when nothing is stored. A secret has no default. `goes_with`: the
    setting that means nothing without this one: where that is set, this one is needed.
    """

    name: str
    kind: str = "text"
    default: Any = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    help: str = ""
    goes_with: str = ""

    @property
    def is_secret(self) -> bool:
        """Whether it is stored encrypted and masked wherever it is shown."""
        return self.kind in ("secret", "key")


@dataclass(frozen=True, slots=True)
class Entity:
    """The legal entity that receives the money, as some protocols show it to the payer."""

    id: int
    name: str
    edrpou: str = ""
    iban: str = ""
    bank_name: str = ""
    mfo: str = ""


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant account as plug-ins see it: which one, and its settings with secrets in clear.

    `base_url`: where the provider is reached, when not at its own address (a sandbox, the
    simulator). `public_url`: our address as the provider and the payer see it.
    """

    id: int
    provider: str
    slug: str
    settings: Mapping[str, Any]
    networks: tuple[str, ...] = ()
    base_url: str = ""
    public_url: str = ""
    entity: Entity | None = None

    def __getitem__(self, name: str) -> Any:
        """A setting, or its default; KeyError for a name that is not declared."""
        return self.settings[name]

    def callback_url(self, suffix: str = "") -> str:
        """The address at which the provider reaches this merchant."""
        return f"{self.public_url}/pay/{self.provider}/{self.slug}{suffix}"
