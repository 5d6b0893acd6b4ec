import { expect, test } from './support/test.ts';

const MIB = 1024 * 1024;

test.beforeEach(async ({ start }) => start());

test('files: written, read, appended to, truncated, extended, removed', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { fs } = window.hf;
    const seen: unknown[] = [];
    await fs.writeFile('/file', 'text ü');
    seen.push(await fs.readFile('/file', 'utf-8'));
    await fs.appendFile('/file', lab.encode('!'));
    seen.push([...(await fs.readFile('/file'))]);
    await fs.truncate('/file', 4);
    seen.push(await fs.readFile('/file', 'utf8'));
    await fs.truncate('/file', 6);
    seen.push(await fs.readFile('/file', 'utf8'));
    await fs.writeFile('/file', new Uint8Array());
    seen.push((await fs.readFile('/file')).length, await fs.exists('/file'));
    await fs.rm('/file');
    seen.push(await fs.exists('/file'));
    return seen;
  });
  const text = [...new TextEncoder().encode('text ü!')];
  expect(seen).toEqual(['text ü', text, 'text', 'text\0\0', 0, true, false]);
});

test('a file is written from text, buffers, views, a Blob and a stream', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { fs } = window.hf;
    const { encode } = lab;
    const data = [
      'text',
      encode('buffer').buffer,
      encode('..view..').subarray(2, 6),
      new DataView(encode('..data view').buffer, 2),
      new Blob(['bl', 'ob']),
      new Blob(['stre', 'am']).stream(),
    ];
    const seen = [];
    for (const [i, each] of data.entries()) {
      await fs.writeFile(`/${i}`, each);
      seen.push(await fs.readFile(`/${i}`, 'utf8'));
    }
    return seen;
  });
  expect(seen).toEqual(['text', 'buffer', 'view', 'data view', 'blob', 'stream']);
});

test('directories: created, listed, walked, removed', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { fs } = window.hf;
    await fs.mkdir('/a/b/c', { recursive: true });
    await fs.mkdir('/a/b/c', { recursive: true }); // it exists already
    await fs.mkdir('/a/d');
    await fs.writeFile('/a/file', 'x');
    await fs.symlink('file', '/a/link');
    const names = (await fs.readdir('/a')).sort();
    const types = (await fs.readdir('/a', { withFileTypes: true })).map(({ name, type }) => `${name}:${type}`).sort();
    await fs.rm('/a', { recursive: true });
    return [names, types, await fs.exists('/a'), (await fs.readdir('/')).sort()];
  });
  expect(seen).toEqual([
    ['b', 'd', 'file', 'link'],
    ['b:directory', 'd:directory', 'file:file', 'link:symlink'],
    false,
    ['dev', 'tmp'],
  ]);
});

test('10,000 names in one directory are listed once each, and a deep tree is removed completely', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { fs } = window.hf;
    await fs.mkdir('/many');
    // Long enough that they do not fit into one answer from the kernel.
    await Promise.all(Array.from({ length: 10_000 }, (_, i) => fs.writeFile(`/many/${'x'.repeat(150)}-${i}`, '')));
    const names = await fs.readdir('/many');
    const deep = Array.from({ length: 500 }, (_, i) => `d${i}`).join('/');
    await fs.mkdir(`/many/${deep}`, { recursive: true });
    await fs.writeFile(`/many/${deep}/file`, 'x');
    const before = await window.hf.stats();
    await fs.rm('/many', { recursive: true });
    return [names.length, new Set(names).size, before.files.nodes > 10_000, (await window.hf.stats()).files.nodes];
  });
  expect(seen.slice(0, 3)).toEqual([10_000, 10_000, true]);
  expect(seen[3]).toBeLessThan(20);
});

