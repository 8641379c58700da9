// Channels: every kind, names and ids, what they buffer, and closing at every moment; each browser in both roles.

import { inBothRoles, withPair } from './connect.mjs';
import { check, Runner, same } from './runner.mjs';

const [program, filter, ...kinds] = process.argv.slice(2);
const runner = new Runner(filter);

const limits = [
  {}, { maxRetransmits: 0 }, { maxRetransmits: 3 }, { maxRetransmits: 65535 },
  { maxPacketLifeTime: 0 }, { maxPacketLifeTime: 500 }, { maxPacketLifeTime: 65535 },
];
const types = [true, false].flatMap((ordered) => limits.map((limit) => ({ ordered, ...limit })));
const names = ['', 'plain', 'na\u00efve \u2603 \u{1f600}', 'a\u0000b', 'x'.repeat(1500)];
const bigName = 'x'.repeat(65535);

// What a floe that takes names of any length would say to it: it has FLOE_DC_NAMES_MAX bytes for all of them.
const tooManyBytes = /full/i;

async function echoes(pair, label, text = `over ${label.slice(0, 20)}`) {
  const back = await pair.page.evaluate((l, t) => window.peer.echoText(l, t), label, text);
  check(`${label}: ${text} came back as ${back}`, back === text);
}

// A channel of every kind, and one agreed channel of every kind, opened by `open`.
async function kindCases(name, connect) {
  const openers = {
    'the browser': (pair, label, options) => pair.page.evaluate((l, o) => window.peer.create(l, o), label, options),
    floe: (pair, label, options) => pair.floe.send({ cmd: 'channel', label, ...options }),
  };
  for (const [who, open] of Object.entries(openers)) {
    await runner.test(name(`${who} opens a channel of every kind`), () => withPair(connect, async (pair) => {
      await pair.opened('lab');
      for (const [i, options] of types.entries()) {
        const label = `kind ${i}`;
        await open(pair, label, { ...options, protocol: `p${i}` });
        await pair.opened(label);
        const want = { negotiated: false, protocol: `p${i}`, ...options };
        const have = await pair.floe.event('open', (e) => e.label === label);
        same(label, have, { incoming: who !== 'floe', ...want });
        same(label, await pair.page.evaluate((l) => window.peer.describe(l), label), { id: have.id, ...want });
        await echoes(pair, label);
      }
    }));
  }

  await runner.test(name('agreed channels of every kind'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    for (const [i, options] of types.entries()) {
      const label = `agreed ${i}`;
      const all = { ...options, negotiated: true, id: 100 + i };
      // Data that comes before its channel is agreed upon would be refused: floe is told first, and says when.
      await pair.floe.ask({ cmd: 'channel', label, ...all }, 'open', (e) => e.label === label);
      await pair.page.evaluate((l, o) => window.peer.create(l, o), label, all);
      await pair.opened(label);
      same(label, await pair.floe.event('open', (e) => e.label === label), all);
      same(label, await pair.page.evaluate((l) => window.peer.describe(l), label), all);
      await echoes(pair, label);
    }
  }));
}

