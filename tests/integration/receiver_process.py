"""A receiver of webhooks as a process, which can be killed.

`python receiver_process.py PORT FILE HOLD_FROM` writes stream and position of each delivery to the file and answers.
From the delivery of that number on it answers no more: what it has taken then is in doubt for the sender.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT, FILE, HOLD_FROM = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
writing, never = threading.Lock(), threading.Event()
count = 0


class Handler(BaseHTTPRequestHandler):
    """Takes one delivery."""

    def do_POST(self) -> None:
        global count
        event = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with writing, FILE.open("a", encoding="utf-8") as file:
            file.write(json.dumps([event["subject"], int(event["position"])]) + "\n")
            count += 1
            held = count >= HOLD_FROM
        if held:
            never.wait()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
