#!/usr/bin/env python3
"""`floe serve --turn`: each member of a room gets a TURN login of its own, made as the TURN server
checks it.

usage: test_floe_serve.py PROGRAM [unittest arguments]
"""
import base64
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

LIMIT = 30  # seconds that anything may take before a test fails
PROGRAM = None
TURN = ("turn:turn.example.org", "turns:turn.example.org?transport=tcp")


class Member:
    """One who is in a room: a WebSocket client."""

    def __init__(self, port, room, name):
        self.socket = socket.create_connection(("127.0.0.1", port), LIMIT)
        self.socket.sendall((
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
            "Sec-WebSocket-Protocol: floe-signal\r\n\r\n").encode())
        self.stream = self.socket.makefile("rb")
        assert b" 101 " in self.stream.readline()
        while self.stream.readline() != b"\r\n":
            pass
        self.send({"type": "join", "room": room, "name": name})

    def send(self, message):
        text, mask = json.dumps(message).encode(), os.urandom(4)
        assert len(text) < 126
        self.socket.sendall(bytes((0x81, 0x80 | len(text))) + mask
                            + bytes(c ^ mask[i % 4] for i, c in enumerate(text)))

    def read(self):
        kind, size = self.stream.read(2)
        assert kind == 0x81, kind
        if size == 126:
            size, = struct.unpack(">H", self.stream.read(2))
        return json.loads(self.stream.read(size))

    def close(self):
        self.stream.close()
        self.socket.close()


class Serve(unittest.TestCase):
    def run_server(self, *arguments):
        """Returns its port."""
        self.process = subprocess.Popen([PROGRAM, "serve", "--port", "0", *arguments],
                                        stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        return int(re.search(r":(\d+)/", self.process.stdout.readline())[1])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(LIMIT), 0)
        self.process.stdout.close()

    def join(self, port, name):
        member = Member(port, "den", name)
        self.addCleanup(member.close)
        joined = member.read()
        self.assertEqual(joined["type"], "joined")
        return joined["ice"]

    def refuse(self, *arguments, because):
        done = subprocess.run([PROGRAM, "serve", *arguments], capture_output=True, text=True,
                              timeout=LIMIT)
        self.assertEqual(done.returncode, 2)
        self.assertIn(because, done.stderr)

    def check_login(self, entry, secret, ttl):
        """As coturn does it: the name begins with a time in the future; the password is its HMAC."""
        expiry, _, user = entry["username"].partition(":")
        self.assertAlmostEqual(int(expiry), time.time() + ttl, delta=5)
        self.assertRegex(user, "^[0-9a-f]{16}$")
        digest = hmac.new(secret.encode(), entry["username"].encode(), hashlib.sha1).digest()
        self.assertEqual(entry["credential"], base64.b64encode(digest).decode())

    def test_each_member_gets_a_login_of_its_own(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("north pole\n")
            file.flush()
            port = self.run_server("--ice", "stun:stun.example.org", "--turn", TURN[0], "--turn",
                                   TURN[1], "--turn-secret-file", file.name, "--turn-ttl", "600")
        logins = []
        for name in ("Ann", "Bob"):
            stun, turn = self.join(port, name)
            self.assertEqual(stun, {"urls": "stun:stun.example.org"})
            self.assertEqual(turn["urls"], list(TURN))
            self.check_login(turn, "north pole", 600)
            logins.append(turn["username"])
        self.assertNotEqual(*logins)

    def test_a_login_is_good_for_a_day_by_default(self):
        port = self.run_server("--turn", TURN[0], "--turn-secret", "north")
        turn, = self.join(port, "Ann")
        self.check_login(turn, "north", 86400)

    def test_the_secret_does_not_stay_in_the_list_of_processes(self):
        self.run_server("--turn", TURN[0], "--turn-secret", "northern-secret")
        with open(f"/proc/{self.process.pid}/cmdline", "rb") as file:
            line = file.read()
        self.assertIn(b"--turn-secret\0", line)
        self.assertNotIn(b"northern", line)

    def test_without_turn_there_is_no_login(self):
        port = self.run_server("--ice", "stun:stun.example.org")
        self.assertEqual(self.join(port, "Ann"), [{"urls": "stun:stun.example.org"}])

    def test_what_does_not_go_together_is_refused(self):
        self.refuse("--turn", TURN[0], because="--turn-secret-file")
        self.refuse("--turn-secret", "north", because="--turn URI")
        self.refuse("--turn", "stun:stun.example.org", because="not a turn:")
        self.refuse("--turn", "turn:host:0", because="port")
        self.refuse("--turn-secret-file", "/nonexistent/file", because="can not be opened")
        for ttl in ("0", "59", "31622401", "-1", "x", ""):
            self.refuse("--turn-ttl", ttl, because="60 to 31622400 seconds")


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
