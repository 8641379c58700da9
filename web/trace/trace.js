// Draws the attempts of a trace (app/README.md has the names of its records). Everything from the file goes in as text.

'use strict';

const whys = {
  none: '', foundation: 'another pair of the same foundation goes first', first: 'the best of its foundation',
  thawed: 'what it was frozen for is done', released: 'a pair of its foundation has succeeded', paced: 'it was its turn',
  triggered: 'the peer’s check came on it', success: 'the peer answered', timeout: 'no answer', refused: 'refused with an error',
  asymmetric: 'the answer came from another address', nonsense: 'the answer could not be used',
  conflict: 'both sides claimed the same role (487)', consent: 'no sign of life for 30 s', revoked: 'the peer withdrew consent (403)',
  concluded: 'another pair is nominated', over: 'of before a restart that is complete', lite: 'a lite agent checks nothing', family: 'one is IPv4, the other IPv6',
  scope: 'loopback or link-local on one side only', pruned: 'the same as the pair of its base', policy: 'by policy, or a filter',
  full: 'a table is full', late: 'came after the end of candidates', unusable: 'TCP, or no address of a host',
  name: 'nobody knows the name', mapped: 'told our address', relayed: 'gave a relay', permitted: 'lets the peer through',
  forbidden: 'does not let the peer through', login: 'its answers are not signed with our password', lost: 'the allocation is gone',
  connection: 'no connection', certificate: 'its certificate is not to be trusted', busy: 'asks for another way', set: 'by offer and answer',
};
const stateWords = { free: 'none', frozen: 'frozen', waiting: 'waiting', 'in-progress': 'being checked', succeeded: 'works', failed: 'failed' };
const REQUEST = 0x0001;
const ERROR_BIT = 0x0110;
const TURN = 64;

const why = (code) => whys[code] ?? String(code);
const time = (t) => (t < 1000 ? `${Math.round(t * 10) / 10} ms` : `${(t / 1000).toFixed(2)} s`);

function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function svg(name, attributes = {}, text) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// ---- what the records say

function cut(spans, to, at, reason) {
  const last = spans.at(-1);
  if (last) last.end = at;
  spans.push({ state: to, from: at, why: reason });
}

// Objects in the order of their introduction; a number that is used again is another object.
function understand(attempt) {
  const model = {
    servers: [], locals: [], remotes: [], pairs: [], ignored: [], notes: [], packets: [], layers: new Map(), end: 0, role: '', path: null,
  };
  const now = { server: new Map(), local: new Map(), remote: new Map(), pair: new Map() };
  for (const r of attempt.records) {
    model.end = Math.max(model.end, r.t);
    const take = takers[r.k];
    if (take) take(model, now, r, attempt);
  }
  for (const spans of [...model.layers.values(), ...model.pairs.map((p) => p.spans)]) {
    if (spans.length) spans.at(-1).end = model.end;
  }
  return model;
}

