// The public API in a page of each browser. (`holdfast run` and the guests' hosts use it in Node, and only a coordinator in the browser.)
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { load, root } from './support/load.mjs';

const { browserNames, findBrowser, startBrowser } = await load('web/cli/browsers.ts', 'web/cli/launch.ts');

const HEADERS = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};
const FOLDERS = { dist: 'dist', guests: 'build/guests', companions: 'tests/companions' };

/** The file for a path such as /page-api.html, /dist/index.js or /guests/hello.wasm. */
function fileOf(url) {
  const [, folder, name] = /^\/(?:(\w+)\/)?([\w.-]+)$/.exec(url) ?? [];
  return name && path.join(root, folder ? (FOLDERS[folder] ?? 'absent') : 'tests/node/support', name);
}

/** Serves the page; `outcome` resolves to what it posts. */
async function serve(t) {
  let report;
  const outcome = new Promise((resolve) => (report = resolve));
  const server = http.createServer(async (request, response) => {
    if (request.method === 'POST') {
      report(JSON.parse(Buffer.concat(await request.toArray())));
      return response.writeHead(204, HEADERS).end();
    }
    const file = fileOf(request.url);
    if (!file || !fs.existsSync(file)) return response.writeHead(404, HEADERS).end();
    const type = TYPES[path.extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { ...HEADERS, 'content-type': type }).end(fs.readFileSync(file));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${server.address().port}/page-api.html`, outcome };
}

for (const name of browserNames) {
  const lacking = await findBrowser(name).then(
    () => false,
    (error) => error.message,
  );
  test(
    `programs, streams, kills, files, sockets and calls in ${name}`,
    { skip: lacking, timeout: 300_000 },
    async (t) => {
      const { url, outcome } = await serve(t);
      const browser = await startBrowser(name, `<!doctype html><script>location.replace('${url}')</script>`);
      t.after(() => browser.stop());
      const died = browser.ended.then((why) => ({ failed: why }));
      const { failed, run, talk, kill, ...rest } = await Promise.race([outcome, died]);
      assert.equal(failed, undefined);
      assert.deepEqual([run.reason, run.code, run.stdout], ['exit', 0, 'toolbox.wasm\0args\0ü\0A=1\0']);
      assert.deepEqual([talk.answer, talk.exit.reason, talk.exit.code], ['1: one\n', 'exit', 0]);
      assert.deepEqual(kill, { said: 'spinning\n', reason: 'killed', code: 137, zombies: 0 });
      assert.deepEqual(rest, {
        refused: 'SpawnRefused source',
        response: 'hello, world\n',
        files: { same: true, size: 9 * 1024 * 1024, missing: 'FsError ENOENT' },
        socket: 'over a socket',
        exports: { sum: 20_100, negated: '-5', text: 'hello, wörld', trap: 'CallFailed trap' },
        host: {
          numbers: '5 1099511627777 1.5\n',
          text: '5 HÖHE\n',
          fails: "env.fails: the page's function failed: not today",
        },
        plugin: ['pong', 200, 398],
        pipeline: ['1: hello, world\n', 0, 0],
        link: [499_500, 'hello, wörld', 'the instance has ended: other.nap: other has ended'],
        loops: { fired: 1, state: 'finished', code: 7, sum: '499500', naps: true },
        companion: [8, 'abab', 10, 'CallFailed'],
        closed: 'Closed',
      });
    },
  );
}
