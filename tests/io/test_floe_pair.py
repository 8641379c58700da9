#!/usr/bin/env python3
"""`floe pair`: two processes, and the two texts that people carry between them, over loopback.

usage: test_floe_pair.py PROGRAM [unittest arguments]
"""
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import unittest

PROGRAM = None
LIMIT = 20


class Terminal:
    """A `floe pair`, its lines as they come."""

    def __init__(self, *arguments, stdin=subprocess.PIPE):
        self.process = subprocess.Popen([PROGRAM, "pair", "--loopback", *arguments], stdin=stdin,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.decode().rstrip("\n"))
        self.lines.put(None)

    def wait(self, fits):
        deadline = time.monotonic() + LIMIT
        seen = []
        while True:
            try:
                line = self.lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"not in {LIMIT} s; but {seen}") from None
            if line is None:
                raise AssertionError(f"it ended; it said {seen}")
            if fits(line):
                return line
            seen.append(line)

    def blob(self):
        return self.wait(lambda line: len(line) > 60 and " " not in line)

    def hear(self, text):
        return self.wait(lambda line: text in line)

    def type(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        status = self.process.wait(LIMIT)
        self.reader.join(LIMIT)
        self.process.stdout.close()
        return status


class Pair(unittest.TestCase):
    def terminal(self, *arguments, **popen):
        terminal = Terminal(*arguments, **popen)
        self.addCleanup(terminal.process.kill)
        return terminal

    def pair(self):
        a = self.terminal()
        invitation = a.blob()
        b = self.terminal(invitation)
        return a, b, invitation, b.blob()

    def test_two_terminals_talk_after_two_texts(self):
        a, b, invitation, answer = self.pair()
        self.assertLess(len(invitation), 400)  # this machine may have many addresses
        a.type(answer)
        a.hear("connected to them")
        b.hear("connected to them")
        a.type("hello over there")
        b.hear("<them> hello over there")
        b.type("gr\u00fc\u00df dich")
        a.hear("<them> gr\u00fc\u00df dich")
        self.assertEqual(a.end(), 0)
        b.hear("ended")
        self.assertEqual(b.end(), 0)

    def test_what_is_typed_behind_the_answer_is_said(self):
        a, b, _, answer = self.pair()
        a.process.stdin.write(b"\n  \n" + answer.encode() + b"\nfirst\nsecond\n")
        a.process.stdin.close()
        b.hear("<them> first")
        b.hear("<them> second")
        self.assertEqual(a.end(), 0)
        b.end()

    def test_a_wrong_answer_is_explained_and_asked_for_again(self):
        a, b, invitation, answer = self.pair()
        a.type("hello")
        a.hear("not usable")
        a.type(answer[:-1] + ("A" if answer[-1] != "A" else "Q"))
        a.hear("lost or changed")
        a.type(invitation)
        a.hear("this is an invitation, not an answer")
        a.type(answer[:50] + " " + answer[50:])
        b.hear("connected to them")
        a.end()
        b.end()

    def test_the_answer_may_come_from_another_program(self):
        reading, writing = os.pipe()
        a = self.terminal(stdin=reading)
        b = self.terminal(a.blob())
        os.write(writing, (b.blob() + "\nfrom a program\n").encode())
        os.close(writing)
        os.close(reading)
        b.hear("<them> from a program")
        self.assertEqual(a.end(), 0)
        b.end()

    def test_an_answer_without_a_line_end_is_one(self):
        a, b, _, answer = self.pair()
        a.process.stdin.write(answer.encode())
        a.process.stdin.close()
        a.hear("connected to them")
        self.assertEqual(a.end(), 0)
        b.hear("the peer closed the connection")  # it may hear of both at once, and tell the last
        b.end()

    def test_no_answer_is_an_error(self):
        a = self.terminal()
        a.blob()
        a.process.stdin.close()
        a.hear("no answer was pasted")
        self.assertEqual(a.end(), 1)

    def test_a_bad_invitation_ends_at_once(self):
        for text in ("", "hello", "AAAA"):
            b = self.terminal(text)
            b.hear("this invitation is not usable")
            self.assertEqual(b.end(), 1)

    def test_a_signal_ends_it(self):
        a = self.terminal()
        a.blob()
        a.process.send_signal(signal.SIGTERM)
        a.process.wait(LIMIT)
        self.assertEqual(a.end(), 0)

    def test_arguments(self):
        for arguments, status in ((["--help"], 0), (["a", "b"], 2), (["--ice", "nonsense"], 2),
                                  (["--no-such"], 2)):
            done = subprocess.run([PROGRAM, "pair", *arguments], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT)
            self.assertEqual(done.returncode, status, arguments)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
