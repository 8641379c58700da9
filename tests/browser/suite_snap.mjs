// An association that both descriptions have agreed on (a=sctp-init, draft-hancke-tsvwg-snap-00): Chromium under its
// field trial, in both roles, with data both ways; and what is left of it where only one side has it, Firefox included.

import { startBrowser } from './browsers.mjs';
import { FloePeer, Pair, floeOffers, pageOffers, withPair } from './connect.mjs';
import { Runner } from './runner.mjs';

const [program, filter, ...kinds] = process.argv.slice(2);
const runner = new Runner(filter);
const line = /^a=sctp-init:[A-Za-z0-9+/]+={0,2}\r$/m;
const valueOf = (sdp) => sdp.match(/^a=sctp-init:(.*)\r$/m)?.[1];
const lab = () => { window.peer.create('lab'); };

async function checkData(pair) {
  await pair.opened('lab');
  const wrong = await pair.page.evaluate((s) => window.peer.echoSizes('lab', s), [0, 1, 1200, 65536, 262144]);
  if (wrong.length) throw new Error(`changed on the way: ${wrong.join(', ')}`);
}

// What each description says: a pair of booleans, of the offer and of the answer.
function watch(says) {
  return (sdp, type) => { says[type] = line.test(sdp); return sdp; };
}

function expect(says, offer, answer) {
  if (says.offer !== offer || says.answer !== answer) {
    throw new Error(`a=sctp-init in the offer: ${says.offer}, in the answer: ${says.answer}`);
  }
}

function pair(browser, role, edit, options) {
  return role === 'offers' ? pageOffers(program, browser, lab, { edit, options }) : floeOffers(program, browser, { edit, options });
}

async function agreed(browser) {
  for (const role of ['offers', 'answers']) {
    await runner.test(`${browser.kind} ${role}: both agree, and data goes both ways`, async () => {
      const says = {};
      await withPair(() => pair(browser, role, watch(says), { snap: true }), async (p) => {
        expect(says, true, true);
        await checkData(p);
      });
    });
  }
  // floe begins at once, and Chromium, which does not know that it was answered, with an INIT. (The other way round
  // Chromium 156 takes our INIT for a restart, and gives no echo any more.)
  await runner.test(`${browser.kind} offers: the answer's is lost on its way`, async () => {
    const edit = (sdp, type) => (type === 'answer' ? sdp.replace(/^a=sctp-init:.*\r\n/m, '') : sdp);
    await withPair(() => pair(browser, 'offers', edit, { snap: true }), checkData);
  });
  await runner.test(`${browser.kind} answers: an ICE restart repeats it`, async () => {
    const floe = new FloePeer(program);
    const page = await browser.newPeer();
    await withPair(async () => {
      const offer = await floe.offer({ snap: true });
      const answer = await page.evaluate((o) => window.peer.answer(o), offer);
      floe.send({ cmd: 'remote', ...answer });
      return new Pair(floe, page);
    }, async (p) => {
      await checkData(p);
      const again = await restart(p);
      if (again.length !== 2 || again.includes(undefined)) throw new Error(`after the restart: ${again}`);
      await checkData(p);
    });
  });
}

// floe offers anew; the values of that offer and its answer.
async function restart(p) {
  const from = p.floe.mark();
  p.floe.send({ cmd: 'restart' });
  const { type, sdp } = await p.floe.event('local', () => true, { from });
  const answer = await p.page.evaluate((o) => window.peer.answer(o), { type, sdp });
  p.floe.send({ cmd: 'remote', ...answer });
  return [valueOf(sdp), valueOf(answer.sdp)];
}

async function oneSided(browser, offersIt) {
  await runner.test(`${browser.kind} answers: floe does not offer it unasked`, async () => {
    const says = {};
    await withPair(() => pair(browser, 'answers', watch(says), {}), async (p) => {
      expect(says, false, false);
      await checkData(p);
    });
  });
  await runner.test(`${browser.kind} offers: floe answers as it was asked`, async () => {
    const says = {};
    await withPair(() => pair(browser, 'offers', watch(says), {}), async (p) => {
      expect(says, offersIt, offersIt);
      await checkData(p);
    });
  });
  if (!offersIt) {
    await runner.test(`${browser.kind} answers: an offer with it is taken by who does not know it`, async () => {
      const says = {};
      await withPair(() => pair(browser, 'answers', watch(says), { snap: true }), async (p) => {
        expect(says, true, false);
        await checkData(p);
      });
    });
  }
}

for (const kind of kinds) {
  for (const trials of kind === 'chromium' ? ['WebRTC-Sctp-Snap/Enabled/', ''] : ['']) {
    const browser = await startBrowser(kind, { trials });
    console.log(`-- ${browser.version} ${trials}`);
    try {
      if (trials) await agreed(browser);
      await oneSided(browser, trials !== '');
    } finally {
      await browser.close();
    }
  }
}
process.exit(runner.close());
