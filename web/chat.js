// The chat page of `floe serve`: the room on a WebSocket, the conversation on a data channel.
// Whoever is in the room first makes the offer. Each attempt has a session id; what belongs to an older one is ignored.

import { explainFailure, describePath } from './explain.js';

const $ = (id) => document.getElementById(id);

const state = {
  socket: null, // to the server
  retry: 0, // attempts to get the server back
  room: '',
  name: '',
  other: '', // the other member's name, while it is in the room
  ice: [],
  attempt: null, // { session, pc, channel, isOfferer, isOpen, waiting }
};

function show(kind, text) {
  $('status').dataset.state = kind;
  delete $('status').dataset.verdict;
  $('status').textContent = text;
}

function log(from, text, name) {
  const line = document.createElement('li');
  line.dataset.from = from;
  if (name) {
    const who = document.createElement('b');
    who.textContent = name;
    line.append(who);
  }
  line.append(text);
  $('log').append(line);
  while ($('log').childElementCount > 1000) $('log').firstElementChild.remove();
  $('log').scrollTop = $('log').scrollHeight;
}

function showOther() {
  $('who').textContent = state.other ? `${state.other} is here.` : 'Nobody else is here yet.';
}

function allowTalk(allowed) {
  $('text').disabled = !allowed;
  $('say').querySelector('button').disabled = !allowed;
  if (allowed) $('text').focus();
}

// ---- the room

function send(message) {
  if (state.socket?.readyState === WebSocket.OPEN) state.socket.send(JSON.stringify(message));
}

function signal(attempt, data) {
  send({ type: 'signal', data: { session: attempt.session, ...data } });
}

function connectServer() {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const socket = new WebSocket(`${scheme}://${location.host}/`, 'floe-signal');
  state.socket = socket;
  socket.onopen = () => send({ type: 'join', room: state.room, name: state.name });
  socket.onmessage = (event) => { if (state.socket === socket) hearServer(JSON.parse(event.data)); };
  socket.onclose = (event) => serverGone(socket, event);
  if (!state.attempt?.isOpen) show('waiting', 'Connecting to the server …');
}

function serverGone(socket, event) {
  if (state.socket !== socket) return; // we left
  state.socket = null;
  const why = event.reason ? ` (${event.reason})` : '';
  if (!state.attempt?.isOpen) show('waiting', `The server does not answer${why}. Trying again …`);
  const delay = Math.min(1000 * 2 ** state.retry, 15000);
  state.retry += 1;
  setTimeout(() => { if (state.room && !state.socket) connectServer(); }, delay);
}

function hearServer(message) {
  if (message.type === 'joined') joined(message);
  else if (message.type === 'member') memberChanged(message);
  else if (message.type === 'signal') hearSignal(message.data);
  else if (message.type === 'error') serverError(message);
}

function joined(message) {
  state.retry = 0;
  state.ice = message.ice;
  state.other = message.other || '';
  showOther();
  if (state.attempt?.isOpen) return; // the server was away, the conversation was not
  if (state.other) show('waiting', `Connecting to ${state.other} …`);
  else show('waiting', `You are in room “${state.room}”. Waiting for somebody …`);
}

function memberChanged(message) {
  if (message.event === 'joined') {
    state.other = message.name;
    log('floe', `${message.name} came in.`);
    offer();
  } else {
    log('floe', `${message.name} left the room.`);
    state.other = '';
    if (!state.attempt?.isOpen) {
      endAttempt();
      show('waiting', 'The other side left. Waiting for somebody …');
    }
  }
  showOther();
}

function serverError(message) {
  log('floe', message.text);
  if (['room-full', 'server-full', 'bad-room', 'bad-join'].includes(message.code)) {
    leave();
    show('failed', message.text);
  }
}

// ---- the connection

function beginAttempt(session, isOfferer) {
  endAttempt();
  const pc = new RTCPeerConnection({ iceServers: state.ice });
  const attempt = { session, pc, isOfferer, isOpen: false, channel: null, waiting: [], errors: [] };
  state.attempt = attempt;
  $('again').hidden = true;
  show('waiting', `Connecting to ${state.other || 'the other side'} …`);
  pc.onicecandidate = ({ candidate }) => {
    const line = candidate ? { candidate: candidate.candidate, sdpMid: candidate.sdpMid } : { candidate: '' };
    signal(attempt, { candidate: line });
  };
  pc.onicecandidateerror = ({ url, errorCode }) => { attempt.errors.push({ url, errorCode }); };
  pc.onconnectionstatechange = () => connectionChanged(attempt);
  pc.ondatachannel = ({ channel }) => { if (!attempt.channel) useChannel(attempt, channel); };
  return attempt;
}

function endAttempt() {
  const attempt = state.attempt;
  state.attempt = null;
  $('path').textContent = '';
  allowTalk(false);
  if (attempt) attempt.pc.close();
}

async function offer() {
  try {
    await makeOffer();
  } catch (error) {
    endAttempt();
    show('failed', `This browser could not make an offer: ${error.message}`);
  }
}

async function makeOffer() {
  const session = [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, '0')).join('');
  const attempt = beginAttempt(session, true);
  useChannel(attempt, attempt.pc.createDataChannel('chat'));
  await attempt.pc.setLocalDescription();
  signal(attempt, { description: attempt.pc.localDescription });
}

