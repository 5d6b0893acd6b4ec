// Runs the WebAssembly specification's own tests before and after the rewriter. Run it by hand, with a checkout of WebAssembly/testsuite.
//
//   NODE tests/rewrite/spec.mjs FOLDER-OF-WAST-FILES [PATTERN]
//
// Every module of the tests is rewritten in both ways. If the engine compiles the original, the result must compile. If the engine refuses the original,
// either the rewriter must refuse it, too, or the engine must refuse the result. Each assertion that holds for the original must hold for the result.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FLAG, FUEL, Refused, flagMemory, instantiate, multiMemory, rewrite } from './rewriter.mjs';
import { stop } from './stop.mjs';

const tools = path.join(process.env.HOLDFAST_TOOLCHAIN ?? '.toolchain', 'bin/wasm-tools');
const [folder, pattern = ''] = process.argv.slice(2);
const ways = { plain: null, fuel: FUEL, ...(multiMemory && { flag: FLAG }) };
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'spec-'));

const view = new DataView(new ArrayBuffer(16));
const hostRefs = new Map();
const hostRef = (n) => hostRefs.get(n) ?? (hostRefs.set(n, { n }), hostRefs.get(n));

/** Converts a JSON value to a JavaScript value; undefined for values that JavaScript cannot pass (v128). */
function toJs({ type, value }) {
  switch (type) {
    case 'i32':
      return Number(value) | 0;
    case 'i64':
      return BigInt.asIntN(64, BigInt(value));
    case 'f32':
      view.setUint32(0, Number(value));
      return view.getFloat32(0);
    case 'f64':
      view.setBigUint64(0, BigInt.asUintN(64, BigInt(value)));
      return view.getFloat64(0);
    case 'externref':
      return value === 'null' || value === undefined ? null : hostRef(value);
    case 'v128':
      return undefined;
    default:
      return value === 'null' || value === undefined ? null : undefined;
  }
}

/** A result as text. It is compared with the original's result, which is compared with the expected one. */
function show(value) {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (Array.isArray(value)) return `[${value.map(show)}]`;
  if (typeof value === 'function') return 'function';
  if (value && typeof value === 'object') return 'n' in value ? `ref ${value.n}` : 'object';
  return String(value);
}

class World {
  constructor(check) {
    this.check = check;
    this.named = new Map();
    this.current = null;
    const global = (value, type, mutable = false) => new WebAssembly.Global({ value: type, mutable }, value);
    this.registry = {
      spectest: {
        print() {},
        print_i32() {},
        print_i64() {},
        print_f32() {},
        print_f64() {},
        print_i32_f32() {},
        print_f64_f64() {},
        global_i32: global(666, 'i32'),
        global_i64: global(666n, 'i64'),
        global_f32: global(666.6, 'f32'),
        global_f64: global(666.6, 'f64'),
        table: new WebAssembly.Table({ initial: 10, maximum: 20, element: 'anyfunc' }),
        memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
        shared_memory: new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }),
      },
    };
    try {
      this.registry.spectest.table64 = new WebAssembly.Table({
        initial: 10n,
        maximum: 20n,
        element: 'anyfunc',
        address: 'i64',
      });
    } catch {
      // this engine has no 64-bit tables
    }
  }

  compile(bytes) {
    if (this.check === null) return { bytes, module: new WebAssembly.Module(bytes) };
    const rewritten = rewrite(bytes, this.check, { fuel: 3 });
    return { rewritten, module: new WebAssembly.Module(rewritten.bytes) };
  }

  instantiate({ rewritten, module }) {
    return rewritten
      ? instantiate(rewritten, this.registry, { module, stop })
      : new WebAssembly.Instance(module, this.registry);
  }

  act({ type, module, field, args = [] }) {
    const instance = module ? this.named.get(module) : this.current;
    if (!instance) throw new Error('no instance');
    if (type === 'get') return instance.exports[field].value;
    const values = args.map(toJs);
    if (values.includes(undefined)) throw new Error('cannot be passed');
    return instance.exports[field](...values);
  }
}

const counts = { files: 0, modules: 0, compiled: 0, refused: 0, asserts: 0, uncallable: 0, differ: 0 };
const outcome = (work) => {
  try {
    return { value: show(work()) };
  } catch (error) {
    // Traps are compared by message without the position, because a stack overflow may happen at a different place.
    return {
      error:
        error instanceof RangeError
          ? 'RangeError'
          : `${error.constructor.name}: ${(error.message ?? '').replace(/ @\+\d+|function #\d+|"[^"]*"| at offset \d+|#\d+/g, '')}`,
    };
  }
};

