// Builds the guest programs of tests/guests and demo/guests: build/guests/NAME.wasm. CLI: node tests/guests/build.mjs [NAME…]
//
// A program is built again when its source, a header (*.h) of tests/guests, or the command changed. Which tool builds what:
//   NAME.c, NAME.cc    wasi-clang(++)      NAME.rs    wasi-rustc
//   NAME.wat           wasm-tools parse    NAME/      a Go module: wasi-go
// A line `// flags: …` (or `;; flags: …`) at the top of a source adds to its command.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const here = path.dirname(fileURLToPath(import.meta.url));

const c = ['-O2', '-Wall', '-Wextra'];
const tools = {
  '.c': (source, out, flags) => ['wasi-clang', [...c, '-std=gnu17', ...flags, source, '-o', out]],
  '.cc': (source, out, flags) => ['wasi-clang++', [...c, '-std=c++20', '-fno-exceptions', ...flags, source, '-o', out]],
  '.rs': (source, out, flags) => [
    'wasi-rustc',
    ['-O', '-C', 'strip=symbols', '--edition', '2021', ...flags, source, '-o', out],
  ],
  '.wat': (source, out, flags) => ['wasm-tools', ['parse', ...flags, source, '-o', out]],
};

function filesIn(folder) {
  if (!fs.existsSync(folder)) return [];
  return fs.readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    return entry.isFile() ? [path.join(entry.parentPath ?? entry.path, entry.name)] : [];
  });
}

/** The sources that the flags add to a program, and the headers beside them. */
const library = (root, flags) =>
  [...new Set(flags.filter((flag) => flag.endsWith('.c')).map(path.dirname))].flatMap((folder) =>
    filesIn(path.join(root, folder)),
  );

const flagsOf = (file) => {
  const head = fs.readFileSync(file, 'utf8').slice(0, 2000);
  return [...head.matchAll(/^(?:\/\/|;;) flags: (.*)$/gm)].flatMap((line) => line[1].trim().split(/\s+/));
};

/** All programs: { name, source, inputs, command(out) → [tool, args], cwd }. */
export function programs(root) {
  const list = [];
  const headers = filesIn(path.join(root, 'tests/guests')).filter((file) => file.endsWith('.h'));
  for (const top of ['tests/guests', 'demo/guests']) {
    for (const file of filesIn(path.join(root, top))) {
      const { name, ext, dir, base } = path.parse(file);
      if (base === 'go.mod') {
        const flags = flagsOf(path.join(dir, 'main.go'));
        const command = (out) => ['wasi-go', ['build', '-trimpath', '-ldflags=-s -w', ...flags, '-o', out, '.']];
        list.push({ name: path.basename(dir), inputs: filesIn(dir), command, cwd: dir });
      } else if (tools[ext] && path.basename(path.dirname(dir)) === 'guests') {
        const flags = flagsOf(file);
        const command = (out) => tools[ext](path.relative(root, file), out, flags);
        const inputs = [file, ...(ext === '.c' || ext === '.cc' ? [...headers, ...library(root, flags)] : [])];
        list.push({ name, inputs, command, cwd: root });
      }
    }
  }
  const names = list.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new Error(`two guest programs are named ${twice}`);
  return list.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function keyOf({ inputs, command }, toolchain, root) {
  const hash = createHash('sha256')
    .update(JSON.stringify(command('out')))
    .update(toolchain);
  for (const file of [...inputs].sort()) hash.update(`\0${path.relative(root, file)}\0`).update(fs.readFileSync(file));
  return hash.digest('hex');
}

/**
 * Builds what is not up to date, two at a time, and removes outputs without a source from `out`. Throws an Error that holds the
 * compilers' messages. Resolves to { built, unchanged }.
 * @param {{ root: string, out: string, toolchainBin: string, log?: (text: string) => void, only?: string[] }} options
 */
export async function build({ root, out, toolchainBin, log = () => undefined, only = [] }) {
  const all = programs(root);
  const unknown = only.filter((name) => !all.some((program) => program.name === name));
  if (unknown.length > 0) throw new Error(`no guest program ${unknown.join(', ')}`);
  fs.mkdirSync(out, { recursive: true });
  const stampFile = path.join(out, 'stamps.json');
  const stamps = fs.existsSync(stampFile) ? JSON.parse(fs.readFileSync(stampFile, 'utf8')) : {};
  const wanted = new Set(all.map(({ name }) => `${name}.wasm`));
  for (const file of fs.readdirSync(out))
    if (file.endsWith('.wasm') && !wanted.has(file)) fs.rmSync(path.join(out, file));

  const freshFolder = fs.mkdtempSync(path.join(out, 'fresh-'));
  const manifest = path.join(toolchainBin, '../manifest.json');
  const toolchain = fs.existsSync(manifest) ? fs.readFileSync(manifest) : '';
  const queue = only.length > 0 ? all.filter(({ name }) => only.includes(name)) : [...all];
  const failures = [];
  const count = { built: 0, unchanged: 0 };
  const one = async (program) => {
    const wasm = path.join(out, `${program.name}.wasm`);
    const key = keyOf(program, toolchain, root);
    if (stamps[program.name] === key && fs.existsSync(wasm)) {
      count.unchanged++;
      return;
    }
    delete stamps[program.name];
    const fresh = path.join(freshFolder, `${program.name}.wasm`); // some tools store the output's name in the file, and stack traces show it
    const [tool, args] = program.command(fresh);
    try {
      const { stderr } = await execute(path.join(toolchainBin, tool), args, { cwd: program.cwd, maxBuffer: 1 << 26 });
      if (stderr) log(stderr.trimEnd());
    } catch (error) {
      failures.push(`${program.name}: ${error.stderr || error.message}`);
      return;
    }
    fs.renameSync(fresh, wasm);
    stamps[program.name] = key;
    count.built++;
    log(`built ${program.name}.wasm, ${fs.statSync(wasm).size} bytes`);
  };
  const worker = async () => {
    for (let program = queue.shift(); program; program = queue.shift()) await one(program);
  };
  await Promise.all([worker(), worker()]);
  fs.rmSync(freshFolder, { recursive: true });
  fs.writeFileSync(stampFile, JSON.stringify(stamps, null, 1));
  if (failures.length > 0) throw new Error(failures.join('\n'));
  return count;
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = path.resolve(here, '../..');
  const begun = performance.now();
  try {
    const options = { root, out: path.join(root, 'build/guests'), toolchainBin: path.join(root, '.toolchain/bin') };
    const { built, unchanged } = await build({ ...options, log: console.log, only: process.argv.slice(2) });
    console.log(`${built} built, ${unchanged} unchanged, ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
