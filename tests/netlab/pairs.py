"""The pairs of networks, and what has to come of each."""
from dataclasses import dataclass

from world import AD, APD, EI, SERVER, SERVER_6, Box, Kernel, Site

PUBLIC = Site()
FULL_CONE = Site(Box(EI, EI))
ADDRESS = Site(Box(EI, AD))
PORT = Site(Kernel())
LAX = Site(Kernel(closed=False))
SYMMETRIC = Site(Kernel("fully-random"))
CONTIGUOUS = Site(Box(APD, APD, "sequential"))
SYMMETRIC_OPEN = Site(Box(APD, EI, "random"))
SYMMETRIC_ADDRESS = Site(Box(AD, AD, "random"))
DOUBLE = Site(Kernel(), carrier=Box(EI, EI))
DOUBLE_STRICT = Site(Kernel(), carrier=Kernel())
NO_UDP = Site(Kernel(), wall="meta l4proto udp drop;")
ONLY_TLS = Site(Kernel(), wall="meta l4proto udp drop; tcp dport != 5349 ct state new drop;")
IPV6 = Site(families="6")
IPV6_WALL = Site(Kernel(), families="6")
DUAL_WALL = Site(Kernel(), families="46")
HAIRPIN = Site(Box(EI, AD, hairpin=True), isolated=True)
NO_HAIRPIN = Site(Box(EI, AD), isolated=True)
ONE_LAN = Site(Kernel())
REBOOTS = Site(Box(EI, APD))

LOGIN = {"username": "alice", "credential": "secret"}


def servers(site, words):
    """RTCIceServer entries; who has IPv6 alone reaches them by IPv6."""
    host = SERVER if "4" in site.families else f"[{SERVER_6}]"
    urls = {"stun": f"stun:{host}", "udp": f"turn:{host}", "tcp": f"turn:{host}?transport=tcp", "tls": f"turns:{host}:5349"}
    return [{"urls": urls[word], **({} if word == "stun" else LOGIN)} for word in words.split()]


@dataclass(frozen=True)
class Kind:
    """A NAT, and what `floe nat` has to find: mapping, filtering, whether it hairpins."""
    name: str
    site: Site
    mapping: str
    filtering: str
    hairpin: bool = False


KINDS = [
    Kind("nat: full cone", FULL_CONE, EI, EI),
    Kind("nat: address-restricted, hairpins", HAIRPIN, EI, AD, True),
    Kind("nat: port-restricted", PORT, EI, APD),
    Kind("nat: symmetric", SYMMETRIC, APD, APD),
    Kind("nat: contiguous ports", CONTIGUOUS, APD, APD),
    Kind("nat: symmetric open", SYMMETRIC_OPEN, APD, EI),
    Kind("nat: symmetric by address", SYMMETRIC_ADDRESS, AD, AD),
    Kind("nat: double", DOUBLE, EI, APD),
]

# What a candidate behind a NAT with endpoint-independent mapping is: as it was told, or as a check revealed it before.
SEEN = "(srflx|prflx)"
RELAY = "relay"


@dataclass(frozen=True)
class Pair:
    """a offers and b answers, if not told otherwise. `want`: what the ends of the selected pair are to a and to b, "local-remote local-remote"
    as a pattern; RELAY: one end at least is relayed; None: there must be no connection."""
    name: str
    a: Site
    b: Site  # None: another client in a's network
    want: str
    a_servers: str = "stun udp"
    b_servers: str = "stun udp"
    offers: str = "a"
    browser: str = ""  # which side is Chromium
    event: str = ""  # what happens to a's network in mid-session
    silence: float = 0  # seconds without traffic that it may cost


