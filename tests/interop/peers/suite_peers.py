#!/usr/bin/python3
"""floe peer against the WebRTC peers of others, in both roles: one list of cases for all of them.
Arguments: the floe program, a filter, the folder of packages from npm. In a network namespace."""
import base64
import concurrent.futures
import hashlib
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "support")]
import whole_peers  # the path comes first
from floe_process import Peer

PROGRAM = sys.argv[1]
FILTER = sys.argv[2] if len(sys.argv) > 2 else ""
MODULES = sys.argv[3] if len(sys.argv) > 3 else ""
SIZES = [1, 1199, 1200, 65535, 65536]
AT_ONCE = 4  # cases; most of their time they wait


class Pair:
    """A floe and another peer with the channel "lab" open between them. `options`: of floe's init."""

    def __init__(self, kind, floe_offers, **options):
        self.kind = kind
        self.floe_offers = floe_offers
        self.floe = Peer(PROGRAM)
        self.other = kind.start()
        try:
            self.connect(options)
        except BaseException:
            self.kill()
            raise

    def connect(self, options):
        first, second = (self.floe, self.other) if self.floe_offers else (self.other, self.floe)
        second.do("init", role="answer", ice=[], **(options if second is self.floe else {}))
        second.wait("ready")
        first.do("init", role="offer", ice=[], **(options if first is self.floe else {}))
        self.negotiate(first, second)
        if options.get("trickle"):
            self.carry_candidates()
        self.floe.wait("open", label="lab", limit=self.kind.patience)
        self.other.wait("open", label="lab")

    def negotiate(self, first, second):
        offer = first.wait("local", type="offer")
        second.do("remote", type="offer", sdp=offer["sdp"])
        answer = second.wait("local", type="answer")
        first.do("remote", type="answer", sdp=answer["sdp"])

    def carry_candidates(self):
        """floe's; the others' descriptions have theirs."""
        while True:
            event = self.floe.wait("candidate")
            self.other.do("candidate", candidate=event["candidate"], mid=event["mid"])
            if not event["candidate"]:
                return

    def kill(self):
        for peer in (self.floe, self.other):
            peer.process.kill()
            peer.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                assert self.floe.end() == 0
        finally:
            self.kill()

    def sizes(self):
        return [size for size in SIZES if size <= self.kind.largest]

    def text_comes_back(self, text, label="lab"):
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.floe.do("send", label=label, text=text)
        got = self.other.wait("msg", label=label)
        assert got["isText"], "binary arrived"
        assert (got["size"], got["sha256"]) == (len(text), digest), f"{len(text)} changed on the way"
        back = self.floe.wait("msg", label=label)
        assert back.get("text") == text or back.get("sha256") == digest, \
            f"{len(text)} changed on the way back"


