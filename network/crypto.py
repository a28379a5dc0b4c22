"""Secrets at rest, as the network keeps them: `project.core.crypto` under the name used here."""

from project.core.crypto import WrongKeyError, decrypt, encrypt

__all__ = ["WrongKeyError", "decrypt", "encrypt"]
