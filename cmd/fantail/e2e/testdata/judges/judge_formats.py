"""A judge of the envelope: the websockets library of Python, or curl.

    python3 judge_formats.py URL MESSAGES

A URL of ws: is for websockets with the subprotocol fantail.v1, one of http: for
curl, which writes the lines that are judged here. It does and writes what
judge_formats.cjs does.
"""

import asyncio
import base64
import hashlib
import json
import struct
import subprocess
import sys

digest = hashlib.sha256()


def payload_of(line):
    """A string stands for its characters; all else for its bytes in the line."""
    envelope = json.loads(line)
    if "notice" in envelope:
        return None
    if "base64" in envelope:
        return base64.b64decode(envelope["base64"], validate=True)
    if isinstance(envelope["data"], str):
        return envelope["data"].encode()
    return line[line.index('Z","data":') + 10 : -1].encode()


async def websocket_lines(url):
    import websockets

    async with websockets.connect(url, subprotocols=["fantail.v1"], max_size=1 << 26, ping_interval=None) as ws:
        async for line in ws:
            yield line


async def curl_lines(url):
    curl = subprocess.Popen(["curl", "--silent", "--no-buffer", "--fail", url], stdout=subprocess.PIPE)
    try:
        for line in curl.stdout:
            yield line.decode().removesuffix("\n")
    finally:
        curl.terminate()
        curl.wait()


async def judge(url, messages):
    lines = websocket_lines(url) if url.startswith("ws:") else curl_lines(url)
    count = 0
    async for line in lines:
        payload = payload_of(line)
        if payload is None:
            continue
        digest.update(struct.pack(">Q", len(payload)) + payload)
        count += 1
        if count == messages:
            print(json.dumps({"event": "received", "sha256": digest.hexdigest()}), flush=True)
            break
    await lines.aclose()


asyncio.run(judge(sys.argv[1], int(sys.argv[2])))
