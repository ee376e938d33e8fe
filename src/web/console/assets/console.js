// Keys, clocks and small conveniences. Every page works without them.
import { start } from './live.js';

document.documentElement.classList.add('scripted');
const $ = (selector, of = document) => of.querySelector(selector);
const all = (selector, of = document) => [...of.querySelectorAll(selector)];

/** An input method is at work: what is typed belongs to it. */
const composing = (event) => event.isComposing || event.keyCode === 229;
const typing = (element) => element.matches('input, textarea, select, [contenteditable]');

// Waits grow by themselves.
const LEVELS = [60, 100, 150];
// By the house's clock: this machine's may be wrong.
const ahead = Number(document.body.dataset.now) - Date.now();
const words = document.body.dataset.wordsLevel.split('|');
function clocks() {
  for (const wait of all('[data-since]')) {
    const seconds = Math.max(0, Math.floor((Date.now() + ahead - Number(wait.dataset.since)) / 1000));
    const two = (n) => String(n).padStart(2, '0');
    const hours = Math.floor(seconds / 3600);
    const text = (hours ? hours + ':' + two(Math.floor(seconds / 60) % 60) : Math.floor(seconds / 60)) + ':' + two(seconds % 60);
    const place = $('[data-text]', wait);
    if (place.textContent !== text) place.textContent = text;
    const level = LEVELS.filter((least) => seconds >= least).length;
    const holder = wait.closest('.row') || wait;
    for (const n of [1, 2, 3]) holder.classList.toggle('level-' + n, level === n);
    const word = level ? words[level - 1] || '' : '';
    const sign = $('[data-level]', wait);
    if (sign && sign.textContent !== word) sign.textContent = word;
  }
}
clocks();
setInterval(clocks, 1000);

// A form is sent once.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method === 'dialog') return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = '1';
  setTimeout(() => delete form.dataset.sent, 4000);
});
for (const select of all('select[data-submit]')) select.addEventListener('change', () => select.form.submit());
for (const link of all('[data-select]')) link.addEventListener('focus', () => link.select());

// The latest is at the end.
function toEnd() { for (const list of all('[data-scroll]')) list.scrollTop = list.scrollHeight; }
toEnd();

// A narrow window shows the week around now.
function toNow() {
  for (const box of all('.week-box')) {
    const now = $('.now', box);
    if (!now || box.scrollLeft) continue;
    box.scrollLeft = Number(now.getAttribute('x1')) / $('.week', box).viewBox.baseVal.width * box.scrollWidth - box.clientWidth / 2;
  }
}
toNow();

// What is being written survives a reload, in this browser tab only.
const box = $('[data-box]');
const composer = $('[data-composer]');
if (box && composer) {
  const key = 'draft-' + composer.dataset.draft;
  if (!box.value && location.search.includes('done=sent')) sessionStorage.removeItem(key);
  else if (!box.value) box.value = sessionStorage.getItem(key) || '';
  box.addEventListener('input', () => sessionStorage.setItem(key, box.value));
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !composing(event)) {
      event.preventDefault();
      composer.requestSubmit();
    }
  });
  if (location.search.includes('fill=') || $('.composer .note[role="alert"]')) { box.focus(); box.setSelectionRange(box.value.length, box.value.length); }
}

// Where words are all there is to say, a chord sends them.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || composing(event) || !event.target.matches('[data-chord]')) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

function fill(card) {
  const text = $('[data-card-text]', card)?.value;
  if (text === undefined || !box) return;
  box.value = text;
  box.dispatchEvent(new Event('input'));
  box.focus();
  const gap = text.indexOf('【');
  if (gap >= 0) box.setSelectionRange(gap, text.indexOf('】', gap) + 1);
  else box.setSelectionRange(text.length, text.length);
}
document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-card-fill]');
  if (link && box && !event.ctrlKey && !event.metaKey) { event.preventDefault(); fill(link.closest('[data-card]')); }
});

// New messages are said once; what he writes against is what he sees.
document.addEventListener('live', () => {
  const chat = $('#live-chat');
  const seen = $('[data-seen-field]');
  if (chat && seen && chat.dataset.seen !== seen.value) {
    seen.value = chat.dataset.seen;
    const last = $('.messages .theirs:last-of-type .bubble');
    if (last) $('[data-said]').textContent = last.textContent;
  }
  clocks();
  toNow();
});

// Keys.
const help = $('[data-help-dialog]');
const singles = $('[data-single-keys]');
if (singles) {
  singles.checked = localStorage.getItem('single-keys') !== 'off';
  singles.addEventListener('change', () => localStorage.setItem('single-keys', singles.checked ? 'on' : 'off'));
}
const singleKeys = () => !singles || singles.checked;
$('[data-help]')?.addEventListener('click', () => help?.showModal());

let went = 0;
function go(key) {
  const item = $(`[data-go="${CSS.escape(key)}"]`);
  if (item) item.click();
  return Boolean(item);
}
function move(by) {
  const rows = all('[data-row]');
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  const next = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by));
  rows[next].focus();
  rows[next].scrollIntoView({ block: 'nearest' });
}

document.addEventListener('keydown', (event) => {
  if (composing(event) || event.defaultPrevented) return;
  const digit = /^Digit([1-3])$/.exec(event.code);
  if (event.altKey && !event.ctrlKey && !event.metaKey && digit) {
    const card = $(`[data-card="${digit[1]}"]`);
    if (!card) return;
    event.preventDefault();
    const send = $('[data-card-send]', card);
    // What lacks a blank cannot be sent as it is; it goes into the box.
    if (event.shiftKey || !send) fill(card);
    else send.form.requestSubmit(send);
    return;
  }
  if (event.key === 'Escape' && typing(event.target)) { event.target.blur(); return; }
  if (event.altKey || event.ctrlKey || event.metaKey || typing(event.target) || help?.open || !singleKeys()) return;
  const key = event.key;
  if (Date.now() - went < 1500 && key.length === 1) {
    went = 0;
    if (go(key)) event.preventDefault();
    return;
  }
  const act = {
    g: () => { went = Date.now(); },
    j: () => move(1),
    k: () => move(-1),
    '/': () => $('[data-search]')?.focus(),
    u: () => { location.href = $('[data-up]')?.href || '/console/inbox'; },
    r: () => box?.focus(),
    // The case of this conversation, or a new one; from the case back to its conversation.
    c: () => { const link = $('[data-case]') || $('[data-talk]'); if (link) link.click(); else $('[data-case-new]')?.focus(); },
    a: () => $('[data-approve]')?.focus(),
    '?': () => help?.showModal(),
  }[key];
  if (act) { event.preventDefault(); act(); }
});

start();
