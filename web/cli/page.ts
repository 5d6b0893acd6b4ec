/**
 * The page that runs a program for the command (see remote.ts). It answers the coordinator's protocol, which the
 * command speaks, using the public API.
 */
import { TRACE_FD } from '../../build/generated/layouts.js';
import {
  PROTOCOL,
  type ErrorMessage,
  type FromCoordinator,
  type FsRequest,
  type FsResult,
  type InitMessage,
  type OutputFd,
  type SpawnMessage,
  type StreamFd,
  type ToCoordinator,
} from '../../common/protocol.js';
import { asError } from '../errors.js';
import {
  FsError,
  SpawnRefused,
  start,
  type Connection,
  type FileSystem,
  type Holdfast,
  type Process,
  type Stats,
} from '../index.js';
import type { TraceEvent } from '../tracing.js';
import { encodeFrame, FrameReader } from './wire.js';

/** Sends messages up in order; each request carries all messages that accumulated during the previous one. */
class Uplink {
  #queue: Uint8Array<ArrayBuffer>[] = [];
  #sending = false;

  send(message: FromCoordinator): void {
    this.#queue.push(...(encodeFrame(message) as Uint8Array<ArrayBuffer>[]));
    if (!this.#sending) void this.#flush();
  }

  async #flush(): Promise<void> {
    this.#sending = true;
    while (this.#queue.length > 0) {
      const body = new Blob(this.#queue.splice(0));
      const { ok, status } = await fetch('up', { method: 'POST', body });
      if (!ok) throw new Error(`the command does not listen any more: HTTP ${status}`);
    }
    this.#sending = false;
  }
}

/** The remaining credit of one output stream. */
class Credit {
  #bytes: number;
  #wake: (() => void) | undefined;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  grant(bytes: number): void {
    this.#bytes += bytes;
    this.#wake?.();
  }

  /** Waits for credit; resolves to how much of `wanted` may be sent. */
  async take(wanted: number): Promise<number> {
    while (this.#bytes === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    const taken = Math.min(wanted, this.#bytes);
    this.#bytes -= taken;
    return taken;
  }
}

const ignore = (): void => undefined;

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/**
 * Sends a stream's data up, within the command's credit, and then its end, but only after that of `others`, which use
 * the same destination.
 */
async function relay(
  up: Uplink,
  id: number,
  fd: OutputFd,
  reader: Reader,
  credit: Credit,
  others?: Promise<unknown>,
): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      await others;
      return up.send({ t: 'end', id, fd });
    }
    for (let at = 0; at < value.byteLength;) {
      const length = await credit.take(value.byteLength - at);
      up.send({ t: 'output', id, fd, bytes: value.subarray(at, at + length) });
      at += length;
    }
  }
}

/** Writes data from the command, and acknowledges it when done. */
async function passOn(up: Uplink, id: number, to: WritableStreamDefaultWriter<Uint8Array>, bytes: Uint8Array) {
  const error = await to.write(bytes).then(() => null, errorMessage);
  up.send({ t: 'stdin-done', id, error });
}

/** The command's messages about the streams of a program or a connection. */
interface Streams {
  write(bytes: Uint8Array): void;
  endInput(): void;
  grant(fd: StreamFd, bytes: number): void;
  cancel(fd: StreamFd): void;
  kill(): void;
}

/** A connection of the command. */
class ConnectionRelay implements Streams {
  readonly #id: number;
  readonly #up: Uplink;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: Reader;
  readonly #credit: Credit;

  constructor(id: number, credit: number, connection: Connection, up: Uplink) {
    this.#id = id;
    this.#up = up;
    this.#writer = connection.writable.getWriter();
    this.#reader = connection.readable.getReader();
    this.#credit = new Credit(credit);
    up.send({ t: 'connected', id, error: null });
    relay(up, id, 1, this.#reader, this.#credit).catch((error: unknown) =>
      up.send({ t: 'end', id, fd: 1, error: errorMessage(error) }),
    );
  }

  write(bytes: Uint8Array): void {
    void passOn(this.#up, this.#id, this.#writer, bytes);
  }

  endInput(): void {
    this.#writer.close().catch(() => undefined);
  }

  grant(_fd: StreamFd, bytes: number): void {
    this.#credit.grant(bytes);
  }

  cancel(): void {
    this.#credit.grant(Infinity);
    void this.#reader.cancel();
  }

  kill(): void {
    this.#writer.abort().catch(() => undefined);
  }
}

/** The destination of a traced program's lines: its standard error's. */
const traceFdOf = ({ stderr }: SpawnMessage): OutputFd => (stderr === 'stdout' ? 1 : 2);

/** A program that runs for the command. */
class Relay implements Streams {
  readonly #id: number;
  readonly #process: Process;
  readonly #up: Uplink;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #readers: Record<OutputFd, Reader>;
  readonly #credit: Record<OutputFd, Credit>;
  readonly #traceFd: OutputFd;

