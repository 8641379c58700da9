// `floe serve` and its page: browser to browser, browser to `floe chat`, chat to chat; and clients that misbehave.

import { startBrowser } from './browsers.mjs';
import { startChat as startChatOf, startServer as startServerOf, visit } from './people.mjs';
import { ask, frame, member, open, text } from './raw_socket.mjs';
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
    const answer = await ask(server, 'Origin: http://evil.example\r\n');
    if (/101 Switching/.test(answer)) throw new Error('it was let in');
    const own = await ask(server, `Origin: ${server.url}\r\n`);
    if (!/101 Switching/.test(own)) throw new Error(`our own page was refused: ${own.slice(0, 80)}`);
    await server.stop();
  }));

  await runner.test('a client that sends nonsense is answered or closed, and the server lives', () => withAll(async (use) => {
    const server = use(await startServer());
    const bodies = [
      text('nonsense'), text('{}'), text('[[[['), text('{"type":7}'), text('{"type":"join"}'), text('{"type":"signal","data":1}'),
      text('{"type":"join","room":"../x","name":"n"}'), text(`{"type":"join","room":"a","name":"${'n'.repeat(1000)}"}`),
      frame(2, Buffer.from('binary')), text('x'.repeat(200000)), Buffer.from('ffffffffffffffff', 'hex'), Buffer.concat(Array(400).fill(text('{}'))),
      Buffer.from('GET / HTTP/1.1'), frame(1, Buffer.from([0xff, 0xfe, 0xc0])),
    ];
    await Promise.all(bodies.map((body) => ask(server, '', body)));
    const chat = use(startChat(server, 'den', '--name', 'Still', '--echo'));
    await chat.says(/waiting/);
    await server.stop();
  }));
}