const takers = {
  server(model, now, r, attempt) {
    const url = attempt.urls.find((u) => u.id === r.id)?.url;
    const known = now.server.get(r.id);
    if (known) {
      known.addr = r.addr ?? known.addr;
      return;
    }
    const server = { id: r.id, url, turn: r.turn !== 0, transport: r.transport, addr: r.addr, said: [] };
    now.server.set(r.id, server);
    model.servers.push(server);
  },
  local(model, now, r) {
    const known = now.local.get(r.id);
    if (r.type === 'gone') {
      if (known) known.gone = r.t;
    } else if (known && known.addr === r.addr && known.base === r.base) {
      known.type = r.type;
    } else {
      const local = { id: r.id, type: r.type, addr: r.addr, base: r.base, at: r.t };
      now.local.set(r.id, local);
      model.locals.push(local);
    }
  },
  remote(model, now, r) {
    if (r.m === 'peer') {
      if (r.type === 'gone' && r.why === 'name') model.ignored.push({ at: r.t, what: 'a .local name of the peer', why: 'name' });
      return;
    }
    const known = now.remote.get(r.id);
    if (known && known.addr === r.addr) {
      known.type = r.type;
      return;
    }
    const remote = { id: r.id, type: r.type, addr: r.addr, at: r.t };
    now.remote.set(r.id, remote);
    if (!model.remotes.some((other) => other.addr === r.addr)) model.remotes.push(remote);
  },
  pair(model, now, r) {
    const replaced = now.pair.get(r.id);
    if (replaced && replaced.spans.length) replaced.spans.at(-1).end = r.t;
    const pair = {
      id: r.id, local: now.local.get(r.local), remote: now.remote.get(r.remote), spans: [], marks: '', stars: [], at: r.t,
    };
    pair.seen = pair.local;
    now.pair.set(r.id, pair);
    model.pairs.push(pair);
  },
  seen(model, now, r) {
    const pair = now.pair.get(r.id);
    if (pair) pair.seen = now.local.get(r.local) ?? pair.seen;
  },
  check(model, now, r) {
    const pair = now.pair.get(r.id);
    if (pair) cut(pair.spans, r.to, r.t, r.why);
  },
  marks(model, now, r) {
    const pair = now.pair.get(r.id);
    if (!pair) return;
    if (String(r.to).includes('nominated') && !String(r.from).includes('nominated')) {
      pair.stars.push(r.t);
      model.notes.push({ at: r.t, text: `pair ${r.id} nominated by ${model.role === 'controlling' ? 'this side' : 'the peer'}` });
    }
    pair.marks = String(r.to);
  },
  role(model, now, r) {
    model.role = r.to;
    if (r.from !== r.to && r.why !== 'set') model.notes.push({ at: r.t, text: `role conflict: this side is ${r.to} now` });
  },
  path(model, now, r) {
    model.path = now.pair.get(r.pair) ?? null;
    model.notes.push({ at: r.t, text: model.path ? `data goes over pair ${r.pair}` : 'no path for data' });
  },
  answer(model, now, r) {
    now.server.get(r.id)?.said.push(r);
  },
  permit(model, now, r) {
    now.server.get(r.server)?.said.push(r);
  },
  ignored(model, now, r) {
    const local = now.local.get(r.local);
    const what = local ? `${local.addr} with ${r.addr}` : r.addr ?? 'a candidate of the peer';
    if (!model.ignored.some((i) => i.what === what && i.why === r.why)) model.ignored.push({ at: r.t, what, why: r.why });
  },
  fact(model, now, r) {
    const words = {
      remote: 'the peer’s description is known', 'end-of-remote': 'the peer has no more candidates', gathered: 'gathering is over',
      restart: 'ICE restart', grace: 'nomination waits for a better pair', policy: '',
    };
    if (words[r.fact]) model.notes.push({ at: r.t, text: words[r.fact] });
    if (r.fact === 'restart') now.pair.clear();
  },
  state(model, now, r) {
    if (r.m === 'turn') return;
    if (!model.layers.has(r.m)) model.layers.set(r.m, [{ state: r.from, from: 0, why: 'none' }]);
    cut(model.layers.get(r.m), r.to, r.t, r.why);
  },
  sent(model, now, r) { packet(model, now, r, false); },
  got(model, now, r) { packet(model, now, r, true); },
  drop(model, now, r) {
    const last = model.packets.findLast((p) => p.isGot && p.tid === r.tid && p.addr === r.addr);
    if (last) last.drop = r.why;
  },
};

function packet(model, now, r, isGot) {
  model.packets.push({
    isGot, at: r.t, m: r.m, type: r.type, tid: r.tid, addr: r.addr, len: r.len, code: r.code ?? 0,
    server: r.m === 'turn' ? now.server.get(TURN + r.id) : undefined,
    local: r.m === 'ice' ? now.local.get(r.id) : undefined,
    path: model.path,
  });
}

