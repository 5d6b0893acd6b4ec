// Sockets between guests and the page: bytes, ends, back-pressure, limits; nothing is left behind.
import { expect, test } from './support/test.ts';

test.beforeEach(async ({ start }) => start());

test('a page talks to a guest that listens: each direction ends by itself', async ({ page }) => {
  const got = await page.evaluate(async () => {
    const server = await window.hf.spawn(lab.guest('echo-server-in-libc'), {
      args: ['1'],
      sockets: [{ listen: 8080 }],
    });
    const { readable, writable, closed } = await window.hf.connect(8080);
    const writer = writable.getWriter();
    const reader = readable.getReader();
    await writer.write(lab.encode('hello'));
    const first = new TextDecoder().decode((await reader.read()).value);
    await writer.write(lab.encode('again'));
    await writer.close();
    const second = new TextDecoder().decode((await reader.read()).value);
    const last = await reader.read();
    await closed;
    return { ports: server.ports, first, second, done: last.done, exit: await server.exited };
  });
  expect(got).toMatchObject({
    ports: [8080],
    first: 'hello',
    second: 'again',
    done: true,
    exit: { reason: 'exit', code: 0 },
  });
});

test('10,000 connections one after the other leave nothing in the kernel', async ({ page }) => {
  const { before, after, wrong } = await page.evaluate(async () => {
    const server = await window.hf.spawn(lab.guest('echo-server-in-libc'), { sockets: [{ listen: 0 }] });
    const port = server.ports[0]!;
    const text = lab.encode('some bytes');
    const one = async (): Promise<boolean> => {
      const { readable, writable, closed } = await window.hf.connect(port);
      const writer = writable.getWriter();
      void writer.write(text);
      void writer.close();
      const reply = await lab.bytesOf(readable);
      await closed;
      return reply.length === text.length;
    };
    await one();
    const idle = async () => {
      await lab.asleep(server);
      return window.hf.stats();
    };
    const before = await idle();
    let wrong = 0;
    for (let i = 0; i < 10_000; i++) if (!(await one())) wrong++;
    return { before, after: await idle(), wrong };
  });
  expect(wrong).toBe(0);
  expect(after.kernel).toEqual(before.kernel);
  expect(after.sockets).toEqual({ connections: 0, listeners: 1 });
});

test('a page that does not read makes the guest wait, and the guest makes the page’s writes wait; then everything arrives, byte for byte', async ({
  page,
}) => {
  const size = 16 * 1024 * 1024;
  const { held, read, wrong } = await page.evaluate(async (total) => {
    const server = await window.hf.spawn(lab.guest('echo-server-in-libc'), { args: ['1'], sockets: [{ listen: 0 }] });
    const { readable, writable } = await window.hf.connect(server.ports[0]!, { buffer: 256 * 1024 });
    let written = 0;
    const sending = (async () => {
      const writer = writable.getWriter();
      while (written < total) {
        await writer.write(lab.patternBytes(65536, written));
        written += 65536;
      }
      await writer.close();
    })();
    await lab.asleep(server);
    await lab.frames(30);
    await lab.asleep(server);
    const held = written;
    let read = 0;
    let wrong = -1;
    const reader = readable.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (wrong < 0) wrong = lab.mismatch(next.value, read);
      read += next.value.byteLength;
    }
    await sending;
    return { held, read, wrong };
  }, size);
  // The page's credit, two pipes of 64 KiB, the guest's buffer, and the write that waits.
  expect(held).toBeGreaterThan(256 * 1024);
  expect(held).toBeLessThanOrEqual((256 + 64 + 64 + 64) * 1024);
  expect({ read, wrong }).toEqual({ read: size, wrong: -1 });
});

test('killing a server ends its connections, and its port refuses new ones', async ({ page }) => {
  const got = await page.evaluate(async () => {
    const codeOf = (error: unknown): unknown => (error as { code?: string }).code;
    const before = await window.hf.stats();
    const server = await window.hf.spawn(lab.guest('accepts-on-request'), { sockets: [{ listen: 0 }] });
    const port = server.ports[0]!;
    const accepted = await window.hf.connect(port);
    const pending = await window.hf.connect(port);
    const stdin = server.stdin.getWriter();
    await stdin.write(lab.encode('x'));
    await server.stdout.getReader().read();
    const writer = accepted.writable.getWriter();
    await writer.write(lab.encode('nobody reads this'));
    server.kill();
    await server.exited;
    const reading = await lab.bytesOf(accepted.readable).then(String, codeOf);
    const never = await lab.bytesOf(pending.readable).then(String, codeOf);
    const writing = await writer.write(lab.encode('x')).then(String, codeOf);
    await Promise.all([accepted.closed, pending.closed]);
    const refused = await window.hf.connect(port).then(String, codeOf);
    const name = await window.hf.connect(port).catch((error: Error) => error.name);
    await server.stderr.cancel();
    const after = await lab.until(
      () => window.hf.stats(),
      (stats) => stats.processes.length === 0,
    );
    return { reading, never, writing, refused, name, before, after };
  });
  expect(got).toMatchObject({
    reading: 'ECONNRESET',
    never: 'ECONNRESET',
    writing: 'EPIPE',
    refused: 'ECONNREFUSED',
    name: 'SocketError',
  });
  expect(got.after.sockets).toEqual(got.before.sockets);
});

