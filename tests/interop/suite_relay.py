#!/usr/bin/python3
"""Two floe peers that only a TURN server can connect: coturn, kernel NAT, networks that let no UDP
out. Arguments: the floe program, a filter. In a network namespace, as root.

    peer 10.0.0.2 ---- router 203.0.113.2 ---- here 203.0.113.10: coturn ---- router 203.0.113.3 ---- peer 10.0.1.2
"""
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from floe_process import Peer, negotiate  # the path comes first
from nat_network import NatNetwork, is_listening, run, wait

PROGRAM = sys.argv[1]
FILTER = sys.argv[2] if len(sys.argv) > 2 else ""
SERVER, DEAD = "203.0.113.10", "203.0.113.250"
NO_UDP = "meta l4proto udp drop;"
ONLY_TLS = "meta l4proto udp drop; tcp dport != 5349 ct state new drop;"
URLS = {"stun": f"stun:{SERVER}", "udp": f"turn:{SERVER}", "tcp": f"turn:{SERVER}?transport=tcp", "tls": f"turns:{SERVER}",
        "dtls": f"turns:{SERVER}?transport=udp", "dead": f"turn:{DEAD}",
        "refused": f"turn:{SERVER}?transport=tcp"}


class Coturn:
    def __init__(self, folder):
        self.cert = f"{folder}/cert.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "1", "-subj", "/CN=turn.test", "-addext", f"subjectAltName=IP:{SERVER}",
            "-keyout", f"{folder}/key.pem", "-out", self.cert, stderr=subprocess.DEVNULL)
        self.command = [
            "turnserver", "-n", "--no-cli", f"--log-file={folder}/log", "--simple-log", "--lt-cred-mech",
            "--user=alice:secret", "--realm=floe.test", "--relay-threads=1", f"--pidfile={folder}/pid",
            f"--userdb={folder}/db", f"--cert={self.cert}", f"--pkey={folder}/key.pem",
            f"--listening-ip={SERVER}", f"--relay-ip={SERVER}"]

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait(lambda: is_listening(SERVER + ":3478") and is_listening(SERVER + ":5349", "t"))

    def stop(self):
        self.process.kill()
        self.process.wait()


class Stage:
    """Two peers, each behind a router of its own, and the server."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.nets = [NatNetwork(0), NatNetwork(1)]
        for net in self.nets:
            net.connect()
        run("ip", "addr", "add", SERVER + "/24", "dev", "br0", "label", "br0:floe")
        self.coturn = Coturn(self.folder.name)
        self.coturn.start()
        self.peers = [Peer(*net.client, PROGRAM, "peer") for net in self.nets]
        return self

    def __exit__(self, *_):
        for peer in self.peers:
            peer.process.kill()
            peer.process.wait()
        self.coturn.stop()
        for net in self.nets:
            net.close()
        run("ip", "addr", "flush", "dev", "br0", "label", "br0:floe")
        self.folder.cleanup()

    def set_nats(self, flags="", walls=("", "")):
        for net, wall in zip(self.nets, walls):
            net.set_nat(flags, wall)

    def connect(self, first, second, password="secret", **options):
        """Each peer with servers by their names in URLS; the answerer says back what it gets."""
        a, b = self.peers
        for peer, names, role in ((b, second, "answer"), (a, first, "offer")):
            ice = [{"urls": URLS[n], "username": "alice",
                    "credential": "wrong" if n == "refused" else password} for n in names]
            peer.do("init", role=role, ice=ice, caFile=self.coturn.cert, echo=peer is b, **options)
        b.wait("ready")
        descriptions = negotiate(a, b)
        a.wait("open", label="lab")
        b.wait("open", label="lab")
        return descriptions

    def talk(self, limit=20):
        a = self.peers[0]
        for text in ("hello", "x" * 60000):
            a.do("send", text=text)
            a.wait("msg", limit=limit, label="lab")

    def types(self):
        """What the two ends of the selected pair are to the offerer."""
        self.peers[0].do("stats")
        self.peers[0].wait("stats")
        pairs = [e for e in self.peers[0].seen if e["ev"] == "pair" and "local_candidate" in e]
        return pairs[-1]["local_candidate"]["type"], pairs[-1]["remote_candidate"]["type"]

    def end(self):
        for peer in self.peers:
            assert peer.end() == 0


def symmetric_nats_on_both_sides(stage):
    stage.set_nats("fully-random")
    stage.connect(["udp"], ["udp"])
    stage.talk()
    assert "relay" in stage.types(), stage.types()


def one_server_is_enough(stage):
    stage.set_nats("fully-random")
    stage.connect(["stun"], ["udp"])
    stage.talk()


def one_side_without_udp(stage):
    stage.set_nats(walls=(NO_UDP, ""))
    stage.connect(["tcp"], ["udp"])
    stage.talk()
    assert stage.types()[0] == "relay", stage.types()


def both_sides_without_udp(stage):
    stage.set_nats(walls=(NO_UDP, NO_UDP))
    stage.connect(["tcp"], ["tls"])
    stage.talk()
    assert stage.types() in (("relay", "relay"), ("relay", "prflx")), stage.types()


def nothing_but_tls_gets_out(stage):
    stage.set_nats(walls=(ONLY_TLS, ONLY_TLS))
    stage.connect(["udp", "tcp", "tls"], ["udp", "tcp", "tls"])
    stage.talk()


def dtls_to_the_server(stage):
    stage.set_nats("fully-random")
    stage.connect(["dtls"], ["dtls"])
    stage.talk()


def dead_and_refusing_servers_cost_nothing_but_themselves(stage):
    stage.set_nats("fully-random")
    stage.connect(["dead", "refused", "udp"], ["refused", "udp", "dead"])
    stage.talk()


def policy_relay_tells_no_address(stage):
    stage.set_nats()
    offer, answer = stage.connect(["udp"], ["tcp"], policy="relay")
    stage.talk()
    for description in (offer, answer):
        types = re.findall(r"^a=candidate:.* typ (\w+)", description["sdp"], re.M)
        assert types and set(types) == {"relay"}, types
        assert "10.0." not in description["sdp"], description["sdp"]


def a_server_that_is_started_again(stage):
    stage.set_nats("fully-random")
    stage.connect(["udp"], ["udp"])
    stage.talk()
    stage.coturn.stop()
    stage.coturn.start()
    a, b = stage.peers
    a.wait("state", pc="disconnected")
    a.do("restart")
    negotiate(a, b)
    stage.talk()


CASES = (symmetric_nats_on_both_sides, one_server_is_enough, one_side_without_udp,
         both_sides_without_udp, nothing_but_tls_gets_out, dtls_to_the_server,
         dead_and_refusing_servers_cost_nothing_but_themselves, policy_relay_tells_no_address,
         a_server_that_is_started_again)


def main():
    passed = failed = 0
    for case in CASES:
        name = "relay: " + case.__name__.replace("_", " ")
        if FILTER not in name:
            continue
        start = time.monotonic()
        try:
            with Stage() as stage:
                case(stage)
                stage.end()
            passed += 1
            print(f"ok    {name} ({time.monotonic() - start:.1f} s)", flush=True)
        except Exception as error:  # each case is on its own
            failed += 1
            print(f"FAIL  {name}: {error!r}", flush=True)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(main())