// Requests of ours with their answers; requests of the peer; handshake packets.
function exchanges(model) {
  const asked = new Map();
  const list = [];
  for (const p of model.packets) {
    if (p.m === 'dtls') {
      list.push({ kind: 'dtls', p, at: p.at });
    } else if (!p.isGot && (p.type & ERROR_BIT) === 0) {
      const x = asked.get(p.tid) ?? { kind: 'ask', sends: [], answer: null, m: p.m, at: p.at, first: p };
      x.sends.push(p);
      if (!asked.has(p.tid)) list.push(x);
      asked.set(p.tid, x);
    } else if (p.isGot && asked.has(p.tid) && (p.type & ERROR_BIT) !== 0) {
      const x = asked.get(p.tid);
      x.answer ??= p;
    } else if (p.isGot && p.type === REQUEST) {
      list.push({ kind: 'asked', p, at: p.at });
    } else if (!p.isGot) {
      list.push({ kind: 'reply', p, at: p.at });
    }
  }
  return list;
}

// ---- the time axis

// Folded: the time between two records takes room by its logarithm. Else: as it was.
function makeScale(times, zoom, isFolded, width) {
  const sorted = [...new Set([0, ...times])].sort((a, b) => a - b);
  const weigh = (dt) => 5 + 9 * Math.log2(1 + dt);
  const at = new Map();
  let x = 0;
  sorted.forEach((t, i) => {
    const dt = i ? t - sorted[i - 1] : 0;
    if (i) x += isFolded ? weigh(dt) : dt;
    at.set(t, x);
  });
  const factor = (Math.max(width - 90, 420) / Math.max(x, 1)) * zoom;
  const scale = (t) => {
    if (at.has(t)) return 30 + at.get(t) * factor;
    const i = sorted.findIndex((s) => s > t);
    if (i <= 0) return 30 + x * factor;
    const [a, b] = [sorted[i - 1], sorted[i]];
    return 30 + (at.get(a) + ((t - a) / (b - a)) * (at.get(b) - at.get(a))) * factor;
  };
  return { x: scale, width: 90 + x * factor, sorted };
}

// ---- the drawing

const ROW = 34;
const BAR = 22;

function rowsOf(model) {
  const rows = [];
  const add = (kind, object, head, text, soft) => rows.push({ kind, object, head, text, soft, h: kind === 'lane' ? ROW : BAR });
  for (const [module, text] of [['ice', 'ICE'], ['dtls', 'DTLS'], ['sctp', 'SCTP'], ['peer', 'connection']]) {
    if (model.layers.has(module)) add('layer', model.layers.get(module), '', text, '');
  }
  model.servers.forEach((s, i) => add('lane', s, i ? '' : 'servers', s.url ?? (s.turn ? 'TURN server' : 'STUN server'), s.addr ?? 'name not resolved'));
  const bases = model.locals.filter((l) => l.base === l.id);
  bases.forEach((l, i) => {
    const behind = model.locals.filter((o) => o !== l && o.base === l.id).map((o) => `${o.type} ${o.addr}`).join(', ');
    add('lane', l, i ? '' : 'this side', behind ? `${l.type}, seen as ${behind}` : l.type, l.addr ?? '');
  });
  model.remotes.forEach((r, i) => add('lane', r, i ? '' : 'peer', r.type, r.addr ?? ''));
  model.pairs.forEach((p, i) => add('pair', p, i ? '' : 'pairs', `${p.id}: ${p.local?.type} ${p.local?.addr} → ${p.remote?.type} ${p.remote?.addr}`, ''));
  let y = 30;
  for (const row of rows) {
    if (row.head) y += 16;
    row.y = y;
    y += row.h;
  }
  return { rows, height: y + 12 };
}

