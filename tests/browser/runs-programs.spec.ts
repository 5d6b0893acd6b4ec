import { expect, test } from './support/test.ts';

test.beforeEach(async ({ start }) => start());

test('run() returns the output and the exit code', async ({ page }) => {
  const result = await page.evaluate(() => window.hf.run(lab.guest('hello')));
  expect(result).toEqual({
    ...{ reason: 'exit', code: 0, message: '', stack: '' },
    ...{ stdout: 'hello, world\n', stderr: '', files: {} },
  });
});

for (const [how, code] of [
  ['exit', 0],
  ['exit', 1],
  ['exit', 255],
  ['return', 42],
  ['deep', 7],
] as const) {
  test(`the exit code ${code} arrives (${how})`, async ({ page }) => {
    const exit = await page.evaluate(
      ([kind, number]) => window.hf.run(lab.guest('exit-codes-reach-the-host'), { args: [kind, number] }),
      [how, String(code)] as const,
    );
    expect(exit).toMatchObject({ reason: 'exit', code, message: '' });
  });
}

test('an exit in the start function of the module is an exit', async ({ page }) => {
  const exit = await page.evaluate(() => window.hf.run(lab.guest('exits-in-its-start-function')));
  expect(exit).toMatchObject({ reason: 'exit', code: 33 });
});

test('every byte value comes through, on two streams', async ({ page }) => {
  const { stdout, stderr } = await page.evaluate(async () => {
    const result = await window.hf.run(lab.guest('toolbox'), { args: ['bytes'], encoding: 'bytes' });
    return { stdout: [...result.stdout], stderr: [...result.stderr] };
  });
  const all = Array.from({ length: 256 }, (_, i) => i);
  expect(stdout).toEqual(all);
  expect(stderr).toEqual(all.reverse());
});

test('every byte value is read and written back', async ({ page }) => {
  const back = await page.evaluate(async () => {
    const stdin = Uint8Array.from({ length: 256 }, (_, i) => i);
    const { stdout } = await window.hf.run(lab.guest('cat'), { stdin, encoding: 'bytes' });
    return [...stdout];
  });
  expect(back).toEqual(Array.from({ length: 256 }, (_, i) => i));
});

test('arguments and environment arrive as given, in Unicode', async ({ page }) => {
  const entries = await page.evaluate(async () => {
    const { stdout } = await window.hf.run(lab.guest('toolbox'), {
      argv0: 'prógram',
      args: ['args', '', 'two words', '日本語', '🙂', '"quoted"'],
      env: { PLAIN: 'value', EMPTY: '', ÜMLAUT: 'grüße', EQUALS: 'a=b', LEFT_OUT: undefined },
    });
    return stdout.split('\0').slice(0, -1);
  });
  expect(entries).toEqual([
    ...['prógram', 'args', '', 'two words', '日本語', '🙂', '"quoted"'],
    ...['PLAIN=value', 'EMPTY=', 'ÜMLAUT=grüße', 'EQUALS=a=b'],
  ]);
});

test('argv[0] is the program’s name on the command line', async ({ page }) => {
  const names = await page.evaluate(async () => {
    const nameOf = async (...[source, options]: Parameters<typeof window.hf.run>) =>
      (await window.hf.run(source, { args: ['args'], ...options })).stdout.toString().split('\0')[0];
    const url = lab.guest('toolbox');
    const bytes = await (await fetch(url)).arrayBuffer();
    return [await nameOf(url), await nameOf(bytes), await nameOf(bytes, { name: 'given' })];
  });
  expect(names).toEqual(['toolbox.wasm', 'program', 'given']);
});

test('standard input may be text, bytes, a view, a Blob or a stream', async ({ page }) => {
  const outputs = await page.evaluate(async () => {
    const { encode } = lab;
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const part of ['from ', 'a ', 'stream']) controller.enqueue(encode(part));
        controller.close();
      },
    });
    const inputs = [
      'text ü',
      encode('bytes'),
      encode('a whole buffer').buffer,
      new DataView(encode('__a view__').buffer, 2, 6),
      new Blob(['a ', 'blob']),
      stream,
      '',
      { text: 'pipe' },
      { bytes: encode('named bytes') },
    ];
    const results = [];
    for (const stdin of inputs) results.push((await window.hf.run(lab.guest('cat'), { stdin })).stdout);
    results.push((await window.hf.run(lab.guest('cat'))).stdout);
    return results;
  });
  expect(outputs).toEqual([
    'text ü',
    'bytes',
    'a whole buffer',
    'a view',
    'a blob',
    'from a stream',
    '',
    'pipe',
    'named bytes',
    '',
  ]);
});

