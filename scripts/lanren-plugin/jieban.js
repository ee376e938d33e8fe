'use strict';

// Jieban as a plugin of 懒人客服 (ChatGPT-On-CS).
//
// Paste this whole file into a new plugin of the helper and fill in the four lines below.
// README.md beside this file says where, and what to expect. 中文安装说明也在那里。

const BASE = 'http://127.0.0.1:8700'; // where Jieban answers 接班服务的地址
const SOURCE = 'lanren'; //              the bridge source this helper is 来源名
const TOKEN = ''; //                     that source's bearer token 来源的令牌
const WAIT_MS = 15000; //                how long a customer's window may wait, all in all 最多等待（毫秒）

// The helper calls main(ctx, messages) each time a window has something new, with everything that
// is visible in it, and sends whatever comes back. Three facts of its runtime decide the form of
// this file: `main` must be an async function of its own (a promise from a plain one is refused);
// only axios and a few built-in modules can be required, and there is no `process`, `fetch` or
// `Buffer`; and when a plugin throws, the helper sends the customer its own default sentence. So
// nothing here throws, and every doubt ends in silence.

const SILENCE = { content: '', type: 'NO_REPLY' };
const LONGEST_WAIT_MS = 25000; // the service holds an answer no longer than this
const LARGEST_ANSWER = 1024 * 1024;

async function main(ctx, messages) {
  try {
    const settings = readSettings();
    const body = JSON.stringify({
      ctx: contextOf(ctx),
      msgs: windowOf(messages),
      wait_ms: settings.ask,
    });
    const answer = await within(settings.wait, (left) =>
      httpClient()(settings.url, settings.headers, body, left),
    );
    return replyIn(answer);
  } catch (error) {
    console.error(`jieban: no reply: ${reasonOf(error)}`);
    return { ...SILENCE };
  }
}

// Constants above, or the environment where there is one (a plain Node process).
function readSettings() {
  const env = typeof process === 'object' && process ? process.env : {};
  const base = env.JIEBAN_BRIDGE_URL || BASE;
  const source = env.JIEBAN_BRIDGE_SOURCE || SOURCE;
  const token = env.JIEBAN_BRIDGE_TOKEN || TOKEN;
  const asked = Number(env.JIEBAN_BRIDGE_WAIT_MS || WAIT_MS);
  if (!token) throw failure('no token is set');

  const wait = Math.min(asked > 0 ? Math.round(asked) : 15000, LONGEST_WAIT_MS);
  return {
    url: `${base.replace(/\/+$/, '')}/v1/bridge/${encodeURIComponent(source)}/messages`,
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json; charset=utf-8',
      Accept: 'application/json',
    },
    wait,
    // The service is asked to answer a little earlier than we hang up: an answer cut off on its
    // way would count as delivered there and never be read here.
    ask: wait - Math.min(1000, Math.ceil(wait / 10)),
  };
}

// The helper's context is a Map; its test page hands over a plain object. Older versions named the
// keys `username`, `app_id`.
function contextOf(ctx) {
  const context = {};
  const take = (value, key) => {
    if (value === undefined || value === null) return;
    const name = /^CTX_/.test(key) ? key : `CTX_${String(key).toUpperCase()}`;
    context[name] = typeof value === 'string' ? value : JSON.stringify(value);
  };
  if (ctx && typeof ctx.forEach === 'function') ctx.forEach(take);
  else if (ctx) Object.keys(ctx).forEach((key) => take(ctx[key], key));
  return context;
}

// The whole visible window: the service finds out what is new in it.
function windowOf(messages) {
  const text = (value) => (value === undefined || value === null ? '' : String(value));
  const msgs = Array.from(messages || [], (message) => ({
    sender: text(message.sender),
    content: text(message.content),
    role: text(message.role),
    type: text(message.type),
  }));
  if (msgs.length === 0) throw failure('the window is empty');
  return msgs;
}

// Only `reply` of an answer of type TEXT may reach a customer. Suggestions have fields of their
// own, and are for the agent; this helper has no place to show them.
function replyIn(answer) {
  if (answer.status < 200 || answer.status > 299) throw failure(`status ${answer.status}`);
  if (answer.status !== 200) return { ...SILENCE };

  let said = answer.data;
  if (typeof said === 'string') {
    try {
      said = JSON.parse(said);
    } catch {
      throw failure('the answer is not JSON'); // the parser's own words would quote it
    }
  }
  const sendable =
    said !== null &&
    typeof said === 'object' &&
    said.type === 'TEXT' &&
    said.action !== 'suggest' &&
    typeof said.reply === 'string' &&
    said.reply.trim() !== '';
  return sendable ? { content: said.reply, type: 'TEXT' } : { ...SILENCE };
}

// axios is what the helper's plugins have; fetch is what Node has. Both go straight to the service:
// the token follows no redirect and no proxy.
function httpClient() {
  let axios = null;
  try {
    axios = require('axios');
  } catch {
    // not inside the helper
  }
  if (axios) {
    return (url, headers, body, timeout) =>
      axios.post(url, body, {
        headers,
        timeout,
        maxRedirects: 0,
        proxy: false,
        maxContentLength: LARGEST_ANSWER,
        validateStatus: () => true,
      });
  }
  return async (url, headers, body, timeout) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    });
    return { status: answer.status, data: await answer.text() };
  };
}

// A client's own timeout may mean "nothing came for so long"; this one means "no longer than this".
async function within(ms, work) {
  let alarm;
  const late = new Promise((_, reject) => {
    alarm = setTimeout(() => reject(failure(`no answer in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work(ms), late]);
  } finally {
    clearTimeout(alarm);
  }
}

function failure(reason) {
  return Object.assign(new Error(reason), { reason });
}

// Our own reason, or a code like ECONNREFUSED: never a message of somebody else's, which may quote
// what a customer wrote.
function reasonOf(error) {
  const { reason, code, cause, name } = error || {};
  const known = [reason, code, cause && cause.code, name];
  return known.find((word) => typeof word === 'string' && word !== '') || 'unknown';
}

module.exports = main;
