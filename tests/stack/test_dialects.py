"""What a driver says, as FreeRADIUS itself puts it on the wire: the same octets as ours."""

import shutil
import socket
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from pyrad.packet import CoAPacket

from network.profile import AccessProfile, ProfileState
from network.radius import dictionaries
from network.radius.configuration import AS_OCTETS
from network.vendors.declarations import SAMPLES
from network.vendors.driver import ReplyAttribute, When, identification
from network.vendors.places import session_values
from network.vendors.registry import SHIPPED

RADCLIENT = shutil.which("radclient")
RADDB = Path(dictionaries.__file__).parents[1] / "raddb" / "dictionary"
HEADER = 20
# Behind the wall: with all that a rule can give, and with as little as it may.
GUESTS = (
    replace(SAMPLES[0], state=ProfileState.GUEST, class_text="g:7:123456:ab12cd34"),
    AccessProfile(ProfileState.GUEST, session_timeout_s=600, class_text="g:7:0:ab12cd34"),
)

pytestmark = pytest.mark.skipif(RADCLIENT is None, reason="radclient is not installed")


def parts(raw: bytes) -> list[bytes]:
    """The attributes of a packet, sorted: their order is no matter here."""
    found, at = [], HEADER
    while at < len(raw):
        found.append(raw[at : at + raw[at + 1]])
        at += raw[at + 1]
    return sorted(found)


def by_freeradius(attributes: Iterable[ReplyAttribute], *, folder: Path) -> list[bytes]:
    """A request of radclient with these attributes, caught on its way."""
    text = RADDB.read_text(encoding="utf-8").replace("@SHAREDIR@", str(dictionaries.FREERADIUS))
    text = text.replace("@AS_OCTETS@", AS_OCTETS)
    (folder / "dictionary").write_text(text, encoding="utf-8")
    lines = ", ".join(f'{one.name} += "{one.value}"' for one in attributes)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(30)
        where = f"127.0.0.1:{server.getsockname()[1]}"
        assert RADCLIENT is not None
        command = [RADCLIENT, "-D", str(folder), "-r", "1", "-t", "0.1", where, "coa", "secret"]
        done = subprocess.run(
            command, input=lines, capture_output=True, text=True, timeout=60, check=False
        )
        assert "Sent CoA-Request" in done.stdout or not done.stderr, done.stderr
        return parts(server.recv(4096))


def by_us(attributes: Iterable[ReplyAttribute]) -> list[bytes]:
    request = CoAPacket(id=1, secret=b"secret", dict=dictionaries.dictionary())
    for one in attributes:
        request.AddAttribute(one.name, dictionaries.typed(one))
    return parts(request.RequestPacket())


@pytest.mark.parametrize("code", sorted(SHIPPED))
def test_freeradius_and_we_put_the_same_on_the_wire(code: str, tmp_path: Path) -> None:
    driver = SHIPPED[code]
    said: dict[ReplyAttribute, None] = {}
    profiles = [*SAMPLES, *GUESTS]
    for profile in profiles:
        said |= dict.fromkeys(driver.accept(profile))
        for other in profiles:
            for packet in driver.diff(profile, other).packets:
                said |= dict.fromkeys(packet.attributes)
    values = session_values(
        acct_session_id="81a00001", login="gb1", framed_ip="10.60.0.7", nas_ip="192.0.2.1",
        mac="d85ed3000001",
    )  # fmt: skip
    said |= dict.fromkeys(identification(driver, values))
    said |= dict.fromkeys(one for each in driver.disconnect if (one := each.render(values)))
    walls = {one.attribute for one in driver.accept_templates if one.when is When.GUEST}
    assert walls <= {one.name for one in said}
    assert len(said) > 6
    assert by_freeradius(said, folder=tmp_path) == by_us(said)
