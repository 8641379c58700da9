#!/usr/bin/env python3
"""`floe stun` and `floe nat` over loopback, against `floe stun --listen`.

usage: test_floe_stun.py PROGRAM [unittest arguments]
"""
import json
import os
import signal
import socket
import subprocess
import sys
import unittest

LIMIT = 30  # seconds that a command may take before a test fails
PROGRAM = None
BINDING_REQUEST = bytes.fromhex("000100002112a442") + bytes(range(12))


def floe(*arguments):
    """Run it to its end: exit status, stdout, stderr."""
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=LIMIT)
    return done.returncode, done.stdout, done.stderr


class Server:
    """`floe stun --listen`, until the end of the with statement."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([PROGRAM, "stun", "--listen", "--json", *arguments],
                                        stdout=subprocess.PIPE, text=True)
        self.addresses = json.loads(self.process.stdout.readline())["addresses"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.status = self.process.wait(LIMIT)
        self.process.stdout.close()


class Deaf:
    """A port that takes datagrams and never answers."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % self.socket.getsockname()[1]

    def __exit__(self, *_):
        self.socket.close()


class Stun(unittest.TestCase):
    def test_stun_tells_address_and_round_trip_time(self):
        with Server("127.0.0.1:0") as server:
            status, out, _ = floe("stun", "--json", "--samples", "3", server.addresses[0])
        self.assertEqual(status, 0)
        result, = json.loads(out)["results"]
        self.assertEqual(result["mapped"], result["local"])
        self.assertIs(result["translated"], False)
        self.assertEqual((result["sent"], result["received"]), (3, 3))
        rtt = result["rtt_ms"]
        self.assertTrue(0 <= rtt["min"] <= rtt["median"] <= rtt["max"], rtt)
        self.assertLess(rtt["min"], 1000)  # the machine may have held up one or the other

    def test_stun_speaks_to_people(self):
        with Server("127.0.0.1:0") as server:
            status, out, error = floe("stun", "stun:" + server.addresses[0])
        self.assertEqual((status, error), (0, ""))
        self.assertIn(server.addresses[0] + " sees", out)
        self.assertIn("no translation", out)
        self.assertIn("5 of 5", out)

    def test_stun_asks_over_ipv6(self):
        if not socket.has_ipv6 or not os.path.exists("/proc/net/if_inet6"):
            self.skipTest("this machine has no IPv6")
        with Server("[::1]:0") as server:
            status, out, _ = floe("stun", "--json", "--samples", "1", server.addresses[0])
        self.assertEqual(status, 0)
        self.assertTrue(json.loads(out)["results"][0]["mapped"].startswith("[::1]:"))

    def test_stun_finds_a_server_by_name(self):
        with Server("127.0.0.1:0") as server:
            port = server.addresses[0].rpartition(":")[2]
            status, out, _ = floe("stun", "--json", "--samples", "1", "localhost:" + port)
        self.assertEqual(status, 0, out)
        self.assertEqual(json.loads(out)["host"], "localhost")

    def test_listening_on_every_address_includes_loopback(self):
        with Server(":0") as server:
            wanted = [a for a in server.addresses if a.startswith("127.0.0.1:")]
            self.assertEqual(len(wanted), 1)
            self.assertEqual(floe("stun", "--samples", "1", wanted[0])[0], 0)
        self.assertEqual(server.status, 0)

    def test_a_port_in_use_is_an_error(self):
        with Server("127.0.0.1:0") as server:
            status, _, error = floe("stun", "--listen", server.addresses[0])
        self.assertEqual(status, 1)
        self.assertIn("in use", error)

    def test_listener_answers_requests_and_nothing_else(self):
        with Server("127.0.0.1:0") as server:
            host, _, port = server.addresses[0].rpartition(":")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(LIMIT)
                s.connect((host, int(port)))
                for junk in (b"", b"hello", BINDING_REQUEST[:19], b"\x00\x11" + BINDING_REQUEST[2:],
                             b"\x01\x01" + BINDING_REQUEST[2:], bytes(20)):
                    s.send(junk)
                s.send(BINDING_REQUEST)
                answer = s.recv(2048)
                self.assertEqual(answer[:4], b"\x01\x01\x00\x0c")
                self.assertEqual(answer[4:20], BINDING_REQUEST[4:20])
                s.settimeout(0.1)
                self.assertRaises(TimeoutError, s.recv, 2048)

    def test_a_silent_server_is_an_error_with_the_reason(self):
        with Deaf() as address:
            status, out, error = floe("stun", "--samples", "1", address)
        self.assertEqual(status, 1)
        self.assertIn("no answer", out)
        self.assertIn("check name and port", error)

    def test_stun_over_a_connection_that_is_refused_says_so(self):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.bind(("127.0.0.1", 0))  # and does not listen; nobody else gets the port meanwhile
            port = s.getsockname()[1]
            for transport in ("tcp", "tls"):
                status, out, _ = floe("stun", "--transport", transport, "127.0.0.1:%d" % port)
                self.assertEqual(status, 1)
                self.assertIn("over %s: connection refused" % transport.upper(), out)

    def test_an_unknown_name_is_an_error_with_the_reason(self):
        for command in ("stun", "nat"):
            status, out, error = floe(command, "--json", "host.local")
            self.assertEqual(status, 1)
            self.assertIn("no address is known", json.loads(out)["error"])
            self.assertIn("host.local: no address is known", error)

    def test_wrong_command_lines_say_what_is_wrong(self):
        for arguments, text in ((["stun"], "name one SERVER"),
                                (["nat"], "name one SERVER"),
                                (["stun", "a", "b"], "name one SERVER"),
                                (["stun", "host:0"], "port is not 1 to 65535"),
                                (["nat", "turn:host"], "\"floe turn\" tries it"),
                                (["nat", "stuns:host"], "only stun:"),
                                (["stun", "--transport", "x", "host"], "udp, tcp, tls and dtls"),
                                (["stun", "--transport", "tls", "stun:host"], "stuns: with tls"),
                                (["stun", "--samples", "0", "host"], "1 to 100"),
                                (["nat", "--lifetime", "x", "host"], "0 to 3600"),
                                (["stun", "--listen", "localhost"], "in numbers"),
                                (["stun", "--listen", "--alternate", "127.0.0.1:2", "127.0.0.1:1"],
                                 "two addresses"),
                                (["stun", "--alternate", "127.0.0.1:2", "host"], "name one SERVER")):
            status, out, error = floe(*arguments)
            self.assertEqual((status, out), (2, ""), arguments)
            self.assertIn(text, error, arguments)

    def test_help_says_how(self):
        for command in ("stun", "nat"):
            status, out, _ = floe(command, "--help")
            self.assertEqual(status, 0)
            self.assertTrue(out.startswith("usage: floe " + command))


