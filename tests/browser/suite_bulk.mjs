// Much data each way, every byte looked at, and readers that are too slow: nobody's memory grows. FLOE_LARGE=1: 1 GiB each way.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inBothRoles, withPair } from './connect.mjs';
import { installBulk } from './page_bulk.mjs';
import { check, Runner } from './runner.mjs';

const [program, filter, ...kinds] = process.argv.slice(2);
const runner = new Runner(filter);
const bulk = process.env.FLOE_LARGE ? { size: 65536, count: 16384 } : { size: 62500, count: 1600 };
const bulkName = process.env.FLOE_LARGE ? '1 GiB' : '100 MB';
const patient = { timeout: process.env.FLOE_LARGE ? 900000 : 120000 };
const roomForMemory = 8 << 20; // that floe may take while data flows: its buffers are 1 MiB each way

// With a sanitizer, memory that was freed is kept for a while.
process.env.ASAN_OPTIONS = [process.env.ASAN_OPTIONS, 'quarantine_size_mb=2', 'thread_local_quarantine_size_kb=64'].filter(Boolean).join(':');

// Byte k of message n is (k + n) mod 251, as `floe peer` sends it.
function digests(size) {
  const bytes = Uint8Array.from({ length: size + 251 }, (_, k) => k % 251);
  return Array.from({ length: 251 }, (_, n) => createHash('sha256').update(bytes.subarray(n, n + size)).digest('hex'));
}

const peakMemory = (floe) => Number(readFileSync(`/proc/${floe.child.pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)[1]) * 1024;

async function start(pair) {
  await pair.opened('lab');
  await pair.page.evaluate(installBulk);
  const before = peakMemory(pair.floe);
  return () => {
    const grown = peakMemory(pair.floe) - before;
    check(`floe has grown by ${grown} bytes`, grown < roomForMemory);
  };
}

// Resolves when floe has taken `count` messages in their order and with the right bytes; `step` is called with each.
function taken(floe, { size, count }, { step = () => {}, timeout }) {
  const want = digests(size);
  let n = 0;
  return floe.expect(`${count} messages`, (e) => {
    if (e.ev !== 'msg') return false;
    check(`message ${n} is ${JSON.stringify(e)}`, e.binary === size && e.sha256 === want[n % 251]);
    n += 1;
    step(n);
    return n === count;
  }, { timeout, from: floe.mark() });
}

const send = (pair, { size, count }) => pair.page.evaluate((s, c) => window.bulk.send('lab', s, c), size, count);
const taking = (pair, { size, count }) => pair.page.evaluate((s, c) => { window.bulk.take('lab', s, c); }, size, count);
const took = (pair, timeout) => pair.page.evaluate((t) => window.bulk.took('lab', t), timeout);

function rate({ size, count }, started) {
  return `${(size * count / 1000 / (Date.now() - started)).toFixed(0)} MB/s`;
}

async function upload(pair) {
  const started = Date.now();
  const all = taken(pair.floe, bulk, patient);
  await Promise.all([all, send(pair, bulk)]);
  return rate(bulk, started);
}

async function download(pair) {
  const started = Date.now();
  await taking(pair, bulk);
  pair.floe.send({ cmd: 'send', ...bulk });
  await took(pair, patient.timeout);
  return rate(bulk, started);
}

async function stats(floe) {
  return floe.ask({ cmd: 'stats' }, 'stats');
}

// Asks until the answer is the same twice and `isIt` has it.
async function settled(what, ask, isIt, timeout = 20000) {
  const end = Date.now() + timeout;
  for (let last; Date.now() < end;) {
    const now = await ask();
    if (isIt(now) && JSON.stringify(now) === JSON.stringify(last)) return now;
    last = now;
    await new Promise((done) => { setTimeout(done, 100); });
  }
  throw new Error(`${what}: not within ${timeout} ms`);
}

await inBothRoles(program, kinds, async (browser, role, connect) => {
  const name = (text) => `${browser.kind} ${role}: ${text}`;
  const quiet = () => connect({ options: { echo: false } });

  // One after the other in one role, at once in the other: the time of a run is dear.
  const isAtOnce = role === 'answers';
  await runner.test(name(`${bulkName} each way`), () => withPair(quiet, async (pair) => {
    const checkMemory = await start(pair);
    const up = upload(pair);
    if (!isAtOnce) await up;
    const down = download(pair);
    console.log(`      from ${browser.kind} ${await up}, from floe ${await down}${isAtOnce ? ', at once' : ''}`);
    checkMemory();
  }), patient);

  await runner.test(name('a slow floe stops a fast browser, and has every message'), () => withPair(quiet, async (pair) => {
    const some = { size: 62500, count: 400 };
    const checkMemory = await start(pair);
    pair.floe.send({ cmd: 'read', count: 0 });
    const sent = send(pair, some);
    const waits = await settled('the browser is stopped', () => pair.page.evaluate(() => window.bulk.buffered('lab')), (n) => n > 4 << 20);
    check(`${waits} bytes wait in the page`, waits > 4 << 20);
    check('floe has read', !pair.floe.seen.some((e) => e.ev === 'msg'));
    // It reads 40 at a time.
    const all = taken(pair.floe, some, { step: (n) => n % 40 === 0 && pair.floe.send({ cmd: 'read', count: 40 }), timeout: 60000 });
    pair.floe.send({ cmd: 'read', count: 40 });
    await Promise.all([all, sent]);
    checkMemory();
  }));

  await runner.test(name('a browser that stands still stops a fast floe, and has every message'), () => withPair(quiet, async (pair) => {
    const some = { size: 62500, count: 800 };
    const checkMemory = await start(pair);
    await taking(pair, some);
    pair.floe.send({ cmd: 'send', ...some });
    await pair.page.evaluate(() => window.bulk.first('lab'));
    browser.signal('SIGSTOP');
    try {
      const at = await settled('floe is stopped', async () => {
        const { channels: [{ bufferedAmount, messagesSent }] } = await stats(pair.floe);
        return { bufferedAmount, messagesSent };
      }, ({ messagesSent }) => messagesSent > 0);
      check(`floe has ${JSON.stringify(at)}`, at.messagesSent < some.count && at.bufferedAmount > 0 && at.bufferedAmount <= 1 << 20);
    } finally {
      browser.signal('SIGCONT');
    }
    await took(pair, 60000);
    checkMemory();
  }));
});
process.exit(runner.close());