test('cancelling and aborting cause EPIPE and ECONNRESET at the other end', async ({ page }) => {
  const got = await page.evaluate(async () => {
    const codeOf = (error: unknown): unknown => (error as { code?: string }).code;
    const listener = await window.hf.listen();
    const client = await window.hf.connect(listener.port);
    const server = await listener.accept();
    await client.readable.cancel();
    const writer = server.writable.getWriter();
    const broken = await lab.until(
      () => writer.write(lab.encode('x')).then(() => '', codeOf),
      (code) => code !== '',
    );
    await client.writable.getWriter().write(lab.encode('sent'));
    const aborted = await window.hf.connect(listener.port);
    const other = await listener.accept();
    await aborted.writable.abort();
    const failed = await lab.bytesOf(other.readable).then(String, codeOf);
    await aborted.readable.cancel();
    await other.writable.close();
    await Promise.all([aborted.closed, other.closed]);
    listener.close();
    const text = new TextDecoder().decode((await server.readable.getReader().read()).value);
    return { broken, failed, text };
  });
  expect(got).toEqual({ broken: 'EPIPE', failed: 'ECONNRESET', text: 'sent' });
});

test('connecting waits while the backlog is full, and a signal cancels it', async ({ page }) => {
  const got = await page.evaluate(async () => {
    const server = await window.hf.spawn(lab.guest('accepts-on-request'), { sockets: [{ listen: 0 }] });
    const port = server.ports[0]!;
    for (let i = 0; i < 128; i++) await window.hf.connect(port);
    const abort = new AbortController();
    const state = { first: 'waits', second: 'waits' };
    const first = window.hf.connect(port, { signal: abort.signal }).then(
      () => (state.first = 'connected'),
      (error: Error) => (state.first = error.message),
    );
    const second = window.hf.connect(port).then(() => (state.second = 'connected'));
    await window.hf.stats();
    await lab.frames(5);
    const waiting = { ...state };
    abort.abort(new Error('given up'));
    await first;
    const connections = (await window.hf.stats()).sockets.connections;
    await server.stdin.getWriter().write(lab.encode('x'));
    await second;
    return { waiting, state, connections };
  });
  expect(got).toEqual({
    waiting: { first: 'waits', second: 'waits' },
    state: { first: 'given up', second: 'connected' },
    connections: 128,
  });
});

test('two guests talk to each other, and a guest to the page', async ({ page }) => {
  const got = await page.evaluate(async () => {
    const server = await window.hf.spawn(lab.guest('echo-server-in-libc'), { args: ['1'], sockets: [{ listen: 7 }] });
    const asked = await window.hf.run(lab.guest('asks-a-server'), {
      args: ['from guest to guest'],
      sockets: [{ connect: 7 }],
    });
    await server.exited;
    const listener = await window.hf.listen(80);
    const client = window.hf.run(lab.guest('asks-a-server'), { args: ['what is it?'], sockets: [{ connect: 80 }] });
    const questions: string[] = [];
    for await (const { readable, writable } of listener) {
      questions.push(await lab.textOf(readable));
      const writer = writable.getWriter();
      await writer.write(lab.encode('a page'));
      await writer.close();
      break;
    }
    const answer = await client;
    const { sockets } = await window.hf.stats();
    return { asked: asked.stdout, questions, answer: answer.stdout, sockets };
  });
  expect(got).toEqual({
    asked: 'from guest to guest',
    questions: ['what is it?'],
    answer: 'a page',
    sockets: { connections: 0, listeners: 0 },
  });
});

test('ports that are taken, or without a listener, refuse; closing wakes a waiting accept', async ({ page }) => {
  const got = await page.evaluate(async () => {
    const inWords = (error: unknown) => {
      const { name, message, kind, code } = error as { name: string; message: string; kind?: string; code?: string };
      return { name, message, kind, code };
    };
    const guest = lab.guest('accepts-on-request');
    const listener = await window.hf.listen(80);
    const waiting = listener.accept().then(String, inWords);
    const taken = await window.hf.listen(80).then(String, inWords);
    const spawnTaken = await window.hf.spawn(guest, { sockets: [{ listen: 80 }] }).then(String, inWords);
    const spawnRefused = await window.hf.spawn(guest, { sockets: [{ connect: 81 }] }).then(String, inWords);
    const both = await window.hf.spawn(guest, { sockets: [{ listen: 1, connect: 2 } as never] }).then(String, inWords);
    const port = await window.hf.connect(65536).then(String, inWords);
    listener.close();
    const stats = await window.hf.stats();
    return { taken, spawnTaken, spawnRefused, both, port, aborted: await waiting, sockets: stats.sockets };
  });
  expect(got).toMatchObject({
    taken: { name: 'SocketError', code: 'EADDRINUSE' },
    spawnTaken: { name: 'SpawnRefused', kind: 'options' },
    spawnRefused: {
      name: 'SpawnRefused',
      kind: 'options',
      message: expect.stringContaining('nothing listens on port 81'),
    },
    both: { name: 'TypeError' },
    port: { name: 'RangeError' },
    aborted: { name: 'SocketError', code: 'ECONNABORTED' },
    sockets: { connections: 0, listeners: 0 },
  });
});

test('an open connection and a waiting one end with the runtime', async ({ page }) => {
  const got = await page.evaluate(async () => {
    const nameOf = (error: Error): string => error.name;
    const listener = await window.hf.listen();
    const open = await window.hf.connect(listener.port);
    await listener.accept();
    const waiting = listener.accept().then(String, nameOf);
    const reading = open.readable.getReader().read().then(String, nameOf);
    await window.hf.close();
    return [
      await waiting,
      await reading,
      await open.closed.then(String, nameOf),
      await window.hf.connect(1).then(String, nameOf),
    ];
  });
  expect(got).toEqual(['Closed', 'Closed', 'Closed', 'Closed']);
});
