#!/usr/bin/python3
"""floe turn against coturn: that a server which is set up right is said to be, over every transport,
and that each way to set it up wrong is told from the others. Arguments: the floe program, a filter.
In a network namespace, as root.
"""
import base64
import hashlib
import hmac
import json
import os
import re
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from nat_network import NatNetwork, is_listening, run, wait  # the path comes first

PROGRAM = sys.argv[1]
FILTER = sys.argv[2] if len(sys.argv) > 2 else ""
IP4, RELAY4, IP6 = "203.0.113.5", "203.0.113.6", "2001:db8:5::5"
SECRET = "north"
LOGIN = ("--lt-cred-mech", "--user=alice:secret")
ALICE = ("--user", "alice", "--password", "secret")
REST = ("--use-auth-secret", "--static-auth-secret=" + SECRET)
URIS = {"UDP": f"turn:{IP4}", "TCP": f"turn:{IP4}?transport=tcp", "TLS": f"turns:{IP4}",
        "DTLS": f"turns:{IP4}?transport=udp"}
URIS6 = {transport: uri.replace(IP4, f"[{IP6}]") for transport, uri in URIS.items()}
RELAYED = ["challenge", "allocated", "permission", "channel", "relayed", "permission", "channel",
           "relayed", "outside", "round trip", "throughput", "refreshed", "given back"]

WALL = """
table inet wall {
    chain in { type filter hook input priority 0; %s drop; }
}
"""


def is_up():
    return all(is_listening(f"{address}:{port}", kind) for address in (IP4, f"[{IP6}]")
               for port in (3478, 5349) for kind in "tu")


