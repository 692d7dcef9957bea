"""A judge of the wire: the websockets library of Python.

    python3 judge_websockets.py URL MESSAGES MODE

It does and writes what judge_ws.cjs does. The library answers pings by itself and
does not tell of them, so it does not write of them either.
"""

import asyncio
import hashlib
import json
import struct
import sys

import websockets


def tell(**event):
    print(json.dumps(event), flush=True)


async def judge(url, messages, mode):
    # The library offers permessage-deflate by itself, and sends no pings here.
    async with websockets.connect(url, max_size=1 << 26, ping_interval=None) as ws:
        headers = ws.response_headers
        tell(
            event="open",
            extensions=headers.get("Sec-WebSocket-Extensions", ""),
            position=headers.get("Fantail-Position", ""),
        )
        digest = hashlib.sha256()
        try:
            for _ in range(messages):
                data = await ws.recv()
                kind = b"t" if isinstance(data, str) else b"b"
                data = data.encode() if isinstance(data, str) else data
                digest.update(kind + struct.pack(">Q", len(data)) + data)
            tell(event="received", sha256=digest.hexdigest())
            if mode == "leave":
                return
            if mode == "violate":
                await ws.send("not allowed")
            await ws.recv()
            tell(event="error", reason="a message more than there are")
        except websockets.ConnectionClosed:
            tell(event="closed", code=ws.close_code, reason=ws.close_reason)


asyncio.run(judge(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
