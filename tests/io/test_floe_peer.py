#!/usr/bin/env python3
"""`floe peer` with `floe peer` over loopback: the JSON lines, and what must not stop it.

usage: test_floe_peer.py PROGRAM [unittest arguments]
"""
import base64
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from floe_process import LIMIT, Peer, connect, negotiate

PROGRAM = None


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class PeerTest(unittest.TestCase):
    def setUp(self):
        self.peers = []

    def tearDown(self):
        for peer in self.peers:
            if peer.process.poll() is None:
                peer.process.kill()
                peer.process.wait()
            for stream in (peer.process.stdin, peer.process.stdout):
                if not stream.closed:
                    stream.close()

    def peer(self, **popen):
        self.peers.append(Peer(PROGRAM, **popen))
        return self.peers[-1]

    def pair(self, a_init=None, b_init=None):
        a, b = self.peer(), self.peer()
        connect(a, b, a_init, b_init)
        return a, b

    def open_pair(self, a_init=None, b_init=None):
        a, b = self.pair(a_init, b_init)
        a.wait("open")
        b.wait("open")
        return a, b

    def end(self, *peers):
        for peer in peers:
            self.assertEqual(peer.end(), 0)


class Connection(PeerTest):
    def test_two_peers_connect_and_tell_how(self):
        a, b = self.pair()
        for peer, incoming in ((a, False), (b, True)):
            opened = peer.wait("open")
            self.assertEqual(opened["label"], "lab")
            self.assertEqual(opened["incoming"], incoming)
            self.assertTrue(opened["ordered"])
            peer.wait("state", pc="connected")
            peer.do("stats")
            stats = peer.wait("stats")
            self.assertEqual(stats["dtls"]["state"], "connected")
            self.assertGreater(stats["sctp"]["packets_received"], 0)
            self.assertEqual(len(stats["channels"]), 1)
            report = {entry["id"]: entry for entry in stats["report"]}
            selected = report[report["transport"]["selectedCandidatePairId"]]
            self.assertEqual(report[selected["remoteCandidateId"]]["protocol"], "udp")
            pair = peer.wait("pair")
            self.assertRegex(pair["local"], r"^(host|prflx) udp \S+ \d+$")
            self.assertRegex(pair["remote"], r"^(host|prflx) udp \S+ \d+$")
            self.assertEqual(pair["remote_candidate"]["port"], int(pair["remote_addr"].split()[1]))
        self.end(a, b)

    def test_ping_is_answered_with_pong_and_its_rest(self):
        a, b = self.open_pair()
        a.do("send", text="ping 17")
        self.assertEqual(b.wait("msg")["text"], "ping 17")
        self.assertEqual(a.wait("msg")["text"], "pong 17")
        self.end(a, b)

    def test_candidates_can_trickle(self):
        a, b = self.peer(), self.peer()
        for peer, role in ((b, "answer"), (a, "offer")):
            peer.do("init", role=role, loopback=True, trickle=True)
        b.wait("ready")
        negotiate(a, b)
        for one, other in ((a, b), (b, a)):
            while True:
                found = one.wait("candidate")
                other.do("candidate", candidate=found["candidate"], mid=found["mid"])
                if not found["candidate"]:
                    break
                self.assertTrue(found["candidate"].startswith("candidate:"))
        a.wait("open")
        b.wait("open")
        self.end(a, b)

    def test_ice_restart_keeps_the_channel(self):
        a, b = self.open_pair()
        a.do("restart")
        offer, _ = negotiate(a, b)
        self.assertIn("a=ice-ufrag:", offer["sdp"])
        a.do("send", text="after")
        self.assertEqual(b.wait("msg")["text"], "after")
        b.do("send", text="back")
        self.assertEqual(a.wait("msg")["text"], "back")
        self.end(a, b)

    def test_the_other_side_hears_of_the_end(self):
        a, b = self.open_pair()
        a.do("quit")
        self.end(a)
        b.wait("closed", label="lab")
        b.wait("state", pc="closed")
        self.end(b)

    def test_garbage_on_every_socket_does_no_harm(self):
        a, b = self.peer(), self.peer()
        b.do("init", role="answer", loopback=True)
        a.do("init", role="offer", loopback=True)
        b.wait("ready")
        offer = a.wait("local", type="offer")
        garbage = [b"", b"\0", os.urandom(1200), os.urandom(9000), b"\x16\xfe\xfd" + os.urandom(60),
                   b"\0\x01\0\0\x21\x12\xa4\x42" + os.urandom(12), b"\x80" * 100, b"\xff" * 1500,
                   b"\0\x01\xff\xfc\x21\x12\xa4\x42" + os.urandom(1000)]
        ports = re.findall(r"candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+) ", offer["sdp"])
        self.assertTrue(ports)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
            for port in ports:
                for datagram in garbage * 20:
                    flood.sendto(datagram, ("127.0.0.1", int(port)))
            b.do("remote", type="offer", sdp=offer["sdp"])
            a.do("remote", type="answer", sdp=b.wait("local", type="answer")["sdp"])
            a.wait("open")
            b.wait("open")
            for datagram in garbage * 20:
                flood.sendto(datagram, ("127.0.0.1", int(ports[0])))
        a.do("send", text="ping")
        self.assertEqual(a.wait("msg")["text"], "pong")
        a.do("stats")
        self.assertGreater(a.wait("stats")["recv_dropped"], 0)
        self.end(a, b)


