"""The rules that come with the product (data; put into the table by a migration).

Sources: forms seen in the field and in the makers' manuals. Cisco and D-Link put a type and a
length before their bytes: circuit 00 04 vlan(2) module port, remote 00 06 MAC. The relay of
MikroTik's bridge writes text: `<identity> eth 0/N`. Broadband Forum TR-101, 3.9.3 has the text form
`<access node> eth <slot>/<port>:<vlan>` which Huawei and Eltex write for Ethernet.
"""

from typing import Any


def _text_hex(text: str) -> str:
    return text.encode().hex()


REMOTE_MAC = "(?:0006)?(?P<switch>[0-9a-f]{12})"

# Columns of network_option82rule, in the order of their position.
RULES: tuple[dict[str, Any], ...] = (
    {
        "name": "Cisco / D-Link: 0x0004 VLAN, module, port",
        "circuit_form": "HEX",
        "circuit_pattern": "(?:0106)?0004(?P<vlan>[0-9a-f]{4})[0-9a-f]{2}(?P<port>[0-9a-f]{2})",
        "remote_form": "HEX",
        "remote_pattern": "(?:0208)?" + REMOTE_MAC,
        "modifiers": {"vlan": ["decimal"], "port": ["decimal"], "switch": ["mac"]},
        "sample_circuit_hex": "000400640005",
        "sample_remote_hex": "0006001122334455",
    },
    {
        "name": "Cisco: VLAN-module-port, name of the switch as text",
        "circuit_form": "HEX",
        "circuit_pattern": "0004(?P<vlan>[0-9a-f]{4})[0-9a-f]{2}(?P<port>[0-9a-f]{2})",
        "remote_form": "HEX",
        "remote_pattern": "01[0-9a-f]{2}(?P<switch>(?:[2-7][0-9a-f]){2,40})",
        "modifiers": {"vlan": ["decimal"], "port": ["decimal"], "switch": ["hex2ascii"]},
        "sample_circuit_hex": "000401f40018",
        "sample_remote_hex": "0107" + _text_hex("sw-kh-7"),
    },
    {
        "name": "D-Link: type 1, port as text",
        "circuit_form": "HEX",
        "circuit_pattern": "01[0-9a-f]{2}(?P<port>(?:3[0-9]){1,3})",
        "remote_form": "HEX",
        "remote_pattern": REMOTE_MAC,
        "modifiers": {"port": ["hex2ascii"], "switch": ["mac"]},
        "sample_circuit_hex": "01023138",
        "sample_remote_hex": "00061caff7aabbcc",
    },
    {
        "name": "MikroTik bridge: “identity eth 0/N”",
        "circuit_form": "TEXT",
        "circuit_pattern": r"(?P<switch>\S[^\n]{0,80}) eth 0/(?P<port>[0-9]{1,3})",
        "remote_form": "TEXT",
        "remote_pattern": "",
        "modifiers": {},
        "sample_circuit_hex": _text_hex("CRS-Метро eth 0/12"),
        "sample_remote_hex": "",
    },
    {
        "name": "TR-101 text (Huawei, Eltex): “node eth slot/port:vlan”",
        "circuit_form": "TEXT",
        "circuit_pattern": (
            r"(?P<switch>\S{1,80}) (?:eth|trunk|atm) (?:[0-9]{1,3}/){1,3}(?P<port>[0-9]{1,3})"
            r"[:.](?P<vlan>[0-9]{1,4})(?:[.:][0-9]{1,4})?"
        ),
        "remote_form": "TEXT",
        "remote_pattern": "",
        "modifiers": {},
        "sample_circuit_hex": _text_hex("ma5608-kh3 eth 0/1/12:100"),
        "sample_remote_hex": "",
    },
    {
        "name": "Huawei: “host-MAC;interface;vlan” without words",
        "circuit_form": "TEXT",
        "circuit_pattern": (
            r"(?P<switch>[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4})[ ;]"
            r"[A-Za-z]{2,20}(?:[0-9]{1,3}/){1,3}(?P<port>[0-9]{1,3})[:;. ](?P<vlan>[0-9]{1,4})"
        ),
        "remote_form": "TEXT",
        "remote_pattern": "",
        "modifiers": {"switch": ["mac"]},
        "sample_circuit_hex": _text_hex("00e0-fc12-3456 GigabitEthernet0/0/7:205"),
        "sample_remote_hex": "",
    },
    {
        "name": "Eltex: port and VLAN as numbers, MAC of the switch",
        "circuit_form": "HEX",
        "circuit_pattern": "0004(?P<vlan>[0-9a-f]{4})(?P<port>[0-9a-f]{4})",
        "remote_form": "TEXT",
        "remote_pattern": "(?P<switch>(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2})",
        "modifiers": {"vlan": ["decimal"], "port": ["decimal"], "switch": ["mac"]},
        "sample_circuit_hex": "000400c80009",
        "sample_remote_hex": _text_hex("a8:f9:4b:00:11:22"),
    },
    {
        "name": "Text: “switch:port” or “switch/port”",
        "circuit_form": "TEXT",
        "circuit_pattern": r"(?P<switch>[A-Za-z0-9._-]{2,60})[:/ ](?:port)?(?P<port>[0-9]{1,3})",
        "remote_form": "TEXT",
        "remote_pattern": "",
        "modifiers": {},
        "sample_circuit_hex": _text_hex("sw-saltivka-12:port7"),
        "sample_remote_hex": "",
    },
)
