#!/usr/bin/python3
"""aiortc as one end of a measurement, with the words of README.md beside this file."""
import asyncio
import gc
import json
import sys
import time

from aiortc import RTCPeerConnection, RTCSessionDescription

HIGH = 1 << 20  # bytes that are handed over before it waits; then it waits for half of them


def opened(channel):
    done = asyncio.get_running_loop().create_future()
    if channel.readyState == "open":
        done.set_result(None)
    else:
        channel.once("open", lambda: done.set_result(None))
    return done


async def described(pc, make):
    await pc.setLocalDescription(await make())
    return {"type": pc.localDescription.type, "sdp": pc.localDescription.sdp}


def description(words):
    return RTCSessionDescription(words["sdp"], words["type"])


async def join():
    a, b = RTCPeerConnection(), RTCPeerConnection()
    channel = a.createDataChannel("lab")
    await b.setRemoteDescription(description(await described(a, a.createOffer)))
    await a.setRemoteDescription(description(await described(b, b.createAnswer)))
    await opened(channel)
    return a, b


class End:
    def __init__(self):
        self.lab, self.messages, self.last, self.kept = None, 0, 0, []

    def serve(self, channel):
        if channel.label == "lab":
            self.lab = channel
        elif channel.label == "echo":
            channel.on("message", channel.send)
        else:
            self.messages, self.last = 0, time.monotonic()
            channel.on("message", self.count)

    def count(self, _):
        self.messages += 1
        self.last = time.monotonic()

    async def offer(self, _):
        self.pc = RTCPeerConnection()
        self.lab = self.pc.createDataChannel("lab")
        return await described(self.pc, self.pc.createOffer)

    async def answer(self, words):
        self.pc = RTCPeerConnection()
        self.pc.on("datachannel", self.serve)
        await self.pc.setRemoteDescription(RTCSessionDescription(words["sdp"], "offer"))
        return await described(self.pc, self.pc.createAnswer)

    async def remote(self, words):
        await self.pc.setRemoteDescription(description(words))
        return {}

    async def opened(self, _):
        while self.lab is None:
            await asyncio.sleep(0.005)
        await opened(self.lab)
        return {}

    async def send(self, words):
        limits = {"ordered": False, "maxRetransmits": 0} if words["loose"] else {}
        channel = self.pc.createDataChannel("flow", **limits)
        await opened(channel)
        data, sent, until = bytes(words["size"]), 0, time.monotonic() + words["seconds"]
        while time.monotonic() < until:
            while channel.bufferedAmount < HIGH and time.monotonic() < until:
                channel.send(data)
                sent += 1
            while channel.bufferedAmount > HIGH // 2 and time.monotonic() < until:
                await asyncio.sleep(0.001)
        while channel.bufferedAmount > 0:
            await asyncio.sleep(0.002)
        return {"sent": sent}

    async def expect(self, words):
        quiet = words["quiet"] / 1000
        while self.messages < words["messages"] and time.monotonic() - self.last < quiet:
            await asyncio.sleep(0.005)
        return {"messages": self.messages, "ago": time.monotonic() - self.last}

    async def echo(self, words):
        channel = self.pc.createDataChannel("echo")
        await opened(channel)
        data, us, back = bytes(words["size"]), [], asyncio.Event()
        channel.on("message", lambda _: back.set())
        for _ in range(words["count"]):
            back.clear()
            start = time.monotonic()
            channel.send(data)
            await back.wait()
            us.append((time.monotonic() - start) * 1e6)
        return {"us": us}

    async def connect(self, words):
        us = []
        for _ in range(words["count"]):
            start = time.monotonic()
            ends = await join()
            us.append((time.monotonic() - start) * 1e6)
            for end in ends:
                await end.close()
        return {"us": us}

    async def idle(self, words):
        for _ in range(words["count"] // 2):
            self.kept += await join()
        await asyncio.sleep(2)
        gc.collect()
        return {}


async def main():
    reader = asyncio.StreamReader(limit=1 << 22)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    end = End()
    while line := await reader.readline():
        words = json.loads(line)
        if words["cmd"] == "quit":
            break
        try:
            told = await getattr(end, words["cmd"])(words)
        except Exception as error:  # whatever the library says
            told = {"error": f"{words['cmd']}: {error!r}"}
        print(json.dumps(told), flush=True)


asyncio.run(main())