STUN = {"a_servers": "stun", "b_servers": "stun"}
HOSTS = "host-host host-host"
BOTH_SEEN = f"{SEEN}-{SEEN} {SEEN}-{SEEN}"
A_SEEN = f"{SEEN}-host host-{SEEN}"
B_SEEN = f"host-{SEEN} {SEEN}-host"
A_CHANGES = f"prflx-{SEEN} {SEEN}-prflx"  # a's mapping depends on the remote end
B_CHANGES = f"{SEEN}-prflx prflx-{SEEN}"

FLOE = [
    Pair("public, public", PUBLIC, PUBLIC, HOSTS),
    Pair("public, port-restricted", PUBLIC, PORT, B_SEEN),
    Pair("symmetric, public", SYMMETRIC, PUBLIC, "prflx-host host-prflx"),
    Pair("full cone, full cone", FULL_CONE, FULL_CONE, BOTH_SEEN),
    Pair("full cone, symmetric", FULL_CONE, SYMMETRIC, B_CHANGES),
    Pair("address-restricted, port-restricted", ADDRESS, PORT, BOTH_SEEN),
    Pair("symmetric, address-restricted", SYMMETRIC, ADDRESS, A_CHANGES),
    Pair("port-restricted, port-restricted", PORT, PORT, BOTH_SEEN),
    Pair("port-restricted, symmetric", PORT, SYMMETRIC, RELAY),
    Pair("port-restricted, contiguous ports", PORT, CONTIGUOUS, RELAY),
    Pair("contiguous ports, full cone", CONTIGUOUS, FULL_CONE, A_CHANGES),
    Pair("symmetric, symmetric", SYMMETRIC, SYMMETRIC, RELAY),
    Pair("symmetric, symmetric, no relay", SYMMETRIC, SYMMETRIC, None, **STUN),
    Pair("symmetric open, symmetric by address", SYMMETRIC_OPEN, SYMMETRIC_ADDRESS, "prflx-prflx prflx-prflx"),
    Pair("symmetric by address, symmetric open", SYMMETRIC_ADDRESS, SYMMETRIC_OPEN, "prflx-prflx prflx-prflx"),
    Pair("lax router, port-restricted", LAX, PORT, f"{BOTH_SEEN}|.*relay.*"),  # whose check is first decides
    Pair("lax router, lax router", LAX, LAX, RELAY),
    Pair("one network", ONE_LAN, None, HOSTS),
    Pair("one NAT that hairpins, isolated", HAIRPIN, None, BOTH_SEEN),
    Pair("one NAT that does not, isolated", NO_HAIRPIN, None, RELAY),
    Pair("double NAT, port-restricted", DOUBLE, PORT, BOTH_SEEN),
    Pair("full cone, double NAT", FULL_CONE, DOUBLE_STRICT, BOTH_SEEN),
    Pair("double NAT, double NAT", DOUBLE, DOUBLE_STRICT, BOTH_SEEN),
    Pair("no UDP, port-restricted", NO_UDP, PORT, RELAY, "stun udp tcp"),
    Pair("public, no UDP", PUBLIC, NO_UDP, RELAY, b_servers="stun udp tcp"),
    Pair("no UDP, only TLS", NO_UDP, ONLY_TLS, RELAY, "stun udp tcp", "stun udp tcp tls"),
    Pair("only TLS, symmetric", ONLY_TLS, SYMMETRIC, RELAY, "stun udp tcp tls"),
    Pair("no UDP, public, no relay", NO_UDP, PUBLIC, None, **STUN),
    Pair("IPv6, dual stack", IPV6, DUAL_WALL, HOSTS),
    Pair("dual stack, IPv6 with a filter", DUAL_WALL, IPV6_WALL, HOSTS),
    Pair("dual stack, dual stack", DUAL_WALL, DUAL_WALL, HOSTS),
    Pair("IPv6, port-restricted", IPV6, PORT, RELAY),
    Pair("IPv6, IPv4, no relay", IPV6, PUBLIC, None, **STUN),
    Pair("client's address changes", PORT, PUBLIC, A_SEEN, event="change_client_address", silence=2),
    Pair("client's address changes, NATs", PORT, ADDRESS, BOTH_SEEN, event="change_client_address", silence=2),
    Pair("NAT reboots", REBOOTS, PUBLIC, A_SEEN, event="reboot_nat", silence=4),
    Pair("NAT reboots, full cone", REBOOTS, FULL_CONE, BOTH_SEEN, event="reboot_nat", silence=4),
    Pair("symmetric NAT reboots", CONTIGUOUS, PUBLIC, "prflx-host host-prflx", event="reboot_nat", silence=4),
    Pair("NAT of who answers reboots", REBOOTS, PUBLIC, A_SEEN, event="reboot_nat", silence=4, offers="b"),
    Pair("symmetric NAT of who answers reboots", CONTIGUOUS, PUBLIC, "prflx-host host-prflx", event="reboot_nat",
         silence=4, offers="b"),
    Pair("NAT reboots under a relay", CONTIGUOUS, SYMMETRIC, RELAY, event="reboot_nat", silence=4),
    Pair("NAT's address changes", REBOOTS, PUBLIC, A_SEEN, event="change_public_address", silence=4),
]

