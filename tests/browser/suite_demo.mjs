// The demo with headless Chromium as the visitor: what happens, line by line.

import { startBrowser } from './browsers.mjs';
import { startChat, startServer, visit } from './people.mjs';

const [program] = process.argv.slice(2);
const started = Date.now();
const tell = (text) => console.log(`demo: ${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s  ${text}`);
const things = [];

async function demo() {
  const server = await startServer(program);
  things.push(server);
  tell(`floe serve is at ${server.url}`);
  const echo = startChat(program, server, 'demo', '--name', 'Echo', '--echo');
  things.push(echo);
  await echo.says(/waiting for somebody/);
  tell('floe chat --echo waits in room "demo"');
  const browser = await startBrowser('chromium');
  things.push(browser);
  const page = await visit(browser, server, 'demo', 'Visitor');
  tell(`${browser.version} has opened the page and gone in as "Visitor"`);
  await page.shows('#status', /Connected to Echo/);
  tell(`the page says: ${await page.$eval('#status', (e) => e.textContent)}`);
  tell(`the path: ${await page.shows('#path', /over UDP/)}`);
  await page.say('hello, floe');
  tell('the visitor says: hello, floe');
  await echo.says(/<Visitor> hello, floe/);
  tell('the echo partner has it, from peer to peer');
  await page.shows('#log', /Echo: ?hello, floe|Echohello, floe/);
  tell('the page shows the answer: hello, floe');
  await echo.stop();
  await page.shows('#status', /ended|left/i);
  tell('the echo partner has left, and the page says so');
  await server.stop();
}

let status = 0;
try {
  await demo();
  tell('it works');
} catch (error) {
  tell(`it does not work: ${error.message}`);
  status = 1;
} finally {
  for (const thing of things.reverse()) await (thing.kill ? thing.kill() : thing.close());
}
process.exit(status);