async function hearSignal({ session, description, candidate }) {
  try {
    if (description?.type === 'offer' && session !== state.attempt?.session) {
      const own = state.attempt;
      // Both offered at once: the larger session id stands.
      if (own && own.isOfferer && !own.isOpen && own.session > session) return;
      beginAttempt(session, false);
    }
    if (session !== state.attempt?.session) return;
    if (description) await hearDescription(state.attempt, description);
    else if (candidate) await hearCandidate(state.attempt, candidate);
  } catch (error) {
    log('floe', `What the other side sent is not usable: ${error.message}`);
  }
}

// As long as floe checks (RFC 8863). Chromium goes on without an end where no check was ever answered.
const patience = 40000;

async function hearDescription(attempt, description) {
  await attempt.pc.setRemoteDescription(description);
  clearTimeout(attempt.impatience);
  attempt.impatience = setTimeout(() => giveUp(attempt), patience);
  if (description.type === 'offer') {
    await attempt.pc.setLocalDescription();
    signal(attempt, { description: attempt.pc.localDescription });
  }
  for (const candidate of attempt.waiting.splice(0)) await hearCandidate(attempt, candidate);
}

async function hearCandidate(attempt, candidate) {
  if (!attempt.pc.remoteDescription) attempt.waiting.push(candidate);
  else if (candidate.candidate) await attempt.pc.addIceCandidate(candidate);
  else await attempt.pc.addIceCandidate(); // the end of candidates
}

async function connectionChanged(attempt) {
  if (attempt !== state.attempt) return;
  const phase = attempt.pc.connectionState;
  if (phase === 'connected' && attempt.isOpen) showConnected(attempt);
  else if (phase === 'disconnected') show('waiting', `Nothing heard from ${state.other || 'the other side'} for a while …`);
  else if (phase === 'failed') await explain(attempt);
}

async function giveUp(attempt) {
  if (attempt === state.attempt && !attempt.isOpen) await explain(attempt);
}

async function explain(attempt) {
  const facts = { wasOpen: attempt.isOpen, errors: attempt.errors, servers: state.ice };
  failed(attempt, await explainFailure(attempt.pc, facts));
}

function failed(attempt, verdict) {
  if (attempt !== state.attempt) return;
  log('floe', verdict.text);
  endAttempt();
  show('failed', verdict.text);
  $('status').dataset.verdict = verdict.code;
  $('again').hidden = !state.other;
}

function useChannel(attempt, channel) {
  attempt.channel = channel;
  channel.binaryType = 'arraybuffer';
  channel.onopen = () => {
    if (attempt !== state.attempt) return;
    attempt.isOpen = true;
    allowTalk(true);
    log('floe', `You are talking to ${state.other || 'the other side'}, peer to peer.`);
    showConnected(attempt);
  };
  channel.onmessage = ({ data }) => {
    const text = typeof data === 'string' ? data : `(${data.byteLength} bytes)`;
    log('other', text, state.other || 'other side');
  };
  channel.onclose = () => {
    if (attempt !== state.attempt || !attempt.isOpen) return; // what never opened is told by connectionChanged()
    const text = 'The other side ended the connection.';
    log('floe', text);
    endAttempt();
    show(state.other ? 'failed' : 'waiting', state.other ? text : `${text} Waiting for somebody …`);
    $('again').hidden = !state.other;
  };
}

function showConnected(attempt) {
  show('connected', `Connected to ${state.other || 'the other side'}`);
  refreshPath(attempt);
}

async function refreshPath(attempt) {
  if (attempt !== state.attempt || !attempt.isOpen) return;
  $('path').textContent = await describePath(attempt.pc);
  clearTimeout(attempt.timer);
  attempt.timer = setTimeout(() => refreshPath(attempt), 2000);
}

// ---- the person

function enter(event) {
  event.preventDefault();
  state.room = $('room').value.trim();
  state.name = $('name').value.trim();
  if (!state.room || !state.name) return;
  try { localStorage.setItem('floe-name', state.name); } catch { /* private browsing: ask next time */ }
  history.replaceState(null, '', `#${state.room}`);
  $('join').hidden = true;
  $('talk').hidden = false;
  connectServer();
}

function leave() {
  const socket = state.socket;
  state.socket = null;
  state.room = '';
  state.other = '';
  endAttempt();
  socket?.close();
  $('join').hidden = false;
  $('talk').hidden = true;
  $('again').hidden = true;
  $('log').replaceChildren();
  showOther();
  show('idle', 'Choose a room and a name.');
}

function say(event) {
  event.preventDefault();
  const text = $('text').value;
  const channel = state.attempt?.channel;
  if (!text || channel?.readyState !== 'open') return;
  try {
    channel.send(text);
    log('me', text, state.name);
    $('text').value = '';
  } catch (error) {
    log('floe', `Not sent: ${error.message}`);
  }
}

$('join').addEventListener('submit', enter);
$('leave').addEventListener('click', leave);
$('again').addEventListener('click', offer);
$('say').addEventListener('submit', say);
addEventListener('pagehide', () => endAttempt());
try { $('room').value = decodeURIComponent(location.hash.slice(1)) || 'demo'; } catch { $('room').value = 'demo'; }
try { $('name').value = localStorage.getItem('floe-name') || ''; } catch { /* as above */ }
