#!/usr/bin/env python3
"""The programs of examples/ against `floe peer`, and against each other, over loopback.

usage: test_examples.py PROGRAM FOLDER-OF-EXAMPLES [unittest arguments]
"""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from floe_process import LIMIT, Peer

PROGRAM = FOLDER = None


class Example:
    """A program whose descriptions are pasted: each ends with an empty line."""

    def __init__(self, name, *arguments):
        self.process = subprocess.Popen([os.path.join(FOLDER, "example_" + name), *arguments],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)

    def read_description(self):
        lines = []
        for line in self.process.stdout:
            if not line.strip():
                return b"".join(lines).decode()
            lines.append(line)
        raise AssertionError("it ended")

    def write_description(self, sdp):
        self.process.stdin.write(sdp.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        rest = self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(LIMIT), rest


class Examples(unittest.TestCase):
    def run_example(self, *arguments):
        example = Example(*arguments)
        self.addCleanup(example.process.kill)
        return example

    def run_peer(self, **init):
        peer = Peer(PROGRAM)
        self.addCleanup(peer.process.kill)
        peer.do("init", loopback=True, **init)
        return peer

    def test_echo_peer_sends_everything_back(self):
        example, peer = self.run_example("echo_peer"), self.run_peer(role="answer")
        peer.do("remote", type="offer", sdp=example.read_description())
        example.write_description(peer.wait("local")["sdp"])
        peer.wait("open", label="echo")
        peer.do("send", size=200000, count=20)
        for _ in range(20):
            self.assertEqual(peer.wait("msg")["binary"], 200000)
        self.assertEqual(peer.end(), 0)
        self.assertEqual(example.end(), (0, b""))

    def test_epoll_loop_answers_and_echoes(self):
        example, peer = self.run_example("epoll_loop"), self.run_peer(role="offer")
        example.write_description(peer.wait("local")["sdp"])
        peer.do("remote", type="answer", sdp=example.read_description())
        peer.wait("open")
        peer.do("send", text="to and fro")
        self.assertEqual(peer.wait("msg")["text"], "to and fro")
        self.assertEqual(peer.end(), 0)
        self.assertEqual(example.end(), (0, b""))

    def test_callbacks_answers_and_echoes(self):
        example, peer = self.run_example("callbacks"), self.run_peer(role="offer")
        example.write_description(peer.wait("local")["sdp"])
        peer.do("remote", type="answer", sdp=example.read_description())
        peer.wait("open")
        peer.do("send", size=200000, count=20)
        for _ in range(20):
            self.assertEqual(peer.wait("msg")["binary"], 200000)
        self.assertEqual(peer.end(), 0)
        self.assertEqual(example.end(), (0, b""))

    def test_blocking_says_hello_and_ends_after_goodbye(self):
        example, peer = self.run_example("blocking"), self.run_peer(role="answer")
        peer.do("remote", type="offer", sdp=example.read_description())
        example.write_description(peer.wait("local")["sdp"])
        self.assertEqual(peer.wait("msg")["text"], "hello")
        peer.do("send", text="goodbye")
        self.assertEqual(example.end(), (0, b"goodbye\n"))
        self.assertEqual(peer.end(), 0)

    def test_the_program_of_the_readme_answers_and_echoes(self):
        program, peer = os.path.join(FOLDER, "readme_program"), self.run_peer(role="offer")
        process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.kill)
        process.stdin.write(peer.wait("local")["sdp"].encode())
        process.stdin.close()
        lines = iter(process.stdout.readline, b"a=end-of-candidates\r\n")
        peer.do("remote", type="answer", sdp=b"".join(lines).decode())
        peer.wait("open")
        peer.do("send", text="to and fro")
        self.assertEqual(peer.wait("msg")["text"], "to and fro")
        self.assertEqual(peer.end(), 0)
        self.assertEqual(process.wait(LIMIT), 0)
        process.stdout.close()

    def test_blocking_talks_to_epoll_loop(self):
        one, other = self.run_example("blocking"), self.run_example("epoll_loop")
        other.write_description(one.read_description())
        one.write_description(other.read_description())
        self.assertEqual(one.process.stdout.readline(), b"hello\n")  # echoed
        one.process.kill()
        one.end()
        other.process.kill()
        other.end()


if __name__ == "__main__":
    PROGRAM, FOLDER = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    unittest.main(verbosity=2)
