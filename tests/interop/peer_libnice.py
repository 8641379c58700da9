#!/usr/bin/python3
"""libnice as a peer with the words of `floe peer` (app/README.md), as far as ICE goes: candidates of TCP alone, and no
DTLS. "tcp" of "init" says which of its candidates are told: those that connect, or those that listen.
"""
import ctypes
import json
import sys

import gi
gi.require_version("Nice", "0.1")
from gi.repository import GLib, Nice  # the version comes first

COMPONENT = 1
LIBRARY = ctypes.CDLL("libnice.so.10")
ON_RECEIVED = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint,
                               ctypes.c_void_p, ctypes.c_void_p)(lambda *_: None)
SDP = """v=0
o=- 1 0 IN IP4 127.0.0.1
s=-
t=0 0
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:0
a=ice-ufrag:{}
a=ice-pwd:{}
a=setup:{}
a=fingerprint:sha-256 {}
a=sctp-port:5000
{}a=end-of-candidates
"""


def out(**event):
    print(json.dumps(event), flush=True)


class Peer:
    def __init__(self, loop):
        self.loop = loop
        self.agent = Nice.Agent.new(loop.get_context(), Nice.Compatibility.RFC5245)
        for name, value in (("ice-udp", False), ("ice-tcp", True), ("upnp", False),
                            ("keepalive-conncheck", True)):
            self.agent.set_property(name, value)
        address = Nice.Address.new()
        address.set_from_string("203.0.113.5")
        self.agent.add_local_address(address)
        self.agent.connect("candidate-gathering-done", lambda *_: self.describe())
        self.agent.connect("component-state-changed", self.on_state)
        self.stream = self.agent.add_stream(1)
        self.agent.set_stream_name(self.stream, "application")
        # Not introspected, and without it nothing is read. A GObject's hash is its address.
        LIBRARY.nice_agent_attach_recv(ctypes.c_void_p(hash(self.agent)), self.stream, COMPONENT, None,
                                       ON_RECEIVED, None)

    def on_state(self, agent, stream, component, state):
        out(ev="state", ice=Nice.component_state_to_string(Nice.ComponentState(state)))

    def describe(self):
        _, ufrag, pwd = self.agent.get_local_credentials(self.stream)
        lines = (self.agent.generate_local_candidate_sdp(candidate)
                 for candidate in self.agent.get_local_candidates(self.stream, COMPONENT))
        told = "".join(line + "\n" for line in lines if f"tcptype {self.kind}" in line)
        setup = "actpass" if self.role == "offer" else "active"
        sdp = SDP.format(ufrag, pwd, setup, ":".join(["AB"] * 32), told)
        out(ev="local", type=self.role, sdp=sdp.replace("\n", "\r\n"))

    def do(self, message):
        if message["cmd"] == "quit":
            self.loop.quit()
        elif message["cmd"] == "init":
            self.role, self.kind = message["role"], message["tcp"]
            self.agent.set_property("controlling-mode", self.role == "offer")
            if self.role == "offer":
                self.agent.gather_candidates(self.stream)
            else:
                out(ev="ready")
        elif message["cmd"] == "remote":
            self.set_remote(message["sdp"].splitlines())
            if message["type"] == "offer":
                self.agent.gather_candidates(self.stream)

    def set_remote(self, lines):
        value = lambda name: next(l.split(":", 1)[1] for l in lines if l.startswith(f"a={name}:"))
        self.agent.set_remote_credentials(self.stream, value("ice-ufrag"), value("ice-pwd"))
        found = (self.agent.parse_remote_candidate_sdp(self.stream, line)
                 for line in lines if line.startswith("a=candidate:") and " tcp " in line)
        self.agent.set_remote_candidates(self.stream, COMPONENT, [c for c in found if c is not None])


def main():
    loop = GLib.MainLoop()
    peer = Peer(loop)

    def read(channel, condition):
        line = sys.stdin.readline()
        peer.do(json.loads(line) if line else {"cmd": "quit"})
        return bool(line)
    GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_IN | GLib.IO_HUP, read)
    loop.run()


main()
