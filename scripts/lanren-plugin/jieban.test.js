'use strict';

// A tiny HTTP server plays Jieban; two runtimes play the plugin's side:
//   helper  the plugin as 懒人客服 runs it: in a vm, few names, axios the only way out
//   node    the plugin as a plain module, settings from the environment, fetch the way out

const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const test = require('node:test');
const vm = require('node:vm');

const FILE = path.join(__dirname, 'jieban.js');
const TOKEN = 'bridge-token-for-tests';
const SILENCE = { content: '', type: 'NO_REPLY' };

const CTX = {
  CTX_APP_NAME: '千牛',
  CTX_APP_ID: 'win_qianniu',
  CTX_INSTANCE_ID: '3',
  CTX_USERNAME: 'tb_小鱼🐟',
  CTX_PLATFORM: 'taobao',
  CTX_CURRENT_GOODS: '保温杯 500ml',
  CTX_CURRENT_GOODS_ID: '667788990011',
  CTX_ORDER_ID: '2871234567890123456',
};
const WINDOW = [
  { sender: '系统', content: '买家正在查看商品', role: 'SYSTEM', type: 'TEXT' },
  { sender: 'tb_小鱼🐟', content: '在吗', role: 'OTHER', type: 'TEXT' },
  { sender: '客服小美', content: '在的呢', role: 'SELF', type: 'TEXT' },
  { sender: 'tb_小鱼🐟', content: 'https://img.example/1.png', role: 'OTHER', type: 'IMAGE' },
  { sender: 'tb_小鱼🐟', content: '我的快递到哪了“急”\n第二行🚚', role: 'OTHER', type: 'TEXT' },
];

// --- the service ---------------------------------------------------------------------------------

/** Serves `answer(response, request)` for each post and keeps what was posted. */
async function service(t, answer) {
  const posts = [];
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      posts.push({
        method: request.method,
        path: request.url,
        headers: request.headers,
        text: Buffer.concat(chunks).toString('utf8'),
      });
      answer(response, request);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { posts, base: `http://127.0.0.1:${server.address().port}` };
}

function json(status, value) {
  return (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(typeof value === 'string' ? value : JSON.stringify(value));
  };
}

// --- the two runtimes ----------------------------------------------------------------------------

/** What the plugin uses of axios: post, the options it passes, JSON parsed where it is JSON. */
const axiosStandIn = {
  post: (url, data, config) =>
    new Promise((resolve, reject) => {
      assert.equal(config.maxRedirects, 0);
      assert.equal(config.proxy, false);
      const request = http.request(url, { method: 'POST', headers: config.headers }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          let parsed = text;
          try {
            parsed = JSON.parse(text);
          } catch {
            // axios hands over the text
          }
          resolve({ status: response.statusCode, data: parsed });
        });
      });
      request.setTimeout(config.timeout, () =>
        request.destroy(Object.assign(new Error('timeout'), { code: 'ECONNABORTED' })),
      );
      request.on('error', reject);
      request.end(data);
    }),
};

async function inHelper({ base, token = TOKEN, wait = 2000 }, ctx, messages) {
  // As an operator fills in the four lines.
  const set = (code, name, value) => {
    const line = new RegExp(`^const ${name} = [^;]*;`, 'm');
    assert.match(code, line);
    return code.replace(line, `const ${name} = ${JSON.stringify(value)};`);
  };
  let code = fs.readFileSync(FILE, 'utf8');
  code = set(code, 'BASE', base);
  code = set(code, 'SOURCE', 'lanren');
  code = set(code, 'TOKEN', token);
  code = set(code, 'WAIT_MS', wait);

  const log = [];
  const note = (...words) => log.push(words.join(' '));
  const modules = { axios: axiosStandIn, fs, path };
  const sandbox = {
    setTimeout,
    setInterval,
    clearTimeout,
    clearInterval,
    console: { log: note, info: note, warn: note, error: note },
    module: {},
    exports: {},
    ctx,
    messages,
    require: (name) => {
      if (modules[name]) return modules[name];
      throw new Error(`no module ${name}`);
    },
  };
  vm.createContext(sandbox);
  vm.runInContext(`\n${code}\nmodule.exports = main;\n`, sandbox);

  const main = sandbox.module.exports;
  assert.equal(typeof main, 'function');
  assert.equal(main[Symbol.toStringTag], 'AsyncFunction', 'else the helper takes the promise itself');
  return { reply: { ...(await main(ctx, messages)) }, log };
}