test('the caller keeps its bytes', async ({ page }) => {
  const lengths = await page.evaluate(async () => {
    const stdin = lab.encode('mine');
    const program = await (await fetch(lab.guest('cat'))).arrayBuffer();
    const file = lab.encode('mine too');
    await window.hf.run(program, { stdin });
    await window.hf.fs.writeFile('/file', file);
    return [stdin.length, program.byteLength > 0, file.length];
  });
  expect(lengths).toEqual([4, true, 8]);
});

test('a conversation: what is written is answered, and close() is the end of the input', async ({ page }) => {
  const lines = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('echo-lines'));
    const writer = p.stdin.getWriter();
    const reader = p.stdout.getReader();
    const said = [];
    for (const line of ['one', 'zwei ü', '']) {
      await writer.write(lab.encode(`${line}\n`));
      said.push(await lab.readUntil(reader, '\n'));
    }
    await writer.close();
    said.push((await reader.read()).done, await p.exited);
    return said;
  });
  expect(lines.slice(0, 4)).toEqual(['1: one\n', '2: zwei ü\n', '3: \n', true]);
  expect(lines[4]).toMatchObject({ reason: 'exit', code: 0 });
});

test('abort() of standard input ends it, too', async ({ page }) => {
  const result = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('cat'));
    const writer = p.stdin.getWriter();
    await writer.write(lab.encode('so far'));
    await writer.abort();
    return [await lab.textOf(p.stdout), (await p.exited).code];
  });
  expect(result).toEqual(['so far', 0]);
});

test('streams can be piped in and out, and a function gets every chunk', async ({ page }) => {
  const outputs = await page.evaluate(async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const chunks: string[] = [];
    const p = await window.hf.spawn(lab.guest('toolbox'), {
      args: ['bytes'],
      stdout: writable,
      stderr: (chunk) => void chunks.push(String(chunk.length)),
    });
    const piped = await lab.bytesOf(readable);
    await p.exited;
    await lab.bytesOf(p.stderr); // ends when the function has received everything
    return [piped.length, chunks.reduce((sum, size) => sum + Number(size), 0)];
  });
  expect(outputs).toEqual([256, 256]);
});

test('"null" streams: no input, output discarded', async ({ page }) => {
  const result = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('cat'), { stdin: 'null', stdout: 'null', stderr: 'null' });
    const refused = await lab.failure(p.stdin.getWriter().write(lab.encode('x')));
    return [(await lab.bytesOf(p.stdout)).length, (await p.exited).code, refused.name];
  });
  expect(result).toEqual([0, 0, 'PipeError']);
});

test('terminal "isatty": the standard streams report that they are a terminal', async ({ page }) => {
  const [plain, tty] = await page.evaluate(async () => {
    const options = { args: ['tty'] };
    const run = window.hf.run.bind(window.hf, lab.guest('toolbox'));
    return [(await run(options)).stdout, (await run({ ...options, terminal: 'isatty', stdin: 'x' })).stdout];
  });
  expect(plain).toBe('000'); // /dev/null, the input here, is not a terminal, either
  expect(tty).toBe('111');
});

test('programs in Go and Rust run, too', async ({ page }) => {
  const outputs = await page.evaluate(async () => {
    const options = { args: ['one', 'two words'], env: { GREETING: 'hello' } };
    const outputs = [];
    for (const name of ['go-hello', 'rust-hello']) outputs.push((await window.hf.run(lab.guest(name), options)).stdout);
    return outputs;
  });
  expect(outputs).toEqual(['hello from Go: [one two words]\n', 'hello from Rust: ["one", "two words"]\n']);
});

test('wrong options are refused before anything starts, and the error names each', async ({ page }) => {
  const messages = await page.evaluate(async () => {
    const tries: unknown[] = [
      { args: 'a string' },
      { args: [1] },
      { args: ['a\0b'] },
      { env: { 'a=b': 'c' } },
      { stdin: 5 },
      { stdout: {} },
      { preopens: ['relative'] },
      {
        preopens: [
          { path: '/tmp', guest: '/x' },
          { path: '/dev', guest: '/x' },
        ],
      },
      { timeout: -1 },
      { outputBuffer: 0 },
      { signal: 5 },
    ];
    const errors = [];
    for (const options of tries) errors.push(await lab.failure(window.hf.spawn(lab.guest('hello'), options as object)));
    return errors.map(({ name, message }) => `${name}: ${message}`);
  });
  const wanted = [
    'args',
    'args[0]',
    'NUL',
    '"a=b"',
    'stdin',
    'stdout',
    'absolute',
    'twice',
    'timeout',
    'outputBuffer',
    'signal',
  ];
  wanted.forEach((word, i) => {
    expect(messages[i]).toMatch(/^(TypeError|RangeError): /);
    expect(messages[i]).toContain(word);
  });
});