test('stat, lstat, times, links', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { fs } = window.hf;
    const before = Date.now();
    await fs.writeFile('/file', '12345');
    const made = await fs.stat('/file');
    await fs.link('/file', '/second');
    await fs.symlink('/file', '/symbolic');
    await fs.utimes('/file', new Date(1_000_000), 2_000_000.5);
    await fs.utimes('/symbolic', null, 3000, { follow: false });
    const [file, second, link, through] = await Promise.all([
      fs.stat('/file'),
      fs.stat('/second'),
      fs.lstat('/symbolic'),
      fs.stat('/symbolic'),
    ]);
    return {
      isNow: Math.abs(made.mtime - before) < 60_000,
      file,
      sameNode: [second.ino === file.ino, through.ino === file.ino, link.ino === file.ino],
      link,
      target: await fs.readlink('/symbolic'),
      directory: (await fs.stat('/tmp')).type,
      device: (await fs.stat('/dev/null')).type,
    };
  });
  expect(seen).toMatchObject({
    isNow: true,
    file: { type: 'file', size: 5, nlink: 2, atime: 1_000_000, mtime: 2_000_000.5 },
    sameNode: [true, true, false],
    link: { type: 'symlink', size: 5, mtime: 3000 },
    target: '/file',
    directory: 'directory',
    device: 'character-device',
  });
});

test('rename moves, and replaces where allowed', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { fs } = window.hf;
    await fs.writeFile('/one', '1');
    await fs.writeFile('/two', '2');
    await fs.rename('/one', '/two');
    await fs.mkdir('/dir/inner', { recursive: true });
    await fs.rename('/two', '/dir/inner/two');
    await fs.rename('/dir', '/moved');
    return [await fs.readFile('/moved/inner/two', 'utf8'), await fs.exists('/one'), await fs.exists('/dir')];
  });
  expect(seen).toEqual(['1', false, false]);
});

test('every call fails with POSIX’s error, and names the path', async ({ page }) => {
  const failures = await page.evaluate(async () => {
    const { fs } = window.hf;
    await fs.mkdir('/dir');
    await fs.writeFile('/dir/file', 'x');
    await fs.symlink('loop', '/loop');
    await fs.symlink('nowhere', '/dangling');
    const long = `/${'n'.repeat(300)}`;
    const calls: [string, Promise<unknown>][] = [
      ['ENOENT', fs.readFile('/missing')],
      ['EISDIR', fs.readFile('/dir')],
      ['ENOTDIR', fs.readFile('/dir/file/below')],
      ['ENOENT', fs.readFile('/dangling')],
      ['ELOOP', fs.readFile('/loop')],
      ['ENAMETOOLONG', fs.readFile(long)],
      ['ENAMETOOLONG', fs.readFile(`/${'a/'.repeat(5000)}`)],
      ['ENOENT', fs.writeFile('/missing/file', 'x')],
      ['EISDIR', fs.writeFile('/dir', 'x')],
      ['EEXIST', fs.writeFile('/dir/file', 'x', { exclusive: true })],
      ['EISDIR', fs.writeFile('/new/', 'x')],
      ['EISDIR', fs.appendFile('/dir', 'x')],
      ['EEXIST', fs.mkdir('/dir')],
      ['EEXIST', fs.mkdir('/')],
      ['ENOENT', fs.mkdir('/missing/dir')],
      ['ENOTDIR', fs.mkdir('/dir/file/dir')],
      ['EEXIST', fs.mkdir('/dir/file', { recursive: true })],
      ['ENOTDIR', fs.mkdir('/dir/file/deeper/still', { recursive: true })],
      ['ENOENT', fs.readdir('/missing')],
      ['ENOTDIR', fs.readdir('/dir/file')],
      ['ENOENT', fs.stat('/missing')],
      ['ENOENT', fs.stat('/dangling')],
      ['ENOENT', fs.lstat('/missing')],
      ['ENOENT', fs.rename('/missing', '/new')],
      ['ENOTEMPTY', fs.rename('/tmp', '/dir')],
      ['EINVAL', fs.rename('/dir', '/dir/inside')],
      ['EISDIR', fs.rename('/dir/file', '/tmp')],
      ['ENOENT', fs.rm('/missing')],
      ['EISDIR', fs.rm('/dir')],
      ['EBUSY', fs.rm('/', { recursive: true, force: true })],
      ['EINVAL', fs.rm('/tmp/..', { recursive: true })],
      ['ENOENT', fs.rmdir('/missing')],
      ['ENOTEMPTY', fs.rmdir('/dir')],
      ['ENOTDIR', fs.rmdir('/dir/file')],
      ['ENOENT', fs.unlink('/missing')],
      ['EISDIR', fs.unlink('/dir')],
      ['EEXIST', fs.symlink('anywhere', '/dir')],
      ['EINVAL', fs.readlink('/dir/file')],
      ['ENOENT', fs.readlink('/missing')],
      ['ENOENT', fs.link('/missing', '/new')],
      ['EEXIST', fs.link('/dir/file', '/dir')],
      ['EPERM', fs.link('/dir', '/new')],
      ['ENOENT', fs.truncate('/missing')],
      ['EISDIR', fs.truncate('/dir')],
      ['ENOENT', fs.utimes('/missing', 0, 0)],
    ];
    return Promise.all(calls.map(async ([wanted, call]) => ({ wanted, failure: await lab.failure(call) })));
  });
  for (const { wanted, failure } of failures) {
    expect(failure, `${String(failure['syscall'])} ${String(failure['path']).slice(0, 40)}`).toMatchObject({
      name: 'FsError',
      code: wanted,
      syscall: expect.stringMatching(/^\w+$/),
      path: expect.stringMatching(/^[/a]/),
    });
    expect(failure.message).toContain(wanted);
    expect(failure.message).toContain(String(failure['path']));
    expect(failure['errno']).toBeGreaterThan(0);
  }
});