async function nameCases(name, connect) {
  await runner.test(name('labels and protocols are the same on both ends'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    for (const text of names) {
      const mine = `b${text}`;
      const ours = `f${text}`;
      await pair.page.evaluate((l, p) => window.peer.create(l, { protocol: p }), mine, text);
      pair.floe.send({ cmd: 'channel', label: ours, protocol: text });
      for (const label of [mine, ours]) {
        await pair.opened(label);
        same('floe', await pair.floe.event('open', (e) => e.label === label), { protocol: text });
        same('page', await pair.page.evaluate((l) => window.peer.describe(l), label), { protocol: text });
        await echoes(pair, label);
      }
    }
  }));

  await runner.test(name('an empty label, and one that is used twice'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    const opened = () => pair.floe.seen.filter((e) => e.ev === 'open' && e.label === '');
    await pair.page.evaluate(() => window.peer.create(''));
    await pair.opened('');
    await echoes(pair, '', 'on the first');
    const from = pair.floe.mark();
    await pair.page.evaluate(() => window.peer.create(''));
    await pair.floe.event('open', (e) => e.label === '', { from });
    await pair.page.evaluate(() => window.peer.until('second open', () => window.peer.channels.get('').readyState === 'open'));
    await echoes(pair, '', 'on the second');
    check('two channels have one id', opened().length === 2 && opened()[0].id !== opened()[1].id);
  }));

  await runner.test(name('a lone surrogate in a label becomes U+FFFD'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    await pair.page.evaluate(() => window.peer.create('lone \ud800'));
    await pair.floe.event('open', (e) => e.label === 'lone \ufffd');
  }));

  await runner.test(name('a label beyond the bytes for names is refused, and the connection lives'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    await pair.page.evaluate((l) => { window.peer.create(l); return window.peer.closed(l); }, bigName);
    const { text } = await pair.floe.refuses({ cmd: 'channel', label: bigName });
    check(`floe: ${text}`, tooManyBytes.test(text));
    await echoes(pair, 'lab');
  }));

  await runner.test(name('names over 65535 bytes, id 65535 and two limits are refused by both'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    const wrong = [
      [`${bigName}x`, {}], ['p', { protocol: `${bigName}x` }], ['id', { negotiated: true, id: 65535 }], ['both', { maxRetransmits: 1, maxPacketLifeTime: 1 }],
      ['without', { negotiated: true }],
    ];
    for (const [label, options] of wrong) {
      await pair.floe.refuses({ cmd: 'channel', label, ...options });
      const error = await pair.page.evaluate((l, o) => { try { window.peer.create(l, o); return 'none'; } catch (e) { return e.name; } }, label, options);
      check(`${label.slice(0, 8)}: page: ${error}`, error === 'TypeError');
    }
    await echoes(pair, 'lab');
  }));

  await runner.test(name('an id in use is refused by both, and passed over'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    const agreed = [0, 1, 2, 3, 4, 5].filter((id) => id !== pair.floe.seen.find((e) => e.ev === 'open').id);
    for (const id of agreed) {
      const options = { negotiated: true, id };
      await pair.floe.ask({ cmd: 'channel', label: `agreed ${id}`, ...options }, 'open');
      await pair.page.evaluate((l, o) => window.peer.create(l, o), `agreed ${id}`, options);
      await pair.opened(`agreed ${id}`);
      await pair.floe.refuses({ cmd: 'channel', label: 'again', ...options });
      const error = await pair.page.evaluate((o) => { try { window.peer.create('again', o); return 'none'; } catch (e) { return e.name; } }, options);
      check(`page: ${error}`, error === 'OperationError');
    }
    await pair.page.evaluate(() => window.peer.create('mine'));
    pair.floe.send({ cmd: 'channel', label: 'ours' });
    for (const label of ['mine', 'ours', ...agreed.map((id) => `agreed ${id}`)]) {
      await pair.opened(label);
      await echoes(pair, label);
    }
    const ids = pair.floe.seen.filter((e) => e.ev === 'open').map((e) => e.id);
    check(`ids ${ids}`, new Set(ids).size === ids.length);
  }));
}

