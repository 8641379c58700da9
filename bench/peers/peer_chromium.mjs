// Chromium with one page, with the words of README.md beside this file; what they do is done in the
// page. In a network namespace.

import { readFileSync } from 'node:fs';
import { startBrowser } from '../../tests/browser/browsers.mjs';
import { serveLines } from './lines.mjs';

const source = (name) => readFileSync(new URL(name, import.meta.url), 'utf8').replace(/^export /gm, '');

const browser = await startBrowser('chromium', { showsAddresses: true });
const page = await browser.newPage();
await page.evaluate(`(() => {
  ${source('end.mjs')}
  ${source('connection.mjs')}
  window.end = new End(() => new Connection(RTCPeerConnection));
})()`);
await serveLines((cmd, words) => page.evaluate((c, w) => window.end[c](w), cmd, words));
await browser.close();
process.exit(0);