function drawNames({ rows, height }, width) {
  const names = svg('svg', { width, height, role: 'presentation' });
  // Pairs have two addresses, of which nothing would be left in a narrow column: there the types do.
  const shorten = (row) => (row.kind === 'pair' ? `${row.object.id}: ${row.object.local?.type} → ${row.object.remote?.type}` : row.text);
  const fit = (text) => { const max = Math.floor((width - 12) / 6.1); return text.length > max ? `${text.slice(0, max - 1)}…` : text; };
  rows.forEach((row, i) => {
    names.append(svg('rect', { class: i % 2 ? 'row odd' : 'row', x: 0, y: row.y, width, height: row.h }));
    if (row.head) names.append(svg('text', { class: 'head', x: 8, y: row.y - 4 }, row.head));
    const middle = row.y + row.h / 2 + (row.soft ? -2 : 4);
    const label = svg('text', { x: 8, y: middle }, fit(shorten(row)));
    label.append(svg('title', {}, row.soft ? `${row.text}\n${row.soft}` : row.text));
    names.append(label);
    if (row.soft) names.append(svg('text', { class: 'soft', x: 8, y: middle + 13 }, fit(row.soft)));
  });
  return names;
}

function drawTicks(chart, scale, height) {
  let last = -90;
  for (const t of scale.sorted) {
    const x = scale.x(t);
    if (x - last < 80) continue;
    last = x;
    chart.append(svg('line', { class: 'tick', x1: x, y1: 20, x2: x, y2: height }));
    chart.append(svg('text', { class: 'soft', x: x + 2, y: 14 }, time(t)));
  }
}

function tipped(parent, shapes, tip) {
  const group = svg('g', { 'data-tip': tip, tabindex: -1 });
  group.append(...shapes);
  parent.append(group);
}

function arrow(x1, y1, x2, y2, kind) {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const [a, b] = [angle + 2.7, angle - 2.7];
  const head = `M${x2 + 7 * Math.cos(a)} ${y2 + 7 * Math.sin(a)} L${x2} ${y2} L${x2 + 7 * Math.cos(b)} ${y2 + 7 * Math.sin(b)}`;
  return [
    svg('path', { class: 'hit', d: `M${x1} ${y1} L${x2} ${y2}` }),
    svg('path', { class: `arrow ${kind}`, d: `M${x1} ${y1} L${x2} ${y2}` }),
    svg('path', { class: `arrow ${kind}`, style: 'stroke-dasharray:none', d: head }),
  ];
}

function cross(x, y) {
  return svg('path', { class: 'mark', d: `M${x - 4} ${y - 4} l8 8 M${x - 4} ${y + 4} l8 -8` });
}

const methods = { 1: 'Binding', 3: 'Allocate', 4: 'Refresh', 8: 'CreatePermission', 9: 'ChannelBind', 10: 'Connect' };
const methodOf = (type) => methods[type & 0x000f] ?? `type ${type}`;

// The rows of the two ends of a packet; undefined: none, and it is not drawn.
function endsOf(p, find) {
  const near = p.local ? find.base(p.local) : undefined;
  if (p.m === 'turn') return [find.any, find.row(p.server)];
  const server = find.server(p.addr);
  return [near, server ?? find.remote(p.addr)];
}