class Coturn:
    """A server with options of its own."""

    def __init__(self, folder, options):
        self.folder, self.options = folder, options

    def __enter__(self):
        name = "other" if "other" in self.options else "cert"
        self.process = subprocess.Popen(
            ["turnserver", "-n", f"--listening-ip={IP4}", f"--listening-ip={IP6}",
             "--listening-ip=127.0.0.1", f"--relay-ip={RELAY4}",
             *(() if "IPv4 only" in self.options else (f"--relay-ip={IP6}",)),
             "--realm=floe.test", f"--cert={self.folder}/{name}.pem",
             f"--pkey={self.folder}/{name}.key", "--no-cli", f"--userdb={self.folder}/db",
             f"--pidfile={self.folder}/pid", f"--log-file={self.folder}/log", "--simple-log",
             *(o for o in self.options if o.startswith("-"))],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(is_up)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Wall:
    """What a firewall drops, until the end of the with statement."""

    def __init__(self, rule):
        self.rule = rule

    def __enter__(self):
        run("nft", "-f", "-", input=WALL % self.rule)

    def __exit__(self, *_):
        run("nft", "delete", "table", "inet", "wall")


def turn(uri, *arguments, status=0, seconds=1, where=()):
    """The result for the address, and its steps by name."""
    done = subprocess.run([*where, PROGRAM, "turn", "--json", "--seconds", str(seconds), *arguments, uri],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == status, f"exit {done.returncode}: {done.stderr}{done.stdout}"
    result, = json.loads(done.stdout)["results"]
    assert result["relays"] is (status == 0), result
    return result, {step["step"]: step for step in result["steps"]}


def fails(uri, *arguments, says):
    result, _ = turn(uri, *arguments, status=1)
    assert says in result["reason"], f"said: {result['reason']}"
    assert result["reason"] in [s["text"] for s in result["steps"]], result


def trusted(folder):
    return "--ca", f"{folder}/cert.pem"


def relays(folder, uri, transport):
    result, steps = turn(uri, *ALICE, *trusted(folder))
    names = [s["step"] for s in result["steps"]]
    want = RELAYED if transport == "UDP" else ["connected"] + RELAYED
    assert names == want, names
    assert result["transport"] == transport
    assert all(s["result"] == "ok" for s in result["steps"]), result
    assert steps["challenge"]["realm"] == "floe.test"
    assert steps["challenge"]["software"].startswith("Coturn"), steps["challenge"]
    four, six = steps["allocated"]["relays"]
    assert four.startswith(RELAY4 + ":") and six.startswith(f"[{IP6}]:"), steps["allocated"]
    assert steps["allocated"]["lifetime_s"] == 600
    trip = steps["round trip"]
    assert trip["sent"] == trip["received"] > 10, trip
    assert 0 < trip["min_ms"] <= trip["median_ms"] <= trip["max_ms"] < 1000, trip
    assert steps["throughput"]["mbit_s"] > 1, steps["throughput"]


def speaks_to_people(_):
    done = run(PROGRAM, "turn", *ALICE, "--seconds", "1", URIS["UDP"], capture_output=True)
    lines = done.stdout.splitlines()
    assert lines[0] == f"{IP4}:3478 over UDP" and lines[-1] == "  It relays.", done.stdout
    assert max(map(len, lines)) <= 80, done.stdout
    assert "realm \"floe.test\", server: Coturn" in done.stdout, done.stdout


def measures_for_the_time_that_is_asked_for(_):
    start = time.monotonic()
    _, steps = turn(URIS["UDP"], *ALICE, seconds=3)
    assert 3 <= time.monotonic() - start < 5
    throughput = steps["throughput"]
    assert throughput["mbit_s"] > 10 and throughput["received"] <= throughput["sent"], throughput


def finds_the_name(_):
    done = subprocess.run([PROGRAM, "turn", *ALICE, "--seconds", "1", "turn:localhost"],
                          capture_output=True, text=True, timeout=60)
    assert "is 127.0.0.1" in done.stdout and "127.0.0.1:3478 over UDP" in done.stdout, done.stdout
    # The server sees a loopback address, to which it rightly relays nothing.
    assert "does not relay to 127.0.0.1 (403)" in " ".join(done.stdout.split()), done.stdout


def ephemeral(expiry, secret=SECRET):
    name = f"{expiry}:bob"
    digest = hmac.new(secret.encode(), name.encode(), hashlib.sha1).digest()
    return "--user", name, "--password", base64.b64encode(digest).decode()


def makes_a_login_with_the_secret(folder):
    turn(URIS["UDP"], "--secret", SECRET)
    turn(URIS["UDP"], "--secret", SECRET, "--user", "bob")
    with open(f"{folder}/secret", "w", encoding="ascii") as file:
        print(SECRET, file=file)
    turn(URIS["UDP"], "--secret-file", file.name)


def takes_a_login_that_others_made(_):
    turn(URIS["UDP"], *ephemeral(int(time.time()) + 600))


def serves_logins_that_the_server_takes(server):
    """floe serve makes them, floe chat uses them."""
    def start(*arguments, **pipes):
        children.append(subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, text=True,
                                         **pipes))
        return children[-1]

    children = []
    try:
        start("serve", "--port", "8080", "--turn", URIS["UDP"], "--turn-secret", SECRET)
        children[0].stdout.readline()
        for name in ("Ann", "Bob"):
            start("chat", "den", "--server", "http://127.0.0.1:8080", "--name", name,
                  stdin=subprocess.PIPE)
        with open(f"{server.folder}/log", encoding="ascii", errors="replace") as log:
            text = []
            wait(lambda: text.append(log.read()) or len(re.findall(
                r"user <\d+:[0-9a-f]{16}>: incoming packet ALLOCATE processed, success",
                "".join(text))) >= 2)
    finally:
        for child in children:
            child.kill()
            child.communicate()


def tells_quota(_):
    with subprocess.Popen([PROGRAM, "turn", *ALICE, "--seconds", "20", URIS["UDP"]],
                          stdout=subprocess.PIPE, text=True) as first:
        try:
            while " allocated " not in first.stdout.readline():
                pass
            fails(URIS["UDP"], *ALICE, says="quota reached")
        finally:
            first.kill()


def tells_that_the_server_went_away(server):
    with subprocess.Popen([PROGRAM, "turn", *ALICE, "--seconds", "10", URIS["TCP"]],
                          stdout=subprocess.PIPE, text=True) as child:
        while " outside " not in child.stdout.readline():
            pass
        time.sleep(0.5)
        server.process.kill()
        out, _ = child.communicate(timeout=20)
        assert child.returncode == 1, out
        assert "the connection broke while packets were relayed" in " ".join(out.split()), out


def denied_outside(_):
    result, steps = turn(URIS["UDP"], *ALICE)
    assert steps["relayed"]["result"] == "ok", result
    assert steps["outside"]["result"] == "warning", result
    assert f"does not relay to {IP4} (403)" in steps["outside"]["text"], result


def denied_itself(_):
    result, _ = turn(URIS["UDP"], *ALICE)
    refused = [s["text"] for s in result["steps"] if s["result"] == "warning"]
    assert f"does not relay to {RELAY4} (403)" in refused[0], result
    assert result["steps"][-1]["result"] == "ok", result


def tells_closed_relay_ports(_):
    with Wall(f"ip saddr {IP4} ip daddr {RELAY4} udp dport 49152-65535"):
        _, steps = turn(URIS["UDP"], *ALICE)
    assert steps["relayed"]["result"] == "ok", steps
    assert steps["outside"]["result"] == "warning", steps
    assert "closes its relay ports" in steps["outside"]["text"], steps


def through_nat(flags="", wall="", transport="UDP"):
    """The steps of somebody behind a router."""
    net = NatNetwork()
    try:
        net.connect()
        net.set_nat(flags, wall)
        _, steps = turn(URIS[transport], *ALICE, where=net.client)
        assert steps["allocated"]["mapped"].startswith(net.outside + ":"), steps
        return steps, net.outside
    finally:
        net.close()


def relays_through_nat(flags):
    steps, outside = through_nat(flags)
    assert steps["outside"]["result"] == "ok", steps["outside"]
    assert f"arrived, as from {outside}:" in steps["outside"]["text"], steps["outside"]


def tells_a_network_without_udp(_):
    steps, _ = through_nat(wall="meta l4proto udp drop;", transport="TCP")
    assert steps["relayed"]["result"] == "ok", steps
    assert "or this network lets no UDP out" in steps["outside"]["text"], steps["outside"]


def tells_silence(_):
    with Wall("udp dport 3478"):
        fails(URIS["UDP"], *ALICE, says="a firewall is in between, or this network lets no UDP out")


def tells_what_is_no_turn_server(_):
    class Web(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socketserver.ThreadingTCPServer((IP4, 8080), Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        fails(f"turn:{IP4}:8080?transport=tcp", *ALICE, says="the server closed the connection")
        fails(f"turns:{IP4}:8080", *ALICE, says="does not speak TLS")
        server.shutdown()


def tells_an_open_server(_):
    _, steps = turn(URIS["UDP"])
    assert "asks nobody for a password" in steps["open"]["text"], steps


def asks_as_stun(folder, uri, transport):
    done = run(PROGRAM, "stun", "--json", "--samples", "3", "--transport", transport.lower(),
                   *trusted(folder), uri.partition("?")[0].replace("turn", "stun"),
               capture_output=True)
    result, = json.loads(done.stdout)["results"]
    assert (result["sent"], result["received"]) == (3, 3), result
    assert result["mapped"] == result["local"] and result["connect_ms"] > 0, result


def cases():
    """Server options, name, function of the server."""
    for transport, uri in URIS.items():
        yield LOGIN, f"relays over {transport}", \
            lambda s, u=uri, t=transport: relays(s.folder, u, t)
    for transport, uri in URIS6.items():
        yield LOGIN, f"relays over {transport} and IPv6", \
            lambda s, u=uri, t=transport: relays(s.folder, u, t)
    for transport, uri in URIS.items():
        yield LOGIN, f"wrong password over {transport}", lambda s, u=uri: fails(
            u, "--user", "alice", "--password", "wrong", *trusted(s.folder),
            says="wrong user or password")
        closed = uri.replace(IP4, IP4 + ":3999")
        yield LOGIN, f"closed port over {transport}", lambda s, u=closed: fails(
            u, *ALICE, *trusted(s.folder), says="connection refused; ")
    for transport in ("TCP", "TLS", "DTLS"):
        for uri in (URIS[transport], URIS6[transport]):
            yield LOGIN, f"floe stun asks {uri}", \
                lambda s, u=uri, t=transport: asks_as_stun(s.folder, u, t)
    yield ("IPv4 only", *LOGIN), "relays where the server has no IPv6", \
        lambda _: turn(URIS["UDP"], *ALICE)
    yield LOGIN, "speaks to people", speaks_to_people
    yield LOGIN, "measures as long as it is told", measures_for_the_time_that_is_asked_for
    yield LOGIN, "finds the name", finds_the_name
    yield LOGIN, "no login", lambda _: fails(URIS["UDP"], says="the server wants a login")
    for transport in ("TLS", "DTLS"):
        uri = URIS[transport]
        yield LOGIN, f"certificate that nobody trusts, {transport}", lambda _, u=uri: fails(
            u, *ALICE, says="not signed by a trusted authority")
        yield LOGIN, f"insecure, {transport}", lambda _, u=uri: turn(u, *ALICE, "--insecure")
        yield ("other", *LOGIN), f"certificate for another name, {transport}", \
            lambda s, u=uri: fails(u, *ALICE, "--ca", f"{s.folder}/other.pem",
                                   says="the certificate is for another name; use a name that")
    yield LOGIN, "through NAT", lambda _: relays_through_nat("")
    yield LOGIN, "through a symmetric NAT", lambda _: relays_through_nat("fully-random")
    yield LOGIN, "over TCP from a network without UDP", tells_a_network_without_udp
    yield LOGIN, "closed relay ports", tells_closed_relay_ports
    yield LOGIN, "no UDP", tells_silence
    yield LOGIN, "not a TURN server", tells_what_is_no_turn_server
    yield ("--no-auth",), "open server", tells_an_open_server
    yield (*LOGIN, "--user-quota=1"), "quota", tells_quota
    yield (*LOGIN, f"--denied-peer-ip={IP4}"), "denied peer outside", denied_outside
    yield (*LOGIN, f"--denied-peer-ip={RELAY4}"), "denied peer: itself", denied_itself
    yield (*LOGIN, "--denied-peer-ip=203.0.113.0-203.0.113.255", f"--denied-peer-ip={IP6}"), \
        "every peer denied", lambda _: fails(URIS["UDP"], *ALICE, says=f"relay to {IP4} (403)")
    yield REST, "login made with the secret", lambda s: makes_a_login_with_the_secret(s.folder)
    yield REST, "login that others made", takes_a_login_that_others_made
    yield (*REST, "--verbose"), "logins of floe serve", serves_logins_that_the_server_takes
    yield REST, "wrong secret", lambda _: fails(URIS["UDP"], "--secret", "south",
                                                says="made with this secret")
    yield REST, "login made with another secret", lambda _: fails(
        URIS["UDP"], *ephemeral(int(time.time()) + 600, "south"), says="may have another secret")
    yield REST, "expired login", lambda _: fails(
        URIS["UDP"], *ephemeral(int(time.time()) - 60), says="this login has expired")
    yield LOGIN, "server goes away", tells_that_the_server_went_away


def make_certificate(folder, name, alternatives):
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
        "/CN=floe test", "-addext", "subjectAltName=" + alternatives, "-keyout",
        f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem", capture_output=True)
    os.chmod(f"{folder}/{name}.key", 0o644)


def prepare(folder):
    os.chmod(folder, 0o755)
    run("ip", "addr", "replace", RELAY4 + "/24", "dev", "br0")
    run("ip", "addr", "replace", IP6 + "/64", "dev", "br0", "nodad")
    make_certificate(folder, "cert", f"IP:{IP4},IP:{IP6}")
    make_certificate(folder, "other", "DNS:elsewhere.example")


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        for options, name, case in cases():
            name = "floe_turn: " + name
            if FILTER not in name:
                continue
            start = time.monotonic()
            try:
                with Coturn(folder, options) as server:
                    case(server)
                passed += 1
                print(f"ok    {name} ({time.monotonic() - start:.1f} s)", flush=True)
            except Exception as error:  # each case is on its own
                failed += 1
                print(f"FAIL  {name}: {error!r}", flush=True)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(main())