# Chromium hides its addresses behind names that only its own network can resolve: its checks reveal them.
CHROMIUM = [
    Pair("chromium b: public, public", PUBLIC, PUBLIC, f"host-{SEEN} (host|srflx)-host", browser="b"),
    Pair("chromium b: port-restricted, full cone", PORT, FULL_CONE, BOTH_SEEN, browser="b"),
    Pair("chromium a: full cone, symmetric", FULL_CONE, SYMMETRIC, B_CHANGES, browser="a"),
    Pair("chromium a: port-restricted, port-restricted", PORT, PORT, BOTH_SEEN, browser="a"),
    Pair("chromium a: address-restricted, port-restricted", ADDRESS, PORT, BOTH_SEEN, browser="a"),
    Pair("chromium b: symmetric, address-restricted", SYMMETRIC, ADDRESS, A_CHANGES, browser="b"),
    Pair("chromium b: symmetric, symmetric", SYMMETRIC, SYMMETRIC, RELAY, browser="b"),
    Pair("chromium a: contiguous ports, symmetric", CONTIGUOUS, SYMMETRIC, RELAY, browser="a"),
    Pair("chromium b: one network", ONE_LAN, None, f"host-{SEEN} host-host", browser="b"),
    Pair("chromium a: double NAT, port-restricted", DOUBLE, PORT, BOTH_SEEN, browser="a"),
    Pair("chromium b: no UDP, symmetric", NO_UDP, SYMMETRIC, RELAY, "stun udp tcp", browser="b"),
    Pair("chromium b: port-restricted, no UDP", PORT, NO_UDP, RELAY, b_servers="stun udp tcp", browser="b"),
    Pair("chromium b: IPv6, dual stack", IPV6, DUAL_WALL, f"host-{SEEN} host-host", browser="b"),
    Pair("chromium a: IPv6, port-restricted", IPV6, PORT, RELAY, browser="a"),
    Pair("chromium a: NAT reboots", REBOOTS, PUBLIC, A_SEEN, event="reboot_nat", silence=4, browser="a"),
    Pair("chromium b: NAT reboots", REBOOTS, PUBLIC, f"{SEEN}-{SEEN} (host|srflx)-{SEEN}", event="reboot_nat", silence=4,
         browser="b"),
    Pair("chromium b: client's address changes", PORT, FULL_CONE, BOTH_SEEN, event="change_client_address", silence=2,
         browser="b"),
    Pair("chromium b: public client's address changes", PUBLIC, FULL_CONE, f"host-{SEEN} (host|{SEEN})-host",
         event="change_client_address", silence=2, browser="b"),
    Pair("chromium b offers: client's address changes", PORT, FULL_CONE, BOTH_SEEN, event="change_client_address",
         silence=2, browser="b", offers="b"),
]
