#!/usr/bin/env python3
"""`floe sdp` over every captured description of tests/vectors/sdp, and over what is none.

usage: test_floe_sdp.py PROGRAM [unittest arguments]
"""
import os
import pathlib
import re
import subprocess
import sys
import unittest

PROGRAM = None
FOLDER = pathlib.Path(__file__).resolve().parents[1] / "vectors" / "sdp"


def run(*arguments, text=b""):
    done = subprocess.run([PROGRAM, "sdp", *map(str, arguments)], input=text, capture_output=True,
                          timeout=20)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Sdp(unittest.TestCase):
    def descriptions(self):
        for path in sorted(FOLDER.glob("*.txt")):
            text = path.read_bytes()
            if text.startswith(b"v=0"):
                yield path, text

    def test_every_captured_description_is_described(self):
        count = 0
        for path, text in self.descriptions():
            with self.subTest(path.name):
                status, words, errors = run(path)
                self.assertEqual((status, errors), (0, ""))
                sections = len(re.findall(rb"^m=", text, re.MULTILINE))
                self.assertEqual(len(re.findall(r"^section \d+: ", words, re.MULTILINE)), sections)
                for ufrag in re.findall(rb"^a=ice-ufrag:(\S+)", text, re.MULTILINE):
                    self.assertIn(f"ufrag {ufrag.decode()}", words)
                for line in re.findall(rb"^a=candidate:.*", text, re.MULTILINE):
                    fields = line.decode().split()
                    self.assertRegex(words, rf"{fields[7]} .*{re.escape(fields[4])} +{fields[5]} ")
            count += 1
        self.assertGreater(count, 40)

    def test_standard_input_says_the_same_as_a_file(self):
        path, text = next(self.descriptions())
        self.assertEqual(run("-", text=text), run(path))

    def test_blobs_are_described_and_made(self):
        path = FOLDER / "chromium-156-data-stun-offer.txt"
        status, blob, _ = run("--blob", path)
        self.assertEqual(status, 0)
        self.assertRegex(blob, r"^[-\w]{100,250}\n$")
        status, sdp, _ = run("--text", "-", text=blob.encode())
        self.assertEqual(status, 0)
        self.assertIn("a=setup:actpass", sdp)
        self.assertEqual(run("--blob", "-", text=sdp.encode())[1], blob)
        self.assertEqual(run("-", text=blob.encode()), run("-", text=sdp.encode()))
        answer = run("--blob", FOLDER / "chromium-156-data-stun-answer.txt")[1]
        self.assertIn("a=setup:active", run("--text", "-", text=answer.encode())[1])
        status, _, errors = run("--blob", FOLDER / "chromium-156-data-media-offer.txt")
        self.assertEqual(status, 1)
        self.assertIn("other sections", errors)
        self.assertEqual(run("--text", "-", text=blob[1:].encode())[0], 1)

    def test_a_fault_has_its_place_and_status_one(self):
        status, words, _ = run("-", text=b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\nt=0 0\r\n")
        self.assertEqual(status, 1)
        self.assertRegex(words, r"^line 3, column 1: ")
        for text in (b"", b"\0\0\0", b"hello", b"v=0\r\n" * 20000):
            self.assertEqual(run("-", text=text)[0], 1, text[:20])

    def test_what_can_not_be_read_has_status_two(self):
        self.assertEqual(run("/no/such/file")[0], 2)
        self.assertEqual(run()[0], 2)
        self.assertEqual(run("a", "b")[0], 2)
        self.assertEqual(run("--odd")[0], 2)
        self.assertEqual(run(FOLDER)[0], 2)
        self.assertEqual(run("--help")[0], 0)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
