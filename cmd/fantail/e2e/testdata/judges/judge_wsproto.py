"""A judge of the wire: wsproto, a WebSocket without a network of its own.

    python3 judge_wsproto.py URL MESSAGES MODE

It does and writes what judge_ws.cjs does, but its violation is a frame with an opcode
that RFC 6455 reserves, put on the wire past the library.
"""

import hashlib
import json
import socket
import struct
import sys
import urllib.parse

from wsproto import ConnectionType, WSConnection
from wsproto.events import (AcceptConnection, BytesMessage, CloseConnection, Ping,
                            RejectConnection, Request, TextMessage)
from wsproto.extensions import PerMessageDeflate


def tell(**event):
    print(json.dumps(event), flush=True)


class Judge:
    def __init__(self, url, messages, mode):
        u = urllib.parse.urlsplit(url)
        self.messages, self.mode = messages, mode
        self.socket = socket.create_connection((u.hostname, u.port))
        self.ws = WSConnection(ConnectionType.CLIENT)
        self.digest, self.count, self.pings = hashlib.sha256(), 0, 0
        self.kind, self.parts = b"", []
        target = u.path + ("?" + u.query if u.query else "")
        self.send(Request(host=u.netloc, target=target, extensions=[PerMessageDeflate()]))

    def send(self, event):
        self.socket.sendall(self.ws.send(event))

    def run(self):
        while True:
            data = self.socket.recv(1 << 16)
            self.ws.receive_data(data or None)
            for event in self.ws.events():
                if self.handle(event):
                    return
            if not data:
                return

    def handle(self, event):
        """Handles one event and says whether it was the last."""
        if isinstance(event, AcceptConnection):
            headers = {k.decode().lower(): v.decode() for k, v in event.extra_headers}
            tell(
                event="open",
                extensions=",".join(e.name for e in event.extensions),
                position=headers.get("fantail-position", ""),
            )
        elif isinstance(event, RejectConnection):
            tell(event="error", reason="refused with %d" % event.status_code)
            return True
        elif isinstance(event, Ping):
            self.send(event.response())
            self.pings += 1
            if self.pings == 3:
                tell(event="pinged")
        elif isinstance(event, (TextMessage, BytesMessage)):
            text = isinstance(event, TextMessage)
            self.parts.append(event.data.encode() if text else bytes(event.data))
            if event.message_finished:
                self.received(b"t" if text else b"b", b"".join(self.parts))
                self.parts = []
        elif isinstance(event, CloseConnection):
            tell(event="closed", code=event.code, reason=event.reason)
            self.send(event.response())
            return True
        return False

    def received(self, kind, data):
        self.digest.update(kind + struct.pack(">Q", len(data)) + data)
        self.count += 1
        if self.count == self.messages:
            tell(event="received", sha256=self.digest.hexdigest())
            if self.mode == "leave":
                sys.exit()
            if self.mode == "violate":
                self.socket.sendall(b"\x83\x80\x00\x00\x00\x00")


Judge(sys.argv[1], int(sys.argv[2]), sys.argv[3]).run()