  constructor(message: SpawnMessage, process: Process, up: Uplink) {
    const { id, credit, stdout, stderr, trace } = message;
    this.#id = id;
    this.#process = process;
    this.#up = up;
    this.#stdin = process.stdin.getWriter();
    this.#readers = { 1: process.stdout.getReader(), 2: process.stderr.getReader() };
    this.#credit = { 1: new Credit(credit), 2: new Credit(credit) };
    this.#traceFd = traceFdOf(message);
    up.send({ t: 'spawned', id, pid: process.pid, ports: [...process.ports] });
    // The trace function gets the last call before the program's own end.
    const traced = (fd: OutputFd) => (trace && fd === this.#traceFd ? process.exited : undefined);
    if (stdout === 'pipe') void relay(up, id, 1, this.#readers[1], this.#credit[1], traced(1));
    if (stderr === 'pipe') void relay(up, id, 2, this.#readers[2], this.#credit[2], traced(2));
    void process.exited.then((exit) => up.send({ t: 'exited', id, exit }));
    void process.released.then(() => up.send({ t: 'released', id }));
    if (trace) up.send({ t: 'end', id, fd: TRACE_FD }); // it is sent as text, to the destination of standard error
  }

  write(bytes: Uint8Array): void {
    void passOn(this.#up, this.#id, this.#stdin, bytes);
  }

  endInput(): void {
    this.#stdin.close().catch(() => undefined); // it may already be closed
  }

  /** Waits for credit for that many bytes. */
  async credit(fd: OutputFd, bytes: number): Promise<void> {
    for (let left = bytes; left > 0;) left -= await this.#credit[fd].take(left);
  }

  grant(fd: StreamFd, bytes: number): void {
    if (fd === TRACE_FD) return;
    this.#credit[fd].grant(bytes);
  }

  cancel(fd: StreamFd): void {
    if (fd === TRACE_FD) return;
    this.grant(fd, Infinity);
    void this.#readers[fd].cancel();
  }

  kill(): void {
    this.#process.kill();
  }
}

class Page {
  readonly #up = new Uplink();
  readonly #relays = new Map<number, Streams>();
  /** Programs and connections that are starting; aborted if they are killed before they run. */
  readonly #starting = new Map<number, AbortController>();
  readonly #files = new Files();
  #hf: Holdfast | undefined;

  async run(): Promise<void> {
    addEventListener('error', (event) => this.#fatal(event.message));
    addEventListener('unhandledrejection', (event) => this.#fatal(asError(event.reason).message));
    const { body } = await fetch('down');
    const messages = new FrameReader<ToCoordinator>();
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      for (const message of messages.push(value)) this.#receive(message);
    }
    await this.#hf?.close(); // the command has gone
  }

  #fatal(message: string): void {
    this.#up.send({ t: 'fatal', message });
  }

  #receive(message: ToCoordinator): void {
    switch (message.t) {
      case 'init':
        return void this.#start(message);
      case 'spawn':
        return void this.#spawn(message);
      case 'stdin':
        return this.#write(message.id, message.bytes);
      case 'stdin-end':
        return this.#relays.get(message.id)?.endInput();
      case 'credit':
        return this.#relays.get(message.id)?.grant(message.fd, message.bytes);
      case 'cancel':
        return this.#relays.get(message.id)?.cancel(message.fd);
      case 'kill':
      case 'abort':
        this.#starting.get(message.id)?.abort();
        return this.#relays.get(message.id)?.kill();
      case 'connect':
        return void this.#connect(message.id, message.port, message.credit);
      case 'accept':
      case 'listen':
      case 'listen-end':
      case 'pause':
      case 'trace':
      case 'raw':
      case 'echo':
      case 'ps':
        return this.#fatal(`the command does not send "${message.t}" to this page`); // the command never sends these
      case 'fs':
        return void this.#answer(message.call, (hf) => this.#files.call(hf.fs, message.request));
      case 'stats':
        return void this.#answer(message.call, (hf) => hf.stats());
      case 'close':
      case 'end-workers':
        return void (this.#hf?.close() ?? Promise.resolve()).then(() => this.#up.send({ t: 'closed', locks: [] }));
    }
  }

  async #start({ workers, memory, force }: InitMessage): Promise<void> {
    try {
      this.#hf = await start({ workers, memory, force });
      this.#up.send({ t: 'ready', protocol: PROTOCOL });
    } catch (error) {
      this.#fatal(asError(error).message);
    }
  }

  async #spawn(message: SpawnMessage): Promise<void> {
    const { id, source, name, args, env, stdin, stdout, stderr, tty, credit, timeout } = message;
    const abort = new AbortController();
    this.#starting.set(id, abort);
    try {
      if (source.kind !== 'url') throw new SpawnRefused('source', 'only URLs are understood here');
      const process = await (this.#hf as Holdfast).spawn(source.url, {
        name,
        argv0: args[0] ?? name,
        args: args.slice(1),
        env: Object.fromEntries(env),
        preopens: message.preopens,
        sockets: message.sockets.map(({ listens, port, nonblocking }) =>
          listens ? { listen: port, nonblocking } : { connect: port, nonblocking },
        ),
        stdin,
        stdout,
        stderr,
        brokenPipe: message.brokenPipe,
        tty,
        timeout,
        limits: Object.fromEntries(Object.entries(message.limits).filter(([, most]) => most !== 0)),
        // Whether that is possible depends on the engine.
        ...(message.interruptible !== 'if-possible' ? { interruptible: message.interruptible } : {}),
        ...(message.trace ? { trace: (event: TraceEvent) => this.#tell(message, event) } : {}),
        outputBuffer: credit,
        signal: abort.signal,
        ...(message.progress ? { onProgress: (progress) => this.#up.send({ t: 'progress', id, ...progress }) } : {}),
      });
      this.#relays.set(id, new Relay(message, process, this.#up));
    } catch (error) {
      const kind = error instanceof SpawnRefused ? error.kind : 'options';
      this.#up.send({ t: 'refused', id, refusal: { kind, message: asError(error).message } });
    }
    this.#starting.delete(id);
  }

  /** Sends a traced call as a line; the program waits until the command accepts it. */
  async #tell(message: SpawnMessage, { text }: TraceEvent): Promise<void> {
    const { id } = message;
    const fd = traceFdOf(message);
    const bytes = new TextEncoder().encode(`${text}\n`);
    const relay = this.#relays.get(id);
    if (relay instanceof Relay) await relay.credit(fd, bytes.length);
    this.#up.send({ t: 'output', id, fd, bytes });
  }

  async #connect(id: number, port: number, credit: number): Promise<void> {
    const abort = new AbortController();
    this.#starting.set(id, abort);
    try {
      const connection = await (this.#hf as Holdfast).connect(port, { buffer: credit, signal: abort.signal });
      this.#relays.set(id, new ConnectionRelay(id, credit, connection, this.#up));
      void connection.closed.then(() => {
        this.#relays.delete(id);
        this.#up.send({ t: 'input-gone', id });
      }, ignore);
    } catch (error) {
      this.#up.send({ t: 'connected', id, error: errorMessage(error) });
    }
    this.#starting.delete(id);
  }

  #write(id: number, bytes: Uint8Array): void {
    const to = this.#relays.get(id);
    const error = { code: 'EPIPE', message: 'EPIPE: the connection is over' };
    if (to) to.write(bytes);
    else this.#up.send({ t: 'stdin-done', id, error });
  }

  async #answer(call: number, ask: (hf: Holdfast) => Promise<FsResult | Stats | void>): Promise<void> {
    try {
      const value = (await ask(this.#hf as Holdfast)) as FsResult | Stats;
      this.#up.send({ t: 'done', call, value });
    } catch (error) {
      this.#up.send({ t: 'failed', call, error: errorMessage(error) });
    }
  }
}

function errorMessage(error: unknown): ErrorMessage {
  const { message } = asError(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return { code, message, errno: error instanceof FsError ? error.errno : 0 };
}

/** Handles the command's file system calls. */
class Files {
  /** Files that the command writes in parts. */
  readonly #open = new Map<number, WritableStreamDefaultWriter<Uint8Array>>();
  #lastHandle = 0;

  async call(fs: FileSystem, request: FsRequest): Promise<FsResult | void> {
    switch (request.op) {
      case 'readFile':
        return fs.readFile(request.path);
      case 'open': {
        const { path, how, exclusive } = request;
        const writer = fs.writable(path, { append: how !== 'replace', exclusive }).getWriter();
        await writer.ready;
        this.#open.set(++this.#lastHandle, writer);
        return { handle: this.#lastHandle, size: 0 };
      }
      case 'write':
        return this.#open.get(request.handle)?.write(request.bytes);
      case 'close': {
        const writer = this.#open.get(request.handle);
        this.#open.delete(request.handle);
        return request.how === 'done' ? writer?.close() : writer?.abort();
      }
      case 'read':
      case 'list':
        throw new Error(`the command does not ask for "${request.op}"`); // it gets files and directories whole
      case 'writeFile': {
        const { path, bytes, append, exclusive } = request;
        return append ? fs.appendFile(path, bytes) : fs.writeFile(path, bytes, { exclusive });
      }
      case 'mkdir':
        return fs.mkdir(request.path, { recursive: request.recursive });
      case 'readdir':
        return { entries: await fs.readdir(request.path, { withFileTypes: true }), handle: 0 };
      case 'stat':
        return request.follow ? fs.stat(request.path) : fs.lstat(request.path);
      case 'rename':
        return fs.rename(request.from, request.to);
      case 'rm':
        return fs.rm(request.path, { recursive: request.recursive, force: request.force });
      case 'rmdir':
        return fs.rmdir(request.path);
      case 'unlink':
        return fs.unlink(request.path);
      case 'symlink':
        return fs.symlink(request.target, request.path);
      case 'readlink':
        return fs.readlink(request.path);
      case 'link':
        return fs.link(request.from, request.to);
      case 'truncate':
        return fs.truncate(request.path, request.size);
      case 'chmod':
        return fs.chmod(request.path, request.readOnly ? 0o444 : 0o666);
      case 'utimes':
        return fs.utimes(request.path, request.atime, request.mtime, { follow: request.follow });
    }
  }
}

void new Page().run();
