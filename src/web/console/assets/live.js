// One stream for all tabs of a browser. The tab that holds the lock holds the stream and tells the others what has
// changed; each fetches the live part of its own page from its own address, and puts it in place.

const CHANNEL = 'jieban-live';
const topics = () => document.body.dataset.topics.split(' ').filter(Boolean);

let stream = null;
let looked = '';
const tabs = new Map();
const me = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
const channel = 'BroadcastChannel' in window ? new BroadcastChannel(CHANNEL) : null;
let leading = false;

// Somebody who signs out is on his way already.
let leaving = false;
window.addEventListener('beforeunload', () => { leaving = true; });
function reload() { if (!leaving) location.reload(); }

let fetching = false;
let again = false;

/** Fetches the live part and puts it in place of what is there, once at a time. */
export async function refresh() {
  if (fetching) { again = true; return; }
  fetching = true;
  try {
    do {
      again = false;
      // As the page says, not the browser: a page that answered a form is loaded from somewhere else.
      const address = new URL(document.body.dataset.address, location.href);
      for (const name of ['done', 'fill']) address.searchParams.delete(name);
      const answer = await fetch(address, { headers: { 'x-part': '1' }, credentials: 'same-origin', redirect: 'manual' });
      if (answer.type === 'opaqueredirect') { reload(); return; }
      if (answer.ok) place(await answer.text());
    } while (again);
  } catch {
    // The stream says when the house is back.
  } finally {
    fetching = false;
  }
}

const shown = new Map();

function place(html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html');
  let changed = false;
  for (const part of fresh.querySelectorAll('[data-live]')) {
    const old = document.getElementById(part.id);
    if (!old) continue;
    const text = part.innerHTML;
    if (shown.get(part.id) === text || (!shown.has(part.id) && old.innerHTML === text)) { shown.set(part.id, text); continue; }
    // Nobody loses what he is typing.
    const active = document.activeElement;
    if (old.contains(active) && active.matches('input:not([type="hidden"]), textarea, select')) continue;
    if (old.querySelector('details[open] form')) continue;
    const focus = old.contains(active) ? active.id : '';
    const scroller = old.querySelector('[data-scroll]');
    const atEnd = scroller ? scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40 : false;
    const top = scroller ? scroller.scrollTop : 0;
    for (const name of part.getAttributeNames()) old.setAttribute(name, part.getAttribute(name));
    old.replaceChildren(...part.childNodes);
    shown.set(part.id, text);
    const now = old.querySelector('[data-scroll]');
    if (now) now.scrollTop = atEnd ? now.scrollHeight : top;
    if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
    changed = true;
  }
  if (changed) document.dispatchEvent(new CustomEvent('live'));
}

function offline(is) {
  for (const sign of document.querySelectorAll('[data-offline]')) sign.hidden = !is;
}

function heard(message) {
  if (message.what === 'changed') {
    const mine = topics();
    if (message.topics.some((topic) => mine.includes(topic))) refresh();
  } else if (message.what === 'hello') {
    document.documentElement.dataset.live = stream ? 'leads' : 'follows';
    offline(false);
    refresh();
  } else if (message.what === 'lost') {
    offline(true);
  } else if (message.what === 'out') {
    reload();
  }
}

function tell(message) {
  heard(message);
  channel?.postMessage(message);
}

function open() {
  const wanted = [...new Set([topics(), ...tabs.values()].flat())].sort().join(' ');
  if (stream && looked === wanted) return;
  stream?.close();
  looked = wanted;
  stream = null;
  if (!wanted) return;
  stream = new EventSource('/console/live?see=' + encodeURIComponent(wanted));
  stream.addEventListener('hello', () => tell({ what: 'hello' }));
  stream.addEventListener('changed', (event) => tell({ what: 'changed', topics: event.data.split(' ') }));
  stream.addEventListener('out', () => tell({ what: 'out' }));
  stream.addEventListener('error', () => {
    tell({ what: 'lost' });
    // Refused outright: the browser gives up, we do not.
    if (stream && stream.readyState === EventSource.CLOSED) {
      looked = '';
      setTimeout(open, 3000);
    }
  });
}

function lead() {
  leading = true;
  channel?.postMessage({ what: 'who' });
  open();
}

export function start() {
  if (!topics().length) return;
  if (channel) {
    channel.onmessage = ({ data }) => {
      if (data.what === 'want' && leading) {
        tabs.set(data.tab, data.topics);
        open();
      } else if (data.what === 'bye' && leading) {
        tabs.delete(data.tab);
        open();
      } else if (data.what === 'who') {
        channel.postMessage({ what: 'want', tab: me, topics: topics() });
      } else {
        heard(data);
      }
    };
    window.addEventListener('pagehide', () => channel.postMessage({ what: 'bye', tab: me }));
  }
  if (channel && navigator.locks) {
    channel.postMessage({ what: 'want', tab: me, topics: topics() });
    // Held until this tab goes; then another takes over.
    navigator.locks.request(CHANNEL, () => { lead(); return new Promise(() => {}); });
  } else {
    // Without locks (plain http across a network) a tab has a stream of its own while it is looked at.
    const look = () => {
      if (document.hidden) { stream?.close(); stream = null; looked = ''; } else { lead(); }
    };
    document.addEventListener('visibilitychange', look);
    look();
  }
  // Back from the browser's cache of pages: what it shows is old.
  window.addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
}
