// Opens a page in a browser without a driver: starts the browser with the page's address. The page posts its outcome.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { load, root } from './load.mjs';

const { startBrowser } = await load('web/cli/browsers.ts', 'web/cli/launch.ts');

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

function bytesAt(url, more) {
  const file = fileOf(url);
  return more(url) ?? (file && fs.existsSync(file) ? fs.readFileSync(file) : undefined);
}

/** Serves the pages; `outcome` resolves to what a page posts. */
async function serve(t, more) {
  let report;
  const outcome = new Promise((resolve) => (report = resolve));
  const server = http.createServer(async (request, response) => {
    if (request.method === 'POST') {
      report(JSON.parse(Buffer.concat(await request.toArray())));
      return response.writeHead(204, HEADERS).end();
    }
    const body = bytesAt(request.url, more);
    if (!body) return response.writeHead(404, HEADERS).end();
    const type = TYPES[path.extname(request.url)] ?? 'application/octet-stream';
    response.writeHead(200, { ...HEADERS, 'content-type': type }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${server.address().port}/`, outcome };
}

/**
 * Resolves to what a page of tests/node/support posts, or to `{ failed }` if the browser ends first. `more` may return the bytes for an address; otherwise the file is sent.
 */
export async function outcomeOfPage(t, browserName, page, more = () => undefined) {
  const { url, outcome } = await serve(t, more);
  const browser = await startBrowser(browserName, `<!doctype html><script>location.replace('${url}${page}')</script>`);
  t.after(() => browser.stop());
  return Promise.race([outcome, browser.ended.then((why) => ({ failed: why }))]);
}
