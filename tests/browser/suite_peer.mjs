// Every browser, as offerer and as answerer, against `floe peer`.

import { createHash } from 'node:crypto';

import { startBrowser } from './browsers.mjs';
import { FloePeer, floeOffers, pageOffers, withPair } from './connect.mjs';
import { Runner, same } from './runner.mjs';

const [program, filter, ...kinds] = process.argv.slice(2);
const runner = new Runner(filter);
const sizes = [0, 1, 1199, 1200, 65535, 65536, 262144];

const channelTypes = [
  ['ordered', {}, {}],
  ['unordered', { ordered: false }, { ordered: false }],
  ['maxRetransmits 0', { ordered: false, maxRetransmits: 0 }, { ordered: false, maxRetransmits: 0 }],
  ['ordered maxRetransmits 3', { maxRetransmits: 3 }, { maxRetransmits: 3 }],
  ['maxPacketLifeTime', { ordered: false, maxPacketLifeTime: 500 }, { ordered: false, maxPacketLifeTime: 500 }],
  ['ordered maxPacketLifeTime', { maxPacketLifeTime: 500 }, { maxPacketLifeTime: 500 }],
];

async function commonCases(browser, role, connect) {
  const name = (text) => `${browser.kind} ${role}: ${text}`;

  await runner.test(name('messages of every size come back as they went'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    const wrong = await pair.page.evaluate((s) => window.peer.echoSizes('lab', s), sizes);
    if (wrong.length) throw new Error(`changed on the way: ${wrong.join(', ')}`);
  }));

  await runner.test(name('ping is answered with pong'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    const pong = await pair.page.evaluate(() => window.peer.echoText('lab', 'ping 1'));
    if (pong !== 'pong 1') throw new Error(`got ${pong}`);
  }));

  // RFC 8445 section 7.3.2: floe is checked and never checks.
  await runner.test(name('ping is answered by a lite floe'), () => withPair(() => connect({ options: { lite: true } }), async (pair) => {
    await pair.opened('lab');
    const pong = await pair.page.evaluate(() => window.peer.echoText('lab', 'ping 1'));
    if (pong !== 'pong 1') throw new Error(`got ${pong}`);
  }));

  await runner.test(name('the selected pair is told'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    await pair.floe.event('pair', (e) => /udp/.test(e.local) && /203\.0\.113\.5/.test(e.local));
  }));

  await runner.test(name('the browser opens every type of channel'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    for (const [label, options, want] of channelTypes) {
      await pair.page.evaluate((l, o) => window.peer.create(l, o), label, { ...options, protocol: 'p' });
      await pair.opened(label);
      const open = await pair.floe.event('open', (e) => e.label === label);
      same(label, open, { ordered: true, protocol: 'p', ...want });
      const pong = await pair.page.evaluate((l) => window.peer.echoText(l, 'ping'), label);
      if (pong !== 'pong') throw new Error(`${label}: got ${pong}`);
    }
  }));

  await runner.test(name('floe opens every type of channel'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    for (const [label, options, want] of channelTypes) {
      pair.floe.send({ cmd: 'channel', label, protocol: 'p', ...options });
      await pair.opened(label);
      const have = await pair.page.evaluate((l) => window.peer.describe(l), label);
      same(label, have, { ordered: true, protocol: 'p', readyState: 'open', ...want });
      const pong = await pair.page.evaluate((l) => window.peer.echoText(l, 'ping'), label);
      if (pong !== 'pong') throw new Error(`${label}: got ${pong}`);
    }
  }));

  await runner.test(name('a negotiated channel needs no announcement'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    pair.floe.send({ cmd: 'channel', label: 'agreed', negotiated: true, id: 100 });
    await pair.page.evaluate(() => window.peer.create('agreed', { negotiated: true, id: 100 }));
    await pair.opened('agreed');
    const pong = await pair.page.evaluate(() => window.peer.echoText('agreed', 'ping'));
    if (pong !== 'pong') throw new Error(`got ${pong}`);
  }));

  await runner.test(name('ten channels at once keep their messages apart'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    const wrong = await pair.page.evaluate(async () => {
      const labels = Array.from({ length: 10 }, (_, i) => `ten-${i}`);
      labels.forEach((label) => window.peer.create(label));
      await Promise.all(labels.map((label) => window.peer.opened(label)));
      const answers = await Promise.all(labels.map((label) => window.peer.echoText(label, `hello ${label}`)));
      return answers.filter((answer, i) => answer !== `hello ${labels[i]}`);
    });
    if (wrong.length) throw new Error(`wrong: ${wrong}`);
  }));

  await runner.test(name('a close by the browser is seen by floe'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    await pair.page.evaluate(() => window.peer.close('lab'));
    await pair.floe.event('closed', (e) => e.label === 'lab');
    await pair.page.evaluate(() => window.peer.closed('lab'));
  }));

  await runner.test(name('a close by floe is seen by the browser'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    pair.floe.send({ cmd: 'close', label: 'lab' });
    await pair.page.evaluate(() => window.peer.closed('lab'));
    await pair.floe.event('closed', (e) => e.label === 'lab');
  }));

  await runner.test(name('an id is used again after its channel was closed'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    const ids = [];
    for (let i = 0; i < 3; i += 1) {
      const from = pair.floe.mark();
      await pair.page.evaluate(() => { window.peer.forget('again'); window.peer.create('again'); });
      await pair.page.evaluate(() => window.peer.opened('again'));
      await pair.floe.event('open', (e) => e.label === 'again', { from });
      const pong = await pair.page.evaluate((text) => window.peer.echoText('again', text), `ping ${i}`);
      if (pong !== `pong ${i}`) throw new Error(`got ${pong}`);
      ids.push((await pair.page.evaluate(() => window.peer.describe('again'))).id);
      await pair.page.evaluate(() => { window.peer.close('again'); return window.peer.closed('again'); });
      await pair.floe.event('closed', (e) => e.label === 'again', { from });
    }
    if (new Set(ids).size !== 1) throw new Error(`ids ${ids}`);
  }));

  await runner.test(name('a message over the limit of the browser is refused, and the channel lives'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    if (browser.kind === 'firefox') return; // takes 1 GiB: nothing to refuse
    const from = pair.floe.mark();
    pair.floe.send({ cmd: 'send', label: 'lab', size: 262145, count: 1 });
    await pair.floe.event('error', () => true, { from });
    const pong = await pair.page.evaluate(() => window.peer.echoText('lab', 'ping'));
    if (pong !== 'pong') throw new Error(`got ${pong}`);
  }));

  await runner.test(name('a message that floe sends by parts arrives as one'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    pair.floe.send({ cmd: 'send', label: 'lab', size: 262144, part: 10000 });
    const got = await pair.page.evaluate(() => window.peer.takePattern('lab'));
    same('the message', got, { size: 262144, right: true });
  }));

  await runner.test(name('a message beyond the memory of floe is read by parts'), () => {
    const options = { recvBuffer: 65536, partsFrom: 20000, maxMessageSize: 1048576 };
    return withPair(() => connect({ options }), async (pair) => {
      await pair.opened('lab');
      const size = 262144;
      await pair.page.evaluate((bytes) => window.peer.sendBytes('lab', bytes), size);
      for (let at = 0; at < size;) {
        const part = await pair.floe.event('msg', (e) => (e.offset ?? 0) === at);
        const bytes = Uint8Array.from({ length: part.binary }, (_, k) => (at + k) % 251);
        same('a part', part, { sha256: createHash('sha256').update(bytes).digest('hex'), cut: false });
        at += part.binary;
        same('a part', part, { more: at < size });
      }
    });
  });

  await runner.test(name('a browser that vanishes is noticed'), async () => {
    const pair = await connect();
    try {
      await pair.opened('lab');
      await pair.page.close();
      await pair.floe.event('state', (e) => ['disconnected', 'failed', 'closed'].includes(e.pc), { timeout: 45000 });
      await pair.floe.quit();
    } finally {
      pair.floe.kill();
    }
  });

  await runner.test(name('floe that leaves is noticed'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    pair.floe.send({ cmd: 'quit' });
    await pair.page.evaluate(() => window.peer.closed('lab', 45000));
  }));
}

