"""A child process that speaks JSON lines, with a way to wait for an event."""
import json
import queue
import subprocess
import threading
import time


class LineProcess:
    def __init__(self, *command):
        self.name = command[0].rsplit("/", 1)[-1]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.seen = []
        self.queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.queue.put(json.loads(line))
        self.queue.put(None)

    def send(self, **message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def expect(self, ev, timeout=30, **want):
        """The first event of this name with these values, of those not yet expected."""
        def matches(event):
            return event["ev"] == ev and all(event.get(k) == v for k, v in want.items())
        end = time.monotonic() + timeout
        while True:
            for event in self.seen:
                if matches(event):
                    self.seen.remove(event)
                    return event
            try:
                event = self.queue.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{self.name}: no {ev} {want} within {timeout} s; seen {self.seen[-5:]}") from None
            if event is None:
                raise AssertionError(f"{self.name}: ended before {ev} {want}; seen {self.seen[-5:]}")
            self.seen.append(event)

    def quit(self):
        """End it; a bad exit status is a failure."""
        if self.process.poll() is None:
            self.send(cmd="quit")
        code = self.process.wait(15)
        assert code == 0, f"{self.name}: exit {code}"

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
