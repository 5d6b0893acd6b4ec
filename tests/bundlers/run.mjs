// Sample user projects: each installs the packed package, is built and served by its own tools, and its page runs in Chromium (or its program on
// Node). `node tests/bundlers/run.mjs [--all | NAME…] [--grep PATTERN]`; without either, those of `npm test`. Ends with `N passed, N failed`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { chromiumFlags } from '../../tools/chromium.mjs';
import {
  Complaint,
  capture,
  exists,
  fromRoot,
  main,
  endsWithUs,
  readJson,
  run,
  say,
  sha256,
  writeIfChanged,
} from '../../tools/lib.mjs';
import { node24 } from '../../tools/node24.mjs';
import { freePort } from '../../tools/serve.mjs';
import { chromiumOnPath } from '../../tools/setup.mjs';
import { inEveryTest, projects } from './projects.mjs';
import { serveFolders } from './server.mjs';

const work = fromRoot('build/bundlers');
const here = fromRoot('tests/bundlers');
const packed = path.join(work, 'packed');
const guests = [
  'hello',
  'args-arrive-as-given',
  'spins-forever',
  'echo-server-in-libc',
  'traps-deep-inside',
  'with-a-companion',
];

/** What `npm publish` would send, unpacked. */
async function pack() {
  fs.rmSync(packed, { recursive: true, force: true });
  fs.mkdirSync(work, { recursive: true });
  const list = await capture('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', work]);
  const tarball = path.join(work, list.trim().split('\n').at(-1));
  fs.renameSync(tarball, path.join(work, 'holdfast.tgz'));
  fs.mkdirSync(packed, { recursive: true });
  await run('tar', ['-xzf', path.join(work, 'holdfast.tgz'), '-C', packed, '--strip-components=1']);
  say(`the package is ${(fs.statSync(path.join(work, 'holdfast.tgz')).size / 1e6).toFixed(2)} MB packed`);
}

/** Prepares the project's folder as `npm install` would; reinstalls its packages if its package.json has changed. */
async function prepare(name, { source = name, packages, publicFolder }) {
  const folder = path.join(work, name);
  const from = path.join(here, 'projects', source);
  const manifest = readJson(path.join(from, 'package.json')) ?? { private: true };
  for (const kind of ['dependencies', 'devDependencies'])
    for (const item of Object.keys(manifest[kind] ?? {}))
      manifest[kind][item] = packages?.[item] ?? manifest[kind][item];
  const key = sha256(JSON.stringify(manifest));
  const stamp = path.join(folder, 'node_modules/.installed');
  if (!exists(stamp) || fs.readFileSync(stamp, 'utf8') !== key) {
    fs.rmSync(folder, { recursive: true, force: true });
    writeIfChanged(path.join(folder, 'package.json'), JSON.stringify(manifest));
    say(`${name}: npm install`);
    const options = ['--no-audit', '--no-fund', '--prefer-offline', '--no-package-lock', '--loglevel=error'];
    await run('npm', ['install', ...options], { cwd: folder, quiet: true });
    fs.mkdirSync(path.dirname(stamp), { recursive: true });
    fs.writeFileSync(stamp, key);
  }
  for (const file of fs.readdirSync(folder))
    if (!['node_modules', 'package.json'].includes(file)) fs.rmSync(path.join(folder, file), { recursive: true });
  for (const cache of ['.vite', '.cache', '.astro', 'holdfast'])
    fs.rmSync(path.join(folder, 'node_modules', cache), { recursive: true, force: true });
  fs.cpSync(from, folder, { recursive: true, filter: (file) => !/package(-lock)?\.json$/.test(file) });
  fs.cpSync(packed, path.join(folder, 'node_modules/holdfast'), { recursive: true });
  fs.copyFileSync(
    path.join(here, 'use.js'),
    path.join(folder, exists(path.join(folder, 'src')) ? 'src' : '.', 'use.js'),
  );
  if (publicFolder) {
    fs.mkdirSync(path.join(folder, publicFolder, 'guests'), { recursive: true });
    for (const guest of guests)
      fs.copyFileSync(
        fromRoot(`build/guests/${guest}.wasm`),
        path.join(folder, publicFolder, 'guests', `${guest}.wasm`),
      );
  }
  return folder;
}

/** A command from the project's packages, or from ours. */
function command(folder, [script, ...args], node) {
  const own = path.join(folder, 'node_modules', script);
  const found = [path.join(folder, script), own, fromRoot('node_modules', script)].find(exists);
  if (!found) throw new Complaint(`${script} is missing`);
  const binary = script.startsWith('esbuild/'); // its installation replaces the script by a binary
  return binary ? [found, ...args] : [node, found, ...args];
}

const quiet = { NEXT_TELEMETRY_DISABLED: '1', ASTRO_TELEMETRY_DISABLED: '1', CI: '1' };

async function build(folder, project, { build, env }, node) {
  const [program, ...args] = command(folder, build, node);
  await run(program, args, { cwd: folder, quiet: true, env: { ...quiet, ...env } });
  for (const copy of project.copies ?? [])
    for (const file of fs.readdirSync(path.join(packed, 'dist')).filter((name) => /\.(m?js|wasm)$/.test(name))) {
      const target = path.join(folder, copy, file);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      if (!exists(target)) fs.copyFileSync(path.join(packed, 'dist', file), target);
    }
}

