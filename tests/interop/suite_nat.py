#!/usr/bin/python3
"""floe stun and floe nat against coturn as a behaviour discovery server (RFC 5780), directly and
through the kernel's NAT. Arguments: the floe program, a filter. In a network namespace, as root.

    client 10.0.0.2 ---- 10.0.0.1 router 203.0.113.2 ---- here 203.0.113.10, 203.0.113.11: servers
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from nat_network import NatNetwork, is_listening, run, wait  # the path comes first

PROGRAM = sys.argv[1]
FILTER = sys.argv[2] if len(sys.argv) > 2 else ""
SERVER, SECOND, OUTSIDE = "203.0.113.10", "203.0.113.11", "203.0.113.2"


class Network(NatNetwork):
    """And the addresses of the servers, here."""

    def connect(self):
        super().connect()
        for address in (SERVER, SECOND):
            run("ip", "addr", "add", address + "/24", "dev", "br0", "label", "br0:floe")

    def close(self):
        super().close()
        run("ip", "addr", "flush", "dev", "br0", "label", "br0:floe")


class Coturn:
    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            ["turnserver", "-n", "--no-cli", "--log-file=stdout", "--no-tls", "--no-dtls",
             "--no-auth", "--relay-threads=1", f"--pidfile={self.folder.name}/pid",
             f"--userdb={self.folder.name}/db", f"--listening-ip={SERVER}",
             f"--listening-ip={SECOND}", f"--relay-ip={SERVER}", "--listening-port=3478",
             "--alt-listening-port=3479"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(lambda: is_listening(SERVER + ":3478") and is_listening(SECOND + ":3479"))
        return SERVER

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.folder.cleanup()


class Floe:
    """floe's own server."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __enter__(self):
        self.process = subprocess.Popen([PROGRAM, "stun", "--listen", "--json", *self.arguments],
                                        stdout=subprocess.PIPE, text=True)
        return json.loads(self.process.stdout.readline())["addresses"][0]

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0
        self.process.stdout.close()


def floe(where, *arguments, status=0):
    done = subprocess.run([*where, PROGRAM, *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == status, f"exit {done.returncode}: {done.stderr}{done.stdout}"
    return done


def result_of(where, *arguments):
    result, = json.loads(floe(where, *arguments).stdout)["results"]
    return result


def expect(result, **want):
    got = {key: result[key] for key in want}
    assert got == want, f"told {got}, expected {want}; all of it: {result}"


def stun_without_nat(_):
    with Coturn() as server:
        results = json.loads(floe([], "stun", "--json", server).stdout)["results"]
    mine = [r for r in results if r["local"].startswith("203.0.113.5:")]
    expect(mine[0], translated=False, received=5, mapped=mine[0]["local"])


def stun_through_nat(net):
    net.set_nat()
    with Coturn() as server:
        result = result_of(net.client, "stun", "--json", server)
    expect(result, translated=True, received=5)
    assert result["local"].startswith("10.0.0.2:"), result
    assert result["mapped"].startswith(OUTSIDE + ":"), result


def nat_without_nat(_):
    with Coturn() as server:
        result = result_of([], "nat", "--json", server)
    expect(result, translated=False, mapping="endpoint-independent",
           filtering="endpoint-independent", other=SECOND + ":3479")


def nat_of_a_home_router(net):
    net.set_nat()
    with Coturn() as server:
        result = result_of(net.client, "nat", "--json", server)
    expect(result, translated=True, mapping="endpoint-independent",
           filtering="address-and-port-dependent", hairpin=False, other=SECOND + ":3479")
    assert result["mapped"].startswith(OUTSIDE + ":"), result


def nat_of_a_symmetric_one(net):
    net.set_nat("fully-random")
    with Coturn() as server:
        result = result_of(net.client, "nat", "--json", server)
        text = floe(net.client, "nat", server).stdout
    expect(result, translated=True, mapping="address-and-port-dependent",
           filtering="address-and-port-dependent")
    assert "works only with a partner that has a public address" in text, text


def nat_told_by_floe_as_by_coturn(net):
    with Floe("--alternate", SECOND + ":3479", SERVER + ":3478") as server:
        for flags, mapping in (("", "endpoint-independent"),
                               ("fully-random", "address-and-port-dependent")):
            net.set_nat(flags)
            result = result_of(net.client, "nat", "--json", server)
            expect(result, mapping=mapping, filtering="address-and-port-dependent")


def nat_of_a_server_with_one_address(net):
    net.set_nat()
    with Floe(SERVER + ":3478") as server:
        result = result_of(net.client, "nat", "--json", server)
    expect(result, translated=True, mapping=None, filtering=None)
    assert "only one address" in result["mapping_reason"], result


def nat_finds_the_life_of_a_mapping(net):
    net.set_nat()
    for name in ("nf_conntrack_udp_timeout", "nf_conntrack_udp_timeout_stream"):
        net.sysctl("net/netfilter/" + name, 5)
    with Coturn() as server:
        life = result_of(net.client, "nat", "--json", "--lifetime", "30", server)["lifetime"]
    assert 3 <= life["min"] <= 6 and 5 <= life["max"] <= 7, life


def a_network_without_udp_is_an_error(net):
    net.set_nat(wall="meta l4proto udp drop;")
    with Coturn() as server:
        for command in ("stun", "nat"):
            done = floe(net.client, command, server, status=1)
            assert "whether this network lets UDP out" in done.stderr, done.stderr


CASES = (stun_without_nat, stun_through_nat, nat_without_nat, nat_of_a_home_router,
         nat_of_a_symmetric_one, nat_told_by_floe_as_by_coturn, nat_of_a_server_with_one_address,
         nat_finds_the_life_of_a_mapping, a_network_without_udp_is_an_error)


def main():
    passed = failed = 0
    for case in CASES:
        name = "coturn and kernel NAT: " + case.__name__.replace("_", " ")
        if FILTER not in name:
            continue
        start = time.monotonic()
        net = Network()
        try:
            net.connect()
            case(net)
            passed += 1
            print(f"ok    {name} ({time.monotonic() - start:.1f} s)", flush=True)
        except Exception as error:  # each case is on its own
            failed += 1
            print(f"FAIL  {name}: {error!r}", flush=True)
        finally:
            net.close()
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(main())