async function messageCases(name, connect) {
  await runner.test(name('binaryType says what a page gets'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    const wrong = await pair.page.evaluate(async () => {
      const channel = window.peer.channels.get('lab');
      const sent = Uint8Array.from({ length: 1000 }, (_, i) => i);
      const bad = [];
      const views = { buffer: sent.buffer, bytes: sent, 'part of a buffer': new Uint8Array(sent.buffer, 7, 100), blob: new Blob([sent]) };
      for (const type of ['blob', 'arraybuffer']) {
        channel.binaryType = type;
        for (const [what, view] of Object.entries(views)) {
          const at = channel.received.length;
          channel.send(view);
          await window.peer.until('echo', () => channel.received.length > at);
          const back = channel.received[at];
          const want = new Uint8Array(await new Blob([view]).arrayBuffer());
          const have = new Uint8Array(await new Blob([back]).arrayBuffer());
          const isType = type === 'blob' ? back instanceof Blob : back instanceof ArrayBuffer;
          if (!isType || have.length !== want.length || !have.every((v, i) => v === want[i])) bad.push(`${what} as ${type}`);
        }
      }
      return bad;
    });
    check(`wrong: ${wrong}`, wrong.length === 0);
  }));

  await runner.test(name('empty messages keep their kind and their place'), () => withPair(() => connect({ options: { echo: false } }), async (pair) => {
    await pair.opened('lab');
    pair.floe.sendAll([{ text: '' }, { base64: '' }, { text: 'x' }, { base64: '' }, { text: '' }].map((m) => ({ cmd: 'send', ...m })));
    const kindsOf = await pair.page.evaluate(async () => {
      const { received } = window.peer.channels.get('lab');
      await window.peer.until('five messages', () => received.length >= 5);
      return received.map((m) => (typeof m === 'string' ? `"${m}"` : `${m.byteLength} bytes`));
    });
    same('page', kindsOf, ['""', '0 bytes', '"x"', '0 bytes', '""']);
    await pair.page.evaluate(() => {
      const channel = window.peer.channels.get('lab');
      for (const m of ['', new Uint8Array(0), 'y', new Uint8Array(0), '', 'end']) channel.send(m);
    });
    await pair.floe.event('msg', (e) => e.text === 'end');
    const told = pair.floe.seen.filter((e) => e.ev === 'msg').map((e) => e.text ?? e.binary);
    same('floe', told, ['', 0, 'y', 0, '', 'end']);
  }));

  await runner.test(name('bufferedAmount rises by what is sent and falls, and low is told on the way'), () => withPair(() => connect({ options: { echo: false } }), async (pair) => {
    await pair.opened('lab');
    const amounts = await pair.page.evaluate(async () => {
      const channel = window.peer.channels.get('lab');
      channel.bufferedAmountLowThreshold = 100000;
      const low = new Promise((done) => { channel.onbufferedamountlow = () => done(channel.bufferedAmount); });
      const rises = [];
      for (let i = 0; i < 8; i += 1) {
        channel.send(new Uint8Array(65536));
        rises.push(channel.bufferedAmount);
      }
      channel.send('\u2603');
      rises.push(channel.bufferedAmount);
      const atLow = await low;
      while (channel.bufferedAmount > 0) await new Promise((done) => { setTimeout(done, 1); });
      return { rises, atLow };
    });
    same('bufferedAmount', amounts.rises, [1, 2, 3, 4, 5, 6, 7, 8].map((n) => n * 65536).concat(8 * 65536 + 3));
    check(`low at ${amounts.atLow}`, amounts.atLow <= 100000);

    pair.floe.sendAll([{ cmd: 'threshold', bytes: 100000 }, { cmd: 'send', size: 65536, count: 8 }]);
    await pair.floe.event('low', (e) => e.label === 'lab');
    const stats = await pair.floe.ask({ cmd: 'stats' }, 'stats');
    check(`floe has ${stats.channels[0].bufferedAmount} at low`, stats.channels[0].bufferedAmount <= 100000);
    await pair.page.evaluate(() => window.peer.until('all of it', () => window.peer.channels.get('lab').received.length === 8));
    check('low came more than once', pair.floe.seen.filter((e) => e.ev === 'low').length === 1);
  }));
}

