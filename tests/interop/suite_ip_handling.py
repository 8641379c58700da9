#!/usr/bin/python3
"""Which addresses floe peer tells in the modes of RFC 8828, and that it moves with the default route.
Arguments: the floe program, a filter. In a network namespace, as root.

    203.0.113.5 br0 (the default route at first)    10.1.0.5 lan0    192.168.7.2 lan1
"""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from floe_process import Peer, connect  # the path comes first

PROGRAM = sys.argv[1]
FILTER = sys.argv[2] if len(sys.argv) > 2 else ""
PUBLIC, LAN = "203.0.113.5", {"lan0": "10.1.0.5", "lan1": "192.168.7.2"}
WITHOUT_TRAFFIC = 1.0  # seconds that an answer may take while the route changes


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def route_by(device, gateway):
    ip("route", "replace", "default", "via", gateway, "dev", device)


class Network:
    def __enter__(self):
        for name, address in LAN.items():
            ip("link", "add", name, "type", "veth", "peer", "name", name + "b")
            ip("addr", "add", address + "/24", "dev", name)
            ip("link", "set", name + "b", "up")
            ip("link", "set", name, "up")
        return self

    def __exit__(self, *_):
        route_by("br0", "203.0.113.1")
        for name in LAN:
            ip("link", "del", name)


def told(mode):
    """The addresses in the offer of a peer in this mode."""
    peer = Peer(PROGRAM)
    try:
        peer.do("init", role="offer", ice=[], ipHandling=mode)
        sdp = peer.wait("local")["sdp"]
        return set(re.findall(r"a=candidate:\S+ 1 udp \d+ (\S+)", sdp)), sdp
    finally:
        peer.process.kill()


def all_tells_every_interface():
    assert told("all")[0] == {PUBLIC, *LAN.values()}


def private_tells_the_default_route_only():
    assert told("private")[0] == {PUBLIC}
    route_by("lan0", "10.1.0.1")
    assert told("private")[0] == {LAN["lan0"]}


def public_tells_nothing_private():
    assert told("public")[0] == {PUBLIC}
    route_by("lan0", "10.1.0.1")
    addresses, sdp = told("public")
    assert not addresses and LAN["lan0"] not in sdp, sdp


def relay_tells_nothing_without_a_relay():
    addresses, sdp = told("relay")
    assert not addresses and PUBLIC not in sdp, sdp


def move(mover_offers):
    first, second = Peer(PROGRAM), Peer(PROGRAM)
    try:
        mover, other = (first, second) if mover_offers else (second, first)
        modes = [{"ipHandling": "private" if peer is mover else "all"} for peer in (first, second)]
        connect(first, second, *modes)
        for peer in (first, second):
            peer.wait("open", label="lab")
        route_by("lan0", "10.1.0.1")
        worst = 0.0
        for i in range(100):
            start = time.monotonic()
            other.do("send", label="lab", text=f"ping {i}")
            other.wait("msg", text=f"pong {i}")
            worst = max(worst, time.monotonic() - start)
            time.sleep(0.02)
        assert worst < WITHOUT_TRAFFIC, f"{worst:.2f} s"
        for pair in iter(lambda: mover.wait("pair"), None):
            if pair["local_candidate"]["address"] == LAN["lan0"]:
                return worst
    finally:
        first.process.kill()
        second.process.kill()


def the_offerer_moves_with_its_default_route():
    return move(True)


def the_answerer_moves_with_its_default_route():
    return move(False)


def main():
    passed = failed = 0
    for case in (all_tells_every_interface, private_tells_the_default_route_only,
                 public_tells_nothing_private, relay_tells_nothing_without_a_relay,
                 the_offerer_moves_with_its_default_route, the_answerer_moves_with_its_default_route):
        name = f"ip handling: {case.__name__.replace('_', ' ')}"
        if FILTER.removeprefix("ip_handling:") not in name:
            continue
        try:
            with Network():
                took = case()
            passed += 1
            print(f"ok    {name}" + (f" ({took:.2f} s)" if took else ""), flush=True)
        except Exception as error:  # each case is on its own
            failed += 1
            print(f"FAIL  {name}: {error!r}", flush=True)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not (passed or FILTER) else 0


sys.exit(main())