test('wrong arguments are TypeErrors, and change nothing', async ({ page }) => {
  const names = await page.evaluate(async () => {
    const { fs } = window.hf;
    const calls: Promise<unknown>[] = [
      fs.readFile('relative'),
      fs.readFile(5 as unknown as string),
      fs.readFile('/a\0b'),
      fs.writeFile('/file', 5 as unknown as string),
      fs.writeFile('/file', new ReadableStream({ pull: (c) => c.enqueue('text' as unknown as Uint8Array) })),
      fs.readFile('/file', 'latin1' as 'utf8'),
      fs.utimes('/tmp', NaN, 0),
      fs.truncate('/tmp', -1),
    ];
    const failures = await Promise.all(calls.map(lab.failure));
    return [...failures.map(({ name }) => name), await fs.exists('/file')];
  });
  expect(names.slice(0, 7)).toEqual(Array(7).fill('TypeError'));
  expect(names.slice(7)).toEqual(['RangeError', false]);
});

test('exists() distinguishes "no" from "unknown", and rm({ force }) accepts missing files', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { fs } = window.hf;
    await fs.writeFile('/file', 'x');
    await fs.rm('/missing', { force: true });
    await fs.rm('/file', { recursive: true, force: true });
    return [
      await fs.exists('/tmp'),
      await fs.exists('/missing'),
      await fs.exists('/dev/null/below'),
      (await lab.failure(fs.exists(`/${'n'.repeat(300)}`)))['code'],
    ];
  });
  expect(seen).toEqual([true, false, false, 'ENAMETOOLONG']);
});

test('50 MB are written and read back, byte for byte; after removal the space is free again', async ({ page }) => {
  const seen = await page.evaluate(async (size) => {
    const { fs } = window.hf;
    const data = lab.patternBytes(size);
    await fs.writeFile('/big', data);
    const { files } = await window.hf.stats();
    const back = await fs.readFile('/big');
    const wrong = lab.mismatch(back);
    // A stream of odd-sized chunks, so that the file need not be in memory as a whole.
    let at = 0;
    await fs.writeFile(
      '/streamed',
      new ReadableStream<Uint8Array>({
        pull(controller) {
          if (at === size) return controller.close();
          const part = Math.min(777_777, size - at);
          controller.enqueue(lab.patternBytes(part, at));
          at += part;
        },
      }),
    );
    const streamed = lab.mismatch(await fs.readFile('/streamed'));
    const blob = new Blob([data, data.subarray(0, 5)]);
    await fs.writeFile('/blob', blob);
    const sizes = [(await fs.stat('/big')).size, (await fs.stat('/streamed')).size, (await fs.stat('/blob')).size];
    await fs.rm('/big');
    await fs.rm('/streamed');
    await fs.rm('/blob');
    const after = await window.hf.stats();
    return { held: files.bytes, length: back.length, wrong, streamed, sizes, left: after.files.bytes };
  }, 50_000_000);
  expect(seen).toMatchObject({ length: 50_000_000, wrong: -1, streamed: -1, left: 0 });
  expect(seen.held).toBeGreaterThanOrEqual(50_000_000);
  expect(seen.held).toBeLessThan(51_000_000);
  expect(seen.sizes).toEqual([50_000_000, 50_000_000, 50_000_005]);
});

