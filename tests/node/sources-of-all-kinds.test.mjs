// What can be passed as a program and as its input: anything that holds bytes, and promises of it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { guest, runtime } from './support/runtime.mjs';

test(
  'a program can be a Blob, a File, a Buffer, any view, shared memory, or a promise of one',
  { timeout: 300_000 },
  async (t) => {
    const hf = await runtime(t);
    const buffer = await readFile(guest('hello'));
    const bytes = Uint8Array.from(buffer);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 8), 4, bytes.length);
    shared.set(bytes);
    const sources = {
      Blob: new Blob([bytes]),
      File: new File([bytes], 'hello.wasm'),
      Buffer: buffer,
      DataView: new DataView(bytes.buffer),
      Uint8ClampedArray: new Uint8ClampedArray(bytes),
      shared,
      'promise of a Buffer': readFile(guest('hello')),
      'promise of a Blob': Promise.resolve(new Blob([bytes])),
      'promise of a Module': WebAssembly.compile(bytes),
      'promise of a URL': Promise.resolve(guest('hello')),
      'promise of a path': Promise.resolve(guest('hello').href),
      'promise of a Response': Promise.resolve(new Response(bytes)),
    };
    for (const [name, source] of Object.entries(sources)) {
      assert.equal((await hf.run(source)).stdout, 'hello, world\n', name);
      if (name === 'shared') assert.deepEqual(Uint8Array.from(shared), bytes, 'it was copied out');
    }
    assert.equal((await hf.spawn(new File([bytes], 'from-a-file.wasm'))).name, 'from-a-file.wasm');
    assert.equal((await hf.spawn(new Blob([bytes]), { limits: { memory: 2 ** 24 } })).name, 'program');
    await assert.rejects(
      hf.run(Promise.resolve(5)),
      /a program must be a URL, a Response, a Blob, .* not a number|not 5/,
    );
    await assert.rejects(hf.run(Promise.reject(new Error('no way'))), { name: 'SpawnRefused', message: /no way/ });
    await assert.rejects(hf.run(new Blob(['text'])), { name: 'SpawnRefused' });
  },
);

test(
  'input and files can be in shared memory, and are copied when they are passed',
  { timeout: 300_000 },
  async (t) => {
    const hf = await runtime(t);
    const shared = new Uint8Array(new SharedArrayBuffer(5));
    shared.set(Buffer.from('hello'));
    const running = hf.run(guest('cat'), { stdin: shared });
    const spawned = hf.run(guest('cat'), { stdin: { bytes: shared } });
    const written = hf.fs.writeFile('/shared', shared);
    shared.fill(0);
    assert.equal((await running).stdout, 'hello');
    assert.equal((await spawned).stdout, 'hello');
    await written;
    assert.equal(await hf.fs.readFile('/shared', 'utf8'), 'hello');
  },
);

test('readFile takes its encoding in an object, too', { timeout: 300_000 }, async (t) => {
  const hf = await runtime(t);
  await hf.fs.writeFile('/text', 'é');
  for (const how of ['utf8', 'utf-8', { encoding: 'utf8' }, { encoding: 'utf-8' }])
    assert.equal(await hf.fs.readFile('/text', how), 'é');
  for (const how of [undefined, null, {}, { encoding: null }, { encoding: undefined }])
    assert.deepEqual(await hf.fs.readFile('/text', how), new TextEncoder().encode('é'));
  await assert.rejects(hf.fs.readFile('/text', { encoding: 'latin1' }), /the encoding must be "utf-8" .* not "latin1"/);
  await assert.rejects(hf.fs.readFile('/text', { encoding: 'utf8', flag: 'r' }), /readFile: unknown option "flag"/);
  await assert.rejects(hf.fs.readFile('/text', 5), /readFile options must be an object, not a number/);
});

test('p.write() takes text and bytes, in order, and reports why it cannot', { timeout: 300_000 }, async (t) => {
  const hf = await runtime(t);
  const p = await hf.spawn(guest('cat'));
  const text = new Response(p.stdout).text();
  const large = 'x'.repeat(300_000);
  const writes = [p.write('é'), p.write(Buffer.from('b')), p.write(new Uint16Array([0x4141])), p.write(large)];
  await assert.rejects(p.write(5), {
    name: 'TypeError',
    message: 'what is written must be text or bytes, not a number',
  });
  await Promise.all(writes);
  await p.stdin.close();
  assert.equal(await text, `ébAA${large}`);
  await assert.rejects(p.write('late'));

  const none = await hf.spawn(guest('cat'), { stdin: { text: '' } });
  await assert.rejects(none.write('x'), { name: 'PipeError', message: /not started with stdin: "pipe"/ });
  const locked = await hf.spawn(guest('cat'));
  const writer = locked.stdin.getWriter();
  await assert.rejects(locked.write('x'), { name: 'TypeError', message: /process\.stdin is locked/ });
  writer.releaseLock();
  await locked.write('x');
  locked.kill();
  await locked.exited;
  await assert.rejects(locked.write('x'), { name: 'PipeError', code: 'EPIPE' });
});
