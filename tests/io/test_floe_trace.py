#!/usr/bin/env python3
"""`floe trace`, and --trace of the programs that connect: real connections over loopback, files that are none.

usage: test_floe_trace.py PROGRAM [unittest arguments]
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from floe_process import Peer, connect  # noqa: E402

PROGRAM = None
LIMIT = 30
BEGIN = '{"k":"begin","version":1,"by":"floe chat","with":"x"}\n'


def trace(*arguments, text=None):
    return subprocess.run([PROGRAM, "trace", *arguments], input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=LIMIT, text=True)


class Trace(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.peers = []

    def tearDown(self):
        for peer in self.peers:
            peer.end()

    def peer(self, name):
        self.peers.append(Peer(PROGRAM, "peer", "--trace", str(self.folder / name)))
        return self.peers[-1]

    def lines(self, name):
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def finish(self):
        while self.peers:
            self.peers[0].do("quit")
            self.peers.pop(0).end()

    def test_a_connection_is_written_and_explained(self):
        a, b = self.peer("a"), self.peer("b")
        connect(a, b)
        a.wait("open")
        self.finish()
        lines = self.lines("a")
        kinds = {line["k"] for line in lines}
        self.assertLessEqual({"begin", "local", "remote", "pair", "check", "marks", "path", "sent", "got",
                              "state", "fact", "role", "verdict"}, kinds)
        self.assertEqual(lines[0]["k"], "begin")
        self.assertEqual(lines[-1]["k"], "verdict")
        self.assertEqual(lines[-1]["code"], "closed")
        self.assertNotIn("missed", kinds)
        done = trace(str(self.folder / "b"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^It was connected (directly|through NAT) with \S+:\d+ after \d+ ms; then the peer closed it\.\n$")

    def test_pairs_and_candidates_are_introduced_before_they_are_spoken_of(self):
        a, b = self.peer("a"), self.peer("b")
        connect(a, b)
        a.wait("open")
        self.finish()
        known = set()
        for line in self.lines("a"):
            if line["k"] in ("local", "remote", "pair") and line["m"] == "ice":
                known.add((line["k"], line["id"]))
            if line["k"] == "pair":
                self.assertIn(("local", line["local"]), known)
                self.assertIn(("remote", line["remote"]), known)
            elif line["k"] in ("check", "marks", "seen"):
                self.assertIn(("pair", line["id"]), known)

    def test_a_failure_is_told_with_its_verdict(self):
        a, b = self.peer("a"), self.peer("b")
        b.do("init", role="answer", loopback=True)
        a.do("init", role="offer", loopback=True)
        b.wait("ready")
        offer = a.wait("local", type="offer")["sdp"]
        wrong = re.sub(r"(a=fingerprint:sha-256 )(..)", lambda m: m[1] + ("00" if m[2] != "00" else "11"), offer)
        b.do("remote", type="offer", sdp=wrong)
        a.do("remote", type="answer", sdp=b.wait("local", type="answer")["sdp"])
        event = b.wait("state", pc="failed")
        self.assertEqual(event["verdict_code"], "dtls-fingerprint")
        self.assertIn("certificate", event["verdict"])
        self.finish()
        self.assertTrue(trace(str(self.folder / "b")).stdout.startswith("DTLS: the peer's certificate"))

    def test_the_page_needs_nothing_else(self):
        a, b = self.peer("a"), self.peer("b")
        connect(a, b)
        a.wait("open")
        self.finish()
        page = self.folder / "page.html"
        self.assertEqual(trace(str(self.folder / "a"), "-o", str(page)).returncode, 0)
        text = page.read_text()
        self.assertIn("default-src 'none'", text)
        self.assertIsNone(re.search(r"""(src|href)=|url\(|@import|https?://(?!www\.w3\.org/2000/svg)""", text))
        data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
        self.assertEqual(data[0]["verdict"]["mood"], "good")
        self.assertEqual(trace(str(self.folder / "a"), "-o", "-").stdout, text)

    def test_names_of_others_stay_text(self):
        evil = '</script><script>alert(1)</script><!--'
        text = json.dumps({"k": "begin", "by": evil, "with": evil, "at": "\u2028"}) + "\n"
        text += json.dumps({"k": "url", "id": 0, "url": evil}) + "\n"
        text += '{"t":0,"m":"ice","k":"path","pair":0}\n'
        done = trace("-", "-o", "-", text=text)
        self.assertEqual(done.returncode, 0)
        self.assertNotIn(evil, done.stdout)
        self.assertNotIn("<script>alert", done.stdout)
        self.assertEqual(done.stdout.count("</script>"), 2)

    def test_control_characters_do_not_reach_the_terminal(self):
        done = trace("-", text='{"k":"begin","with":"\\u001b[2J"}\n')
        self.assertNotIn("\x1b", done.stdout)

    def test_what_is_no_trace_is_refused_with_its_line(self):
        for text, line, why in (("", 1, "empty"), ("hello\n", 1, "no JSON"), (BEGIN + "\n[]\n", 3, "no JSON object"),
                                (BEGIN + '{"t":1,"m":"ice","k":"\\u001b"}\n', 2, "no kind"),
                                ('{"t":1,"m":"ice","k":"path"}\n', 1, "does not begin")):
            done = trace("-", text=text)
            self.assertEqual(done.returncode, 1, text)
            self.assertTrue(done.stderr.startswith(f"floe trace: -:{line}: "), done.stderr)
            self.assertIn(why, done.stderr)
            self.assertNotIn("\x1b", done.stderr)

    def test_files_that_are_not_there(self):
        self.assertEqual(trace("/no/such/file").returncode, 2)
        self.assertEqual(trace("-", "-o", "/no/such/folder/x", text=BEGIN).returncode, 2)
        self.assertEqual(trace().returncode, 2)
        self.assertEqual(trace("--help").returncode, 0)
        done = subprocess.run([PROGRAM, "peer", "--trace", "/no/such/folder/x"], stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=LIMIT, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("/no/such/folder/x: No such file", done.stderr)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
