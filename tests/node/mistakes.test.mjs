// Typical beginners' mistakes: each causes one clear message, which says what to do. For those that need a page see tests/browser/mistakes.spec.ts.
import assert from 'node:assert/strict';
import { File } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { guest, runtime } from './support/runtime.mjs';

const leb = (number) => (number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...leb(number >> 7)]);
const text = (words) => [...leb(Buffer.byteLength(words)), ...Buffer.from(words)];
const vector = (items) => [...leb(items.length), ...items.flat()];
const section = (id, items) => {
  const body = vector(items);
  return [id, ...leb(body.length), ...body];
};
const FUNCTION = 0;
const MEMORY = 2;

/** A module with these imports ("module name") and exports; "memory" is a memory, and all functions are () -> (). */
function moduleOf(imports, exports) {
  const name = (entry) => entry.split(' ').map(text).flat();
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[0x60, 0, 0]]),
    ...section(
      2,
      imports.map((entry) => [...name(entry), FUNCTION, 0]),
    ),
    ...section(3, [[0]]),
    ...section(5, [[0, 1]]),
    ...section(
      7,
      exports.map((entry) =>
        /^mem(ory)?$/.test(entry) ? [...text(entry), MEMORY, 0] : [...text(entry), FUNCTION, ...leb(imports.length)],
      ),
    ),
    ...section(10, [[2, 0, 0x0b]]),
  ]);
}

// Imports and exports as these compilers write them: emcc 3 and 4, Go 1.27, TinyGo 0.3x, wasm-bindgen 0.2, asc 0.2x.
const command = ['memory', '_start'];
const modules = {
  'the core of a component': [
    moduleOf(['wasi:cli/stdout@0.2.0 get-stdout'], command),
    /core of a component.*\. Make a component of it/,
  ],
  "Emscripten's": [
    moduleOf(
      ['wasi_snapshot_preview1 fd_write'],
      ['memory', '__wasm_call_ctors', 'main', '_emscripten_stack_restore', 'emscripten_stack_get_current'],
    ),
    /^the module cannot run: it was built for JavaScript by Emscripten, .*\. Build it with wasi-sdk, or link it with -sSTANDALONE_WASM$/,
  ],
  "Emscripten's, with its imports": [
    moduleOf(['env emscripten_resize_heap', 'env __syscall_openat'], ['memory', 'main']),
    /by Emscripten/,
  ],
  "Emscripten's, minified": [moduleOf(['a a', 'a b', 'a c'], ['d', 'e']), /by Emscripten/],
  "wasm-bindgen's": [
    moduleOf(['wbg __wbg_log_1', 'wbg __wbindgen_throw'], ['memory', 'greet', '__wbindgen_malloc']),
    /^the module cannot run: it was built for JavaScript by wasm-bindgen, .*cargo build --target wasm32-wasip1$/,
  ],
  "wasm-bindgen's, for a bundler": [moduleOf(['./pkg_bg.js __wbg_now_1'], ['memory', 'greet']), /by wasm-bindgen/],
  "Go's GOOS=js": [
    moduleOf(['gojs runtime.wasmExit', 'gojs syscall/js.valueGet'], ['run', 'resume', 'getsp', 'mem']),
    /^the module cannot run: it was built with GOOS=js, .*\. Build it with GOOS=wasip1 GOARCH=wasm/,
  ],
  "an older Go's GOOS=js": [moduleOf(['go runtime.wasmExit'], ['run', 'resume', 'getsp', 'mem']), /with GOOS=js/],
  "TinyGo's for JavaScript": [
    moduleOf(['wasi_snapshot_preview1 fd_write', 'gojs runtime.ticks'], command),
    /with GOOS=js.*TinyGo: -target=wasip1/,
  ],
  'AssemblyScript without WASI': [
    moduleOf(['env abort', 'env console.log'], ['memory', 'add']),
    /^the module cannot run: it was built by AssemblyScript without WASI\. Build it with @assemblyscript\/wasi-shim/,
  ],
  'AssemblyScript with its runtime exported': [moduleOf([], ['memory', 'add', '__new', '__pin']), /AssemblyScript/],
  "Wasmer's WASIX": [moduleOf(['wasix_32v1 proc_fork'], command), /for WASIX, which only Wasmer runs\. Build/],
  'a reactor': [
    moduleOf([], ['memory', '_initialize']),
    /^the module cannot run: it is a reactor, .*\. Call its exports with instantiate\(\), or link it as a command: with a main function, and without -mexec-model=reactor$/,
  ],
  'a module without memory': [
    moduleOf([], ['_start']),
    /^the module cannot run: it exports no memory named "memory", .*\. Export its memory under that name$/,
  ],
  'a module without _start': [
    moduleOf([], ['memory', 'add']),
    /^the module cannot run: it exports no function _start, .*\. Build a WASI preview 1 command.*, with a main function$/,
  ],
  'a module with unknown imports': [
    moduleOf(['host log'], command),
    /^the module cannot run: it has unknown imports: host\.log \(function\)\. Pass the functions that it imports in the option host\. Build a WASI preview 1 command/,
  ],
  'a module with many unknown imports': [
    moduleOf(
      Array.from({ length: 31 }, (_, i) => `host f${i}`),
      command,
    ),
    /unknown imports: (host\.f\d \(function\), ){7}host\.f7 \(function\), … and 23 more\. Pass the functions/,
  ],
};

