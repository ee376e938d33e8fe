// What comes after the page: messages sent without loading it, replies as they come. Without this the form works.

const { body } = document;
const home = body.dataset.chat;
const words = body.dataset;
const $ = (selector, of = document) => of.querySelector(selector);
const log = $('[data-log]');
const scroll = $('[data-scroll]');
const box = $('#box');
const form = $('[data-form]');
document.documentElement.classList.add('scripted');

let after = Number(words.after);
const fetched = (path, fields) => fetch(home + path, {
  credentials: 'same-origin', redirect: 'error',
  ...(fields && { method: 'POST', headers: { 'x-chat': '1' }, body: new URLSearchParams(fields) }),
});

// ---- the log

function atEnd() { return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80; }
function toEnd() { scroll.scrollTop = scroll.scrollHeight; }

function item(from, text, time = '') {
  const line = document.createElement('li');
  line.className = from;
  const who = document.createElement('span');
  who.className = 'who';
  who.textContent = words[from];
  const said = document.createElement('p');
  said.textContent = text;
  const at = document.createElement('time');
  at.textContent = time;
  line.append(who, said, at);
  return line;
}

/** A message that the house tells us of: shown once, whoever wrote it here before. */
function show(line) {
  after = Math.max(after, line.id);
  const known = $(`li[data-id="${line.id}"]`, log)
    ?? (line.key && [...log.children].find((it) => it.dataset.key === line.key));
  const end = atEnd();
  const shown = known || item(line.from, line.text, line.time);
  shown.dataset.id = line.id;
  if (line.key) { shown.dataset.key = line.key; $('.state', shown)?.remove(); $('time', shown).textContent = line.time; }
  if (!known) {
    // A reply that was held up stands where it belongs: behind what was said before it.
    const next = [...log.children].find((it) => Number(it.dataset.id) > line.id);
    log.insertBefore(shown, next ?? null);
  }
  if (end) toEnd();
  if (line.reply) confirm(line.reply);
}

// ---- what is on the screen is confirmed, until the house has heard it

const unheard = new Set();
let confirming = false;
async function confirm(reply) {
  if (reply) unheard.add(reply);
  if (confirming || !unheard.size) return;
  confirming = true;
  const now = [...unheard].slice(0, 50);
  let heard = false;
  try {
    heard = (await fetched('/seen', { replies: now.join(',') })).ok;
  } catch { /* again below */ }
  confirming = false;
  if (heard) for (const id of now) unheard.delete(id);
  if (unheard.size) setTimeout(confirm, heard ? 0 : 2000);
}

// ---- replies as they come; where streams are held up on the way, by asking

let stream = null;
let polling = 0;
let offline = 0;

function connected(is) {
  clearTimeout(offline);
  if (is) $('[data-offline] span').hidden = true;
  // A blink is not worth a word.
  else offline = setTimeout(() => { $('[data-offline] span').hidden = false; }, 2000);
}

function listen() {
  if (stream || !('EventSource' in window)) { if (!stream) poll(); return; }
  stream = new EventSource(`${home}/stream?after=${after}`);
  // Some proxies swallow streams: nothing comes, and nothing fails.
  const silent = setTimeout(() => { stop(); poll(); }, 8000);
  stream.addEventListener('hello', () => {
    clearTimeout(silent);
    document.documentElement.dataset.live = 'yes';
    clearTimeout(polling);
    connected(true);
    retryAll();
  });
  stream.addEventListener('line', (event) => show(JSON.parse(event.data)));
  stream.addEventListener('error', () => {
    connected(false);
    // Refused outright: the browser gives up, we do not.
    if (stream?.readyState === EventSource.CLOSED) { clearTimeout(silent); stop(); poll(); }
  });
}

function stop() { stream?.close(); stream = null; delete document.documentElement.dataset.live; }

let polls = 0;
async function poll() {
  clearTimeout(polling);
  try {
    const answer = await fetched(`/lines?after=${after}`);
    if (answer.ok) { connected(true); (await answer.json()).forEach(show); retryAll(); } else { connected(false); }
  } catch {
    connected(false);
  }
  polls += 1;
  polling = setTimeout(polls % 5 ? poll : listen, document.hidden ? 10000 : 3000);
}

// ---- sending

const waiting = new Map();
function makeKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
function complain(text) { $('[data-wrong]').textContent = text; }

function state(line, text, again) {
  let sign = $('.state', line);
  if (!sign) { sign = document.createElement('span'); sign.className = 'state'; line.append(sign); }
  sign.textContent = text;
  sign.classList.toggle('bad', Boolean(again));
  if (again) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = words.again;
    button.addEventListener('click', () => { again(); box.focus(); });
    sign.append(button);
  }
}

/** Sends a message, or sends it again: by its key it is the same. */
async function deliver(key) {
  const it = waiting.get(key);
  if (!it || it.going) return;
  it.going = true;
  state(it.line, words.sending);
  let answer;
  try {
    answer = await fetched('/messages', { key, text: it.text });
  } catch {
    it.going = false;
    state(it.line, words.unsent, () => deliver(key));
    connected(false);
    return;
  }
  it.going = false;
  if (answer.ok) {
    waiting.delete(key);
    $('.state', it.line)?.remove();
    complain('');
    if (!stream) listen();
    return;
  }
  state(it.line, words.unsent, () => deliver(key));
  if (answer.status === 429) {
    complain(words.fast);
    setTimeout(() => deliver(key), 1000 * (Number(answer.headers.get('retry-after')) || 3));
  } else if (answer.status === 403) {
    complain(words.session);
    $('[data-window]').hidden = false;
  } else if (answer.status === 413 || answer.status === 422) {
    complain(words.long);
  } else {
    complain(words.busy);
  }
}

function retryAll() { for (const key of waiting.keys()) deliver(key); }

function send() {
  const text = box.value.trim();
  box.focus();
  if (!text) return;
  const key = makeKey();
  const line = item('me', text);
  line.dataset.key = key;
  log.append(line);
  toEnd();
  waiting.set(key, { text, line, going: false });
  box.value = '';
  complain('');
  deliver(key);
}

form.addEventListener('submit', (event) => { event.preventDefault(); send(); });
// Enter belongs to the input method while it is at work, and a moment longer: some end their work with it.
let composed = 0;
box.addEventListener('compositionend', () => { composed = performance.now(); });
box.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  if (performance.now() - composed < 50) return;
  event.preventDefault();
  send();
});

// ---- pictures and files are refused in words, before they are sent

const files = (data) => data && [...data.items ?? []].some((it) => it.kind === 'file');
box.addEventListener('paste', (event) => {
  if (!files(event.clipboardData)) return;
  event.preventDefault();
  complain(words.file);
});
for (const name of ['dragover', 'drop']) {
  document.addEventListener(name, (event) => {
    if (![...event.dataTransfer?.types ?? []].includes('Files')) return;
    event.preventDefault();
    if (name === 'drop') complain(words.file);
  });
}

// ---- beginning

for (const line of log.children) if (line.dataset.reply) confirm(line.dataset.reply);
toEnd();
// In a frame, when the customer comes to it; browsers refuse what comes sooner.
if (window.top === window) box.focus(); else window.addEventListener('focus', () => box.focus(), { once: true });
if (words.known) listen();
// Back from the browser's cache of pages: what it shows is old.
window.addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
