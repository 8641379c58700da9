// coturn, with a configuration of the test's: one user, and addresses that the namespace has.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ADDRESS = '203.0.113.10'; // not the browser's own
const PORT = 3478;
const TLS_PORT = 5349;

// Its port is in the kernel's table of sockets, and listens: what is left of a connection is there for a minute.
function isListening(port) {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A `;
  return readFileSync('/proc/net/tcp', 'utf8').includes(hex);
}

export class TurnServer {
  username = 'alice';
  credential = 'secret';

  async start() {
    this.home = mkdtempSync(join(tmpdir(), 'floe-turn-'));
    execFileSync('ip', ['addr', 'replace', `${ADDRESS}/24`, 'dev', 'br0']);
    this.caFile = join(this.home, 'cert.pem');
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1',
      '-subj', '/CN=turn.test', '-addext', `subjectAltName=IP:${ADDRESS}`, '-keyout', join(this.home, 'key.pem'), '-out', this.caFile],
    { stdio: 'ignore' });
    this.child = spawn('turnserver', ['-n', `--listening-ip=${ADDRESS}`, `--relay-ip=${ADDRESS}`, '--realm=floe.test', '--lt-cred-mech',
      `--user=${this.username}:${this.credential}`, `--cert=${this.caFile}`, `--pkey=${join(this.home, 'key.pem')}`, '--no-cli',
      `--userdb=${join(this.home, 'db')}`, `--pidfile=${join(this.home, 'pid')}`, `--log-file=${join(this.home, 'log')}`, '--simple-log'],
    { cwd: this.home, stdio: 'ignore' });
    for (let i = 0; i < 300 && !(isListening(PORT) && isListening(TLS_PORT)); i += 1) {
      if (this.child.exitCode !== null) throw new Error('coturn does not start');
      await new Promise((done) => setTimeout(done, 50));
    }
    if (!(isListening(PORT) && isListening(TLS_PORT))) throw new Error('coturn does not listen');
  }

  // An RTCIceServer entry; the transport is udp, tcp, tls or dtls.
  entry(transport) {
    const urls = {
      udp: `turn:${ADDRESS}:${PORT}`,
      tcp: `turn:${ADDRESS}:${PORT}?transport=tcp`,
      tls: `turns:${ADDRESS}:${TLS_PORT}`,
      dtls: `turns:${ADDRESS}:${TLS_PORT}?transport=udp`,
    }[transport];
    return { urls, username: this.username, credential: this.credential };
  }

  async stop() {
    const ended = new Promise((done) => this.child.on('close', done));
    this.child.kill('SIGKILL');
    await ended;
    rmSync(this.home, { recursive: true, force: true });
  }
}
