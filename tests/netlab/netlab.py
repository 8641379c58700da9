"""ICE on networks of the kernel: each pair of pairs.py, built, connected, compared with what has to come of it.

Runs as root in a network, mount and PID namespace of its own (tests/netlab/run makes them): whatever ends this process,
the kernel ends everything else with it.
"""
import argparse
import concurrent.futures
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import pairs  # the path comes first
from floe_process import Peer
from world import SERVER, Box, Internet, Network, run

AT_ONCE = 6
LIMIT = 60
INTERVAL = 0.02  # between messages, while an event is waited out


class Signalling:
    """Carries descriptions and candidates from one to the other as they come."""

    def __init__(self, a, b):
        self.ways = ((a, b), (b, a))
        self.start = None  # when the offer was made

    def carry(self):
        for here, there in self.ways:
            while True:
                try:
                    event = here.lines.get_nowait()
                except queue.Empty:
                    break
                assert event is not None, f"a peer ended; it said {here.seen}"
                if event["ev"] == "local":
                    self.start = self.start or time.monotonic()
                    there.do("remote", type=event["type"], sdp=event["sdp"])
                elif event["ev"] == "candidate":
                    there.do("candidate", candidate=event["candidate"], mid=event["mid"])
                else:
                    here.seen.append(event)

    def carry_until(self, condition, limit=LIMIT):
        end = time.monotonic() + limit
        while not condition():
            assert time.monotonic() < end, "; ".join(f"it said {here.seen}" for here, _ in self.ways)[:3000]
            time.sleep(0.005)
            self.carry()


def has(peer, ev, **want):
    return any(e["ev"] == ev and all(e.get(k) == v for k, v in want.items()) for e in peer.seen)


class Meeting:
    """Two networks, two peers."""

    def __init__(self, internet, pair):
        self.internet, self.pair = internet, pair
        self.networks, self.peers = [], []

    def __enter__(self):
        try:
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def build(self):
        pair = self.pair
        first = self.add(pair.a, 1 if pair.b else 2)
        spaces = [first.clients[0], self.add(pair.b).clients[0] if pair.b else first.clients[1]]
        for side, space in zip("ab", spaces):
            if pair.browser == side:
                command = ["node", f"{self.internet.folder}/netlab/browser_peer.mjs"]
            else:
                command = [f"{self.internet.build}/floe", "peer"]
            self.peers.append(Peer(*space.enter, *command))
        self.a, self.b = self.peers
        self.signalling = Signalling(self.a, self.b)

    def add(self, site, clients=1):
        network = Network(self.internet, site)
        self.networks.append(network)
        return network.build(clients)

    def __exit__(self, *_):
        for peer in self.peers:
            peer.process.kill()
            peer.process.wait()
        for network in self.networks:
            network.close()

    def begin(self):
        pair, cert = self.pair, self.internet.cert
        sides = [(self.a, pairs.servers(pair.a, pair.a_servers)),
                 (self.b, pairs.servers(pair.b or pair.a, pair.b_servers))]
        (offerer, their), (answerer, other) = sides if pair.offers == "a" else sides[::-1]
        echo = bool(pair.event)
        answerer.do("init", role="answer", trickle=True, echo=echo and answerer is self.b, caFile=cert, ice=other)
        self.signalling.carry_until(lambda: has(answerer, "ready"))
        offerer.do("init", role="offer", trickle=True, echo=echo and offerer is self.b, caFile=cert, ice=their)

    def open(self):
        self.signalling.carry_until(lambda: all(has(p, "open", label="lab") for p in self.peers))
        return time.monotonic() - self.signalling.start

    def fail(self):
        """Both say that there is no connection, and never that there is one."""
        self.signalling.carry_until(lambda: all(has(p, "state", pc="failed") for p in self.peers))
        assert not any(has(p, "state", pc="connected") for p in self.peers), "connected"
        return time.monotonic() - self.signalling.start

    def talk(self):
        for here, there in self.signalling.ways:
            for text in ("hello", "x" * 900):
                here.do("send", text=text)
                self.signalling.carry_until(lambda: has(there, "msg", text=text), 20)

    def types(self, peer):
        """The ends of the selected pair as this side has them."""
        peer.seen = [e for e in peer.seen if e["ev"] != "pair"]
        peer.do("stats")
        told = lambda: [e for e in peer.seen if e["ev"] == "pair" and "local_candidate" in e]
        self.signalling.carry_until(told, 10)
        return "-".join(told()[-1][end]["type"] for end in ("local_candidate", "remote_candidate"))

    def settle(self, limit=10):
        """What both sides have, once it is what it should be, or no longer changes."""
        end = time.monotonic() + limit
        while True:
            seen = [self.types(peer) for peer in self.peers]
            if fits(self.pair.want, seen) or time.monotonic() > end:
                return seen
            time.sleep(0.2)

    def longest_silence(self, disturb, seconds):
        """Numbered messages go to b and come back; how long none came back, once the network changed."""
        first, last, longest, came, sent = time.monotonic(), time.monotonic(), 0, 0, 0
        is_disturbed = False
        while time.monotonic() - first < seconds or came < sent:
            now = time.monotonic()
            assert now - first < 3 * seconds + 30, f"{came} of {sent} came back"
            if now - first < seconds:
                self.a.do("send", text=f"{sent}")
                sent += 1
            if not is_disturbed and now - first > 1:
                is_disturbed = True
                disturb()
            time.sleep(INTERVAL)
            self.signalling.carry()
            heard = [e["text"] for e in self.a.seen if e["ev"] == "msg"]
            self.a.seen = [e for e in self.a.seen if e["ev"] != "msg"]
            assert heard == [str(came + i) for i in range(len(heard))], f"after {came}: {heard[:5]}"
            came += len(heard)
            longest = max(longest, time.monotonic() - last)
            last = time.monotonic() if heard else last
        return longest

    def end(self):
        for peer in self.peers:
            peer.do("quit")
            status = peer.end()
            assert status == 0, f"exit status {status}"