test('a text beyond what this engine’s strings can hold is EFBIG, and so are bytes beyond its arrays', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const { fs } = window.hf;
    await fs.writeFile('/sparse', '');
    const codes: unknown[] = [];
    const read = async (size: number, encoding?: 'utf8') => {
      await fs.truncate('/sparse', size);
      const call = encoding ? fs.readFile('/sparse', encoding) : fs.readFile('/sparse');
      codes.push(
        await call.then(
          (data) => data.length === size,
          (error: { code: string }) => error.code,
        ),
      );
    };
    // One more than V8's longest string, for which Chromium's decoder returns an empty string.
    await read(2 ** 29 - 24 + 1, 'utf8');
    await read(2 ** 32, 'utf8');
    await read(2 ** 40, 'utf8');
    await read(2 ** 40);
    await read(2 ** 53 - 1);
    await read(20 * 2 ** 20, 'utf8');
    await read(20 * 2 ** 20);
    return codes;
  });
  expect(seen).toEqual(['EFBIG', 'EFBIG', 'EFBIG', 'EFBIG', 'EFBIG', true, true]);
});

test('a program echoes while the page reads a large file, and while it writes one', async ({ page }) => {
  const answered = await page.evaluate(async () => {
    const { fs } = window.hf;
    const echo = await window.hf.spawn(lab.guest('toolbox'), { args: ['echo'] });
    const [writer, reader] = [echo.stdin.getWriter(), echo.stdout.getReader()];
    await fs.writeFile('/sparse', '');
    await fs.truncate('/sparse', 300 * 2 ** 20);
    const counts = [];
    for (const long of [() => fs.readFile('/sparse'), () => fs.writeFile('/big', new Uint8Array(200 * 2 ** 20))]) {
      let done = false;
      const under = long().finally(() => (done = true));
      let count = 0;
      for (; !done; count++) {
        await writer.write(lab.encode('x\n'));
        await reader.read();
      }
      await under;
      counts.push(count);
    }
    await writer.close();
    await echo.exited;
    return counts;
  });
  for (const count of answered) expect(count).toBeGreaterThan(5);
});

test('a response is streamed to a file and back, and data of two writers is never mixed', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { fs } = window.hf;
    const data = lab.patternBytes(20_000_000);
    const body = new Response(data).body as ReadableStream<Uint8Array>;
    await body.pipeTo(fs.writable('/file'));
    const back = new Uint8Array(await new Response(fs.readable('/file')).arrayBuffer());
    const of = (byte: number) => new Blob([new Uint8Array(20_000_000).fill(byte)]);
    await Promise.all([fs.writeFile('/file', of(1)), fs.writeFile('/file', of(2)), fs.rename('/file', '/moved')]);
    const one = await fs.readFile((await fs.exists('/file')) ? '/file' : '/moved');
    return [back.length, lab.mismatch(back), one.length, one.every((byte) => byte === one[0])];
  });
  expect(seen).toEqual([20_000_000, -1, 20_000_000, true]);
});

test('a file that is too large is a clear error, not a dead runtime', async ({ page, start }) => {
  await page.evaluate(() => window.hf.close());
  await start({ memory: { initial: 16 * MIB, maximum: 48 * MIB } });
  const seen = await page.evaluate(async () => {
    const { fs } = window.hf;
    const full = await lab.failure(fs.writeFile('/big', new Uint8Array(100_000_000)));
    await fs.rm('/big', { force: true });
    await fs.writeFile('/sparse', '');
    await fs.truncate('/sparse', 2 ** 40);
    const sparse = await lab.failure(fs.readFile('/sparse'));
    await fs.writeFile('/fits', new Uint8Array(10_000_000));
    return { full, sparse, code: (await window.hf.run(lab.guest('hello'))).code };
  });
  expect(seen.full).toMatchObject({ name: 'FsError', code: expect.stringMatching(/^ENOSPC|ENOMEM$/) });
  expect(seen.sparse).toMatchObject({ name: 'FsError', code: expect.stringMatching(/^EFBIG|ENOMEM$/) });
  expect(seen.code).toBe(0);
});