// One hex digit of the fingerprint, or the whole password, is another.
const spoil = {
  fingerprint: (sdp) => sdp.replace(/(a=fingerprint:sha-256 )(.)/, (_, head, digit) => head + (digit === 'A' ? 'B' : 'A')),
  password: (sdp) => sdp.replace(/a=ice-pwd:.*/, 'a=ice-pwd:thispasswordisnottheone24'),
};

async function badCases(browser) {
  const name = (text) => `${browser.kind}: ${text}`;
  const offers = (edit) => pageOffers(program, browser, () => window.peer.create('lab'), { edit });

  await runner.test(name('a wrong fingerprint in the offer ends in failed, with the reason'), async () => {
    const pair = await offers((sdp, type) => (type === 'offer' ? spoil.fingerprint(sdp) : sdp));
    try {
      const state = await pair.floe.event('state', (e) => e.pc === 'failed', { timeout: 30000 });
      if (!/certificate|fingerprint/i.test(state.reason || '')) throw new Error(`reason: ${state.reason}`);
      await pair.end();
    } finally {
      pair.floe.kill();
    }
  });

}

// Which takes its time.
async function passwordCase(browser) {
  const offers = () => pageOffers(program, browser, () => window.peer.create('lab'), { edit: (sdp) => spoil.password(sdp) });
  await runner.test(`${browser.kind}: a wrong ICE password ends in failed, with the reason`, async () => {
    const pair = await offers();
    try {
      const state = await pair.floe.event('state', (e) => e.pc === 'failed', { timeout: 60000 });
      if (!state.reason) throw new Error('no reason given');
      await pair.end();
    } finally {
      pair.floe.kill();
    }
  }, { timeout: 90000 });
}

