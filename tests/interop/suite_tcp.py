#!/usr/bin/python3
"""floe over TCP (RFC 6544) where no UDP gets through: with itself, in either direction; with pion, which listens; with
libnice, which listens or connects. Arguments: the floe program, a filter. In a network namespace, as root.
"""
import hashlib
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from floe_process import Peer  # the path comes first

PROGRAM = os.path.abspath(sys.argv[1])
FILTER = sys.argv[2].removeprefix("tcp:") if len(sys.argv) > 2 else ""
ADDRESS = "203.0.113.5"
PION = os.path.join(os.path.dirname(PROGRAM), "pion_tcp_peer")
NO_UDP = """table inet floe_tcp {
    chain out { type filter hook output priority 0; meta l4proto udp drop; }
}"""


def build_pion():
    """From the sources that Debian installs, without modules: nothing is fetched."""
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "",
                   "GOCACHE": os.path.join(os.path.dirname(PION), "go-cache")}
    subprocess.run(["go", "build", "-o", PION, os.path.join(HERE, "pion_peer", "peer.go")],
                   check=True, env=environment)


def floe():
    return Peer(PROGRAM)


def pion():
    return Peer(PION, ADDRESS)


def libnice():
    return Peer("/usr/bin/python3", os.path.join(HERE, "peer_libnice.py"))


class Pair:
    def __init__(self, offerer, answerer, offerer_tcp, answerer_tcp):
        self.peers = [offerer, answerer]
        answerer.do("init", role="answer", ice=[], tcp=answerer_tcp)
        answerer.wait("ready")
        offerer.do("init", role="offer", ice=[], tcp=offerer_tcp)
        answerer.do("remote", type="offer", sdp=offerer.wait("local")["sdp"])
        offerer.do("remote", type="answer", sdp=answerer.wait("local")["sdp"])

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for peer in self.peers:
            peer.do("quit")
        for peer in self.peers:
            try:
                peer.process.wait(5)
            finally:
                peer.process.kill()


def is_over_tcp(peer, local=None):
    pair = peer.wait("pair")
    ends = pair["local_candidate"], pair["remote_candidate"]
    assert all(end["transport"] == "tcp" for end in ends), f"the pair is {pair}"
    if local is not None:
        assert (ends[0]["port"] == 9) == (local == "active"), f"the pair is {pair}"


def echo(sender, label, sizes=(1, 1199, 1200, 65536, 262144)):
    """What a floe sends comes back as it was."""
    for size in sizes:
        text = ("floe" * (size // 4 + 1))[:size]
        sender.do("send", label=label, text=text)
        back = sender.wait("msg", label=label)
        digest = hashlib.sha256(text.encode()).hexdigest()
        assert back.get("text") == text or back.get("sha256") == digest, f"{size} changed on the way"


def with_itself(offerer_tcp, answerer_tcp):
    a, b = floe(), floe()
    with Pair(a, b, offerer_tcp, answerer_tcp):
        a.wait("open", label="lab")
        b.wait("open", label="lab")
        is_over_tcp(a, "active" if offerer_tcp == "active" else "passive")
        is_over_tcp(b, "active" if answerer_tcp == "active" else "passive")
        a.do("send", label="lab", text="ping 1")
        a.wait("msg", text="pong 1")


def with_itself_cut():
    """The connection is destroyed underneath it: there is another one, and nothing is lost."""
    a, b = floe(), floe()
    with Pair(a, b, "active", "both"):
        a.wait("open", label="lab")
        for number in range(3):
            a.do("send", label="lab", text=f"ping {number}")
            a.wait("msg", text=f"pong {number}")
            subprocess.run(["ss", "-K", "-t", "state", "established", "src", ADDRESS], check=True,
                           stdout=subprocess.DEVNULL)
        a.do("send", label="lab", text="ping last")
        a.wait("msg", text="pong last")


def with_pion(floe_offers):
    a, b = (floe(), pion()) if floe_offers else (pion(), floe())
    ours = a if floe_offers else b
    with Pair(a, b, "active", "active"):
        ours.wait("open", label="lab")
        is_over_tcp(ours, "active")
        echo(ours, "lab", (1, 1199, 1200, 65535))
        time.sleep(35)  # longer than consent lasts
        echo(ours, "lab", (1200,))


def with_libnice(floe_offers, ours_tcp, theirs_tcp):
    ours, theirs = floe(), libnice()
    a, b = (ours, theirs) if floe_offers else (theirs, ours)
    a_tcp, b_tcp = (ours_tcp, theirs_tcp) if floe_offers else (theirs_tcp, ours_tcp)
    with Pair(a, b, a_tcp, b_tcp):
        is_over_tcp(ours, "active" if ours_tcp == "active" else "passive")
        theirs.wait("state", ice="ready")


def cases():
    yield "floe connects to a floe that listens", lambda: with_itself("active", "both")
    yield "floe listens for a floe that connects", lambda: with_itself("both", "active")
    yield "a connection of floe's is cut again and again", with_itself_cut
    for floe_offers in (True, False):
        role = "answers" if floe_offers else "offers"
        yield f"pion {role} and listens", lambda f=floe_offers: with_pion(f)
        yield f"libnice {role} and listens", lambda f=floe_offers: with_libnice(f, "active", "passive")
        yield f"libnice {role} and connects", lambda f=floe_offers: with_libnice(f, "both", "active")


def main():
    passed = failed = 0
    build_pion()
    subprocess.run(["nft", "-f", "-"], input=NO_UDP.encode(), check=True)
    for name, case in cases():
        if FILTER not in "tcp: " + name:
            continue
        start = time.monotonic()
        try:
            case()
            passed += 1
            print(f"ok    tcp: {name} ({time.monotonic() - start:.1f} s)", flush=True)
        except Exception as error:  # each case is on its own
            failed += 1
            print(f"FAIL  tcp: {name}: {error!r}", flush=True)
    subprocess.run(["nft", "delete", "table", "inet", "floe_tcp"], check=True)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not (passed or FILTER) else 0


sys.exit(main())
