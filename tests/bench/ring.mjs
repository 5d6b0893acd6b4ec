// `npm run bench -- ring [--host NAME,…] [OPTIONS]`: the ring of native/ring in each host (default: node, chromium, firefox), by turns with the same C
// compiled by gcc -O3. The options are those of `holdfast bench ring`; with several hosts, labels in the CSV end with "@host".
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { fromRoot } from '../../tools/lib.mjs';
import { load } from '../node/support/load.mjs';

const HEADERS = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' };
const PAGE = '<!doctype html><meta charset="utf-8" /><script type="module" src="/tests/bench/ring.js"></script>';

const dist = (file) => import(pathToFileURL(fromRoot('dist', file)).href);

async function inNode(options, native) {
  const [{ start }, { createMemory }, { measureRing, wasmRing }] = await Promise.all(
    ['node.js', 'threads.js', 'bench-ring.js'].map(dist),
  );
  const hf = await start();
  try {
    const wasm = wasmRing(hf, createMemory, fs.readFileSync(fromRoot('dist/ring.wasm')));
    return await measureRing(options, { ...(native && { os_ring: native }), wasm_ring: wasm });
  } finally {
    await hf.close();
  }
}

/** Serves the page and the runtime's files. `answers` has functions for other addresses, which get what was posted and return text. */
async function serve(answers) {
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const send = (status, type, body) => response.writeHead(status, { ...HEADERS, 'content-type': type }).end(body);
    try {
      const posted = Buffer.concat(await request.toArray()).toString();
      const file = /^\/(dist|tests\/bench)\/[\w.-]+$/.test(pathname) && fromRoot(pathname.slice(1));
      if (pathname === '/') send(200, 'text/html', PAGE);
      else if (answers[pathname]) send(200, 'text/plain', await answers[pathname](posted));
      else if (file && fs.existsSync(file)) send(200, TYPES[path.extname(file)] ?? 'text/plain', fs.readFileSync(file));
      else send(404, 'text/plain', '');
    } catch (error) {
      send(500, 'text/plain', error.message);
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function inBrowser(name, argv, native) {
  const { startBrowser } = await load('web/cli/browsers.ts', 'web/cli/launch.ts');
  let report;
  const outcome = new Promise((resolve) => (report = resolve));
  const line = ({ elapsed, sum, producerSpins, consumerSpins, head, tail }) =>
    [elapsed, sum, producerSpins, consumerSpins, head, tail].join(' ');
  const server = await serve({
    '/options': () => JSON.stringify({ argv, native: native !== undefined }),
    '/native': async (session) => (await native(JSON.parse(session))).map(line).join('\n'),
    '/outcome': (text) => (report(JSON.parse(text)), ''),
  });
  const url = `http://127.0.0.1:${server.address().port}/`;
  const browser = await startBrowser(name, `<!doctype html><script>location.replace('${url}')</script>`);
  try {
    const { rows, failed } = await Promise.race([outcome, browser.ended.then((why) => ({ failed: why }))]);
    if (failed) throw new Error(failed);
    return rows;
  } finally {
    await browser.stop();
    server.close();
    server.closeAllConnections();
  }
}

/** Takes `--host` out of the arguments. */
function hostsOf(argv) {
  const at = argv.findIndex((word) => word === '--host' || word.startsWith('--host='));
  if (at < 0) return { hosts: ['node', 'chromium', 'firefox'], argv };
  const [, inline] = argv[at].split('=');
  const list = inline ?? argv[at + 1] ?? '';
  return { hosts: list.split(','), argv: argv.filter((_, i) => i !== at && (inline !== undefined || i !== at + 1)) };
}

/** Returns the exit status. */
export async function ringBenchmark(words) {
  const { hosts, argv } = hostsOf(words);
  const { csvOf, parseRing, tableOf } = await dist('bench-ring.js');
  const { nativeRing } = await dist('cli-bench.js');
  let options;
  try {
    options = parseRing(argv);
  } catch (error) {
    console.error(error.message);
    return 2;
  }
  const native = await nativeRing();
  const all = [];
  try {
    if (!native.run && !options.csvOnly) console.log(`No native rows: ${native.why}`);
    for (const host of hosts) {
      const rows = await (host === 'node' ? inNode(options, native.run) : inBrowser(host, argv, native.run));
      if (!options.csvOnly) console.log(`\n${host}\n${tableOf(rows)}`);
      all.push(...rows.map((row) => (hosts.length > 1 ? { ...row, label: `${row.label}@${host}` } : row)));
    }
  } finally {
    await native.end();
  }
  if (options.csv || options.csvOnly) process.stdout.write(csvOf(all, options));
  return 0;
}