def fits(want, seen):
    if want == pairs.RELAY:
        return all("relay" in side or "prflx" in side for side in seen) and any("relay" in side for side in seen)
    return re.fullmatch(want, " ".join(seen)) is not None


def check_kind(internet, kind):
    """A NAT is what it is called, as `floe nat` finds out."""
    network = Network(internet, kind.site).build()
    try:
        command = [*network.clients[0].enter, f"{internet.build}/floe", "nat", "--json", SERVER]
        told, = json.loads(run(*command, capture_output=True, timeout=LIMIT).stdout)["results"]
        found = [told[name] for name in ("mapping", "filtering", "hairpin")]
        assert found == [kind.mapping, kind.filtering, kind.hairpin], f"found {found}"
        return f"{kind.mapping}, {kind.filtering}"
    finally:
        network.close()


def check_pair(internet, pair):
    """What was seen, in words."""
    with Meeting(internet, pair) as meeting:
        meeting.begin()
        if pair.want is None:
            took = meeting.fail()
            meeting.end()
            return f"no connection after {took:.1f} s"
        took = meeting.open()
        if not pair.event:
            meeting.talk()
        seen = meeting.settle()
        note = ""
        if pair.event:
            event = getattr(meeting.networks[0], pair.event)
            silence = meeting.longest_silence(event, 2 * pair.silence)
            note = f", {silence:.2f} s of silence"
            assert silence < pair.silence, f"{silence:.2f} s without traffic, {pair.silence} at most"
        meeting.end()
        assert fits(pair.want, seen), f"the pair is {' and '.join(seen)}, not {pair.want}"
        return f"{seen[0]:12} {seen[1]:12} {took:5.1f} s{note}"


def works(*command):
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def find_what_is_missing(args):
    """What this machine does not have, by the words of needs()."""
    found = {
        "network": args.without and f"{args.without}",
        "veth": not args.without and not works("ip", "link", "add", "probe0", "type", "veth", "peer", "name", "probe1") and "no veth",
        "nft": not args.without and not works("nft", "list", "ruleset") and "no nftables",
        "box": not os.path.exists("/dev/net/tun") and "no /dev/net/tun",
        "ipv6": not os.path.exists("/proc/sys/net/ipv6") and "no IPv6",
        "chromium": not (shutil.which("chromium") and shutil.which("node") and os.path.isdir(args.modules)) and
                    "no Chromium, node or puppeteer-core",
    }
    return {what: why for what, why in found.items() if why}


def needs(pair):
    found = {"network", "veth", "nft"}
    if isinstance(pair, pairs.Kind):
        sites = [pair.site]
    else:
        sites = [site for site in (pair.a, pair.b) if site]
        found |= {"chromium"} if pair.browser else set()
    if any(isinstance(nat, Box) for site in sites for nat in (site.nat, site.carrier)):
        found.add("box")
    if any("6" in site.families for site in sites):
        found.add("ipv6")
    return found


def copy_modules(args):
    """Modules of node look for their packages beside themselves."""
    for name in ("browser", "netlab"):
        shutil.copytree(os.path.join(HERE, "..", name), f"{args.folder}/{name}",
                        ignore=shutil.ignore_patterns("*.py", "*.c", "__pycache__"))
    os.symlink(args.modules, f"{args.folder}/node_modules")


def build_internet(args, missing):
    if missing.keys() & {"network", "veth", "nft"}:
        return None
    run("mount", "-t", "tmpfs", "netlab", args.folder)
    os.environ["TMPDIR"] = args.folder
    copy_modules(args)
    return Internet(args.folder, args.build, "ipv6" not in missing)


def attempt(internet, pair, missing):
    for what in missing:
        if what in needs(pair):
            return "skipped", missing[what]
    try:
        check = check_kind if isinstance(pair, pairs.Kind) else check_pair
        return "ok", check(internet, pair)
    except Exception as error:  # each pair is on its own
        return "FAIL", repr(error)[:3000]


def seconds_of(pair):
    """About how long it takes; the longest go first."""
    if isinstance(pair, pairs.Kind):
        return 6
    return 40 if pair.want is None else 1 + 2 * pair.silence + 4 * bool(pair.browser)


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", help="where floe and nat_box are")
    parser.add_argument("--modules", default="", help="node_modules with puppeteer-core")
    parser.add_argument("--folder", help="an empty one, for everything that is made")
    parser.add_argument("--without", help="why nothing can be done here")
    parser.add_argument("names", nargs="*", help="parts of names of pairs")
    return parser.parse_args()


def main():
    args = parse_arguments()
    missing = find_what_is_missing(args)
    chosen = [p for p in pairs.KINDS + pairs.FLOE + pairs.CHROMIUM if not args.names or any(name in p.name for name in args.names)]
    chosen.sort(key=seconds_of, reverse=True)
    internet = build_internet(args, missing)
    counts = {"ok": 0, "FAIL": 0, "skipped": 0}
    print(f"{'':8} {'pair':48} {'a: own-other':12} {'b: own-other':12} {'open':>7}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = {pool.submit(attempt, internet, pair, missing): pair for pair in chosen}
        for result in concurrent.futures.as_completed(results):
            word, note = result.result()
            counts[word] += 1
            print(f"{word:8} {results[result].name:48} {note}", flush=True)
    print("{ok} passed, {FAIL} failed, {skipped} skipped".format(**counts))
    return 1 if counts["FAIL"] or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