class Messages(PeerTest):
    def test_messages_of_every_kind_arrive_as_they_were_sent(self):
        a, b = self.open_pair()
        for text in ("", "short", "gr\u00fc\u00df dich \U0001f30a", "with \0 inside", "x" * 1000):
            a.do("send", text=text)
            self.assertEqual(b.wait("msg")["text"], text)
        for data in (b"", b"\0\1\2\xff", os.urandom(65536), os.urandom(200000)):
            a.do("send", base64=base64.b64encode(data).decode())
            got = b.wait("msg")
            self.assertNotIn("text", got)
            self.assertEqual((got["binary"], got["sha256"]), (len(data), sha256(data)))
        long = "\u00e4" * 1001
        a.do("send", text=long)
        got = b.wait("msg")
        self.assertEqual((got["length"], got["sha256"]), (2002, sha256(long.encode())))
        self.end(a, b)

    def test_echo_sends_everything_back(self):
        a, b = self.open_pair(b_init={"echo": True})
        data = os.urandom(70000)
        a.do("send", base64=base64.b64encode(data).decode())
        a.do("send", text="text")
        a.do("send", text="")
        self.assertEqual(a.wait("msg")["sha256"], sha256(data))
        self.assertEqual(a.wait("msg")["text"], "text")
        self.assertEqual(a.wait("msg")["text"], "")
        self.end(a, b)

    def test_a_load_arrives_whole_and_in_order(self):
        a, b = self.open_pair()
        a.do("send", size=50000, count=300)
        for number in range(300):
            want = bytes((k + number) % 251 for k in range(50000))
            self.assertEqual(b.wait("msg")["sha256"], sha256(want), f"message {number}")
        self.end(a, b)

    def test_what_was_sent_before_quit_arrives(self):
        a, b = self.open_pair()
        a.do("send", size=100000, count=20)
        a.do("send", text="last")
        a.do("quit")
        self.end(a)
        self.assertEqual(b.wait("msg", text="last")["label"], "lab")
        self.end(b)

    def test_a_message_larger_than_the_peer_takes_is_refused(self):
        a, b = self.open_pair(b_init={"maxMessageSize": 1000})
        a.do("send", size=1001)
        self.assertIn("TOO_BIG", a.wait("error")["text"])
        a.do("send", size=1000)
        self.assertEqual(b.wait("msg")["binary"], 1000)
        self.end(a, b)

    def test_a_reader_that_stops_slows_the_sender_and_loses_nothing(self):
        a, b = self.open_pair()
        size, count = 200, 60000
        b.may_read.clear()
        a.do("send", size=size, count=count)
        deadline = time.monotonic() + LIMIT
        window = stats = None
        while window is None or window > size:
            self.assertLess(time.monotonic(), deadline, stats)
            a.do("stats")
            stats = a.wait("stats")
            window = stats["sctp"]["rwnd_remote"]
        self.assertLess(stats["channels"][0]["messagesSent"], count)
        with open(f"/proc/{b.process.pid}/status", encoding="ascii") as status:
            memory = int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1))
        self.assertLess(memory, 64 * 1024)
        b.may_read.set()
        hashes = [sha256(bytes((k + n) % 251 for k in range(size))) for n in range(251)]
        for number in range(count):
            self.assertEqual(b.wait("msg")["sha256"], hashes[number % 251], f"message {number}")
        self.end(a, b)


