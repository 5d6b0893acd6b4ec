// `npm run check`: formatting, lints, types, clang's lock analysis, and the direction of dependencies.
// `--fix` (npm run format) applies all automatic fixes.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { generate } from './build.mjs';
import { capture, exists, filesBelow, fromRoot, inParallel, main, run, say } from './lib.mjs';
import { needs, setup } from './setup.mjs';

/** Files of the project: tracked, or new and not ignored. */
async function projectFiles() {
  const output = await capture('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z']);
  return (output ?? '').split('\0').filter((file) => file && exists(fromRoot(file)));
}

const tool = (name) => path.join('node_modules', ...name.split('/'));
const isC = (file) => /\.[ch]$/.test(file);

/** Each check returns a list of complaints; an empty list is a pass. */
const checks = {
  'C formatting': async (files, fix) => {
    const sources = files.filter(isC);
    if (sources.length === 0) return [];
    return fromTool('clang-format', [...(fix ? ['-i'] : ['--dry-run', '-Werror']), ...sources]);
  },
  formatting: async (_, fix) =>
    fromTool(process.execPath, [
      tool('prettier/bin/prettier.cjs'),
      fix ? '--write' : '--check',
      '--log-level=warn',
      '--no-error-on-unmatched-pattern',
      '**/*.{ts,js,mjs,css,html,json}',
    ]),
  lints: async (_, fix) =>
    fromTool(process.execPath, [
      tool('eslint/bin/eslint.js'),
      ...(fix ? ['--fix'] : []),
      '--max-warnings=0',
      '--cache',
      '--cache-strategy=content',
      '--cache-location=build/eslintcache',
      '.',
    ]),
  types: async (files) => {
    const projects = {
      'tsconfig.json': /^(common|web|demo|tests)\/.*\.ts$/,
      'tsconfig.worker.json': /^(worker|coordinator)\/.*\.ts$/,
    };
    const used = Object.keys(projects).filter((project) => files.some((file) => projects[project].test(file)));
    const found = await Promise.all(
      used.map((project) => fromTool(process.execPath, [tool('typescript/bin/tsc'), '-p', project])),
    );
    return found.flat();
  },
  'lock analysis': async (files) => {
    const sources = files.filter(
      (file) =>
        /^native\/(platform|fs|kernel|wasi|host|supervisor)\/\w+\.c$/.test(file) &&
        !/\/(wasm|atomics|single)\.c$/.test(file), // they import names.h, which is generated, and use wasm's intrinsics
    );
    const flags =
      '-std=c11 -fsyntax-only -pthread -Inative/include -Inative -Wall -Wextra -Wthread-safety -Werror'.split(' ');
    const found = [];
    const own = (source) => (source.startsWith('native/host/') ? ['-D_GNU_SOURCE'] : []); // as in CMakeLists.txt
    await inParallel(sources, async (source) =>
      found.push(...(await fromTool('clang', [...flags, ...own(source), source]))),
    );
    return found;
  },
  'direction of C includes': (files) => files.filter(isC).flatMap(wrongIncludes),
  'direction of imports': (files) => files.filter((file) => /\.(ts|mjs|js)$/.test(file)).flatMap(wrongImports),
  'no circular dependencies': circles,
  'no paths or hosts of this machine': foreignNames,
};

async function fromTool(command, args) {
  const { code, output } = await run(command, args, { quiet: true, allowFailure: true });
  return code === 0 ? [] : [output.trim() || `${command} ended with ${code}`];
}

// --- dependencies point one way; <holdfast/...> is for all ---

/** The folders that the C files of a folder may include; its own is always allowed. */
const includable = {
  supervisor: [],
  platform: [],
  fs: ['platform'],
  kernel: ['fs', 'platform'],
  links: ['kernel', 'fs', 'platform'],
  wasi: ['kernel', 'fs', 'platform'],
  host: ['wasi', 'kernel', 'fs', 'platform'],
  coordinator: ['wasi', 'kernel', 'fs', 'platform'],
  rewrite: [],
  component: ['rewrite'], // its reader
  guest: [],
};
const folderOf = (file) => /^(?:native\/)?(\w+)\//.exec(file)?.[1];
const isOurC = (file) => isC(file) && /^(native|coordinator)\//.test(file);

function includes(file) {
  const text = fs.readFileSync(fromRoot(file), 'utf8');
  return [...text.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)].map(([, included]) => included);
}

function wrongIncludes(file) {
  const own = folderOf(file);
  if (!isOurC(file) || !includable[own]) return [];
  return includes(file)
    .filter((included) => folderOf(included) in includable && ![own, ...includable[own]].includes(folderOf(included)))
    .map(
      (included) => `${file} includes "${included}": ${own}/ may include from ${[own, ...includable[own]].join(', ')}`,
    );
}

/** The folders that the files of a folder may import; its own and packages are always allowed. */
const importable = {
  common: ['build/generated'],
  web: ['common', 'build/generated'],
  worker: ['common', 'build/generated', 'build/wasm'],
  coordinator: ['common', 'worker', 'build/generated', 'build/wasm'],
  // The page of the benchmark measures with the modules of `npm run bench`.
  demo: ['web/index.ts', 'dist/index.js', 'node_modules', 'tests/bench/page.js'],
};

function wrongImports(file) {
  const own = file.split('/')[0];
  if (!importable[own]) return [];
  const text = fs.readFileSync(fromRoot(file), 'utf8').replace(/^\s*(\/\/|\*).*$/gm, '');
  const found = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map(([, specifier]) => specifier);
  return found
    .map((specifier) => path.posix.join(path.posix.dirname(file), specifier))
    .filter(
      (target) =>
        target !== own && !target.startsWith(`${own}/`) && !importable[own].some((allowed) => within(target, allowed)),
    )
    .map((target) => `${file} imports ${target}: ${own}/ may import from ${[own, ...importable[own]].join(', ')}`);
}

