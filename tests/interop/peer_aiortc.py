#!/usr/bin/python3
"""aiortc as a peer with the words of `floe peer` (app/README.md), as far as the suite needs them.

It echoes what it gets: a text that begins with "ping" is answered with "pong" and its rest.
"""
import asyncio
import hashlib
import json
import sys

from aiortc import RTCPeerConnection, RTCSessionDescription


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
                             protocol=channel.protocol, incoming=incoming)
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
        out(ev="msg", label=channel.label, size=len(raw), sha256=hashlib.sha256(raw).hexdigest())
        channel.send(data)

    async def describe(self, make):
        await self.pc.setLocalDescription(await make())
        local = self.pc.localDescription
        out(ev="local", type=local.type, sdp=local.sdp)

    async def do(self, message):
        command = message["cmd"]
        if command == "init" and message["role"] == "offer":
            self.adopt(self.pc.createDataChannel("lab"))
            await self.describe(self.pc.createOffer)
        elif command == "init":
            out(ev="ready")
        elif command == "remote":
            await self.pc.setRemoteDescription(RTCSessionDescription(message["sdp"], message["type"]))
            if message["type"] == "offer":
                await self.describe(self.pc.createAnswer)
        elif command == "channel":
            self.adopt(self.pc.createDataChannel(message["label"], ordered=message.get("ordered", True)))
        elif command == "send":
            self.channels[message["label"]].send(message["text"])
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
