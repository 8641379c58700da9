"""A `floe peer` process, driven by its JSON lines (app/README.md); for tests and as an example."""
import json
import queue
import subprocess
import threading
import time

LIMIT = 20  # seconds that a test waits for something before it fails


class Peer:
    def __init__(self, program, *arguments, **popen):
        """`PROGRAM peer`, or another program with the same words and the arguments given."""
        command = [program, *(arguments or ["peer"])]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **popen)
        self.lines = queue.Queue()
        self.seen = []  # events that were read while waiting for others
        self.may_read = threading.Event()  # cleared: what it says is left unread
        self.may_read.set()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
            self.may_read.wait()
        self.lines.put(None)

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def do(self, cmd, **args):
        self.write(json.dumps(dict(args, cmd=cmd)).encode() + b"\n")

    def wait(self, ev, limit=LIMIT, **want):
        """The next event of this name and with these members."""
        def fits(event):
            return event["ev"] == ev and all(event.get(k) == v for k, v in want.items())
        for i, event in enumerate(self.seen):
            if fits(event):
                return self.seen.pop(i)
        deadline = time.monotonic() + limit
        while True:
            try:
                event = self.lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {ev} {want} in {limit} s; but {self.seen}") from None
            if event is None:
                raise AssertionError(f"it ended before {ev} {want}; it said {self.seen}")
            if fits(event):
                return event
            self.seen.append(event)

    def end(self, limit=LIMIT):
        """Wait for its end; the exit status."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"it did not end in {limit} s; it said {self.seen}") from None
        self.reader.join(limit)
        self.process.stdout.close()
        return status


def connect(a, b, a_init=None, b_init=None):
    """Bring two peers together: a offers."""
    b.do("init", **dict({"role": "answer", "loopback": True}, **(b_init or {})))
    a.do("init", **dict({"role": "offer", "loopback": True}, **(a_init or {})))
    b.wait("ready")
    negotiate(a, b)


def negotiate(a, b):
    """Carry the offer that a has made to b, and the answer back."""
    offer = a.wait("local", type="offer")
    b.do("remote", type="offer", sdp=offer["sdp"])
    answer = b.wait("local", type="answer")
    a.do("remote", type="answer", sdp=answer["sdp"])
    return offer, answer