/** What a TypeScript file needs at run time, which excludes types. */
function imports(file) {
  const text = fs.readFileSync(fromRoot(file), 'utf8').replace(/^\s*(\/\/|\*).*$/gm, '');
  return [...text.matchAll(/^\s*(?:import|export)\s+(?!type\b)([^;]*?)\bfrom\s+'(\.[^']+)'/gm)]
    .filter(([, names]) => !/^\{\s*(type\s+\w+(\s+as\s+\w+)?,?\s*)+\}\s*$/.test(names))
    .map(([, , specifier]) => path.posix.join(path.posix.dirname(file), specifier))
    .map((target) => [target, target.replace(/\.js$/, '.ts')].find((name) => exists(fromRoot(name))) ?? target);
}

/** Permitted cycles: a public header with the files that implement it, and the parts of a process. */
const circlesAllowed = [
  ['native/fs/memfs', 'native/fs/memnode'],
  ['native/kernel/tty', 'native/kernel/tty_parts'],
  ['rewrite', 'reader', 'writer', 'module', 'emit'].map((name) => `native/rewrite/${name}`),
  ['process', 'thread', 'turn', 'request', 'spawn', 'futex', 'fdtable', 'file', 'vnode_file', 'pipe'].map(
    (name) => `native/kernel/${name}`,
  ),
];

/** Files that need each other. A .c and its .h count as one. */
function circles(files) {
  const needs = new Map();
  const add = (from, targets) =>
    needs.set(from, new Set([...(needs.get(from) ?? []), ...targets.filter((target) => target !== from)]));
  const unit = (file) => file.replace(/\.[ch]$/, '');
  for (const file of files) {
    if (isOurC(file))
      add(
        unit(file),
        includes(file).map((name) => unit(name.startsWith('coordinator/') ? name : `native/${name}`)),
      );
    else if (importable[file.split('/')[0]] && file.endsWith('.ts')) add(file, imports(file));
  }
  return stronglyConnected(needs)
    .filter((circle) => !circlesAllowed.some((allowed) => circle.every((name) => allowed.includes(name))))
    .map((circle) => `a circle: ${circle.join(', ')}`);
}

/** Tarjan's algorithm: the sets of two or more nodes in which each reaches every other. */
function stronglyConnected(needs) {
  const found = [];
  const order = new Map();
  const lowest = new Map();
  const stack = [];
  const visit = (name) => {
    order.set(name, order.size);
    lowest.set(name, order.get(name));
    stack.push(name);
    for (const next of needs.get(name) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) lowest.set(name, Math.min(lowest.get(name), lowest.get(next)));
    }
    if (lowest.get(name) !== order.get(name)) return;
    const set = stack.splice(stack.indexOf(name));
    if (set.length > 1) found.push(set.sort());
  };
  for (const name of needs.keys()) if (!order.has(name)) visit(name);
  return found;
}

const stem = (name) => name.replace(/\.(ts|js|mjs)$/, '');
const within = (target, allowed) => target.startsWith(`${allowed}/`) || stem(target) === stem(allowed);

// --- no path and no package host of the machine on which a file was written ---

async function foreignNames(files) {
  const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const paths = [fromRoot(), os.homedir()]
    .filter((name) => name.length > 1)
    .map((name) => `(?<![\\w.-])${escape(name)}/`);
  const hosts = (await packageHosts()).map((host) => `\\b${escape(host)}\\b`);
  const pattern = new RegExp([...paths, ...hosts].join('|'));
  const found = [];
  for (const file of files) {
    const bytes = fs.readFileSync(fromRoot(file));
    if (bytes.length > 5e6 || bytes.includes(0)) continue;
    bytes
      .toString()
      .split('\n')
      .forEach((line, index) => {
        const match = pattern.exec(line);
        if (match) found.push(`${file}:${index + 1}: ${match[0]}`);
        if (file.endsWith('package-lock.json') && /"resolved": "http/.test(line))
          found.push(`${file}:${index + 1}: names a host`);
      });
  }
  return found;
}

/** Hosts from which this machine gets its packages, as its own configuration names them. */
async function packageHosts() {
  const texts = [(await capture('npm', ['config', 'get', 'registry'])) ?? ''];
  for (const file of [
    '/etc/apt/sources.list',
    ...filesBelow('/etc/apt/sources.list.d').map((name) => `/etc/apt/sources.list.d/${name}`),
  ]) {
    if (exists(file)) texts.push(fs.readFileSync(file, 'utf8'));
  }
  return [...new Set([...texts.join('\n').matchAll(/\bhttps?:\/\/(?:[^/\s@]*@)?([\w.-]+)/g)].map((match) => match[1]))];
}

await main(async (args) => {
  const fix = args.includes('--fix');
  await setup(needs.check);
  await generate(); // the types that TypeScript imports from build/
  const files = await projectFiles();
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    const complaints = await check(files, fix);
    say(`${complaints.length === 0 ? 'ok  ' : 'FAIL'} ${name}`);
    complaints.forEach((text) => console.log(text));
    failed += complaints.length === 0 ? 0 : 1;
  }
  console.log(`\n${failed === 0 ? 'all checks pass' : `${failed} of ${Object.keys(checks).length} checks fail`}`);
  return failed === 0 ? 0 : 1;
});