for (const [what, [bytes, message]] of Object.entries(modules)) {
  test(`for ${what} the error says what it is and what to do, as bytes and as a Response`, async (t) => {
    const hf = await runtime(t);
    const typed = { headers: { 'content-type': 'application/wasm' } };
    const ways = [() => bytes, () => new Response(bytes, typed), () => new Response(bytes)];
    for (const source of ways)
      await assert.rejects(hf.run(source()), { name: 'SpawnRefused', kind: 'module', message });
    await assert.rejects(hf.run(bytes, { interruptible: true }), { kind: 'module', message });
  });
}

test('names of imports are shortened in messages, however long a hostile module makes them', async (t) => {
  const hf = await runtime(t);
  const long = moduleOf([`${'m'.repeat(50_000)} ${'n'.repeat(50_000)}`], [...command, 'e'.repeat(50_000)]);
  await assert.rejects(hf.run(long), ({ message }) => message.length < 500);
});

test('a directory that does not exist cannot be preopened, and the message says which', async (t) => {
  const hf = await runtime(t);
  await assert.rejects(hf.run(guest('hello'), { preopens: { '/': '/nowhere' } }), {
    name: 'SpawnRefused',
    kind: 'options',
    message: /^ENOENT: cannot preopen \/nowhere as \/: it is not a directory of hf\.fs/,
  });
});

test('a closed runtime is a clear error', async (t) => {
  const hf = await runtime(t);
  await hf.close();
  await assert.rejects(hf.run(guest('hello')), {
    name: 'Closed',
    message: 'the runtime was closed',
  });
});

test('for a file outside the preopens the guest gets an errno, and a hint in the trace names the preopens', async (t) => {
  const hf = await runtime(t);
  await hf.fs.mkdir('/data');
  const hintsWith = async (name, preopens) => {
    const lines = [];
    const { reason } = await hf.run(guest(name), { preopens, trace: ({ text }) => void lines.push(text) });
    assert.equal(reason, 'exit');
    return lines.flatMap((line) => /(\w+)\(.* ms> \((.*)\)$/.exec(line)?.slice(1).join(': ') ?? []);
  };
  assert.deepEqual(await hintsWith('files-through-libc', {}), [
    'fd_prestat_get: no path can be opened: there are no preopens',
  ]);
  assert.deepEqual(await hintsWith('files-through-libc', { '/data': '/data', '/more': '/data' }), [
    'fd_prestat_get: only paths below "/data", "/more" can be opened: these are the preopens',
  ]);
  const leaving = await hintsWith('paths-cannot-leave-the-preopen', { '/': '/data' });
  assert.ok(leaving.includes('path_open: the path leaves the preopened directory'), leaving.join('\n'));
});

const options = [
  [{ args: 'world' }, 'args must be an array of strings, not a string'],
  [{ env: { A: 5 } }, 'env["A"] must be a string, not a number'],
  [{ env: new Map([['A', 'b']]) }, 'env must be an object, not a Map'],
  [{ preopens: new Map([['/', '/']]) }, 'preopens must be an object, not a Map'],
  [[], 'run options must be an object, not an array'],
  [{ arg: [] }, 'run: unknown option "arg"; did you mean "args"?'],
  [{ cwd: '/work' }, /^run: unknown option "cwd"; .* use preopens: /],
  [{ mounts: {} }, /^run: unknown option "mounts"; `preopens` says /],
  [{ stdin: 'tty' }, /^stdin: "tty" is not an input of hf\.run, .*use hf\.spawn .* stdin: \{ text: "tty" \}$/],
];

test('a wrong option is refused by name, with a suggestion', async (t) => {
  const hf = await runtime(t);
  for (const [given, message] of options)
    await assert.rejects(hf.run(guest('hello'), given), { name: 'TypeError', message });
  await assert.rejects(runtime(t, { wasmUrl: '/x' }), { message: /^start: unknown option "wasmUrl"; `assets` says / });
  const message = /^stdin: "some text" is not one of the modes .* use stdin: \{ text: "some text" \}$/;
  await assert.rejects(hf.spawn(guest('hello'), { stdin: 'some text' }), { name: 'TypeError', message });
});

test('common arguments work: a Blob, a File, a promise of bytes, a Buffer, shared memory, p.write, an encoding', async (t) => {
  const hf = await runtime(t);
  const bytes = await readFile(guest('hello'));
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  for (const source of [new Blob([bytes]), new File([bytes], 'hello.wasm'), Promise.resolve(bytes), bytes, shared])
    assert.equal((await hf.run(source)).code, 0);
  const p = await hf.spawn(guest('cat'));
  await p.write('x');
  p.kill();
  await hf.fs.writeFile('/note', 'milk');
  assert.equal(await hf.fs.readFile('/note', { encoding: 'utf8' }), 'milk');
});
