// Starts Chromium and Firefox, headless, and gives each test a fresh page with a peer connection in it.
// Runs inside the network namespace that tests/browser/run makes.

import { createServer } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { installPeer } from './page.mjs';

const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

const firefoxPreferences = {
  'network.connectivity-service.enabled': false,
  'network.captive-portal-service.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'app.update.enabled': false,
  'browser.safebrowsing.downloads.remote.enabled': false,
};

// Host candidates as addresses, not as names that multicast DNS would have to resolve.
const chromiumShows = '--disable-features=WebRtcHideLocalIpsWithMdns';
// A page that may use a microphone, here an invented one, gathers on all interfaces, and so also candidates of TCP.
const chromiumInvents = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
const firefoxShows = { 'media.peerconnection.ice.obfuscate_host_addresses': false };

function launch(kind, home, { showsAddresses = false, inventsDevices = false, trials = '' }) {
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, XDG_RUNTIME_DIR: home };
  if (kind === 'chromium') {
    const args = [...quiet, ...(showsAddresses ? [chromiumShows] : []), ...(inventsDevices ? chromiumInvents : []),
      ...(trials ? [`--force-fieldtrials=${trials}`] : [])];
    return puppeteer.launch({
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, pipe: true, env, userDataDir: join(home, 'profile'), args,
    });
  }
  return puppeteer.launch({
    browser: 'firefox', executablePath: process.env.FIREFOX || '/usr/bin/firefox-esr', headless: true, protocol: 'webDriverBiDi',
    env: { ...env, MOZ_REMOTE_SETTINGS_DEVTOOLS: '1' }, extraPrefsFirefox: showsAddresses ? { ...firefoxPreferences, ...firefoxShows } : firefoxPreferences,
  });
}

export async function startBrowser(kind, options = {}) {
  const home = mkdtempSync(join(tmpdir(), `floe-${kind}-`));
  const browser = await launch(kind, home, options);
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>peer</title>');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    kind,
    version: await browser.version(),
    // A page of its own, empty, on localhost.
    async newPage(url = `http://localhost:${server.address().port}/`) {
      const page = await browser.newPage();
      await page.goto(url, { waitUntil: 'load' });
      return page;
    },
    // A page with window.peer: see page.mjs.
    async newPeer(config = {}) {
      const page = await this.newPage();
      if (options.inventsDevices && kind === 'chromium') {
        await page.evaluate(() => navigator.mediaDevices.getUserMedia({ audio: true }).then(() => {}));
      }
      await page.evaluate(installPeer, config);
      return page;
    },
    // To all of its processes.
    signal: (name) => process.kill(-browser.process().pid, name),
    async close() {
      const child = browser.process();
      await Promise.race([browser.close().catch(() => {}), new Promise((done) => setTimeout(done, 5000))]);
      if (child && child.exitCode === null) child.kill('SIGKILL');
      server.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