// A data channel beside audio and video: the media is refused, the channel works, whatever the bundle looks like.
async function mediaCases(browser) {
  const orders = {
    before: () => { window.peer.create('lab'); window.peer.pc.addTransceiver('audio'); window.peer.pc.addTransceiver('video'); },
    after: () => { window.peer.pc.addTransceiver('audio'); window.peer.pc.addTransceiver('video'); window.peer.create('lab'); },
  };
  for (const bundlePolicy of ['balanced', 'max-compat', 'max-bundle']) {
    for (const [order, prepare] of Object.entries(orders)) {
      await runner.test(`${browser.kind}: a channel ${order} audio and video opens (${bundlePolicy})`, () => withPair(
        () => pageOffers(program, browser, prepare, { config: { bundlePolicy } }),
        async (pair) => {
          await pair.opened('lab');
          const pong = await pair.page.evaluate(() => window.peer.echoText('lab', 'ping'));
          if (pong !== 'pong') throw new Error(`got ${pong}`);
        },
      ));
    }
  }
}

async function commandCases() {
  await runner.test('floe peer answers nonsense with an error line, and lives', async () => {
    const floe = new FloePeer(program);
    try {
      for (const line of ['nonsense\n', '{}\n', '[1]\n', '{"cmd":"dance"}\n', '{"cmd":"send","text":"x"}\n', '{"cmd":"remote","type":"offer","sdp":"x"}\n', '{"cmd":7}\n']) {
        const from = floe.mark();
        floe.send(line);
        await floe.event('error', () => true, { from });
      }
      await floe.quit();
    } finally {
      floe.kill();
    }
  });
}

await commandCases();
for (const kind of kinds) {
  const browser = await startBrowser(kind);
  console.log(`-- ${browser.version}`);
  try {
    const slow = passwordCase(browser);
    await commonCases(browser, 'offers', (more) => pageOffers(program, browser, () => window.peer.create('lab'), more));
    await commonCases(browser, 'answers', (more) => floeOffers(program, browser, more));
    await mediaCases(browser);
    await badCases(browser);
    await slow;
  } finally {
    await browser.close();
  }
}
process.exit(runner.close());
