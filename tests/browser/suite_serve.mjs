// `floe serve` and its page: browser to browser, browser to `floe chat`, chat to chat; and clients that misbehave.

import { connect as connectSocket } from 'node:net';
import { startBrowser } from './browsers.mjs';
import { startChat as startChatOf, startServer as startServerOf, visit } from './people.mjs';
import { Runner } from './runner.mjs';

const [program, filter, ...kinds] = process.argv.slice(2);
const runner = new Runner(filter);
const startServer = (...args) => startServerOf(program, ...args);
const startChat = (...args) => startChatOf(program, ...args);
async function withAll(run) {
  const started = [];
  const use = (thing) => { started.push(thing); return thing; };
  try {
    await run(use);
  } finally {
    for (const thing of started.reverse()) await (thing.kill ? thing.kill() : thing.close().catch(() => {}));
  }
}

// A bare WebSocket client, to send what no honest one would.
function rawSocket(server, headers, body = Buffer.alloc(0)) {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve) => {
    const socket = connectSocket(port, hostname);
    let text = '';
    socket.on('connect', () => {
      socket.write(`GET / HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
        + `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: floe-signal\r\n${headers}\r\n`);
      socket.write(body);
    });
    socket.on('data', (data) => { text += data.toString('latin1'); });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
    setTimeout(() => socket.destroy(), 3000);
  });
}

// A masked client frame with an empty mask.
function frame(opcode, payload) {
  const length = payload.length < 126 ? Buffer.from([0x80 | payload.length])
    : Buffer.from([0x80 | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((s) => (payload.length >>> s) & 255)]);
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, Buffer.alloc(4), payload]);
}

async function serverCases() {
  await runner.test('two floe chats talk through a room', () => withAll(async (use) => {
    const server = use(await startServer());
    const bob = use(startChat(server, 'den', '--name', 'Bob', '--echo'));
    await bob.says(/waiting for somebody/);
    const ann = use(startChat(server, 'den', '--name', 'Ann'));
    await ann.says(/connected to Bob/);
    ann.send('hello over there\n');
    await bob.says(/<Ann> hello over there/);
    await ann.says(/<Bob> hello over there/);
    await ann.stop();
    await bob.says(/Ann left|ended/);
    await bob.stop();
    await server.stop();
  }));

  await runner.test('a third member is told that the room is full', () => withAll(async (use) => {
    const server = use(await startServer());
    const one = use(startChat(server, 'den', '--name', 'One', '--echo'));
    await one.says(/waiting/);
    const two = use(startChat(server, 'den', '--name', 'Two', '--echo'));
    await two.says(/connected to One/);
    const three = use(startChat(server, 'den', '--name', 'Three'));
    await three.says(/Two people are in this room already/);
    const { code } = await three.ended;
    if (code !== 1) throw new Error(`exit ${code}`);
  }));

  await runner.test('one may leave and come back', () => withAll(async (use) => {
    const server = use(await startServer());
    const stays = use(startChat(server, 'den', '--name', 'Stays', '--echo'));
    await stays.says(/waiting/);
    for (let i = 0; i < 2; i += 1) {
      const goes = use(startChat(server, 'den', '--name', 'Goes'));
      await goes.says(/connected to Stays/);
      goes.send(`round ${i}\n`);
      await goes.says(new RegExp(`<Stays> round ${i}`));
      await goes.stop();
    }
  }));

  await runner.test('a chat without a server says so and ends', () => withAll(async (use) => {
    const chat = use(startChat({ url: 'http://127.0.0.1:9' }, 'den'));
    await chat.says(/127\.0\.0\.1:9/);
    const { code } = await chat.ended;
    if (code !== 1) throw new Error(`exit ${code}`);
  }));

  await runner.test('a page of another origin is refused', () => withAll(async (use) => {
    const server = use(await startServer());
    const answer = await rawSocket(server, 'Origin: http://evil.example\r\n');
    if (/101 Switching/.test(answer)) throw new Error('it was let in');
    const own = await rawSocket(server, `Origin: ${server.url}\r\n`);
    if (!/101 Switching/.test(own)) throw new Error(`our own page was refused: ${own.slice(0, 80)}`);
    await server.stop();
  }));

  await runner.test('a client that sends nonsense is answered or closed, and the server lives', () => withAll(async (use) => {
    const server = use(await startServer());
    const text = (s) => frame(1, Buffer.from(s));
    const bodies = [
      text('nonsense'), text('{}'), text('[[[['), text('{"type":7}'), text('{"type":"join"}'), text('{"type":"signal","data":1}'),
      text('{"type":"join","room":"../x","name":"n"}'), text(`{"type":"join","room":"a","name":"${'n'.repeat(1000)}"}`),
      frame(2, Buffer.from('binary')), text('x'.repeat(200000)), Buffer.from('ffffffffffffffff', 'hex'), Buffer.concat(Array(400).fill(text('{}'))),
      Buffer.from('GET / HTTP/1.1'), frame(1, Buffer.from([0xff, 0xfe, 0xc0])),
    ];
    await Promise.all(bodies.map((body) => rawSocket(server, '', body)));
    const chat = use(startChat(server, 'den', '--name', 'Still', '--echo'));
    await chat.says(/waiting/);
    await server.stop();
  }));
}

async function pageCases(browser, second) {
  const name = (text) => `${browser.kind}: ${text}`;

  await runner.test(name('the page talks to floe chat --echo'), () => withAll(async (use) => {
    const server = use(await startServer());
    const echo = use(startChat(server, 'demo', '--name', 'Echo', '--echo'));
    await echo.says(/waiting/);
    const page = use(await visit(browser, server, 'demo', 'Ann'));
    await page.shows('#status', /Connected to Echo/);
    await page.shows('#path', /over UDP.*round trip/);
    await page.say('hello floe');
    await page.shows('#log', /Echo.*hello floe/s);
    await echo.says(/<Ann> hello floe/);
    await echo.stop();
    await page.shows('#status', /ended|left/i);
    await server.stop();
  }));

  await runner.test(name(`two browsers talk to each other (${second.kind})`), () => withAll(async (use) => {
    const server = use(await startServer());
    const ann = use(await visit(browser, server, 'den', 'Ann'));
    await ann.shows('#status', /Waiting for somebody/);
    const bob = use(await visit(second, server, 'den', 'Bob'));
    await ann.shows('#status', /Connected to Bob/);
    await bob.shows('#status', /Connected to Ann/);
    await ann.say('hello Bob');
    await bob.shows('#log', /hello Bob/);
    await bob.say('hello Ann');
    await ann.shows('#log', /hello Ann/);
  }));

  await runner.test(name('a third visitor reads that the room is full'), () => withAll(async (use) => {
    const server = use(await startServer());
    const one = use(startChat(server, 'den', '--name', 'One', '--echo'));
    await one.says(/waiting/);
    const two = use(startChat(server, 'den', '--name', 'Two', '--echo'));
    await two.says(/connected/);
    const page = use(await visit(browser, server, 'den', 'Ann'));
    await page.shows('#status', /Two people are in this room already/);
  }));
}

await serverCases();
const browsers = [];
try {
  for (const kind of kinds) browsers.push(await startBrowser(kind));
  for (const [i, browser] of browsers.entries()) await pageCases(browser, browsers[(i + 1) % browsers.length]);
} finally {
  for (const browser of browsers) await browser.close();
}
process.exit(runner.close());
