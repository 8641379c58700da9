// Restarts of ICE, renegotiation and glare while data flows; and tabs that are closed or reloaded.

import { FloePeer, inBothRoles, Pair, withPair } from './connect.mjs';
import { installPeer } from './page.mjs';
import { check, Runner } from './runner.mjs';

const [program, filter, ...kinds] = process.argv.slice(2);
const runner = new Runner(filter);
const ufrag = ({ sdp }) => sdp.match(/a=ice-ufrag:(.*)/)[1].trim();

// Numbered texts that come back, four on their way at any time, until flow.end() says what became of them.
async function startFlow(pair, label = 'lab') {
  await pair.page.evaluate((l) => {
    const channel = window.peer.channels.get(l);
    const flow = { sent: 0, back: 0, wrong: [], isOver: false };
    const next = () => { channel.send(`n ${flow.sent} ${'.'.repeat(800)}`); flow.sent += 1; };
    window.flow = flow;
    channel.addEventListener('message', ({ data }) => {
      if (data.split(' ')[1] !== String(flow.back)) flow.wrong.push(`${data.slice(0, 20)} for ${flow.back}`);
      flow.back += 1;
      window.peer.note({ ev: 'flow' });
      if (!flow.isOver) setTimeout(next, 4);
    });
    for (let i = 0; i < 4; i += 1) next();
  }, label);
  return {
    more: (count) => pair.page.evaluate((n) => {
      const end = window.flow.back + n;
      return window.peer.until(`${n} more`, () => window.flow.back >= end).then(() => {});
    }, count),
    async end() {
      const wrong = await pair.page.evaluate(async () => {
        window.flow.isOver = true;
        await new Promise((done) => { setTimeout(done, 10); }); // the last that wait for their turn are sent
        await window.peer.until('the last', () => window.flow.back === window.flow.sent);
        return window.flow.wrong;
      });
      check(`flow: ${wrong.slice(0, 3)}`, wrong.length === 0);
    },
  };
}

// An offer by either side and its answer, carried over; what both said.
async function negotiate(pair, who, options = {}) {
  const from = pair.floe.mark();
  if (who === 'floe') {
    pair.floe.send({ cmd: options.iceRestart ? 'restart' : 'offer' });
    const offer = await pair.floe.event('local', (e) => e.type === 'offer', { from });
    const answer = await pair.page.evaluate((o) => window.peer.answer(o), { type: 'offer', sdp: offer.sdp });
    pair.floe.send({ cmd: 'remote', ...answer });
    return { floe: offer, page: answer };
  }
  const { isEarly, ...rest } = options;
  const offer = await pair.page.evaluate((o, e) => (e ? window.peer.offerEarly(o) : window.peer.offer(o)), rest, isEarly);
  pair.floe.send({ cmd: 'remote', ...offer });
  const answer = await pair.floe.event('local', (e) => e.type === 'answer', { from });
  await pair.page.evaluate((a) => window.peer.remote(a), { type: 'answer', sdp: answer.sdp });
  if (isEarly) {
    for (const { candidate, sdpMid } of await pair.page.evaluate(() => window.peer.candidates())) {
      pair.floe.send({ cmd: 'candidate', candidate, mid: sdpMid });
    }
  }
  return { floe: answer, page: offer };
}

async function steady(pair) {
  const states = pair.floe.seen.filter((e) => e.ev === 'state').map((e) => e.pc);
  check(`floe was ${states}`, !states.includes('failed') && states.at(-1) === 'connected');
  const bad = await pair.page.evaluate(() => window.peer.log.some((e) => e.state === 'failed'));
  check('the page had failed', !bad);
}

async function negotiationCases(name, connect) {
  for (const [who, how, options] of [
    ['the browser', '', {}], ['the browser', ', its candidates told late', { isEarly: true }], ['floe', '', {}],
  ]) {
    await runner.test(name(`${who} restarts ICE while data flows, three times${how}`), () => withPair(connect, async (pair) => {
      await pair.opened('lab');
      const flow = await startFlow(pair);
      await flow.more(50);
      const seen = { floe: new Set(), page: new Set() };
      for (let i = 0; i < 3; i += 1) {
        const from = pair.floe.mark();
        const said = await negotiate(pair, who, { iceRestart: true, ...options });
        seen.floe.add(ufrag(said.floe));
        seen.page.add(ufrag(said.page));
        await pair.floe.event('pair', () => true, { from });
        await pair.page.evaluate(() => window.peer.state('connected'));
        await flow.more(100);
      }
      await flow.end();
      check('credentials were used again', seen.floe.size === 3 && seen.page.size === 3);
      await steady(pair);
    }));
  }

  await runner.test(name('both restart ICE in turn while data flows'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    const flow = await startFlow(pair);
    for (const who of ['the browser', 'floe', 'the browser', 'floe']) {
      const from = pair.floe.mark();
      await negotiate(pair, who, { iceRestart: true });
      await pair.floe.event('pair', () => true, { from });
      await flow.more(20);
    }
    await flow.end();
    await steady(pair);
  }));

  await runner.test(name('offers by both in turn change nothing that works'), () => withPair(connect, async (pair) => {
    await pair.opened('lab');
    const flow = await startFlow(pair);
    const seen = { floe: new Set(), page: new Set() };
    for (let i = 0; i < 6; i += 1) {
      if (i === 3) await pair.page.evaluate(() => { window.peer.pc.addTransceiver('audio'); });
      const said = await negotiate(pair, i % 2 ? 'the browser' : 'floe');
      seen.floe.add(ufrag(said.floe));
      seen.page.add(ufrag(said.page));
      await flow.more(20);
    }
    await flow.end();
    check('credentials have changed', seen.floe.size === 1 && seen.page.size === 1);
    await steady(pair);
  }));

  for (const glare of ['polite', 'impolite']) {
    for (const iceRestart of [false, true]) {
      const what = iceRestart ? 'restarts of ICE meet' : 'offers meet';
      await runner.test(name(`${what}, and floe is ${glare}`), () => withPair(() => connect({ options: { glare } }), async (pair) => {
        await pair.opened('lab');
        const flow = await startFlow(pair);
        for (let i = 0; i < 3; i += 1) {
          await meet(pair, glare, { iceRestart });
          await flow.more(20);
        }
        // Whoever gave way offers again, as perfect negotiation has it.
        await negotiate(pair, glare === 'polite' ? 'floe' : 'the browser', { iceRestart });
        await flow.more(20);
        await flow.end();
        await steady(pair);
      }));
    }
  }
}