class Nat(unittest.TestCase):
    def test_nat_of_a_server_with_two_addresses_tells_all(self):
        with Server("--alternate", "127.0.0.2:0", "127.0.0.1:0") as server:
            self.assertEqual(len(set(server.addresses)), 4)
            status, out, _ = floe("nat", "--json", server.addresses[0])
        self.assertEqual(status, 0)
        result, = json.loads(out)["results"]
        self.assertEqual(result["mapping"], "endpoint-independent")
        self.assertEqual(result["filtering"], "endpoint-independent")
        self.assertEqual(result["other"], server.addresses[1])
        self.assertIs(result["translated"], False)

    def test_nat_of_a_server_with_one_address_says_what_is_missing(self):
        with Server("127.0.0.1:0") as server:
            status, out, _ = floe("nat", server.addresses[0])
        self.assertEqual(status, 0)
        self.assertIn("nothing translates it", out)
        self.assertIn("Filtering: can not be told: this server has only one address", out)

    def test_nat_warns_of_a_server_that_is_not_outside(self):
        with Server("127.0.0.1:0") as server:
            _, out, _ = floe("nat", server.addresses[0])
        self.assertIn("ask a server outside", out)

    def test_nat_of_a_silent_server_is_an_error_with_the_reason(self):
        with Deaf() as address:
            status, out, error = floe("nat", address)
        self.assertEqual(status, 1)
        self.assertIn("the server does not answer", out)
        self.assertIn("gives no answer", error)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
