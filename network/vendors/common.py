"""What all BRASes are told in the words of the RFCs (2865, 2869, 3162, 4818)."""

from network.vendors.driver import Concern, Template

SESSION = (
    Template("Class", "{class_text}", Concern.FIXED),
    Template("Acct-Interim-Interval", "{interim_s}", Concern.FIXED),
    Template("Session-Timeout", "{session_timeout_s}", Concern.SESSION),
)
# A fixed address wins over a pool where a BRAS is told both, but not everywhere: one is told.
ADDRESS = (
    Template("Framed-IP-Address", "{framed_ip}", Concern.ADDRESS),
    Template("Framed-Pool", "{pool}", Concern.ADDRESS),
    Template("Framed-IPv6-Prefix", "{framed_ipv6_prefix}", Concern.ADDRESS),
    Template("Delegated-IPv6-Prefix", "{delegated_ipv6_prefix}", Concern.ADDRESS),
)
COMMON = (*SESSION, *ADDRESS)
NEW_TIMEOUT = (Template("Session-Timeout", "{session_timeout_s}", Concern.SESSION),)

BY_SESSION_ID = (Template("Acct-Session-Id", "{acct_session_id}"),)
BY_LOGIN = (Template("User-Name", "{login}"),)
BY_ADDRESS = (Template("Framed-IP-Address", "{framed_ip}"),)
BY_NAS = (Template("NAS-IP-Address", "{nas_ip}"),)

# Where switches' Option 82 arrives when a BRAS speaks the ADSL-Forum's attributes (RFC 4679).
ADSL_FORUM = ("ADSL-Agent-Circuit-Id; ADSL-Agent-Remote-Id",)
