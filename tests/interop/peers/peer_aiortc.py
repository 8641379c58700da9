#!/usr/bin/python3
"""aiortc as a peer with the words of README.md beside this file."""
import asyncio
import base64
import hashlib
import json
import sys

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp


def out(**event):
    print(json.dumps(event), flush=True)


class Peer:
    def __init__(self):
        self.pc = RTCPeerConnection()
        self.channels = {}
        self.pc.on("datachannel", lambda channel: self.adopt(channel, incoming=True))
        self.pc.on("connectionstatechange", lambda: out(ev="state", pc=self.pc.connectionState))

    def adopt(self, channel, incoming=False):
        self.channels[channel.label] = channel
        opened = lambda: out(ev="open", label=channel.label, id=channel.id, ordered=channel.ordered,
                             protocol=channel.protocol, negotiated=channel.negotiated, incoming=incoming,
                             maxRetransmits=channel.maxRetransmits,
                             maxPacketLifeTime=channel.maxPacketLifeTime)
        if channel.readyState == "open":
            opened()
        else:
            channel.on("open", opened)
        channel.on("close", lambda: out(ev="closed", label=channel.label))
        channel.on("message", lambda data: self.got(channel, data))

    def got(self, channel, data):
        if isinstance(data, str) and data.startswith("ping"):
            channel.send("pong" + data[4:])
            return
        raw = data.encode() if isinstance(data, str) else data
        out(ev="msg", label=channel.label, size=len(raw), isText=isinstance(data, str),
            sha256=hashlib.sha256(raw).hexdigest())
        channel.send(data)

    async def describe(self, make):
        await self.pc.setLocalDescription(await make())
        local = self.pc.localDescription
        out(ev="local", type=local.type, sdp=local.sdp)

    def open_channel(self, message):
        options = {name: message[name] for name in ("ordered", "maxRetransmits", "maxPacketLifeTime",
                                                    "protocol", "negotiated", "id") if name in message}
        self.adopt(self.pc.createDataChannel(message["label"], **options))

    async def add_candidate(self, message):
        if not message["candidate"]:
            return
        candidate = candidate_from_sdp(message["candidate"].removeprefix("candidate:"))
        candidate.sdpMid = message["mid"]
        await self.pc.addIceCandidate(candidate)

    async def do(self, message):
        command = message["cmd"]
        if command == "init" and message["role"] == "offer":
            self.open_channel({"label": "lab"})
            await self.describe(self.pc.createOffer)
        elif command == "init":
            out(ev="ready")
        elif command == "remote":
            await self.pc.setRemoteDescription(RTCSessionDescription(message["sdp"], message["type"]))
            if message["type"] == "offer":
                await self.describe(self.pc.createAnswer)
        elif command == "candidate":
            await self.add_candidate(message)
        elif command == "channel":
            self.open_channel(message)
        elif command == "send":
            binary = "base64" in message
            data = base64.b64decode(message["base64"]) if binary else message["text"]
            self.channels[message["label"]].send(data)
        elif command == "close":
            self.channels[message["label"]].close()
        else:
            out(ev="error", text=f"unknown command {command}")


async def main():
    reader = asyncio.StreamReader(limit=1 << 22)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    peer = Peer()
    while line := await reader.readline():
        message = json.loads(line)
        if message["cmd"] == "quit":
            break
        asyncio.ensure_future(peer.do(message))
    try:
        await asyncio.wait_for(peer.pc.close(), 3)
    except asyncio.TimeoutError:
        pass


asyncio.run(main())
