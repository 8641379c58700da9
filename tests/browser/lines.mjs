// A child process that speaks JSON lines: `floe peer`, or any peer with its words (app/README.md).

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class LineProcess {
  constructor(command, args, { parse = JSON.parse, name = command } = {}) {
    this.name = name;
    this.seen = []; // every event, in order
    this.waiting = new Set();
    this.errors = '';
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.ended = new Promise((done) => this.child.on('close', (code, signal) => {
      this.exit = { code, signal };
      this.#settle();
      done(this.exit);
    }));
    this.child.stdin.on('error', () => {}); // it ended first: the exit status says so
    this.child.stderr.on('data', (data) => { this.errors += data; });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      try {
        this.seen.push(parse(line));
      } catch {
        this.seen.push({ ev: 'garbage', text: line });
      }
      this.#settle();
    });
  }

  send(message) {
    this.child.stdin.write(typeof message === 'string' ? message : `${JSON.stringify(message)}\n`);
  }

  // The first event from `from` on (default: from the beginning) that `match` accepts, which sees each once.
  expect(what, match, { timeout = 20000, from = 0 } = {}) {
    return new Promise((resolve, reject) => {
      const wait = { match, at: from, resolve, reject, what };
      wait.timer = setTimeout(() => this.#fail(wait, `not within ${timeout} ms`), timeout);
      this.waiting.add(wait);
      this.#settle();
    });
  }

  event(ev, match = () => true, options = {}) {
    return this.expect(ev, (e) => e.ev === ev && match(e), options);
  }

  mark() {
    return this.seen.length;
  }

  #settle() {
    for (const wait of [...this.waiting]) {
      try {
        if (!this.#look(wait) && this.exit) this.#fail(wait, `it ended with ${JSON.stringify(this.exit)}`);
      } catch (error) {
        this.#end(wait).reject(error);
      }
    }
  }

  #look(wait) {
    while (wait.at < this.seen.length) {
      const event = this.seen[wait.at];
      wait.at += 1;
      if (wait.match(event)) {
        this.#end(wait).resolve(event);
        return true;
      }
    }
    return false;
  }

  #end(wait) {
    clearTimeout(wait.timer);
    this.waiting.delete(wait);
    return wait;
  }

  #fail(wait, why) {
    const tail = this.seen.slice(-6).map((e) => JSON.stringify(e).slice(0, 300)).join('\n    ');
    this.#end(wait).reject(new Error(`${this.name}: no ${wait.what}: ${why}; last:\n    ${tail}\n    ${this.errors.slice(-2000)}`));
  }

  // End it in an orderly way; a sanitizer's report, or any other bad exit, is a failure.
  async quit() {
    if (!this.exit) this.send({ cmd: 'quit' });
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 20000);
    await this.ended;
    clearTimeout(timer);
    if (this.exit.code !== 0) throw new Error(`${this.name}: exit ${JSON.stringify(this.exit)}: ${this.errors.slice(-4000)}`);
  }

  kill() {
    if (!this.exit) this.child.kill('SIGKILL');
  }
}