// Both offer, and the offers cross on their way.
async function meet(pair, glare, { iceRestart = false, ours = null } = {}) {
  const from = pair.floe.mark();
  if (!ours) pair.floe.send({ cmd: iceRestart ? 'restart' : 'offer' });
  const mine = ours ?? await pair.floe.event('local', (e) => e.type === 'offer', { from });
  const theirs = await pair.page.evaluate((o) => window.peer.offer(o), { iceRestart });
  if (glare === 'polite') {
    pair.floe.send({ cmd: 'remote', ...theirs });
    const answer = await pair.floe.event('local', (e) => e.type === 'answer', { from });
    await pair.page.evaluate((a) => window.peer.remote(a), { type: 'answer', sdp: answer.sdp });
    return;
  }
  await pair.floe.refuses({ cmd: 'remote', ...theirs });
  const answer = await pair.page.evaluate((o) => window.peer.answer(o), { type: 'offer', sdp: mine.sdp });
  pair.floe.send({ cmd: 'remote', ...answer });
}

// The first offers of all meet, each with a channel of its own.
async function firstGlareCases(browser, name) {
  for (const glare of ['polite', 'impolite']) {
    await runner.test(name(`the first offers meet, and floe is ${glare}`), () => withPair(async () => {
      const pair = new Pair(new FloePeer(program), await browser.newPeer());
      try {
        await pair.page.evaluate(() => window.peer.create('mine'));
        const ours = await pair.floe.offer({ glare, channel: { label: 'ours' } });
        await meet(pair, glare, { ours });
        return pair;
      } catch (error) {
        pair.floe.kill();
        throw error;
      }
    }, async (pair) => {
      for (const label of ['mine', 'ours']) {
        await pair.opened(label);
        const pong = await pair.page.evaluate((l) => window.peer.echoText(l, 'ping'), label);
        check(`${label}: ${pong}`, pong === 'pong');
      }
      await negotiate(pair, glare === 'polite' ? 'floe' : 'the browser');
      await steady(pair);
    }));
  }
}

const isOver = (e) => ['failed', 'closed'].includes(e.pc);

// A tab goes away in one way or another; floe says so, and why, within the time that consent lasts and a little (RFC 7675: 30 s).
function tabCases(name, connect) {
  const goes = (what, leave) => runner.test(name(what), async () => {
    const pair = await connect();
    try {
      await pair.opened('lab');
      await leave(pair);
      const state = await pair.floe.event('state', isOver, { timeout: 45000 });
      check(`reason ${state.reason}, verdict ${state.verdict}`, state.reason && state.verdict);
      if (state.pc === 'closed') await pair.floe.event('closed', (e) => e.label === 'lab'); // failed: a restart may save it
      await pair.floe.quit();
    } finally {
      pair.floe.kill();
      await pair.page.close().catch(() => {});
    }
  });
  return [
    goes('a tab that is closed is noticed, and floe says why', (pair) => pair.page.close()),
    goes('a tab that goes elsewhere is noticed, and floe says why', (pair) => pair.page.goto('about:blank')),
    goes('a tab that is reloaded connects anew, and the old connection ends', async (pair) => {
      await pair.page.reload();
      await pair.page.evaluate(installPeer, {});
      const again = new Pair(new FloePeer(program), pair.page);
      try {
        const answer = await pair.page.evaluate((o) => window.peer.answer(o), await again.floe.offer());
        again.floe.send({ cmd: 'remote', ...answer });
        await again.opened('lab');
        check('no pong', await pair.page.evaluate(() => window.peer.echoText('lab', 'ping')) === 'pong');
        await again.floe.quit();
      } finally {
        again.floe.kill();
      }
    }),
  ];
}

await inBothRoles(program, kinds, async (browser, role, connect) => {
  const name = (text) => `${browser.kind} ${role}: ${text}`;
  const tabs = tabCases(name, connect); // which wait most of the time
  await negotiationCases(name, connect);
  if (role === 'answers') await firstGlareCases(browser, (text) => `${browser.kind}: ${text}`);
  return () => Promise.all(tabs);
});
process.exit(runner.close());