def texts_come_back(pair):
    for size in pair.sizes():
        pair.text_comes_back(("floe" * (size // 4 + 1))[:size])


def binaries_come_back(pair):
    for size in pair.sizes():
        data = bytes((i * 7 + size) % 256 for i in range(size))
        digest = hashlib.sha256(data).hexdigest()
        pair.floe.do("send", label="lab", base64=base64.b64encode(data).decode())
        got = pair.other.wait("msg", label="lab")
        assert not got["isText"], "text arrived"
        assert (got["size"], got["sha256"]) == (size, digest), f"{size} changed on the way"
        back = pair.floe.wait("msg", label="lab")
        assert (back.get("binary"), back["sha256"]) == (size, digest), f"{size} changed on the way back"


def empty_messages_come_back(pair):
    pair.text_comes_back("")
    pair.floe.do("send", label="lab", base64="")
    got = pair.other.wait("msg", label="lab")
    assert (got["size"], got["isText"]) == (0, False)
    assert pair.floe.wait("msg", label="lab")["binary"] == 0


def ping_is_answered_both_ways(pair):
    pair.floe.do("send", label="lab", text="ping 7")
    pair.floe.wait("msg", text="pong 7")
    pair.other.do("send", label="lab", text="ping 8")
    got = pair.other.wait("msg", label="lab")
    assert got["sha256"] == hashlib.sha256(b"pong 8").hexdigest()


def a_message_goes_by_parts_and_comes_back_by_parts(pair):
    size = pair.sizes()[-1]
    data = bytes(i % 251 for i in range(size))
    pair.floe.do("send", label="lab", size=size, part=7000)
    got = pair.other.wait("msg", label="lab")
    assert (got["size"], got["sha256"]) == (size, hashlib.sha256(data).hexdigest())
    at = 0
    while at < size:
        part = pair.floe.wait("msg", label="lab")
        assert part["offset"] == at and not part["cut"]
        digest = hashlib.sha256(data[at:at + part["binary"]]).hexdigest()
        assert part["sha256"] == digest, f"changed on the way back, from {at}"
        at += part["binary"]
        assert part["more"] == (at < size)


def many_messages_keep_their_order(pair):
    count = 1000
    for i in range(count):
        pair.floe.do("send", label="lab", text=f"{i} " + "x" * 500)
    for i in range(count):
        assert pair.floe.wait("msg", label="lab")["text"].split()[0] == str(i)


CHANNELS = [{"ordered": False}, {"maxRetransmits": 0}, {"ordered": False, "maxRetransmits": 3},
            {"maxPacketLifeTime": 500}, {"ordered": False, "maxPacketLifeTime": 100},
            {"protocol": "floe.test"}]


def open_each_kind(pair, opener, other):
    for i, options in enumerate(CHANNELS):
        label = f"kind {i}"
        opener.do("channel", label=label, **options)
        got = other.wait("open", label=label)
        wanted = {"ordered": True, "maxRetransmits": None, "maxPacketLifeTime": None, "protocol": "",
                  **options}
        told = {name: got.get(name) for name in wanted}
        assert told == wanted, f"{options} arrived as {told}"
        assert got["incoming"]
        opener.wait("open", label=label)
        pair.text_comes_back("on it", label)


def each_kind_of_channel_opened_by_floe(pair):
    open_each_kind(pair, pair.floe, pair.other)


def each_kind_of_channel_opened_by_the_peer(pair):
    open_each_kind(pair, pair.other, pair.floe)


def a_negotiated_channel(pair):
    for peer in (pair.floe, pair.other):
        peer.do("channel", label="agreed", negotiated=True, id=100)
    for peer in (pair.floe, pair.other):
        assert peer.wait("open", label="agreed")["id"] == 100
    time.sleep(0.1)  # nothing but SCTP's own acknowledgements tells when the other has it
    pair.text_comes_back("on it", "agreed")


def floe_closes_a_channel(pair):
    pair.floe.do("channel", label="ours")
    pair.other.wait("open", label="ours")
    pair.floe.wait("open", label="ours")
    pair.floe.do("close", label="ours")
    pair.other.wait("closed", label="ours")
    pair.floe.wait("closed", label="ours")
    pair.text_comes_back("still here")


def the_peer_closes_a_channel(pair):
    pair.other.do("channel", label="theirs")
    pair.floe.wait("open", label="theirs")
    pair.other.wait("open", label="theirs")
    pair.other.do("close", label="theirs")
    pair.floe.wait("closed", label="theirs")
    pair.text_comes_back("still here")


def a_label_is_used_again(pair):
    for _ in range(3):
        pair.floe.do("channel", label="again")
        pair.other.wait("open", label="again")
        pair.floe.wait("open", label="again")
        pair.text_comes_back("on it", "again")
        pair.floe.do("close", label="again")
        pair.other.wait("closed", label="again")
        pair.floe.wait("closed", label="again")


def floe_trickles(pair):
    pair.text_comes_back("over")


def floe_is_lite(pair):
    pair.text_comes_back("over")


def floe_nominates_fast(pair):
    pair.text_comes_back("over")


def restart(pair, first, second):
    pair.text_comes_back("before")
    first.do("restart")
    pair.negotiate(first, second)
    pair.floe.wait("pair")
    time.sleep(0.5)
    pair.text_comes_back("after")


def floe_restarts_ice(pair):
    pair.floe.wait("pair")
    restart(pair, pair.floe, pair.other)


def the_peer_restarts_ice(pair):
    pair.floe.wait("pair")
    restart(pair, pair.other, pair.floe)


def floe_says_goodbye(pair):
    pair.floe.do("quit")
    assert pair.floe.process.wait(10) == 0
    pair.other.wait("closed", label="lab")


def the_peer_says_goodbye(pair):
    pair.other.do("quit")
    pair.floe.wait("closed", label="lab")


def the_peer_vanishes(pair):
    pair.other.process.kill()
    start = time.monotonic()
    pair.floe.wait("state", ice="disconnected")
    seconds = time.monotonic() - start
    assert 1.5 < seconds < 9, f"seen after {seconds:.1f} s"


CASES = [  # the case; how the pair is made; what a peer may lack
    (texts_come_back, {}),
    (binaries_come_back, {}),
    (empty_messages_come_back, {}),
    (a_message_goes_by_parts_and_comes_back_by_parts,
     {"partsFrom": 20000, "recvBuffer": 65536, "maxMessageSize": 1 << 20}),
    (ping_is_answered_both_ways, {}),
    (many_messages_keep_their_order, {}),
    (each_kind_of_channel_opened_by_floe, {}),
    (each_kind_of_channel_opened_by_the_peer, {}),
    (a_negotiated_channel, {}),
    (floe_closes_a_channel, {}),
    (the_peer_closes_a_channel, {}),
    (a_label_is_used_again, {}),
    (floe_trickles, {"trickle": True}),
    (floe_is_lite, {"lite": True}),
    (floe_nominates_fast, {"nomination": "fast"}),
    (floe_restarts_ice, {}),
    (the_peer_restarts_ice, {}),
    (floe_says_goodbye, {}),
    (the_peer_says_goodbye, {}),
    (the_peer_vanishes, {}),
]


def make_pair(kind, floe_offers, options):
    for _ in range(kind.tries - 1):
        try:
            return Pair(kind, floe_offers, **options)
        except AssertionError:
            pass
    return Pair(kind, floe_offers, **options)


def run_case(name, kind, floe_offers, case, options):
    start = time.monotonic()
    try:
        with make_pair(kind, floe_offers, options) as pair:
            case(pair)
        print(f"ok    {name} ({time.monotonic() - start:.1f} s)\n", end="", flush=True)
        return True
    except Exception as error:  # each case is on its own
        print(f"FAIL  {name}: {error!r}\n", end="", flush=True)
        return False


def plan():
    """The cases to run, and how many peers are missing."""
    todo, missing = [], 0
    for kind in whole_peers.kinds(os.path.dirname(os.path.abspath(PROGRAM)), MODULES):
        if kind.version is None:
            print(f"skipped: {kind.name} is not installed")
            missing += 1
            continue
        print(f"version {kind.name} {kind.version}")
        for floe_offers in (True, False):
            for case, options in CASES:
                title = case.__name__.replace("_", " ")
                name = f"peers: {kind.name} {'answers' if floe_offers else 'offers'}: {title}"
                lacks = kind.lacks(title, floe_offers)
                if FILTER in name and lacks:
                    print(f"lacks {name}: {lacks}")
                elif FILTER in name:
                    todo.append((name, kind, floe_offers, case, options))
    return todo, missing


def main():
    todo, missing = plan()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(lambda case: run_case(*case), todo))
    failed = results.count(False)
    print(f"{len(results) - failed} passed, {failed} failed, {missing} skipped")
    return 1 if failed or not (results or FILTER) else 0


sys.exit(main())
