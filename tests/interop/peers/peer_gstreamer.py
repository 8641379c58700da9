#!/usr/bin/python3
"""GStreamer's webrtcbin (libnice, OpenSSL, usrsctp) as a peer with the words of README.md beside
this file."""
import base64
import hashlib
import json
import sys
import threading

import gi

for name in ("Gst", "GstWebRTC", "GstSdp"):
    gi.require_version(name, "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # the versions come first

OPTIONS = {"ordered": ("ordered", bool), "protocol": ("protocol", str), "id": ("id", int),
           "negotiated": ("negotiated", bool), "maxRetransmits": ("max-retransmits", int),
           "maxPacketLifeTime": ("max-packet-lifetime", int)}
TYPES = {"offer": GstWebRTC.WebRTCSDPType.OFFER, "answer": GstWebRTC.WebRTCSDPType.ANSWER}


def out(**event):
    print(json.dumps(event), flush=True)


class Peer:
    def __init__(self):
        self.pipeline = Gst.Pipeline.new("peer")
        self.bin = Gst.ElementFactory.make("webrtcbin", "webrtc")
        self.bin.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.bin.connect("on-data-channel", lambda _, channel: self.adopt(channel, incoming=True))
        self.bin.connect("notify::ice-gathering-state", lambda *_: self.tell_local())
        self.bin.connect("notify::connection-state", lambda *_: out(
            ev="state", pc=self.bin.get_property("connection-state").value_nick))
        self.pipeline.add(self.bin)
        self.channels = {}
        self.kept = []  # what Python would free while webrtcbin still uses it
        self.waits = False

    def adopt(self, channel, incoming=False):
        self.channels[channel.get_property("label")] = channel
        channel.connect("on-open", lambda _: self.tell_open(channel, incoming))
        channel.connect("on-close", lambda _: out(ev="closed", label=channel.get_property("label")))
        channel.connect("on-message-string", lambda _, text: self.got(channel, text or ""))
        channel.connect("on-message-data",
                        lambda _, data: self.got(channel, data.get_data() if data else b""))
        if channel.get_property("ready-state") == GstWebRTC.WebRTCDataChannelState.OPEN:
            self.tell_open(channel, incoming)

    def tell_open(self, channel, incoming):
        members = {ours: channel.get_property(theirs) for ours, (theirs, _) in OPTIONS.items()}
        members.update((name, None) for name in ("maxRetransmits", "maxPacketLifeTime")
                       if members[name] < 0)
        out(ev="open", label=channel.get_property("label"), incoming=incoming, **members)

    def send(self, channel, data):
        if isinstance(data, str):
            channel.emit("send-string", data)
        else:
            channel.emit("send-data", GLib.Bytes.new(data))

    def got(self, channel, data):
        if isinstance(data, str) and data.startswith("ping"):
            self.send(channel, "pong" + data[4:])
            return
        raw = data.encode() if isinstance(data, str) else data
        out(ev="msg", label=channel.get_property("label"), size=len(raw), isText=isinstance(data, str),
            sha256=hashlib.sha256(raw).hexdigest())
        self.send(channel, data)

    def tell_local(self):
        state = self.bin.get_property("ice-gathering-state")
        description = self.bin.get_property("local-description")
        if self.waits and description and state == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            self.waits = False
            kind = "offer" if description.type == TYPES["offer"] else "answer"
            out(ev="local", type=kind, sdp=description.sdp.as_text())

    def describe(self, kind):
        def made(promise, *_):
            reply = promise.get_reply()
            self.kept += [promise, reply]
            # The boxed value does not own its SDP: a copy does.
            _, sdp = GstSdp.SDPMessage.new_from_text(reply.get_value(kind).sdp.as_text())
            self.waits = True
            local = GstWebRTC.WebRTCSessionDescription.new(TYPES[kind], sdp)
            self.bin.emit("set-local-description", local, Gst.Promise.new_with_change_func(
                lambda *_: GLib.idle_add(self.tell_local)))
        self.bin.emit(f"create-{kind}", None, Gst.Promise.new_with_change_func(made))

    def set_remote(self, kind, text):
        _, sdp = GstSdp.SDPMessage.new_from_text(text)
        remote = GstWebRTC.WebRTCSessionDescription.new(TYPES[kind], sdp)
        self.kept += [sdp, remote]
        done = lambda *_: self.describe("answer") if kind == "offer" else None
        self.bin.emit("set-remote-description", remote, Gst.Promise.new_with_change_func(done))

    def open_channel(self, message):
        options = Gst.Structure.new_empty("options")
        for ours, (theirs, make) in OPTIONS.items():
            if ours in message:
                options.set_value(theirs, make(message[ours]))
        self.adopt(self.bin.emit("create-data-channel", message["label"], options))

    def do(self, message):
        command = message["cmd"]
        if command == "init":
            self.pipeline.set_state(Gst.State.PLAYING)
            if message["role"] == "offer":
                self.open_channel({"label": "lab"})
                self.describe("offer")
            else:
                out(ev="ready")
        elif command == "remote":
            self.set_remote(message["type"], message["sdp"])
        elif command == "candidate":
            self.bin.emit("add-ice-candidate", 0, message["candidate"])
        elif command == "channel":
            self.open_channel(message)
        elif command == "send":
            data = base64.b64decode(message["base64"]) if "base64" in message else message["text"]
            self.send(self.channels[message["label"]], data)
        elif command == "close":
            self.channels[message["label"]].emit("close")
        elif command == "restart":
            self.describe("offer")
        else:
            out(ev="error", text=f"unknown command {command}")


def read(peer, loop):
    for line in sys.stdin:
        message = json.loads(line)
        if message["cmd"] == "quit":
            break
        GLib.idle_add(lambda message=message: peer.do(message) and False)
    GLib.idle_add(loop.quit)


def main():
    Gst.init(None)
    peer, loop = Peer(), GLib.MainLoop()
    threading.Thread(target=read, args=(peer, loop), daemon=True).start()
    loop.run()
    peer.pipeline.set_state(Gst.State.NULL)


main()
