"""RadSec (RFC 6614): a BRAS behind TLS, with a certificate of the provider's authority."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import DjangoDbBlocker

from network.models import RadiusDecision, Session
from network.radius.configuration import RADSEC_SECRET
from project.process import programs
from tests.support import radius_wire as wire
from tests.support import services
from tests.support.ports import free_tcp_port, free_udp_port
from tests.support.radius_system import RadiusSystem, radius_system

pytestmark = pytest.mark.stack

SECRET = "bras-secret"
SHARED = RADSEC_SECRET.encode()
WAIT_S = 10.0


@dataclass(frozen=True)
class Papers:
    """A certificate and its key in PEM files."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, folder.name)])
        self.file = folder / "ca.pem"
        made = self._builder(self._name, self._key.public_key())
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.file.write_bytes(self._signed(made))

    def issue(self, name: str) -> Papers:
        """Papers for a host."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        made = self._builder(subject, key.public_key()).add_extension(names, critical=False)
        papers = Papers(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        papers.certificate.write_bytes(self._signed(made))
        papers.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return papers

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
        )

    def _signed(self, made: x509.CertificateBuilder) -> bytes:
        return made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True)
class Node:
    """A FreeRADIUS that answers RadSec, and who is trusted by it."""

    system: RadiusSystem
    port: int
    authority: Authority
    folder: Path

    @contextmanager
    def connected(
        self, papers: Papers | None, *, source: str = "127.0.0.1"
    ) -> Iterator[ssl.SSLSocket]:
        """A BRAS's connection, with these papers or none."""
        context = ssl.create_default_context(cafile=str(self.authority.file))
        if papers:
            context.load_cert_chain(papers.certificate, papers.key)
        plain = socket.create_connection(
            ("127.0.0.1", self.port), timeout=WAIT_S, source_address=(source, 0)
        )
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as line:
            yield line


@pytest.fixture(scope="module")
def node(
    django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("radsec")
    authority = Authority(folder / "authority")
    own = authority.issue("node-a")
    with radius_system(unblock=django_db_blocker.unblock, secret=SECRET, label="radsec") as system:
        with system.database():
            services.nas(secret=SECRET)
            services.pool(mode="DYNAMIC")
        raddb, run = system.parts.var / "raddb-tls", system.parts.var / "run-tls"
        port = free_tcp_port()
        system.parts.manage(
            "render_raddb", "--out", str(raddb), "--run-dir", str(run), "--check",
            "--auth-port", str(free_udp_port()), "--acct-port", str(free_udp_port()),
            "--accounting", "rest", "--radsec-port", str(port), "--radsec-ca", str(authority.file),
            "--radsec-cert", str(own.certificate), "--radsec-key", str(own.key),
        )  # fmt: skip
        system.parts.start(replace(programs.freeradius(raddb=raddb), name="freeradius-tls"))
        system.parts.wait_for("freeradius-tls", lambda: listens(port))
        yield Node(system, port, authority, folder)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def exchanged(line: ssl.SSLSocket, packet: bytes) -> int:
    """Send a packet; the code of the answer, 0 for none."""
    line.sendall(packet)
    head = b""
    while len(head) < 4:
        more = line.recv(4 - len(head))
        if not more:
            return 0
        head += more
    left = int.from_bytes(head[2:4], "big") - 4
    while left > 0:
        left -= len(line.recv(left))
    return head[0]


def test_a_bras_is_answered_over_tls_by_the_rules_of_udp(node: Node) -> None:
    with node.system.database():
        sold = services.service()
        row = RadiusDecision.objects.get(subscription=sold)
    with node.connected(node.authority.issue("bras-1")) as line:
        right = wire.pap_packet(login=row.login, password=row.password, ident=1, secret=SHARED)
        assert exchanged(line, right) == wire.ACCESS_ACCEPT
        wrong = wire.pap_packet(login=row.login, password="wrong", ident=2, secret=SHARED)
        assert exchanged(line, wrong) == wire.ACCESS_REJECT
        told = wire.accounting(status=wire.START, session="81a00001", login=row.login)
        assert exchanged(line, wire.accounting_packet(told, ident=3, secret=SHARED)) == (
            wire.ACCOUNTING_RESPONSE
        )
    with node.system.database():
        begun = Session.objects.get(acct_session_id="81a00001")
        assert (begun.subscription_id, begun.nas_address) == (sold.id, "127.0.0.1")


@pytest.mark.parametrize("papers", ["none", "of another authority"])
def test_who_has_no_papers_of_the_authority_is_not_answered(node: Node, papers: str) -> None:
    with node.system.database():
        row = RadiusDecision.objects.get(subscription=services.service())
    packet = wire.pap_packet(login=row.login, password=row.password, ident=1, secret=SHARED)
    stranger = None
    if papers != "none":
        stranger = Authority(node.folder / "stranger").issue("bras-9")
    assert answer(node, stranger, packet) == 0
    assert answer(node, node.authority.issue("bras-2"), packet) == wire.ACCESS_ACCEPT


def answer(node: Node, papers: Papers | None, packet: bytes) -> int:
    """The code of the answer; 0 where the line was cut, which TLS 1.3 tells after the handshake."""
    try:
        with node.connected(papers) as line:
            return exchanged(line, packet)
    except (ssl.SSLError, ConnectionError):
        return 0


def test_a_host_that_is_no_bras_of_ours_is_not_answered_whatever_its_papers(node: Node) -> None:
    """127.0.0.2 is in the networks of BRASes, and is none."""
    papers = node.authority.issue("bras-3")
    with pytest.raises(OSError), node.connected(papers, source="127.0.0.2"):
        pass


def test_plain_tcp_is_not_answered(node: Node) -> None:
    packet = wire.pap_packet(login="gb1", password="x", ident=1, secret=SHARED)
    with socket.create_connection(("127.0.0.1", node.port), timeout=WAIT_S) as line:
        line.sendall(packet)
        assert line.recv(4096)[:1] not in {b"\x02", b"\x03"}