async function serveBy(folder, serve, node) {
  const port = await freePort(0);
  const [program, ...args] = endsWithUs(command(folder, serve, node)).map((word) =>
    word === 'PORT' ? String(port) : word,
  );
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...quiet },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = new Promise((resolve) => child.on('close', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  const origin = `http://localhost:${port}`;
  for (const begun = Date.now(); ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const answer = await fetch(origin).catch(() => undefined);
    if (answer?.ok) return { origin, stop };
    if (child.exitCode === null && Date.now() - begun < 600_000) continue;
    await stop();
    throw new Complaint(`${serve[0]} does not serve:\n${output.slice(-4000)}`);
  }
}

async function serve(folder, given, node) {
  if (Array.isArray(given)) return serveBy(folder, given, node);
  const folders = { '/holdfast/': path.join(packed, 'dist'), '/guests/': fromRoot('build/guests') };
  const other = await serveFolders(folders);
  const pages = path.join(folder, given);
  for (const page of fs.readdirSync(folder).filter((file) => file.endsWith('.html')))
    if (!exists(path.join(pages, page))) fs.copyFileSync(path.join(folder, page), path.join(pages, page));
  const own = await serveFolders({ ...folders, '/': pages }, { OTHER_ORIGIN: other.origin });
  return { origin: own.origin, stop: () => Promise.all([own.stop(), other.stop()]) };
}

async function fromPage(browser, url) {
  const page = await browser.newPage();
  const log = [];
  page.on('console', (message) => log.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => log.push(String(error)));
  page.on('response', (answer) => answer.status() >= 400 && log.push(`${answer.status()} ${answer.url()}`));
  try {
    await page.goto(url);
    await page.waitForFunction(() => globalThis.outcome !== undefined, undefined, { timeout: 300_000 });
    const { seen, failed } = await page.evaluate(() => globalThis.outcome);
    if (!seen) throw new Error(failed);
    return seen;
  } catch (error) {
    error.message += log.map((line) => `\n  ${line}`).join('');
    throw error;
  } finally {
    await page.close();
  }
}

function check(project, { diagnosis, stdout, code, reason, supervised, calls, file, echoed, beside, stack, names }) {
  assert.deepEqual(diagnosis, { ok: true, mode: 'workers', problems: [], lacks: [] });
  assert.equal(stdout, 'hello, world\n');
  assert.equal(code, 0, 'the arguments did not arrive');
  assert.equal(reason, 'killed');
  assert.equal(supervised, 'completed');
  assert.match(calls.join('\n'), /fd_write\(fd=1, bytes="hello, world\\n"\)/);
  assert.equal(file, 'written');
  assert.equal(echoed, 'over a socket');
  assert.equal(beside, project.companion ? 42 : undefined);
  assert.ok(
    stack.split('\n').every((line) => /wasm/.test(line)),
    stack,
  );
  assert.deepEqual(names, ['Holdfast', 'FileSystem', 'Process', 'Supervisor']);
}

async function attempt(project, folder, one, browser, node) {
  if (one.build) await build(folder, project, one, node);
  if (one.run) {
    const [program, ...args] = command(folder, one.run, node);
    const output = await capture(program, args, { cwd: folder, env: { NODE_NO_WARNINGS: '1' } });
    if (!output) throw new Error(`${one.run.join(' ')} failed`);
    return check(project, JSON.parse(output));
  }
  if (!one.serve) return;
  const server = await serve(folder, one.serve, node);
  try {
    if (one.route) check(project, await (await fetch(server.origin + one.route)).json());
    else check(project, await fromPage(browser, server.origin + (one.page ?? '/')));
  } finally {
    await server.stop();
  }
}

await main(async (args) => {
  const at = args.indexOf('--grep');
  const pattern = new RegExp(at < 0 ? '' : args.splice(at, 2)[1]);
  const names = args.includes('--all') ? Object.keys(projects) : args.length > 0 ? args : inEveryTest;
  const unknown = names.filter((name) => !projects[name]);
  if (unknown.length > 0)
    throw new Complaint(`unknown project ${unknown.join(', ')}; the projects are ${Object.keys(projects).join(', ')}`);
  await pack();
  const browser = await chromium.launch({ executablePath: chromiumOnPath(), args: chromiumFlags });
  let [passed, failed] = [0, 0];
  try {
    for (const name of names.filter((item) => pattern.test(item))) {
      const project = projects[name];
      let folder;
      for (const one of project.tries) {
        const begun = performance.now();
        try {
          const node = project.node24 ? await node24() : process.execPath;
          folder ??= await prepare(name, project);
          await attempt(project, folder, one, browser, node);
          passed++;
          console.log(`ok   ${name}: ${one.title} (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
        } catch (error) {
          failed++;
          console.log(`FAIL ${name}: ${one.title}\n${error instanceof Complaint ? error.message : error.stack}`);
        }
      }
    }
  } finally {
    await browser.close();
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
});
