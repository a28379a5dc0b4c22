"""MS-CHAPv2 (RFC 2759) from the client's side, as attributes for radclient."""

import hashlib
import os
import subprocess
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher, modes


def nt_hash(password: str) -> bytes:
    """The NT hash, by FreeRADIUS' own tool (MD4 is gone from current OpenSSL)."""
    done = subprocess.run(["smbencrypt", password], capture_output=True, text=True, check=True)
    return bytes.fromhex(done.stdout.split()[-1])


def v2_attributes(login: str, password: str) -> str:
    """`MS-CHAP-Challenge = …, MS-CHAP2-Response = …` of somebody who knows the password."""
    challenge, peer = os.urandom(16), os.urandom(16)
    digest = hashlib.sha1(peer + challenge + login.encode(), usedforsecurity=False).digest()[:8]
    key = nt_hash(password) + bytes(5)
    answer = b"".join(_des(key[at : at + 7], digest) for at in (0, 7, 14))
    response = bytes((1, 0)) + peer + bytes(8) + answer
    return f"MS-CHAP-Challenge = 0x{challenge.hex()}, MS-CHAP2-Response = 0x{response.hex()}"


def _des(key7: bytes, block: bytes) -> bytes:
    """One DES block; the key's 56 bits spread over 8 bytes."""
    bits = int.from_bytes(key7, "big")
    key = bytes((bits >> (49 - 7 * at) & 0x7F) << 1 for at in range(8))
    encryptor = Cipher(TripleDES(key * 3), modes.ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()