async function closingCases(name, connect) {
  const closings = (pair, label) => Promise.all([
    pair.page.evaluate((l) => window.peer.closed(l), label),
    pair.floe.event('closed', (e) => e.label === label),
  ]);
  const once = async (pair, label) => {
    const inPage = await pair.page.evaluate((l) => window.peer.log.filter((e) => e.ev === 'closed' && e.label === l).length, label);
    const inFloe = pair.floe.seen.filter((e) => e.ev === 'closed' && e.label === label).length;
    check(`${label}: closed ${inPage} times in the page, ${inFloe} times in floe`, inPage === 1 && inFloe === 1);
  };

  await runner.test(name('closed before the connection: never open'), () => withPair(() => connect({
    prepare: () => { window.peer.create('early'); window.peer.close('early'); },
    first: [{ cmd: 'channel', label: 'ours' }, { cmd: 'close', label: 'ours' }],
  }), async (pair) => {
    await pair.opened('lab');
    await echoes(pair, 'lab');
    await pair.page.evaluate(() => window.peer.closed('early'));
    check('floe has opened its own', !pair.floe.seen.some((e) => e.ev === 'open' && e.label === 'ours'));
    check('the page has opened its own', !await pair.page.evaluate(() => window.peer.log.some((e) => e.ev === 'open' && e.label === 'early')));
  }));

  await runner.test(name('closed in the moment of its opening'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    await pair.page.evaluate(() => { window.peer.create('mine'); window.peer.close('mine'); return window.peer.closed('mine'); });
    pair.floe.sendAll([{ cmd: 'channel', label: 'ours' }, { cmd: 'close', label: 'ours' }]);
    await pair.floe.event('closed', (e) => e.label === 'ours');
    await pair.page.evaluate(() => window.peer.until('end of ours', () => !window.peer.channels.has('ours') || window.peer.channels.get('ours').readyState === 'closed'));
    await echoes(pair, 'lab');
  }));

  await runner.test(name('closed by both at once, and twice: closed once'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    for (let i = 0; i < 10; i += 1) {
      const label = `both ${i}`;
      pair.floe.send({ cmd: 'channel', label });
      await pair.opened(label);
      pair.floe.send({ cmd: 'close', label });
      await pair.page.evaluate((l) => { window.peer.close(l); window.peer.close(l); }, label);
      await closings(pair, label);
      await once(pair, label);
    }
    await echoes(pair, 'lab');
  }));

  await runner.test(name('what was sent before a close arrives'), () => withPair(() => connect({ options: { echo: false } }), async (pair) => {
    await pair.opened('lab');
    pair.floe.send({ cmd: 'channel', label: 'ours' });
    await pair.opened('ours');
    await pair.page.evaluate(() => {
      const channel = window.peer.channels.get('lab');
      for (let i = 0; i < 20; i += 1) channel.send(new Uint8Array(16384));
      channel.close();
    });
    // floe sends when it has read all commands of one piece: the close comes after the page has the first message.
    pair.floe.send({ cmd: 'send', label: 'ours', size: 16384, count: 20 });
    await pair.page.evaluate(() => window.peer.until('a message', () => window.peer.channels.get('ours').received.length > 0));
    pair.floe.send({ cmd: 'close', label: 'ours' });
    await Promise.all(['lab', 'ours'].map((label) => closings(pair, label)));
    const taken = pair.floe.seen.filter((e) => e.ev === 'msg' && e.binary === 16384).length;
    check(`floe has ${taken} of 20`, taken === 20);
    const got = await pair.page.evaluate(() => window.peer.channels.get('ours').received.length);
    check(`the page has ${got} of 20`, got === 20);
  }));

  await runner.test(name('nothing can be sent once it is closing'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    pair.floe.send({ cmd: 'channel', label: 'ours' });
    await pair.opened('ours');
    await pair.page.evaluate(() => {
      window.peer.close('lab');
      try { window.peer.channels.get('lab').send('late'); } catch { /* Chromium says InvalidStateError, and Firefox nothing */ }
    });
    const from = pair.floe.mark();
    pair.floe.sendAll([{ cmd: 'close', label: 'ours' }, { cmd: 'send', label: 'ours', text: 'late' }]);
    await pair.floe.event('error', () => true, { from });
    await Promise.all(['lab', 'ours'].map((label) => closings(pair, label)));
    check('it came all the same', !pair.floe.seen.some((e) => e.ev === 'msg' && e.text === 'late'));
  }));

  await runner.test(name('the browser closes the connection: floe sees every channel end, and why'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    await pair.page.evaluate(() => window.peer.create('mine'));
    pair.floe.send({ cmd: 'channel', label: 'ours' });
    await pair.opened('mine');
    await pair.opened('ours');
    await pair.page.evaluate(() => window.peer.pc.close());
    for (const label of ['lab', 'mine', 'ours']) await pair.floe.event('closed', (e) => e.label === label, { timeout: 15000 });
    const { reason } = await pair.floe.event('state', (e) => e.pc === 'closed', { timeout: 15000 });
    check(`reason: ${reason}`, /closed/.test(reason));
  }));

  await runner.test(name('floe closes the connection: the page sees every channel end'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    await pair.page.evaluate(() => window.peer.create('mine'));
    pair.floe.send({ cmd: 'channel', label: 'ours' });
    await pair.opened('mine');
    await pair.opened('ours');
    pair.floe.send({ cmd: 'quit' });
    await Promise.all(['lab', 'mine', 'ours'].map((label) => pair.page.evaluate((l) => window.peer.closed(l, 5000), label)));
  }));
}

