"""An event stream that is not ours: counts, keeps all it ever sent, resumes by
Last-Event-ID, and cuts each connection after CUT events, within the next one.
Usage: events.py CUT. It prints its port."""

import http.server
import sys
import time

CUT = int(sys.argv[1])
BEGAN = time.monotonic()


class Events(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        n = int(self.headers.get("Last-Event-ID", "0"))
        self.chunk(": welcome\r\nretry: 20\r\n\r\n")
        for i in range(1, CUT + 1):
            event = f"id: {n + i}\r\nevent: tick\r\ndata: {{\"n\":{n + i},\r\ndata: \"é\":1}}\r\n\r\n"
            if i == CUT:
                self.chunk(event[: len(event) - 3])
                self.close_connection = True
                self.wfile.flush()
                return
            time.sleep(max(0, BEGAN + (n + i) / 500 - time.monotonic()))
            self.chunk(event)

    def chunk(self, text):
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Events)
server.daemon_threads = True
print("listening on", server.server_port, flush=True)
server.serve_forever()