function drawAsk(chart, x, scale, find, model) {
  const [near, far] = endsOf(x.first, find);
  if (!near || !far) return;
  const isCheck = x.m === 'ice' && find.server(x.first.addr) === undefined;
  const what = isCheck ? 'check' : `${methodOf(x.first.type)} request`;
  x.sends.forEach((p, i) => {
    const isLast = i === x.sends.length - 1;
    const answer = isLast ? x.answer : null;
    const isChallenge = answer && x.m === 'turn' && [401, 438].includes(answer.code) && model.packets.some((q) => !q.isGot && q.server === x.first.server && q.at >= answer.at && q.type === x.first.type && q.tid !== x.first.tid);
    const isRefused = answer && !isChallenge && ((answer.type & ERROR_BIT) === ERROR_BIT || answer.drop);
    const x1 = scale.x(p.at);
    const x2 = answer ? scale.x(answer.at) : x1 + 14;
    const middle = answer ? (x1 + x2) / 2 : x2;
    const isOpen = !x.answer && model.end - p.at < 500;
    const kind = isChallenge ? 'challenge' : answer ? (isRefused ? 'refused' : 'answered') : isOpen ? 'open' : 'lost';
    const result = answer
      ? `${isChallenge ? `asked for a login (${answer.code})` : isRefused ? `refused${answer.code ? ` (${answer.code})` : ''}${answer.drop ? `: dropped, ${answer.drop}` : ''}` : 'answered'} after ${time(answer.at - p.at)}`
      : isOpen ? 'not answered when the trace ended' : x.answer ? 'lost; a repetition was answered' : 'lost: no answer';
    const tip = `${what}${i ? `, repetition ${i}` : ''} at ${time(p.at)}\nto ${p.addr ?? '?'}\n${result}\ntransaction ${p.tid ?? '?'}`;
    if (answer) {
      tipped(chart, [...arrow(x1, near.mid, middle, far.mid, kind), ...arrow(middle, far.mid, x2, near.mid, kind)], tip);
    } else {
      const y = near.mid + (far.mid - near.mid) * 0.7;
      tipped(chart, [...arrow(x1, near.mid, x2, y, kind), ...(isOpen ? [] : [cross(x2, y)])], tip);
    }
  });
}

function drawOne(chart, x, scale, find) {
  const p = x.p;
  const at = scale.x(p.at);
  if (x.kind === 'dtls') {
    const [near, far] = p.path ? [find.base(p.path.local), find.remote(p.path.remote?.addr)] : [];
    if (!near || !far) return;
    const words = { 20: 'ChangeCipherSpec', 21: 'alert', 22: 'handshake' };
    const tip = `DTLS ${words[p.type] ?? p.type}, ${p.len} bytes, ${p.isGot ? 'received' : 'sent'} at ${time(p.at)}`;
    tipped(chart, p.isGot ? arrow(at - 8, far.mid, at, near.mid, 'dtls') : arrow(at, near.mid, at + 8, far.mid, 'dtls'), tip);
    return;
  }
  const [near, far] = endsOf(p, find);
  if (!near || !far) return;
  const tip = `${x.kind === 'reply' ? 'our answer to the peer’s check' : 'check of the peer'} at ${time(p.at)}\n${x.kind === 'reply' ? 'to' : 'from'} ${p.addr}`
    + `${p.drop ? `\ndropped: ${p.drop}` : ''}${(p.type & ERROR_BIT) === ERROR_BIT ? '\nan error' : ''}\ntransaction ${p.tid ?? '?'}`;
  if (x.kind === 'reply') tipped(chart, arrow(at, near.mid, at + 12, far.mid, 'reply'), tip);
  else tipped(chart, arrow(at - 12, far.mid, at, near.mid, p.drop ? 'refused' : 'theirs'), tip);
}

function drawBar(chart, row, scale, words) {
  const spans = Array.isArray(row.object) ? row.object : row.object.spans;
  for (const span of spans) {
    if (span.state === 'free') continue;
    const x1 = scale.x(span.from);
    const x2 = scale.x(span.end) + (span === spans.at(-1) ? 24 : 0); // how it ended is seen, too
    const bar = svg('rect', {
      class: `state-${span.state}`, x: x1, y: row.y + 4, width: Math.max(x2 - x1, 2), height: row.h - 8, rx: 2,
    });
    const word = words[span.state] ?? span.state;
    const reason = why(span.why);
    tipped(chart, [bar], `${row.text}\n${word}${reason ? `: ${reason}` : ''}\nfrom ${time(span.from)} to ${time(span.end)}`);
  }
  for (const at of row.object.stars ?? []) {
    const x = scale.x(at);
    const y = row.y + row.h / 2;
    const points = [...Array(10)].map((_, i) => {
      const r = i % 2 ? 3.4 : 8;
      const a = (i * Math.PI) / 5 - Math.PI / 2;
      return `${x + r * Math.cos(a)},${y + r * Math.sin(a)}`;
    }).join(' ');
    tipped(chart, [svg('polygon', { class: 'star', points })], `${row.text}\nnominated at ${time(at)}`);
  }
}