async function manyCases(name, connect) {
  await runner.test(name('a hundred channels at once'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    const all = (letter) => Array.from({ length: 50 }, (_, i) => `${letter}${i}`);
    pair.floe.sendAll(all('f').map((label) => ({ cmd: 'channel', label })));
    await pair.page.evaluate((labels) => labels.forEach((label) => window.peer.create(label)), all('b'));
    const labels = [...all('b'), ...all('f')];
    await Promise.all(labels.map((label) => pair.floe.event('open', (e) => e.label === label)));
    const answers = await pair.page.evaluate(async (list) => {
      await Promise.all(list.map((label) => window.peer.opened(label)));
      return Promise.all(list.map((label) => window.peer.echoText(label, `over ${label}`)));
    }, labels);
    labels.forEach((label, i) => check(`${label}: ${answers[i]}`, answers[i] === `over ${label}`));
    // Each side closes those of the other.
    pair.floe.sendAll(all('b').map((label) => ({ cmd: 'close', label })));
    await pair.page.evaluate(async (close, list) => {
      close.forEach((label) => window.peer.close(label));
      await Promise.all(list.map((label) => window.peer.closed(label)));
    }, all('f'), labels);
    await Promise.all(labels.map((label) => pair.floe.event('closed', (e) => e.label === label)));
    await echoes(pair, 'lab');
  }));

  const left = async (pair) => (await pair.floe.ask({ cmd: 'stats' }, 'stats')).channels.map((c) => c.label);

  await runner.test(name('the browser opens and closes a thousand channels'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    await pair.page.evaluate(async () => {
      const happens = (channel, what) => new Promise((done) => { channel[`on${what}`] = done; });
      for (let i = 0; i < 1000; i += 1) {
        const channel = window.peer.pc.createDataChannel(`b${i}`);
        await happens(channel, 'open');
        channel.send('x');
        await happens(channel, 'message');
        channel.close();
        await happens(channel, 'close');
      }
    });
    await pair.floe.event('closed', (e) => e.label === 'b999');
    check(`floe has ${await left(pair)}`, (await left(pair)).join() === 'lab');
    await echoes(pair, 'lab');
  }));

  await runner.test(name('floe opens and the browser closes a thousand channels'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    await pair.page.evaluate(() => {
      window.peer.pc.ondatachannel = ({ channel }) => { channel.onmessage = () => channel.close(); };
    });
    for (let round = 0; round < 20; round += 1) {
      const labels = Array.from({ length: 50 }, (_, i) => `f${round * 50 + i}`);
      const from = pair.floe.mark();
      pair.floe.sendAll(labels.flatMap((label) => [{ cmd: 'channel', label }, { cmd: 'send', label, text: 'end it' }]));
      await Promise.all(labels.map((label) => pair.floe.event('closed', (e) => e.label === label, { from })));
    }
    check(`floe has ${await left(pair)}`, (await left(pair)).join() === 'lab');
    await echoes(pair, 'lab');
  }));
}

await inBothRoles(program, kinds, async (browser, role, connect) => {
  const name = (text) => `${browser.kind} ${role}: ${text}`;
  await kindCases(name, connect);
  await nameCases(name, connect);
  await messageCases(name, connect);
  await closingCases(name, connect);
  await manyCases(name, connect);
});
process.exit(runner.close());
