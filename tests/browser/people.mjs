// Those who meet at a `floe serve`: the server itself, `floe chat`, and visitors of the page.

import { LineProcess } from './lines.mjs';

const lines = { parse: (line) => ({ ev: 'line', text: line }) };

export async function startServer(program, ...args) {
  const server = new LineProcess(program, ['serve', '--port', '0', ...args], { ...lines, name: 'floe serve' });
  const { text } = await server.expect('address', (e) => /http:\/\//.test(e.text));
  server.url = text.match(/http:\/\/[^/]+/)[0];
  server.stop = async () => {
    server.child.kill('SIGTERM');
    await server.quit();
  };
  return server;
}

export function startChat(program, server, room, ...args) {
  const chat = new LineProcess(program, ['chat', room, '--server', server.url, ...args], { ...lines, name: `floe chat ${args.join(' ')}` });
  chat.says = (pattern, options) => chat.expect(String(pattern), (e) => pattern.test(e.text), options);
  chat.stop = async () => {
    chat.child.kill('SIGTERM');
    await chat.quit();
  };
  return chat;
}

// A visitor of the page: goes in, and reads what is on the screen.
export async function visit(browser, server, room, name) {
  const page = await browser.newPage(`${server.url}/#${room}`);
  await page.$eval('#name', (field) => { field.value = ''; }); // the browser remembers the last name
  await page.type('#name', name);
  await page.click('#join button');
  page.shows = async (selector, pattern, timeout = 20000) => {
    const end = Date.now() + timeout;
    let text = '';
    while (Date.now() < end) {
      text = await page.$eval(selector, (e) => e.textContent);
      if (pattern.test(text)) return text;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`${selector} does not show ${pattern}: ${text}`);
  };
  page.say = async (text) => {
    await page.type('#text', text);
    await page.keyboard.press('Enter');
  };
  return page;
}