function drawServerWords(chart, row, scale) {
  for (const r of row.object.said ?? []) {
    const x = scale.x(r.t);
    const isGood = ['mapped', 'relayed', 'permitted'].includes(r.why);
    const shape = isGood ? svg('circle', { class: 'said', cx: x, cy: row.mid, r: 5 }) : cross(x, row.mid);
    tipped(chart, [svg('circle', { class: 'hit', cx: x, cy: row.mid, r: 7 }), shape], `${row.text}\n${sayServer(r)}\nat ${time(r.t)}`);
  }
}

function sayServer(r) {
  const code = r.code ? ` (${r.code})` : '';
  const addr = r.addr && ['mapped', 'relayed', 'permitted', 'forbidden'].includes(r.why) ? ` ${r.addr}` : '';
  return `${why(r.why)}${code}${addr}`;
}

function drawChart(model, layout, scale) {
  const chart = svg('svg', { width: scale.width, height: layout.height, role: 'img', 'aria-label': 'Checks and states over time' });
  layout.rows.forEach((row, i) => {
    row.mid = row.y + row.h / 2;
    chart.append(svg('rect', { class: i % 2 ? 'row odd' : 'row', x: 0, y: row.y, width: scale.width, height: row.h }));
    if (row.kind === 'lane') chart.append(svg('line', { class: 'rail', x1: 0, y1: row.mid, x2: scale.width, y2: row.mid }));
  });
  drawTicks(chart, scale, layout.height);
  const lanes = layout.rows.filter((r) => r.kind === 'lane');
  const find = {
    row: (object) => lanes.find((r) => r.object === object),
    base: (local) => lanes.find((r) => r.object === local) ?? lanes.find((r) => model.locals.includes(r.object) && r.object.id === local.base),
    server: (addr) => lanes.find((r) => model.servers.includes(r.object) && !r.object.turn && r.object.addr === addr),
    remote: (addr) => lanes.find((r) => model.remotes.includes(r.object) && r.object.addr === addr),
    any: lanes.find((r) => model.locals.includes(r.object)),
  };
  for (const x of exchanges(model)) {
    if (x.kind === 'ask') drawAsk(chart, x, scale, find, model);
    else drawOne(chart, x, scale, find);
  }
  for (const row of layout.rows) {
    if (row.kind === 'lane') drawServerWords(chart, row, scale);
    else drawBar(chart, row, scale, row.kind === 'pair' ? stateWords : {});
  }
  return chart;
}

// ---- the page

function legend() {
  const list = el('ul', { class: 'legend' });
  const add = (shape, text) => {
    const icon = svg('svg', { width: 26, height: 12 });
    icon.append(...shape);
    list.append(el('li', {}, icon, text));
  };
  add(arrow(2, 6, 22, 6, 'answered'), 'our check, answered');
  add([...arrow(2, 6, 18, 6, 'lost'), cross(20, 6)], 'lost');
  add(arrow(2, 6, 22, 6, 'refused'), 'refused, or dropped');
  add(arrow(2, 6, 22, 6, 'challenge'), 'asked for a login');
  add(arrow(22, 6, 4, 6, 'theirs'), 'the peer’s check');
  add(arrow(2, 6, 22, 6, 'dtls'), 'DTLS');
  for (const state of ['frozen', 'waiting', 'in-progress', 'succeeded', 'failed']) {
    add([svg('rect', { class: `state-${state}`, x: 2, y: 1, width: 22, height: 10, rx: 2 })], `pair: ${stateWords[state]}`);
  }
  return list;
}

