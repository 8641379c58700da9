#!/usr/bin/python3
"""floe peer against aiortc, in both roles. Arguments: the floe program, a filter."""
import hashlib
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from floe_process import Peer  # the path comes first

PROGRAM = sys.argv[1]
FILTER = sys.argv[2] if len(sys.argv) > 2 else ""
AIORTC = os.path.join(HERE, "peer_aiortc.py")
SIZES = [1, 1199, 1200, 65535, 65536]


class Pair:
    """A floe and an aiortc peer with the channel "lab" open between them. `options` are of floe's init."""

    def __init__(self, floe_offers, **options):
        self.floe = Peer(PROGRAM)
        self.aiortc = Peer("/usr/bin/python3", AIORTC)
        first, second = (self.floe, self.aiortc) if floe_offers else (self.aiortc, self.floe)
        second.do("init", role="answer", ice=[], **(options if second is self.floe else {}))
        second.wait("ready")
        first.do("init", role="offer", ice=[], **(options if first is self.floe else {}))
        offer = first.wait("local")
        second.do("remote", type="offer", sdp=offer["sdp"])
        answer = second.wait("local")
        first.do("remote", type="answer", sdp=answer["sdp"])
        self.floe.wait("open", label="lab")
        self.aiortc.wait("open", label="lab")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                assert self.floe.end() == 0
                assert self.aiortc.end() == 0
        finally:
            self.floe.process.kill()
            self.aiortc.process.kill()


def texts_come_back(pair):
    for size in SIZES:
        text = ("floe" * (size // 4 + 1))[:size]
        digest = hashlib.sha256(text.encode()).hexdigest()
        pair.floe.do("send", label="lab", text=text)
        got = pair.aiortc.wait("msg", label="lab")
        assert (got["size"], got["sha256"]) == (size, digest), f"{size} changed on the way to aiortc"
        back = pair.floe.wait("msg", label="lab")
        assert back.get("text") == text or back.get("sha256") == digest, f"{size} changed on the way back"


def ping_is_answered_both_ways(pair):
    pair.floe.do("send", label="lab", text="ping 7")
    pair.floe.wait("msg", text="pong 7")
    pair.aiortc.do("send", label="lab", text="ping 8")
    got = pair.aiortc.wait("msg", label="lab")
    assert got["sha256"] == hashlib.sha256(b"pong 8").hexdigest()


def ping_is_answered_by_a_lite_floe(pair):
    ping_is_answered_both_ways(pair)


ping_is_answered_by_a_lite_floe.options = {"lite": True}


def ping_is_answered_after_a_fast_nomination(pair):
    ping_is_answered_both_ways(pair)


ping_is_answered_after_a_fast_nomination.options = {"nomination": "fast"}


def both_open_more_channels(pair):
    pair.floe.do("channel", label="ours", ordered=False)
    assert pair.aiortc.wait("open", label="ours")["ordered"] is False
    pair.aiortc.do("channel", label="theirs", ordered=False)
    assert pair.floe.wait("open", label="theirs")["ordered"] is False


def a_close_is_seen_from_either_side(pair):
    pair.floe.do("channel", label="ours")
    pair.aiortc.wait("open", label="ours")
    pair.floe.wait("open", label="ours")
    pair.floe.do("close", label="ours")
    pair.aiortc.wait("closed", label="ours")
    pair.floe.wait("closed", label="ours")
    pair.aiortc.do("close", label="lab")
    pair.floe.wait("closed", label="lab")


def main():
    passed = failed = 0
    for floe_offers in (True, False):
        for case in (texts_come_back, ping_is_answered_both_ways, both_open_more_channels,
                     a_close_is_seen_from_either_side, ping_is_answered_by_a_lite_floe,
                     ping_is_answered_after_a_fast_nomination):
            name = f"aiortc {'answers' if floe_offers else 'offers'}: {case.__name__.replace('_', ' ')}"
            if FILTER not in name:
                continue
            start = time.monotonic()
            try:
                with Pair(floe_offers, **getattr(case, "options", {})) as pair:
                    case(pair)
                passed += 1
                print(f"ok    {name} ({time.monotonic() - start:.1f} s)", flush=True)
            except Exception as error:  # each case is on its own
                failed += 1
                print(f"FAIL  {name}: {error!r}", flush=True)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not (passed or FILTER) else 0


sys.exit(main())
