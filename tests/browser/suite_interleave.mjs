// Messages of several channels that are interleaved (RFC 8260): Firefox, which offers it, and Chromium under its field
// trial, in both roles; and Chromium without, where all is as ever. By every scheduler (RFC 8260 section 3), with and without.

import { startBrowser } from './browsers.mjs';
import { floeOffers, pageOffers, withPair } from './connect.mjs';
import { check, Runner } from './runner.mjs';

const [program, filter, ...kinds] = process.argv.slice(2);
const runner = new Runner(filter);
const trial = 'WebRTC-DataChannelMessageInterleaving/Enabled/';
const sizes = [0, 1, 1200, 65536, 262144];
const schedulers = ['fair', 'fcfs', 'round-robin', 'packet', 'priority'];

function connect(browser, role, scheduler = 'weighted') {
  const prepare = () => { window.peer.create('lab'); };
  const options = { interleaved: true, scheduler };
  return role === 'offers' ? pageOffers(program, browser, prepare, { options }) : floeOffers(program, browser, { options });
}

async function isInterleaved({ floe }) {
  const { report } = await floe.ask({ cmd: 'stats' }, 'stats');
  return report.find((group) => group.type === 'sctp-transport').interleaved;
}

async function echo(pair, label, some = sizes) {
  const wrong = await pair.page.evaluate((l, s) => window.peer.echoSizes(l, s), label, some);
  check(`changed on the way by ${label}: ${wrong}`, wrong.length === 0);
}

async function open(pair, label, options) {
  await pair.page.evaluate((l, o) => { window.peer.create(l, o); }, label, options);
  await pair.opened(label);
}

async function close(pair, label) {
  await pair.page.evaluate((l) => window.peer.close(l), label);
  await pair.page.evaluate((l) => window.peer.closed(l), label);
  await pair.floe.event('closed', (e) => e.label === label);
}

async function cases(browser, role, isAgreed) {
  const name = (text) => `${browser.kind} ${role}: ${text}`;
  await runner.test(name(isAgreed ? 'both agree, and channels take turns' : 'it is not agreed on, and all is as ever'), () => withPair(() => connect(browser, role), async (pair) => {
    await pair.opened('lab');
    check(`interleaved is not ${isAgreed}`, await isInterleaved(pair) === isAgreed);
    await open(pair, 'second');
    await open(pair, 'loose', { ordered: false });
    await Promise.all(['lab', 'second', 'loose'].map((label) => echo(pair, label)));
  }));
  if (!isAgreed) return;
  await runner.test(name('a stream that was reset begins anew'), () => withPair(() => connect(browser, role), async (pair) => {
    await pair.opened('lab');
    for (const label of ['one', 'two', 'three']) {
      await open(pair, label);
      await echo(pair, label);
      await close(pair, label);
    }
    await echo(pair, 'lab');
  }));
  await runner.test(name('messages that may be given up'), () => withPair(() => connect(browser, role), async (pair) => {
    await pair.opened('lab');
    await open(pair, 'brief', { ordered: false, maxRetransmits: 0 });
    await echo(pair, 'brief', [0, 1, 1200]); // more at once may really be lost
    await echo(pair, 'lab');
  }));
}

async function schedulerCases(browser) {
  for (const scheduler of schedulers) {
    await runner.test(`${browser.kind}: ${scheduler}`, () => withPair(() => connect(browser, 'offers', scheduler), async (pair) => {
      await pair.opened('lab');
      await open(pair, 'first', { priority: 'high' });
      await open(pair, 'loose', { ordered: false });
      await Promise.all(['lab', 'first', 'loose'].map((label) => echo(pair, label)));
    }));
  }
}

for (const kind of kinds) {
  for (const trials of kind === 'chromium' ? [trial, ''] : ['']) {
    const browser = await startBrowser(kind, { trials });
    console.log(`-- ${browser.version} ${trials}`);
    try {
      for (const role of ['offers', 'answers']) await cases(browser, role, kind === 'firefox' || trials !== '');
      await schedulerCases(browser);
    } finally {
      await browser.close();
    }
  }
}
check('a browser was named', kinds.length > 0);
process.exit(runner.close());