function table(names, rows) {
  const head = el('tr', {}, ...names.map((n) => el('th', { scope: 'col' }, n)));
  const body = rows.map((cells) => el('tr', {}, ...cells.map((cell, i) => {
    const td = el('td', { 'data-name': names[i] });
    if (cell instanceof Node) td.append(cell);
    else td.textContent = cell;
    if (/^(local|peer|address)$/.test(names[i])) td.className = 'addr';
    return td;
  })));
  return el('div', { class: 'table' }, el('table', { class: 'stack' }, el('thead', {}, head), el('tbody', {}, ...body)));
}

const pill = (text, kind) => el('span', { class: `pill ${kind}` }, text);

function pairTable(model) {
  const all = exchanges(model);
  return table(['pair', 'local', 'peer', 'came to', 'why', 'checks'], model.pairs.map((p) => {
    const last = p.spans.at(-1) ?? { state: 'free', why: 'none' };
    const mine = all.filter((x) => x.kind === 'ask' && x.m === 'ice' && x.first.local === p.local && x.first.addr === p.remote?.addr);
    const sent = mine.reduce((n, x) => n + x.sends.length, 0);
    const answered = mine.filter((x) => x.answer && !x.answer.drop).length;
    const came = all.filter((x) => x.kind === 'asked' && x.p.addr === p.remote?.addr && x.p.local === p.local).length;
    const kind = { succeeded: 'good', failed: 'bad' }[last.state] ?? 'open';
    const isNominated = p.marks.includes('nominated');
    const reason = isNominated ? `nominated${model.path === p ? '; data goes here' : ''}` : why(last.why) || 'not checked yet';
    return [String(p.id), `${p.local?.type ?? ''} ${p.local?.addr ?? '?'}${p.seen && p.seen !== p.local ? ` as ${p.seen.addr}` : ''}`,
      `${p.remote?.type ?? ''} ${p.remote?.addr ?? '?'}`, pill(stateWords[last.state] ?? last.state, kind), reason,
      `${sent} sent, ${answered} answered, ${came} came`];
  }));
}

function candidateTable(model) {
  const rows = model.locals.map((l) => ['this side', l.type === 'hidden' ? 'host, not told' : l.type, l.addr ?? '',
    l.gone !== undefined ? `gone at ${time(l.gone)}` : l.base === l.id ? `at ${time(l.at)}` : 'what others see of a socket']);
  for (const r of model.remotes) rows.push(['peer', r.type, r.addr ?? '', r.type === 'prflx' ? 'learned from its check' : `at ${time(r.at)}`]);
  for (const i of model.ignored) rows.push(['not used', '', i.what, why(i.why)]);
  return table(['of', 'type', 'address', 'note'], rows);
}

function serverTable(model) {
  return table(['server', 'address', 'said'], model.servers.map((s) => [
    s.url ?? (s.turn ? 'TURN' : 'STUN'), `${s.addr ?? 'not resolved'} ${s.transport}`,
    [...new Set(s.said.map(sayServer))].join('; ') || 'nothing so far']));
}

const card = (title, ...content) => el('section', { class: 'card' }, el('h2', {}, title), ...content);

function verdictOf(attempt) {
  const v = attempt.verdict;
  const [first, ...rest] = v.text.split(/(?<=[.:;]) (?=[A-Z])/);
  const facts = [attempt.begin.by, attempt.begin.at, attempt.begin.with ? `with ${attempt.begin.with}` : '',
    `${attempt.records.length} records`, attempt.missed ? `${attempt.missed} were missed` : '', v.code].filter(Boolean);
  const box = el('header', { class: 'verdict', 'data-mood': v.mood, 'data-code': v.code }, el('h1', {}, first));
  if (rest.length) box.append(el('p', { class: 'help' }, rest.join(' ')));
  box.append(el('p', {}, facts.join(' · ')));
  return box;
}