async function hostileCases() {
  await runner.test('a name or a text cannot write on the terminal of another', () => withAll(async (use) => {
    const server = use(await startServer());
    const chat = use(startChat(server, 'den', '--name', 'Chat', '--echo'));
    await chat.says(/waiting/);
    use(await member(server, 'den', 'E\u001b[2J\n* done\u009bx'));
    await chat.says(/^\* E\?\[2J\?\* done\?x came in/);
  }));

  await runner.test('a signal that grows on the way is refused, and the other member stays', () => withAll(async (use) => {
    const server = use(await startServer());
    const other = use(await member(server, 'den', 'Other'));
    const bad = use(await member(server, 'den', 'Bad'));
    bad.say(`{"type":"signal","data":{"n":[${Array(12000).fill('1e15').join(',')}]}}`);
    await bad.hears((m) => m.code === 'too-long');
    bad.say({ type: 'signal', data: { text: 'x'.repeat(65000) } });
    await other.hears((m) => m.type === 'signal' && m.data.text.length === 65000);
  }));

  await runner.test('deep JSON, a flood and half messages end nothing but their sender', () => withAll(async (use) => {
    const server = use(await startServer());
    const other = use(await member(server, 'den', 'Other'));
    const bad = use(await member(server, 'den', 'Bad'));
    bad.say(`{"type":"signal","data":{"a":${'['.repeat(1500)}${']'.repeat(1500)}}}`);
    await other.hears((m) => m.type === 'signal');
    bad.say('['.repeat(60000));
    await bad.hears((m) => m.code === 'bad-message');
    for (let i = 0; i < 1000; i += 1) bad.say('{"type":"signal","data":{}}');
    await bad.closed;
    await other.hears((m) => m.event === 'left' && m.name === 'Bad');
    await ask(server, '', frame(1, Buffer.alloc(60000, 0x5b)).subarray(0, 30000));
    use(await member(server, 'den', 'Next'));
    await other.hears((m) => m.event === 'joined' && m.name === 'Next');
    await server.stop();
  }));

  await runner.test('a member that does not read is closed, and the other goes on', () => withAll(async (use) => {
    const server = use(await startServer());
    const slow = open(server);
    use({ close: async () => slow.destroy() });
    slow.write(text('{"type":"join","room":"den","name":"Slow"}'));
    slow.pause();
    const fast = use(await member(server, 'den', 'Fast'));
    const flood = setInterval(() => fast.say({ type: 'signal', data: { text: 'x'.repeat(60000) } }), 25);
    use({ close: async () => clearInterval(flood) });
    await fast.hears((m) => m.event === 'left' && m.name === 'Slow', 30000);
    await server.stop();
  }));

  await runner.test('a WebSocket that asks for no protocol of ours is refused', () => withAll(async (use) => {
    const server = use(await startServer());
    const socket = open(server, '');
    let said = '';
    socket.on('data', (data) => { said += data; });
    await new Promise((done) => { socket.on('close', done); setTimeout(done, 2000); });
    socket.destroy();
    if (/101 Switching/.test(said)) throw new Error('it was let in');
  }));

  await runner.test('two thousand clients are served, and come and go', () => withAll(async (use) => {
    const server = use(await startServer());
    const sockets = [];
    for (let i = 0; i < 2000; i += 1) {
      const socket = open(server);
      sockets.push(socket);
      await new Promise((resolve, reject) => {
        socket.once('data', resolve);
        setTimeout(() => reject(new Error(`client ${i} is not served`)), 10000).unref();
      });
    }
    const chat = use(startChat(server, 'den', '--name', 'Late', '--echo'));
    await chat.says(/waiting/);
    sockets.forEach((socket) => socket.destroy());
    await server.stop();
  }));

  await runner.test('a conversation outlives the server', () => withAll(async (use) => {
    const server = use(await startServer());
    const bob = use(startChat(server, 'den', '--name', 'Bob', '--echo'));
    await bob.says(/waiting/);
    const ann = use(startChat(server, 'den', '--name', 'Ann'));
    await ann.says(/connected to Bob/);
    await server.stop();
    await ann.says(/the connection to the server ended|server closed/);
    ann.send('still there?\n');
    await ann.says(/<Bob> still there\?/);
    await ann.stop();
    await bob.says(/the connection to Ann ended/);
    const { code } = await bob.ended;
    if (code !== 0) throw new Error(`exit ${code}`);
  }));

  await runner.test('a file on stdin arrives whole, last line included', () => withAll(async (use) => {
    const server = use(await startServer());
    const bob = use(startChat(server, 'den', '--name', 'Bob', '--echo'));
    await bob.says(/waiting/);
    const ann = use(startChat(server, 'den', '--name', 'Ann'));
    await ann.says(/connected to Bob/);
    for (let i = 0; i < 2000; i += 1) ann.send(`line ${i}\n\n`);
    ann.send('the last line');
    ann.child.stdin.end();
    await bob.says(/<Ann> line 1999/);
    await bob.says(/<Ann> the last line/);
    const { code } = await ann.ended;
    if (code !== 0) throw new Error(`exit ${code}`);
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

  await runner.test(name('a page with a broken address offers the demo room'), () => withAll(async (use) => {
    const server = use(await startServer());
    const page = use(await visit(browser, server, '%', 'Ann'));
    await page.shows('#status', /You are in room “demo”/);
  }));

  await runner.test(name('the page says why it came to nothing, and what helps'), () => withAll(async (use) => {
    const server = use(await startServer());
    const page = use(await visit(browser, server, 'den', 'Ann'));
    await page.shows('#status', /Waiting/);
    const ghost = use(await member(server, 'den', 'Ghost'));
    const { data } = await ghost.hears((m) => m.type === 'signal' && m.data.description?.type === 'offer');
    ghost.say({ type: 'signal', data: { session: data.session, description: { type: 'answer', sdp: ghostly(data.description.sdp) } } });
    await page.shows('#status', /^None of the peer’s addresses answers, and no STUN or TURN server was given/, 60000)
      .catch(async (error) => { throw new Error(`${error.message}; ${await page.$eval('#log', (e) => e.textContent)}`); });
    const code = await page.$eval('#status', (e) => e.dataset.verdict);
    if (code !== 'no-servers') throw new Error(code);
  }));

  await runner.test(name('verdicts follow from what getStats and servers say'), () => withAll(async (use) => {
    const server = use(await startServer());
    const page = use(await visit(browser, server, 'den', 'Ann'));
    for (const [code, facts] of verdictCases()) {
      const verdict = await page.evaluate(async (f) => (await import('/explain.js')).judge(f), facts);
      if (verdict.code !== code || verdict.text.includes('%')) throw new Error(`${code}: ${JSON.stringify(verdict)}`);
    }
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

// An answer to a browser's offer of somebody who is not where it says.
function ghostly(offer) {
  const mid = offer.match(/^a=mid:.*$/m)[0].trim();
  return ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', `a=group:BUNDLE ${mid.slice(6)}`,
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'c=IN IP4 0.0.0.0', mid, 'a=ice-ufrag:gone', 'a=ice-pwd:gonegonegonegonegonegone',
    `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`, 'a=setup:active', 'a=sctp-port:5000',
    'a=candidate:1 1 UDP 2130706431 198.51.100.77 40000 typ host', 'a=end-of-candidates', ''].join('\r\n');
}

function* verdictCases() {
  const local = (candidateType) => ({ type: 'local-candidate', candidateType });
  const remote = (address) => `v=0\r\na=candidate:1 1 udp 2130706431 ${address} 40000 typ host\r\n`;
  const pair = (more) => ({ type: 'candidate-pair', state: 'failed', ...more });
  const base = { entries: [local('host'), pair()], errors: [], urls: [], wasOpen: false, remote: remote('203.0.113.9') };
  const turn = 'turn:a.example';
  yield ['no-servers', base];
  yield ['no-description', { ...base, remote: null }];
  yield ['consent-expired', { ...base, wasOpen: true }];
  yield ['no-network', { ...base, entries: [] }];
  yield ['no-candidates', { ...base, remote: 'v=0\r\n' }];
  yield ['names-unresolved', { ...base, remote: remote('x.local') }];
  yield ['one-way', { ...base, entries: [local('host'), pair({ requestsReceived: 3 })] }];
  yield ['dtls-timeout', { ...base, entries: [local('host'), pair({ state: 'succeeded' })] }];
  yield ['dtls-failed', { ...base, entries: [local('host'), pair({ responsesReceived: 1 }), { type: 'transport', dtlsState: 'failed' }] }];
  yield ['no-turn', { ...base, urls: ['stun:a.example'], entries: [...base.entries, local('srflx')] }];
  yield ['udp-blocked', { ...base, urls: ['stun:a.example'], errors: [{ url: 'stun:a.example', errorCode: 701 }] }];
  yield ['turn-login', { ...base, urls: [turn], errors: [{ url: turn, errorCode: 701 }, { url: turn, errorCode: 401 }] }];
  yield ['turn-refused', { ...base, urls: [turn], errors: [{ url: turn, errorCode: 486 }] }];
  yield ['turn-silent', { ...base, urls: [`${turn}?transport=tcp`], errors: [{ url: `${turn}?transport=tcp`, errorCode: 701 }] }];
  yield ['peer-silent', { ...base, urls: [turn], entries: [...base.entries, local('relay')] }];
}

await serverCases();
await hostileCases();
const browsers = [];
try {
  for (const kind of kinds) browsers.push(await startBrowser(kind));
  for (const [i, browser] of browsers.entries()) await pageCases(browser, browsers[(i + 1) % browsers.length]);
} finally {
  for (const browser of browsers) await browser.close();
}
process.exit(runner.close());