function complain(what) {
  counts.differ++;
  console.log(`DIFFERS ${what}`);
}

function runFile(file) {
  const out = path.join(scratch, path.basename(file));
  fs.mkdirSync(out, { recursive: true });
  const json = path.join(out, 'commands.json');
  try {
    execFileSync(tools, ['json-from-wast', file, '--wasm-dir', out, '-o', json], { stdio: 'ignore' });
  } catch {
    return console.log(`(wasm-tools cannot read ${file})`);
  }
  counts.files++;
  const worlds = Object.entries(ways).map(([way, check]) => ({ way, world: new World(check) }));
  const modules = new Map();
  const compileAll = (command, where) => {
    if (command.module_type === 'text') return null;
    const bytes = fs.readFileSync(path.join(out, command.filename));
    counts.modules++;
    let plain = null;
    return worlds.map(({ way, world }, i) => {
      let made = null;
      let failure = '';
      try {
        made = world.compile(bytes);
      } catch (error) {
        if (!(error instanceof Refused) && !(error instanceof WebAssembly.CompileError)) throw error;
        failure = error.message;
      }
      if (i === 0) plain = made;
      if (i === 0) counts[made ? 'compiled' : 'refused']++;
      else if (Boolean(made) !== Boolean(plain))
        complain(`${where} ${way}: ${made ? 'it compiles, and the original does not' : failure}`);
      return made;
    });
  };
  for (const command of JSON.parse(fs.readFileSync(json, 'utf8')).commands) {
    const where = `${path.basename(file)}:${command.line}`;
    const compare = (work, expected) => {
      const [first, ...others] = worlds.map(({ way, world }) => ({ way, ...outcome(() => work(world)) }));
      counts.asserts++;
      if (/cannot be passed|no instance|not compiled/.test(first.error ?? '')) counts.uncallable++;
      for (const other of others) {
        if (other.value !== first.value || other.error !== first.error)
          complain(
            `${where} ${other.way}: ${other.value ?? other.error}, the original: ${first.value ?? first.error} (${expected})`,
          );
      }
    };
    switch (command.type) {
      case 'module':
      case 'module_definition': {
        const made = compileAll(command, where);
        if (command.type === 'module_definition') {
          modules.set(command.name, made);
          break;
        }
        compare((world) => {
          world.current = null;
          const own = made?.[worlds.findIndex((each) => each.world === world)];
          if (!own) throw new Error('not compiled');
          world.current = world.instantiate(own);
          if (command.name) world.named.set(command.name, world.current);
        }, 'instantiation');
        break;
      }
      case 'module_instance': {
        const made = modules.get(command.module);
        compare((world) => {
          const own = made?.[worlds.findIndex((each) => each.world === world)];
          if (!own) throw new Error('not compiled');
          world.current = world.instantiate(own);
          if (command.instance) world.named.set(command.instance, world.current);
        }, 'instantiation');
        break;
      }
      case 'register':
        for (const { world } of worlds) {
          const instance = command.name ? world.named.get(command.name) : world.current;
          if (instance) world.registry[command.as] = instance.exports;
        }
        break;
      case 'assert_return':
      case 'action':
      case 'assert_trap':
      case 'assert_exhaustion':
      case 'assert_exception':
        if (command.action) compare((world) => world.act(command.action), command.type);
        else if (command.filename) instantiateOnly(command, where, compileAll, compare, worlds);
        break;
      case 'assert_invalid':
      case 'assert_malformed':
        compileAll(command, where);
        break;
      case 'assert_unlinkable':
      case 'assert_uninstantiable':
        instantiateOnly(command, where, compileAll, compare, worlds);
        break;
    }
  }
  fs.rmSync(out, { recursive: true });
}

function instantiateOnly(command, where, compileAll, compare, worlds) {
  const made = compileAll(command, where);
  compare((world) => {
    const own = made?.[worlds.findIndex((each) => each.world === world)];
    if (!own) throw new Error('not compiled');
    world.instantiate(own);
  }, command.type);
}

// Every check takes the slow path, which returns.
new Int32Array(flagMemory.buffer)[0] = 1;
const files = fs
  .readdirSync(folder, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.wast') && new RegExp(pattern).test(name));
for (const name of files.sort()) {
  try {
    runFile(path.join(folder, name));
  } catch (error) {
    complain(`${name}: ${error.stack}`);
  }
}
console.log(counts);
process.exitCode = counts.differ > 0 ? 1 : 0;
