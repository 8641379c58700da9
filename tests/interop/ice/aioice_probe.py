#!/usr/bin/python3
"""aioice's connection with the words of README.md beside this file.

  aioice_probe.py controlling|controlled ADDRESS[,ADDRESS]... [OPTION]...
Options: regular (nomination; what aioice does with a lite peer).
"""
import asyncio
import sys

import aioice.ice


def tell(*words):
    print(*words, flush=True)


class Probe:
    def __init__(self, role, addresses, options):
        # All of the machine's addresses otherwise, and never those of loopback.
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: addresses.split(",")
        self.connection = aioice.Connection(ice_controlling=role == "controlling")
        self.is_regular = "regular" in options
        self.role = role

    async def gather(self):
        tell("local", self.connection.local_username, self.connection.local_password)
        await self.connection.gather_candidates()
        for candidate in self.connection.local_candidates:
            tell("candidate", "candidate:" + candidate.to_sdp())
        tell("end")

    async def connect(self):
        try:
            await self.connection.connect()
        except ConnectionError:
            tell("state failed")
            return
        tell("state connected")
        if self.connection.ice_controlling != (self.role == "controlling"):
            tell("role", "controlling" if self.connection.ice_controlling else "controlled")
        pair = self.connection._nominated[1]  # aioice tells nobody
        tell("selected", *(f"{c.host}:{c.port}" for c in (pair.local_candidate, pair.remote_candidate)))
        try:
            while True:
                tell("received", (await self.connection.recv()).decode())
        except ConnectionError:
            tell("state failed")

    async def obey(self, line):
        word, _, rest = line.partition(" ")
        if word == "remote":
            parts = rest.split(" ")
            self.connection.remote_username, self.connection.remote_password = parts[:2]
            self.connection.remote_is_lite = self.is_regular or parts[2:] == ["lite"]
            self.task = asyncio.ensure_future(self.connect())
        elif word == "candidate":
            candidate = aioice.Candidate.from_sdp(rest.removeprefix("candidate:"))
            await self.connection.add_remote_candidate(candidate)
        elif word == "end":
            await self.connection.add_remote_candidate(None)
        elif word == "send":
            await self.connection.send(rest.encode())
        else:
            tell("error unknown:", line)


async def main():
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    probe = Probe(sys.argv[1], sys.argv[2], sys.argv[3:])
    await probe.gather()
    while line := await reader.readline():
        await probe.obey(line.decode().rstrip("\n"))
    await probe.connection.close()


asyncio.run(main())