test('the page reads what a guest wrote, a guest what the page wrote, and guests each other’s files', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const { fs } = window.hf;
    const tool = (...args: string[]) => window.hf.run(lab.guest('toolbox'), { args, preopens: ['/'] });
    await fs.writeFile('/from-page', 'the page says ü');
    const read = (await tool('read', '/from-page')).stdout;
    await tool('write', '/from-guest', 'the guest says ß');
    const back = await fs.readFile('/from-guest', 'utf8');
    const other = (await tool('read', '/from-guest')).stdout;

    // While both programs run, each sees the other's writes at once.
    const reader = await window.hf.spawn(lab.guest('toolbox'), { args: ['answers'], preopens: ['/'] });
    const ask = reader.stdin.getWriter();
    const answers = reader.stdout.getReader();
    const live = [];
    for (const text of ['first', 'second']) {
      await tool('write', '/shared', text);
      await ask.write(lab.encode('/shared\n'));
      live.push(await lab.readUntil(answers, '\n'));
    }
    await ask.close();
    await reader.exited;
    return [read, back, other, ...live];
  });
  expect(seen).toEqual(['the page says ü', 'the guest says ß', 'the guest says ß', 'first\n', 'second\n']);
});

test('preopens: several, under other names, in the order given; nothing else can be seen', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { fs } = window.hf;
    await fs.mkdir('/data/inner', { recursive: true });
    await fs.mkdir('/work');
    await fs.writeFile('/data/file', 'data');
    await fs.writeFile('/work/file', 'work');
    await fs.writeFile('/secret', 'secret');
    const preopens = { '/': '/work', '/mnt': { path: '/data' } };
    const read = (path: string) => window.hf.run(lab.guest('toolbox'), { args: ['read', path], preopens });
    const results = [];
    for (const path of ['/file', '/mnt/file', '/secret', '/mnt/../secret', '/data/file'])
      results.push(await read(path));
    const list = await window.hf.run(lab.guest('toolbox'), {
      args: ['read', '/data/file'],
      preopens: ['/data', '/work'],
    });
    const none = await window.hf.run(lab.guest('toolbox'), { args: ['read', '/data/file'] });
    return [...results, list, none].map(({ code, stdout }) => (code === 0 ? stdout : code));
  });
  const ENOENT = 44;
  const EPERM = 63;
  const NOTCAPABLE = 76;
  expect(seen.slice(0, 3)).toEqual(['work', 'data', ENOENT]);
  expect([ENOENT, EPERM, NOTCAPABLE]).toContain(seen[3]);
  expect(seen.slice(4, 6)).toEqual([ENOENT, 'data']);
  expect(seen[6]).not.toBe('data');
});

test('a read-only preopen can be read and not changed: EROFS', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { fs } = window.hf;
    await fs.writeFile('/tmp/file', 'as it was');
    const preopens = [{ path: '/tmp', guest: '/', readOnly: true }];
    const tool = (...args: string[]) => window.hf.run(lab.guest('toolbox'), { args, preopens });
    const results = [await tool('read', '/file'), await tool('write', '/file', 'x'), await tool('write', '/new', 'x')];
    return [results.map(({ code, stdout, stderr }) => [code, stdout, stderr]), await fs.readdir('/tmp')];
  });
  const EROFS = 69;
  expect(seen[0]).toEqual([
    [0, 'as it was', ''],
    [EROFS, '', expect.stringContaining('Read-only')],
    [EROFS, '', expect.stringContaining('Read-only')],
  ]);
  expect(seen[1]).toEqual(['file']);
});

test('a preopen that is missing or not a directory is refused, and the error names it', async ({ page }) => {
  const failures = await page.evaluate(async () => {
    await window.hf.fs.writeFile('/file', 'x');
    const spawn = (path: string) => window.hf.spawn(lab.guest('hello'), { preopens: { '/': '/', '/inside': path } });
    return [await lab.failure(spawn('/missing/directory')), await lab.failure(spawn('/file'))];
  });
  expect(failures[0]).toMatchObject({ name: 'SpawnRefused', kind: 'options' });
  expect(failures[0]?.message).toMatch(/^ENOENT: cannot preopen \/missing\/directory as \/inside: /);
  expect(failures[1]).toMatchObject({ name: 'SpawnRefused', kind: 'options' });
  expect(failures[1]?.message).toMatch(/^ENOTDIR: cannot preopen \/file as \/inside: /);
});