function chartCard(model) {
  const view = { zoom: 1, isFolded: true };
  const names = el('div', { class: 'names' });
  const scroll = el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Chart' });
  const times = [...model.packets.map((p) => p.at), ...model.notes.map((n) => n.at), ...model.pairs.flatMap((p) => p.spans.map((s) => s.from)), model.end];
  const layout = rowsOf(model);
  const draw = (keep = 0) => {
    const scale = makeScale(times, view.zoom, view.isFolded, scroll.clientWidth || 800);
    names.replaceChildren(drawNames(layout, names.clientWidth || 220));
    scroll.replaceChildren(drawChart(model, layout, scale));
    scroll.scrollLeft = keep * scroll.scrollWidth - scroll.clientWidth / 2;
    fold.setAttribute('aria-pressed', view.isFolded);
  };
  const zoomBy = (factor, at) => {
    const keep = (scroll.scrollLeft + (at ?? scroll.clientWidth / 2)) / scroll.scrollWidth;
    view.zoom = Math.min(Math.max(view.zoom * factor, 1), 2000);
    draw(keep);
  };
  const button = (text, label, act) => { const b = el('button', { type: 'button', title: label, 'aria-label': label }, text); b.onclick = act; return b; };
  const fold = button('fold silence', 'Give silence less room', () => { view.isFolded = !view.isFolded; view.zoom = 1; draw(); });
  scroll.addEventListener('wheel', (e) => {
    if (!e.ctrlKey && !e.metaKey) return;
    e.preventDefault();
    zoomBy(e.deltaY < 0 ? 1.25 : 0.8, e.clientX - scroll.getBoundingClientRect().left);
  }, { passive: false });
  const bar = el('div', { class: 'bar' }, el('h2', {}, 'What happened'), fold, button('−', 'Zoom out', () => zoomBy(0.6)),
    button('+', 'Zoom in (or Ctrl and the wheel)', () => zoomBy(1.7)), button('all', 'Show all', () => { view.zoom = 1; draw(); }));
  addEventListener('resize', () => draw());
  requestAnimationFrame(() => draw());
  return el('section', { class: 'card' }, bar, el('div', { class: 'chart' }, names, scroll), legend());
}

function notesOf(model) {
  return table(['when', 'what'], model.notes.map((n) => [time(n.at), n.text]));
}

function show(attempts, index) {
  const attempt = attempts[index];
  const model = understand(attempt);
  const page = document.getElementById('page');
  page.replaceChildren(verdictOf(attempt));
  if (attempts.length > 1) {
    const choice = el('select', { 'aria-label': 'Attempt' }, ...attempts.map((a, i) => el('option', { value: i }, `attempt ${i + 1}: ${a.verdict.code}`)));
    choice.value = index;
    choice.onchange = () => show(attempts, Number(choice.value));
    page.append(el('div', { class: 'bar' }, choice));
  }
  page.append(chartCard(model));
  if (model.pairs.length) page.append(card('Pairs', pairTable(model)));
  if (model.servers.length) page.append(card('Servers', serverTable(model)));
  page.append(card('Candidates', candidateTable(model)), card('Turning points', notesOf(model)));
  const raw = el('pre', {}, attempt.records.map((r) => JSON.stringify(r)).join('\n'));
  page.append(el('details', { class: 'card' }, el('summary', {}, 'All records'), raw));
}

function watchTips() {
  const tip = el('div', { id: 'tip', role: 'tooltip', hidden: '' });
  document.body.append(tip);
  const at = (e) => {
    const target = e.target.closest?.('[data-tip]');
    tip.hidden = !target;
    if (!target) return;
    tip.textContent = target.dataset.tip;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(6, Math.min(e.clientX + 14, innerWidth - box.width - 6))}px`;
    tip.style.top = `${e.clientY + 18 + box.height > innerHeight ? e.clientY - box.height - 10 : e.clientY + 18}px`;
  };
  addEventListener('pointermove', at);
  addEventListener('pointerdown', at);
  addEventListener('scroll', () => { tip.hidden = true; }, true);
}

const attempts = JSON.parse(document.getElementById('data').textContent);
show(attempts, attempts.length - 1);
watchTips();