async function inNode({ base, token = TOKEN, wait = 2000 }, ctx, messages) {
  const settings = {
    JIEBAN_BRIDGE_URL: `${base}/`,
    JIEBAN_BRIDGE_SOURCE: 'lanren',
    JIEBAN_BRIDGE_TOKEN: token,
    JIEBAN_BRIDGE_WAIT_MS: String(wait),
  };
  const log = [];
  const error = console.error;
  console.error = (...words) => log.push(words.join(' '));
  Object.assign(process.env, settings);
  try {
    return { reply: await require(FILE)(ctx, messages), log };
  } finally {
    console.error = error;
    for (const name of Object.keys(settings)) delete process.env[name];
  }
}

/** One line, with neither the token nor anything a customer or the service wrote. */
function assertOneDiscreetLine(log, reason) {
  assert.equal(log.length, 1, `one line, not ${JSON.stringify(log)}`);
  assert.match(log[0], reason);
  assert.doesNotMatch(log[0], /[\u4e00-\u9fff\n]|bridge-token/);
}

for (const [runtime, run] of [['helper', inHelper], ['node', inNode]]) {
  const ask = (at, ctx = new Map(Object.entries(CTX)), messages = WINDOW) => run(at, ctx, messages);
  const story = (name, body) => test(`${runtime}: ${name}`, body);

  story('the service\'s reply is handed to the helper', async (t) => {
    const said = '亲，您的包裹正在路上，订单 2871234567890123456 预计明天送达🚚';
    const at = await service(
      t,
      json(200, { reply: said, content: said, type: 'TEXT', reply_id: 'o_1', action: 'send' }),
    );
    const { reply, log } = await ask(at);
    assert.deepEqual(reply, { content: said, type: 'TEXT' });
    assert.deepEqual(log, []);
  });

  story('what is sent is `reply`, whatever else the answer holds', async (t) => {
    const at = await service(t, json(200, { reply: '您好', content: '别的', type: 'TEXT' }));
    assert.deepEqual((await ask(at)).reply, { content: '您好', type: 'TEXT' });
  });

  story('the whole window is posted once, in the bridge\'s shape, with the token', async (t) => {
    const at = await service(t, json(200, { reply: null, type: 'NO_REPLY' }));
    await ask({ ...at, wait: 15000 });

    assert.equal(at.posts.length, 1);
    const [post] = at.posts;
    assert.equal(post.method, 'POST');
    assert.equal(post.path, '/v1/bridge/lanren/messages');
    assert.equal(post.headers.authorization, `Bearer ${TOKEN}`);
    assert.match(post.headers['content-type'], /^application\/json/);
    assert.deepEqual(JSON.parse(post.text), { ctx: CTX, msgs: WINDOW, wait_ms: 14000 });
  });

  story('odd contexts and messages become strings of the same shape', async (t) => {
    const at = await service(t, json(200, { reply: null, type: 'NO_REPLY' }));
    const ctx = {
      username: '小鱼',
      app_id: 'pdd',
      CTX_HAS_NEW_MESSAGE: true,
      CTX_INSTANCE_ID: 3,
      CTX_ORDER_ID: null,
    };
    const messages = [
      { sender: null, content: '我的订单', role: 'OTHER', type: 'TEXT', extra: { any: 'thing' } },
    ];
    await ask(at, ctx, messages);
    assert.deepEqual(JSON.parse(at.posts[0].text), {
      ctx: {
        CTX_USERNAME: '小鱼',
        CTX_APP_ID: 'pdd',
        CTX_HAS_NEW_MESSAGE: 'true',
        CTX_INSTANCE_ID: '3',
      },
      msgs: [{ sender: '', content: '我的订单', role: 'OTHER', type: 'TEXT' }],
      wait_ms: 1800,
    });
  });

  story('the service is never asked to wait longer than it can', async (t) => {
    const at = await service(t, json(200, { reply: null, type: 'NO_REPLY' }));
    await ask({ ...at, wait: 600000 });
    assert.equal(JSON.parse(at.posts[0].text).wait_ms, 24000);
  });

  story('NO_REPLY and 202 are silence, without a word in the log', async (t) => {
    for (const answer of [
      json(200, { reply: null, content: '', type: 'NO_REPLY' }),
      json(200, { reply: null, type: 'NO_REPLY', reason: 'pending' }),
      json(202, { accepted: 2, duplicates: 3, conversation: 'c_1' }),
      json(202, { reply: '不该发', type: 'TEXT' }),
    ]) {
      const at = await service(t, answer);
      assert.deepEqual(await ask(at), { reply: SILENCE, log: [] });
    }
  });

  story('suggestions never leave as replies', async (t) => {
    const suggestions = [{ script: 'wuliu', text: '亲，这边帮您查一下' }];
    const text = suggestions[0].text;
    for (const value of [
      { reply: null, type: 'NO_REPLY', action: 'suggest', suggestions },
      { reply: null, type: 'TEXT', suggestions },
      { reply: '', type: 'TEXT', suggestions },
      { reply: '  \n', type: 'TEXT', suggestions },
      { type: 'TEXT', content: text, suggestions },
      { reply: null, content: text, type: 'TEXT' },
      { reply: text, type: 'NO_REPLY' },
      { reply: text, type: 'text' },
      { reply: text },
      { reply: text, type: 'TEXT', action: 'suggest' },
      { reply: { text }, type: 'TEXT' },
      { reply: [text], type: 'TEXT' },
      [{ reply: text, type: 'TEXT' }],
      text,
      'null',
      '""',
      '5',
    ]) {
      const at = await service(t, json(200, value));
      const { reply } = await ask(at);
      assert.deepEqual(reply, SILENCE, JSON.stringify(value));
    }
  });

  story('an error of the service is silence and one discreet line', async (t) => {
    const sendable = { reply: '我的快递到哪了', content: '我的快递到哪了', type: 'TEXT' };
    for (const status of [400, 401, 404, 413, 429, 500, 503]) {
      const at = await service(t, json(status, sendable));
      const { reply, log } = await ask(at);
      assert.deepEqual(reply, SILENCE);
      assertOneDiscreetLine(log, new RegExp(`status ${status}$`));
    }
  });

  story('an answer that is not JSON is silence and does not quote it', async (t) => {
    const at = await service(t, json(200, '您的包裹<html>'));
    const { reply, log } = await ask(at);
    assert.deepEqual(reply, SILENCE);
    assertOneDiscreetLine(log, /not JSON/);
  });

  story('a service that does not answer is left after the wait', async (t) => {
    const at = await service(t, () => {});
    const began = process.hrtime.bigint();
    const { reply, log } = await ask({ ...at, wait: 300 });
    const took = Number(process.hrtime.bigint() - began) / 1e6;
    assert.deepEqual(reply, SILENCE);
    assert.ok(took >= 290 && took < 2000, `${took} ms`);
    assertOneDiscreetLine(log, /no answer in 300 ms|ECONNABORTED|TimeoutError/);
  });

  story('a service that drips is left after the wait all the same', async (t) => {
    const drips = [];
    t.after(() => drips.forEach(clearInterval));
    const at = await service(t, (response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      drips.push(setInterval(() => response.write(' '), 50));
    });
    const { reply, log } = await ask({ ...at, wait: 300 });
    assert.deepEqual(reply, SILENCE);
    assertOneDiscreetLine(log, /no answer in 300 ms|TimeoutError/);
  });

  story('a service that is not there is silence', async () => {
    const closed = http.createServer();
    await new Promise((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address();
    await new Promise((resolve) => closed.close(resolve));
    const { reply, log } = await ask({ base: `http://127.0.0.1:${port}` });
    assert.deepEqual(reply, SILENCE);
    assertOneDiscreetLine(log, /ECONNREFUSED/);
  });

  story('a connection that breaks is silence', async (t) => {
    const at = await service(t, (response, request) => request.socket.destroy());
    const { reply, log } = await ask(at);
    assert.deepEqual(reply, SILENCE);
    assertOneDiscreetLine(log, /no reply: \w+$/);
  });

  story('the token follows no redirect', async (t) => {
    const other = await service(t, json(200, { reply: '别处', type: 'TEXT' }));
    const at = await service(t, (response) => {
      response.writeHead(307, { Location: `${other.base}/v1/bridge/lanren/messages` });
      response.end();
    });
    const { reply, log } = await ask(at);
    assert.deepEqual(reply, SILENCE);
    assert.equal(other.posts.length, 0);
    assertOneDiscreetLine(log, /status/);
  });

  story('without a token, or with nothing to tell, nothing is posted', async (t) => {
    const at = await service(t, json(200, { reply: '你好', type: 'TEXT' }));
    const unset = await ask({ ...at, token: '' });
    assert.deepEqual(unset.reply, SILENCE);
    assertOneDiscreetLine(unset.log, /no token/);

    for (const nothing of [[], null, undefined]) {
      const { reply, log } = await run(at, new Map(), nothing);
      assert.deepEqual(reply, SILENCE);
      assertOneDiscreetLine(log, /empty/);
    }
    assert.equal(at.posts.length, 0);
  });
}
