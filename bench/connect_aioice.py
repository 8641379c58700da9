#!/usr/bin/python3
"""aioice's side of the benchmark of connecting; see connect_floe.c. `connect_aioice.py ROUNDS`."""
import asyncio
import json
import sys
import time
import tracemalloc

import aioice.ice

# It leaves out loopback addresses otherwise.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


async def introduce(connection, peer):
    connection.remote_username, connection.remote_password = peer.local_username, peer.local_password
    for candidate in peer.local_candidates:
        await connection.add_remote_candidate(candidate)
    await connection.add_remote_candidate(None)


async def pair():
    sides = [aioice.Connection(ice_controlling=is_controlling) for is_controlling in (True, False)]
    for side in sides:
        await side.gather_candidates()
    return sides


async def connect_once():
    """It tells only when a pair is nominated."""
    first, second = await pair()
    start = time.monotonic()
    await introduce(first, second)
    await introduce(second, first)
    await asyncio.gather(first.connect(), second.connect())
    seconds = time.monotonic() - start
    await first.close()
    await second.close()
    return [None, round(seconds * 1e6)]


async def measure_memory():
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    sides = await pair()
    used = (tracemalloc.get_traced_memory()[0] - before) // len(sides)
    tracemalloc.stop()
    for side in sides:
        await side.close()
    return used


async def main():
    us = [await connect_once() for _ in range(int(sys.argv[1]))]
    print(json.dumps({"us": us, "bytes": await measure_memory()}))


asyncio.run(main())