class Channels(PeerTest):
    def test_channel_options_reach_the_other_side(self):
        a, b = self.open_pair(a_init={"channel": {"label": "first", "protocol": "proto"}})
        a.do("channel", label="lossy", ordered=False, maxRetransmits=3, priority="high")
        lossy = b.wait("open", label="lossy")
        self.assertEqual((lossy["ordered"], lossy["maxRetransmits"]), (False, 3))
        b.do("channel", label="late", maxPacketLifeTime=100)
        late = a.wait("open", label="late")
        self.assertEqual((late["incoming"], late["maxPacketLifeTime"]), (True, 100))
        b.wait("open", label="late", incoming=False)
        self.end(a, b)

    def test_send_names_its_channel_by_label_or_id(self):
        a, b = self.open_pair()
        a.do("channel", label="other")
        other = a.wait("open", label="other")
        b.wait("open", label="other")
        for args, label in (({"label": "other"}, "other"), ({"id": other["id"]}, "other"),
                            ({"label": "lab"}, "lab"), ({}, "lab")):
            a.do("send", text="x", **args)
            self.assertEqual(b.wait("msg")["label"], label)
        a.do("send", text="x", label="none")
        self.assertIn("no such channel", a.wait("error")["text"])
        self.end(a, b)

    def test_a_negotiated_channel_opens_on_both_sides(self):
        a, b = self.open_pair()
        for peer in (a, b):
            peer.do("channel", label="agreed", negotiated=True, id=100)
            self.assertEqual(peer.wait("open", label="agreed")["id"], 100)
        b.do("send", id=100, text="hi")
        self.assertEqual(a.wait("msg")["label"], "agreed")
        self.end(a, b)

    def test_a_closed_channel_is_closed_on_both_sides_and_the_rest_lives(self):
        a, b = self.open_pair()
        a.do("channel", label="brief")
        b.wait("open", label="brief")
        a.wait("open", label="brief")
        b.do("close", label="brief")
        a.wait("closed", label="brief")
        b.wait("closed", label="brief")
        a.do("send", text="ping")
        a.wait("msg", text="pong")
        self.end(a, b)


