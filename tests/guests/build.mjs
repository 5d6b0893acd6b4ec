// Builds the guest programs of tests/guests and demo/guests: build/guests/NAME.wasm. CLI: node tests/guests/build.mjs [NAME…]
//
// A program is built again when its source, a header (*.h) of tests/guests, or the command changed. Which tool builds what:
//   NAME.c, NAME.cc    wasi-clang(++)      NAME.rs    wasi-rustc
//   NAME.wat           wasm-tools parse    NAME/      a Go module: wasi-go
// A line `// flags: …` (or `;; flags: …`) at the top of a source adds to its command. Sources in the folder component/ are compiled for
// WASI 0.2, to components. A line `// forms: wrapped wasip2` also makes components of a preview 1 program: NAME.wrapped.wasm, the same
// module with the adapter around it, and NAME.wasip2.wasm, compiled for WASI 0.2. A line `// wit: FILE#WORLD` names a file beside the source, and its
// world of additional imports; without "#WORLD" it has only one.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { adapters } from '../../tools/jco.mjs';

const execute = promisify(execFile);
const here = path.dirname(fileURLToPath(import.meta.url));

const c = ['-O2', '-Wall', '-Wextra'];
const rust = ['-O', '-C', 'strip=symbols', '--edition', '2021'];
const tools = {
  '.c': (source, out, flags) => ['wasi-clang', [...c, '-std=gnu17', ...flags, source, '-o', out]],
  '.cc': (source, out, flags) => ['wasi-clang++', [...c, '-std=c++20', '-fno-exceptions', ...flags, source, '-o', out]],
  '.rs': (source, out, flags) => ['wasi-rustc', [...rust, ...flags, source, '-o', out]],
  '.wat': (source, out, flags) => ['wasm-tools', ['parse', ...flags, source, '-o', out]],
};

/** For WASI 0.2: the core module, which `wasm-tools component new` turns into a component. */
const tools2 = {
  '.c': (source, out, flags) => tools['.c'](source, out, ['--target=wasm32-wasip2', '-Wl,--strip-debug', ...flags]),
  '.rs': (source, out, flags) => ['wasip2-rustc', [...rust, ...flags, source, '-o', out]],
};

/** The steps that turn the module that `step(core)` makes into the component `out`. `core` has the same file name as `out`, because stack traces show it. */
function componentOf(out, step, options = [], wit = []) {
  const core = path.join(`${out}.core`, path.basename(out));
  const embed = wit.map((word) => {
    const [file, world] = word.split('#');
    const which = world ? ['--world', world] : [];
    return ['wasm-tools', ['component', 'embed', ...which, file, core, '-o', core]];
  });
  return [step(core), ...embed, ['wasm-tools', ['component', 'new', ...options, core, '-o', out]]];
}

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

const wordsOf = (file, key) => {
  const head = fs.readFileSync(file, 'utf8').slice(0, 2000);
  return [...head.matchAll(new RegExp(`^(?://|;;) ${key}: (.*)$`, 'gm'))].flatMap((line) =>
    line[1].trim().split(/\s+/),
  );
};

/** Form → the steps that build `out` from a source in that form. */
const forms = {
  module: (out, { ext, source, flags }) => [tools[ext](source, out, flags)],
  wasip2: (out, { ext, source, flags, wit }) => componentOf(out, (core) => tools2[ext](source, core, flags), [], wit),
  wrapped: (out, { root, ext, source, flags, adapters }) => {
    const adapter = `wasi_snapshot_preview1=${path.join(path.relative(root, adapters), 'wasi_snapshot_preview1.command.wasm')}`;
    return componentOf(out, (core) => tools[ext](source, core, flags), ['--adapt', adapter]);
  },
};

/** The programs that are built from one source. */
function programsOf(root, file, headers, adapters) {
  const { name, ext, dir } = path.parse(file);
  const flags = wordsOf(file, 'flags');
  const wit = wordsOf(file, 'wit').map((word) => path.join(dir, word));
  const inputs = [
    file,
    ...wit.map((word) => word.split('#')[0]),
    ...(ext === '.c' || ext === '.cc' ? [...headers, ...library(root, flags)] : []),
  ];
  const source = path.relative(root, file);
  const what = { root, ext, source, flags, wit: wit.map((other) => path.relative(root, other)), adapters };
  const make = (made, form) => ({ name: made, inputs, steps: (out) => forms[form](out, what), cwd: root });
  const first = path.basename(dir) === 'component' && tools2[ext] ? 'wasip2' : 'module';
  return [make(name, first), ...wordsOf(file, 'forms').map((form) => make(`${name}.${form}`, form))];
}

/**
 * All programs: { name, inputs, steps(out) → [tool, args][], cwd }. `adapters`: the folder of tools/jco.mjs.
 */
export function programs(root, adapters) {
  const list = [];
  const headers = filesIn(path.join(root, 'tests/guests')).filter((file) => file.endsWith('.h'));
  for (const top of ['tests/guests', 'demo/guests']) {
    for (const file of filesIn(path.join(root, top))) {
      const { ext, dir, base } = path.parse(file);
      if (base === 'go.mod') {
        const flags = wordsOf(path.join(dir, 'main.go'), 'flags');
        const steps = (out) => [['wasi-go', ['build', '-trimpath', '-ldflags=-s -w', ...flags, '-o', out, '.']]];
        list.push({ name: path.basename(dir), inputs: filesIn(dir), steps, cwd: dir });
      } else if (tools[ext] && path.basename(path.dirname(dir)) === 'guests') {
        list.push(...programsOf(root, file, headers, adapters));
      }
    }
  }
  const names = list.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new Error(`two guest programs are named ${twice}`);
  return list.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function keyOf({ inputs, steps }, toolchain, root) {
  const hash = createHash('sha256');
  for (const step of steps('out')) hash.update(JSON.stringify(step));
  hash.update(toolchain);
  for (const file of [...inputs].sort()) hash.update(`\0${path.relative(root, file)}\0`).update(fs.readFileSync(file));
  return hash.digest('hex');
}

/**
 * Builds programs that are not up to date, two at a time, and removes outputs without a source from `out`. Throws an Error with the compilers'
 * messages. Resolves to { built, unchanged }.
 * @param {{ root: string, out: string, toolchainBin: string, adapters: string, log?: (text: string) => void, only?: string[] }} options
 */
export async function build({ root, out, toolchainBin, adapters, log = () => undefined, only = [] }) {
  const all = programs(root, adapters);
  const unknown = only.filter((name) => !all.some((program) => program.name === name));
  if (unknown.length > 0) throw new Error(`unknown guest program ${unknown.join(', ')}`);
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
    fs.mkdirSync(`${fresh}.core`);
    try {
      for (const [tool, args] of program.steps(fresh)) {
        const { stderr } = await execute(path.join(toolchainBin, tool), args, { cwd: program.cwd, maxBuffer: 1 << 26 });
        if (stderr) log(stderr.trimEnd());
      }
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
    const { built, unchanged } = await build({
      ...options,
      adapters: await adapters(),
      log: console.log,
      only: process.argv.slice(2),
    });
    console.log(`${built} built, ${unchanged} unchanged, ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
