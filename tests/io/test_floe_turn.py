#!/usr/bin/env python3
"""`floe turn` without a TURN server: what it refuses, and what it says when nobody is there. With
one: tests/interop/suite_floe_turn.py.

usage: test_floe_turn.py PROGRAM [unittest arguments]
"""
import json
import os
import socket
import subprocess
import sys
import unittest

LIMIT = 30  # seconds that a command may take before a test fails
PROGRAM = None
LOGIN = ("--user", "ann", "--password", "secret")


def turn(*arguments):
    done = subprocess.run([PROGRAM, "turn", *arguments], capture_output=True, text=True,
                          timeout=LIMIT)
    return done.returncode, " ".join(done.stdout.split()), done.stderr


def closed_port(kind):
    """A port of loopback where nothing listens."""
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Turn(unittest.TestCase):
    def refuse(self, *arguments, because):
        status, out, error = turn(*arguments)
        self.assertEqual((status, out), (2, ""))
        self.assertIn(because, error)

    def test_an_unusable_uri_is_refused_with_the_reason(self):
        for uri, because in (("turn:", "host"), ("turn:host:0", "port"), ("turn.example.org", "turn:"),
                             ("turn:host?transport=sctp", "transport"),
                             ("stun:host", "\"floe stun\" asks it")):
            self.refuse(uri, because=because)

    def test_options_that_do_not_go_together_are_refused(self):
        uri = "turn:127.0.0.1"
        self.refuse(because="name one URI")
        self.refuse(uri, uri, because="name one URI")
        self.refuse("--user", "ann", uri, because="go together")
        self.refuse("--password", "secret", uri, because="go together")
        self.refuse("--secret", "north", "--password", "secret", uri, because="one of the two")
        self.refuse("--secret-file", "/nonexistent/file", uri, because="can not be opened")
        for seconds in ("0", "61", "x"):
            self.refuse("--seconds", seconds, uri, because="1 to 60 seconds")

    def test_a_closed_port_is_told_at_once(self):
        udp, tcp = closed_port(socket.SOCK_DGRAM), closed_port(socket.SOCK_STREAM)
        for uri in (f"turn:127.0.0.1:{udp}", f"turns:127.0.0.1:{udp}?transport=udp",
                    f"turn:127.0.0.1:{tcp}?transport=tcp", f"turns:127.0.0.1:{tcp}"):
            status, out, _ = turn(*LOGIN, uri)
            self.assertEqual(status, 1, out)
            self.assertIn("connection refused; ", out)
            self.assertIn("It does not relay.", out)

    def test_json_has_the_reason_too(self):
        uri = f"turn:127.0.0.1:{closed_port(socket.SOCK_STREAM)}?transport=tcp"
        status, out, _ = turn("--json", *LOGIN, uri)
        told = json.loads(out)
        self.assertEqual((status, told["uri"], told["relays"]), (1, uri, False))
        result, = told["results"]
        self.assertEqual(result["reason"], result["steps"][-1]["text"])
        self.assertEqual(result["steps"][-1]["result"], "failed")

    def test_authorities_that_can_not_be_read_are_told(self):
        status, out, _ = turn(*LOGIN, "--ca", "/nonexistent/file", "turns:127.0.0.1")
        self.assertEqual(status, 1)
        self.assertIn("the file of --ca can not be read", out)

    def test_a_silent_server_is_told_and_the_password_is_not_in_the_list_of_processes(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.settimeout(LIMIT)
            with subprocess.Popen([PROGRAM, "turn", "--user", "ann", "--password", "northern",
                                   "turn:127.0.0.1:%d" % deaf.getsockname()[1]],
                                  stdout=subprocess.PIPE, text=True) as child:
                deaf.recv(2048)
                with open(f"/proc/{child.pid}/cmdline", "rb") as file:
                    self.assertNotIn(b"northern", file.read())
                out, _ = child.communicate(timeout=LIMIT)
        self.assertEqual(child.returncode, 1)
        self.assertIn("no answer comes over UDP", " ".join(out.split()))


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