class Faults(PeerTest):
    def assert_alive(self, peer):
        peer.do("nonsense")
        self.assertIn("unknown command", peer.wait("error")["text"])

    def test_bad_lines_get_an_error_each_and_nothing_else_happens(self):
        a = self.peer()
        lines = [b"", b"{", b"[]", b"17", b"null", b"{}", b'{"cmd":17}', b'{"cmd":"nope"}',
                 b'{"cmd":"init"}', b'{"cmd":"init","role":"both"}', b'{"cmd":"init","role":1}',
                 b'{"cmd":"init","role":"answer","ice":{}}',
                 b'{"cmd":"init","role":"answer","ice":[{"urls":17}]}',
                 b'{"cmd":"init","role":"answer","ice":[{"urls":"http://x"}]}',
                 b'{"cmd":"init","role":"answer","ice":[{"urls":"turn:192.0.2.1"}]}',
                 b'{"cmd":"init","role":"answer","trickle":"yes"}',
                 b'{"cmd":"init","role":"offer","channel":[]}',
                 b'{"cmd":"init","role":"offer","channel":{"maxRetransmits":1,"maxPacketLifeTime":1}}',
                 b'{"cmd":"init","cmd":"quit"}', b'{"cmd":"quit"} x', b'\xff\xfe{"cmd":"quit"}',
                 b'{"cmd":"\xc3\x28"}', b"[" * 100000, b'{"cmd":"send","text":"x"}',
                 b'{"cmd":"remote","type":"offer","sdp":""}', b'{"cmd":"stats"}', b"\0\0\0"]
        for line in lines:
            a.write(line + b"\n")
            self.assertTrue(a.wait("error")["text"], line)
        self.assert_alive(a)
        self.assertEqual(a.seen, [])
        self.end(a)

    def test_a_line_without_end_is_refused(self):
        a = self.peer()
        a.write(b'{"cmd":"' + b"x" * (17 << 20) + b'"}\n')
        self.assertIn("16 MiB", a.wait("error")["text"])
        self.assert_alive(a)
        self.end(a)

    def test_bad_arguments_of_a_peer_get_an_error_each(self):
        a = self.peer()
        a.do("init", role="offer", loopback=True)
        a.wait("local")
        for cmd, args in (("init", {"role": "offer"}), ("remote", {}), ("remote", {"type": "answer"}),
                          ("remote", {"type": "pranswer", "sdp": ""}),
                          ("remote", {"type": "answer", "sdp": "v=0\r\nnonsense"}),
                          ("remote", {"type": "answer", "sdp": 17}), ("candidate", {"mid": 1}),
                          ("candidate", {"candidate": "candidate:x"}), ("send", {}),
                          ("send", {"text": "early"}), ("send", {"text": "x", "size": 1}),
                          ("send", {"base64": "A"}), ("send", {"base64": "QUJ="}),
                          ("send", {"size": -1}), ("send", {"size": 1e300}),
                          ("channel", {"id": 65535, "negotiated": True}),
                          ("channel", {"negotiated": True}), ("channel", {"label": 5}),
                          ("channel", {"priority": "urgent"}), ("close", {"id": 77})):
            a.do(cmd, **args)
            self.assertTrue(a.wait("error")["text"], (cmd, args))
        self.assert_alive(a)
        self.end(a)

    def test_a_server_that_can_not_be_found_does_not_hold_up_the_offer(self):
        a = self.peer()
        a.do("init", role="offer", loopback=True, ice=[{"urls": ["stun:nobody.local"]}])
        offer = a.wait("local", limit=9)  # whose name would be asked for for ten seconds
        self.assertIn("a=candidate:", offer["sdp"])
        self.end(a)

    def test_a_server_that_is_silent_delays_the_offer_but_does_not_prevent_it(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            a = self.peer()
            a.do("init", role="offer", loopback=True,
                 ice=[{"urls": f"stun:127.0.0.1:{silent.getsockname()[1]}"}])
            self.assertIn("a=candidate:", a.wait("local", limit=60)["sdp"])
            self.end(a)


class Process(PeerTest):
    def test_end_of_input_is_quit(self):
        a = self.peer()
        self.end(a)

    def test_sigterm_is_quit(self):
        a, b = self.open_pair()
        a.process.send_signal(signal.SIGTERM)
        self.assertEqual(a.process.wait(LIMIT), 0)
        b.wait("state", pc="closed")
        self.end(a, b)

    def test_a_reader_that_goes_away_ends_it(self):
        process = subprocess.Popen([PROGRAM, "peer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdout.close()
        process.stdin.write(b"x\n")
        process.stdin.flush()
        self.assertEqual(process.wait(LIMIT), 0)
        process.stdin.close()

    def test_input_and_output_may_be_files(self):
        with tempfile.TemporaryFile() as commands, tempfile.TemporaryFile() as events:
            commands.write(b'{"cmd":"init","role":"answer"}\n{"cmd":"nope"}\n{"cmd":"stats"}')
            commands.seek(0)
            subprocess.run([PROGRAM, "peer"], stdin=commands, stdout=events, check=True,
                           timeout=LIMIT)
            events.seek(0)
            self.assertEqual([json.loads(line)["ev"] for line in events],
                             ["ready", "error", "pair", "stats"])

    def test_other_arguments_are_refused(self):
        for arguments in ([], ["peer", "x"], ["nope"]):
            done = subprocess.run([PROGRAM] + arguments, stdin=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, timeout=LIMIT)
            self.assertEqual(done.returncode, 2)
            self.assertTrue(done.stderr)
        done = subprocess.run([PROGRAM, "help"], stdout=subprocess.PIPE, timeout=LIMIT, check=True)
        self.assertIn(b"peer", done.stdout)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
