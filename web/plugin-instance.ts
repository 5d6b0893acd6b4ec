/**
 * One process of a plugin, and the JSON-RPC 2.0 conversation over its standard streams: each message is a line of JSON
 * (docs/plugins.md).
 *
 * The page buffers little for a plugin: it stops reading while MOST_HANDLED requests of the plugin are being handled or
 * their responses are not yet written.
 */
import { offAbort, onAbort } from './aborts.js';
import { kindOf, wrong } from './bytes.js';
import { within } from './deadline.js';
import { deferred, type Deferred } from './deferred.js';
import { asError } from './errors.js';
import { parseJson } from '../common/json.js';
import { linesOf, LineSplitter, LineTooLong } from './lines.js';
import type { CallOptions, PluginHandler, PluginLogger, HandlerContext } from './plugin.js';
import type { Exit, Process } from './process.js';
import {
  InternalError,
  InvalidRequest,
  MethodNotFound,
  PluginClosed,
  PluginExited,
  PluginOutputError,
  PluginTimeout,
  rpcError,
  RpcError,
  type InstanceEnd,
  type PluginError,
} from './rpc-errors.js';
import { uncaught } from './uncaught.js';

/** How many requests of the plugin the page handles at once. */
const MOST_HANDLED = 256;
/** How many messages a batch may have. The reply to a message can be far larger than the message, and nothing else runs in the page between two of them. */
const MOST_IN_BATCH = 1024;
/** How many milliseconds a process may take to end after it has closed one of its streams. */
const GRACE = 1000;
/** A longer line of standard error is passed on in pieces of this many bytes. */
const LOG_LINE = 8192;
/** How many characters of standard error an error includes. */
const TAIL = 4096;
/** How many characters of an invalid line an error quotes. */
const QUOTED = 200;
/** The maximum number of characters in one write, unless it is a single line. */
const WRITTEN_TOGETHER = 65_536;
/** The notification that cancels a request, as in the Language Server Protocol. */
const CANCEL = '$/cancelRequest';

/** What an instance needs from its plugin. */
export interface InstanceSettings {
  readonly name: string;
  readonly handlers: Readonly<Record<string, PluginHandler>>;
  readonly logger: PluginLogger;
  readonly maxMessage: number;
  /** How many milliseconds after the end of its input it is killed. */
  readonly shutdown: number;
  /** Validates the options of a nested call. */
  limits(options: CallOptions): CallLimits;
}

/** The time limit of a call in milliseconds (`Infinity` for none), and its abort signal. */
export interface CallLimits {
  timeout: number;
  signal: AbortSignal | undefined;
}

interface OpenCall {
  readonly method: string;
  readonly result: Deferred<unknown>;
  readonly settled: Deferred<void>;
  timer: ReturnType<typeof setTimeout> | undefined;
  unlisten(): void;
}

/** A call that has been sent. */
export interface SentCall {
  /** The result of the call. */
  readonly result: Promise<unknown>;
  /** Resolves when the instance has finished the call, which may be long after an abort. */
  readonly settled: Promise<void>;
}

interface Line {
  readonly text: string;
  /** Called when the line is in the process's pipe, or lost. */
  over(error?: unknown): void;
}

type Id = string | number | null;
interface Message {
  jsonrpc?: unknown;
  id?: unknown;
  method?: unknown;
  params?: unknown;
  result?: unknown;
  error?: unknown;
}

/** Creates the error for an open call once the process has ended. */
type Doom = (call: OpenCall, end: InstanceEnd) => PluginError;

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const BOM = '\ufeff';

/** Encodes a request, or a notification if there is no id. `params` is JSON text. */
function messageOf(method: string, params: string | undefined, id?: number): string {
  const identified = id === undefined ? '' : `,"id":${id}`;
  return `{"jsonrpc":"2.0"${identified},"method":${JSON.stringify(method)}${params === undefined ? '' : `,"params":${params}`}}`;
}

/** Returns the parameters as JSON text. Throws `TypeError`. */
export function paramsOf(method: unknown, params: unknown): string | undefined {
  if (typeof method !== 'string') throw wrong('the method', 'a string', method);
  if (params === undefined) return undefined;
  const text = JSON.stringify(params) as string | undefined;
  if (text?.startsWith('{') || text?.startsWith('[')) return text;
  throw wrong('params', 'an object or an array', params);
}

/** A request of the plugin that is being handled. Its signal is created on first use: few handlers need it, and it costs as much as the rest of a small call. */
class OpenRequest {
  #controller: AbortController | undefined;
  #cancelled: Error | undefined;
  readonly #over: AbortSignal;
  readonly #abort = (): void => this.#controller?.abort(this.#cancelled ?? this.#over.reason);

  /** `over`: aborted when the plugin's process has ended. */
  constructor(over: AbortSignal) {
    this.#over = over;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      onAbort(this.#over, this.#abort);
      if (this.#cancelled || this.#over.aborted) this.#abort();
    }
    return this.#controller.signal;
  }

  cancel(): void {
    this.#cancelled ??= new Error('the plugin cancelled its request');
    this.#abort();
  }

  /** Called when the request is answered, after which nothing aborts it. */
  end(): void {
    if (this.#controller) offAbort(this.#over, this.#abort);
  }
}

export class Instance {
  readonly #settings: InstanceSettings;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #calls = new Map<number, OpenCall>();
  /** The plugin's requests that are being handled, by id. */
  readonly #requests = new Map<Id, OpenRequest>();
  /** Aborted when the process has ended, so that no response can reach it. */
  readonly #over = new AbortController();
  readonly #ended = deferred<void>();
  #lastId = 0;
  /** Requests that are being handled, and responses that are not yet written. */
  #handled = 0;
  #wake: (() => void) | undefined;
  #stderr = '';
  /** The lines that are not yet written. */
  #lines: Line[] = [];
  #writing = false;
  /** Set while messages that arrived together are read, so that their responses are written together. */
  #holding = false;
  /** Resolves when all lines are written or lost. */
  #written = Promise.resolve();
  /** Why the page is ending the instance, if it is. */
  #doom: Doom | undefined;

  constructor(
    readonly process: Process,
    settings: InstanceSettings,
  ) {
    this.#settings = settings;
    this.#writer = process.stdin.getWriter();
    void this.#live();
  }

  /** Whether it no longer accepts calls. */
  get over(): boolean {
    return this.#doom !== undefined || this.#over.signal.aborted;
  }

  /** Resolves when its process has ended and all its calls are settled. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Sends a request. `params` is JSON text. */
  call(method: string, params: string | undefined, { timeout, signal }: CallLimits): SentCall {
    if (signal?.aborted) {
      // Since the caller looked, while it got its turn.
      const result = deferred<never>();
      result.reject(signal.reason);
      return { result: result.promise, settled: Promise.resolve() };
    }
    const id = ++this.#lastId;
    const text = messageOf(method, params, id);
    const abort = (): void => {
      call.result.reject(signal?.reason);
      this.#post(messageOf(CANCEL, `{"id":${id}}`));
    };
    const call: OpenCall = {
      method,
      result: deferred(),
      settled: deferred(),
      timer: undefined,
      unlisten: () => offAbort(signal, abort),
    };
    onAbort(signal, abort);
    this.#calls.set(id, call);
    if (timeout !== Infinity) call.timer = setTimeout(() => this.#tooSlow(call, timeout), timeout);
    this.#post(text);
    return { result: call.result.promise, settled: call.settled.promise };
  }

  /** Sends a notification. Resolves when it is in the process's pipe. */
  async notify(method: string, params: string | undefined): Promise<void> {
    await this.#enqueue(messageOf(method, params));
  }

  /** Ends its input and kills it after `shutdown` milliseconds. Open calls reject; the returned promise never does. */
  async close(cause?: unknown): Promise<void> {
    const options = cause === undefined ? undefined : { cause };
    this.#doom ??= (call, end) =>
      new PluginClosed(`plugin "${end.plugin}" was closed during the call "${call.method}"`, end, options);
    const { plugin, process, stderr } = this.#end();
    for (const id of [...this.#calls.keys()]) {
      this.#settle(id, (call) => call.result.reject(this.#doom?.(call, { plugin, process, stderr })));
    }
    void this.#written.then(() => this.#writer.close()).catch(() => undefined);
    await within(this.ended, this.#settings.shutdown);
    this.kill();
    await this.ended;
  }

  kill(): void {
    if (!this.#over.signal.aborted) this.process.kill();
  }

  // --- the process ---

  async #live(): Promise<void> {
    const { process } = this;
    const read = this.#read();
    const logged = this.#log();
    void read.then(() => this.#mustEnd('closed its standard output'));
    let failure: ((call: OpenCall) => unknown) | undefined;
    try {
      const exit = await process.exited;
      this.#over.abort(new PluginExited(`plugin "${this.#settings.name}" has ended`, this.#end(exit)));
      this.#wake?.();
      await read; // responses that it wrote before it ended still count
      await within(logged, GRACE);
      const end = this.#end(exit);
      const doom = this.#doom ?? endedDuring;
      failure = (call) => doom(call, end);
    } catch (error) {
      this.#over.abort(error); // the runtime has ended
      this.#wake?.();
      failure = () => error;
    }
    for (const id of [...this.#calls.keys()]) this.#settle(id, (call) => call.result.reject(failure(call)));
    this.#ended.resolve();
  }

  #end(exit?: Exit): InstanceEnd {
    return { plugin: this.#settings.name, process: this.process.id, exit, stderr: this.#stderr.trimEnd() };
  }

  /** Kills it; its open calls reject with the error that `doom` creates. */
  #fail(doom: Doom): void {
    this.#doom ??= doom;
    this.kill();
  }

  #tooSlow(slow: OpenCall, timeout: number): void {
    const took = `took longer than ${timeout} ms, so the instance was killed`;
    this.#fail((call, end) =>
      call === slow
        ? new PluginTimeout(`plugin "${end.plugin}": the call "${call.method}" ${took}`, end)
        : new PluginExited(`plugin "${end.plugin}": another call, "${slow.method}", ${took}`, end),
    );
  }

  /** Called when it can no longer receive or answer calls. Kills it if it does not end within GRACE. */
  async #mustEnd(what: string): Promise<void> {
    await within(this.ended, GRACE);
    if (this.#over.signal.aborted || this.#doom) return;
    this.#fail((call, end) => {
      const text = `plugin "${end.plugin}" ${what} during the call "${call.method}", so the instance was killed`;
      return new PluginExited(text, end);
    });
  }

  #wrongOutput(text: string, why: string): void {
    const start = text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
    this.#fail((_, end) => {
      const message = `plugin "${end.plugin}" wrote a line to standard output that ${why}: ${JSON.stringify(start)}`;
      return new PluginOutputError(message, end);
    });
  }

  // --- the streams ---

  async #read(): Promise<void> {
    const reader = this.process.stdout.getReader();
    const lines = new LineSplitter(this.#settings.maxMessage);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        this.#holding = true;
        for (const block of done ? lines.end() : lines.push(value)) await this.#receiveBlock(block);
        this.#stopHolding();
        if (done) return;
      }
    } catch (error) {
      this.#stopHolding();
      // Anything else means that the runtime has ended, which `exited` reports.
      if (!(error instanceof LineTooLong)) return;
      this.#wrongOutput(quotable(error.start), `is longer than ${this.#settings.maxMessage} bytes (maxMessage)`);
      await reader.cancel().catch(() => undefined);
    }
  }

  async #log(): Promise<void> {
    const { name, logger } = this.#settings;
    const from = { plugin: name, process: this.process.id };
    const decoder = new TextDecoder();
    const tell = (line: Uint8Array): void => {
      const text = decoder.decode(line).replace(/\r$/, '');
      this.#stderr = `${this.#stderr}${text}\n`.slice(-TAIL);
      try {
        logger(text, from);
      } catch (error) {
        uncaught(error);
      }
    };
    const reader = this.process.stderr.getReader();
    let rest = new Uint8Array(0);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        let line = new Uint8Array(rest.length + value.length);
        line.set(rest);
        line.set(value, rest.length);
        for (let end = line.indexOf(10); end >= 0 || line.length > LOG_LINE; end = line.indexOf(10)) {
          const cut = end < 0 || end > LOG_LINE ? LOG_LINE : end;
          tell(line.subarray(0, cut));
          line = line.subarray(cut === end ? cut + 1 : cut); // without copying, because there may be as many lines as bytes
        }
        rest = line.slice();
      }
    } catch {
      return; // the runtime has ended
    }
    if (rest.length > 0) tell(rest);
  }

  /** Sends a line. Resolves when it is in the process's pipe, and rejects when it is lost. */
  #enqueue(text: string): Promise<void> {
    const sent = deferred<void>();
    this.#push({ text, over: (error) => (error === undefined ? sent.resolve() : sent.reject(error)) });
    return sent.promise;
  }

  #push(line: Line): void {
    this.#lines.push(line);
    this.#startWriting();
  }

  #startWriting(): void {
    if (!this.#writing && !this.#holding && this.#lines.length > 0) this.#written = this.#writeLines();
  }

  #stopHolding(): void {
    this.#holding = false;
    this.#startWriting();
  }

  /** Lines that come during a write are sent together in the next one, because each write takes a message in each direction. */
  async #writeLines(): Promise<void> {
    this.#writing = true;
    while (this.#lines.length > 0) {
      const lines = this.#takeLines();
      const written = this.#writer.write(encoder.encode(lines.map(({ text }) => `${text}\n`).join('')));
      await written.then(
        () => lines.forEach((line) => line.over()),
        (error: unknown) => lines.forEach((line) => line.over(error)),
      );
    }
    this.#writing = false;
  }

  #takeLines(): Line[] {
    let size = 0;
    const end = this.#lines.findIndex(({ text }, i) => (size += text.length) > WRITTEN_TOGETHER && i > 0);
    return this.#lines.splice(0, end < 0 ? this.#lines.length : end);
  }

  /** Sends a line without waiting for it. */
  #post(text: string): void {
    this.#push({ text, over: this.#noticed });
  }

  /** Sends a response, which counts as a request that is being handled until it is written. */
  readonly #respond = (text: string | undefined): void => {
    if (text === undefined) return;
    this.#handled++;
    this.#push({ text, over: this.#responded });
  };

  readonly #responded = (error?: unknown): void => {
    this.#uncount();
    this.#noticed(error);
  };

  readonly #noticed = (error?: unknown): void => {
    if (error !== undefined && this.#doom === undefined) void this.#mustEnd('closed its standard input');
  };

  #uncount(): void {
    this.#handled--;
    this.#wake?.();
  }

  // --- messages ---

  async #receiveBlock(block: Uint8Array): Promise<void> {
    for (const line of decoded(block)) {
      const room = typeof line === 'string' ? this.#receive(line) : this.#wrongOutput(quotable(line), 'is not UTF-8');
      if (room) await room;
    }
  }

  /** Returns a promise if the next message must wait until it resolves. */
  #receive(line: string): Promise<void> | undefined {
    if (this.#doom) return undefined; // it is being killed or closed, so its messages no longer matter
    let message: unknown;
    try {
      message = parseJson(line.startsWith(BOM) ? line.slice(1) : line);
    } catch (error) {
      const why = error instanceof RangeError ? `cannot be read: ${error.message}` : 'is not JSON';
      if (line.trim() !== '') this.#wrongOutput(line, why);
      return undefined;
    }
    if (Array.isArray(message)) return this.#receiveBatch(message as unknown[], line);
    const wrong = wrongMessage(message);
    if (!wrong) return this.#accept(message as Message, line, this.#respond);
    this.#wrongOutput(line, wrong);
    return undefined;
  }

  /** Handles a batch. Its responses are sent together when the last one is known. */
  async #receiveBatch(batch: readonly unknown[], line: string): Promise<void> {
    if (batch.length > MOST_IN_BATCH)
      return this.#wrongOutput(line, `is a batch of ${batch.length} messages (at most ${MOST_IN_BATCH} are allowed)`);
    await this.#whenRoom(() => undefined);
    if (batch.length === 0) return this.#respond(errorReply(null, new InvalidRequest('the batch is empty')));
    const replies: string[] = [];
    let left = batch.length;
    const reply: Reply = (text) => {
      if (text !== undefined) replies.push(text);
      if (--left === 0 && replies.length > 0) this.#respond(`[${replies.join(',')}]`);
    };
    for (const message of batch) {
      const wrong = wrongMessage(message);
      if (wrong) reply(errorReply(null, new InvalidRequest(`the message ${wrong}`)));
      else await this.#accept(message as Message, line, reply);
    }
  }

  /** Calls `reply` once, perhaps later. Returns a promise if the next message must wait until it resolves. */
  #accept(message: Message, line: string, reply: Reply): Promise<void> | undefined {
    if (!('method' in message)) {
      this.#answer(message, line);
      reply(undefined);
      return undefined;
    }
    const { method, params, id } = message;
    const identified = id === undefined || id === null || typeof id === 'string' || typeof id === 'number';
    const structured = params === undefined || (typeof params === 'object' && params !== null);
    if (typeof method !== 'string' || !structured || !identified) {
      const why = !identified ? '"id"' : typeof method !== 'string' ? '"method"' : '"params"';
      const error = new InvalidRequest(`${why} has the wrong type`);
      return this.#whenRoom(() => reply(errorReply(identified ? (id ?? null) : null, error)));
    }
    if (method === CANCEL && id === undefined) {
      const cancelled = (params as { id?: Id } | undefined)?.id;
      this.#requests.get(cancelled ?? null)?.cancel();
      reply(undefined);
      return undefined;
    }
    return this.#whenRoom(() => this.#handle(method, params, id, reply));
  }

  /** Runs `work` when there is room for another request. A plugin that keeps sending without reading must wait. */
  #whenRoom(work: () => void): Promise<void> | undefined {
    if (this.#handled >= MOST_HANDLED && !this.#over.signal.aborted) return this.#room().then(work);
    work();
    return undefined;
  }

  async #room(): Promise<void> {
    this.#stopHolding();
    while (this.#handled >= MOST_HANDLED && !this.#over.signal.aborted) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Handles the answer to a call of the page. */
  #answer({ id, result, error }: Message, line: string): void {
    const failure = error === undefined ? undefined : errorOf(error);
    if (error !== undefined && !failure) return this.#wrongOutput(line, 'has an "error" without code and message');
    if (id === null && failure) {
      // The plugin could not identify the request, so the error is for all open calls.
      for (const open of [...this.#calls.keys()]) this.#settle(open, (call) => call.result.reject(failure));
      return;
    }
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 1 || id > this.#lastId) {
      return this.#wrongOutput(line, 'answers a call that was not made');
    }
    this.#settle(id, (call) => (failure ? call.result.reject(failure) : call.result.resolve(result)));
  }

  #settle(id: number, settle: (call: OpenCall) => void): void {
    const call = this.#calls.get(id);
    if (!call) return; // answered already
    this.#calls.delete(id);
    clearTimeout(call.timer);
    call.unlisten();
    settle(call);
    call.settled.resolve();
  }

  /** Runs the handler. If it returns a value and not a promise, the response is sent at once, so that many are written together. */
  #handle(method: string, params: unknown, id: Id | undefined, reply: Reply): void {
    const { handlers } = this.#settings;
    if (!Object.hasOwn(handlers, method)) {
      if (id === undefined) return reply(undefined);
      const missing = new MethodNotFound(`the page has no handler for ${JSON.stringify(method.slice(0, QUOTED))}`);
      return reply(errorReply(id, missing));
    }
    const request = new OpenRequest(this.#over.signal);
    this.#handled++;
    const end = (text: string | undefined): void => {
      request.end();
      this.#uncount();
      reply(this.#over.signal.aborted ? undefined : text);
    };
    let result: unknown;
    let promised: boolean;
    try {
      result = handlers[method]!(params, new Context(this, this.#settings, method, id, request));
      promised = isThenable(result);
    } catch (error) {
      return end(failed(id, error));
    }
    if (promised) void this.#later(result, id, request).then(end);
    else end(succeeded(id, result));
  }

  /** Resolves to the response once the handler's promise has settled. Never rejects. */
  async #later(result: unknown, id: Id | undefined, request: OpenRequest): Promise<string | undefined> {
    if (id !== undefined) this.#requests.set(id, request);
    try {
      return succeeded(id, await result);
    } catch (error) {
      return failed(id, error);
    } finally {
      if (id !== undefined && this.#requests.get(id) === request) this.#requests.delete(id);
    }
  }
}

/** What a handler learns about its call. Its functions are created on first use, because few handlers use them. */
class Context implements HandlerContext {
  readonly plugin: string;
  readonly process: number;
  readonly request: Id | undefined;
  readonly method: string;
  readonly #instance: Instance;
  readonly #limits: InstanceSettings['limits'];
  readonly #open: OpenRequest;

  constructor(
    instance: Instance,
    { name, limits }: InstanceSettings,
    method: string,
    id: Id | undefined,
    open: OpenRequest,
  ) {
    this.plugin = name;
    this.process = instance.process.id;
    this.request = id;
    this.method = method;
    this.#instance = instance;
    this.#limits = limits;
    this.#open = open;
  }

  get signal(): AbortSignal {
    return this.#open.signal;
  }

  get call(): HandlerContext['call'] {
    return async <T>(nested: string, params?: object, options: CallOptions = {}) => {
      const limits = this.#limits(options);
      limits.signal?.throwIfAborted();
      this.signal.throwIfAborted();
      return (await this.#instance.call(nested, paramsOf(nested, params), limits).result) as T;
    };
  }

  get notify(): HandlerContext['notify'] {
    return async (nested, params) => this.#instance.notify(nested, paramsOf(nested, params));
  }
}

/** The lines of a block as text; a line that is not UTF-8 as bytes. */
function decoded(block: Uint8Array): Iterable<string | Uint8Array> {
  try {
    return strict.decode(block).split('\n');
  } catch {
    return decodedOneByOne(block);
  }
}

function* decodedOneByOne(block: Uint8Array): Iterable<string | Uint8Array> {
  for (const line of linesOf(block)) {
    try {
      yield strict.decode(line);
    } catch {
      yield line;
    }
  }
}

/** Enough of a line's start to be quoted. */
const quotable = (line: Uint8Array): string => new TextDecoder().decode(line.subarray(0, 4 * QUOTED));

/** Takes the response to a message; undefined if it gets none. */
type Reply = (text: string | undefined) => void;

const isThenable = (value: unknown): boolean =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
  typeof (value as { then?: unknown }).then === 'function';

/** Returns the error for a call that was open when the process ended. */
function endedDuring(call: OpenCall, end: InstanceEnd): PluginError {
  const { reason, code, message } = end.exit!;
  const how = reason === 'exit' ? `exited with code ${code}` : `ended (${reason}: ${message})`;
  return new PluginExited(`plugin "${end.plugin}" ${how} during the call "${call.method}"`, end);
}

/** Returns why a value is neither a request nor a response; empty if it is one. */
function wrongMessage(message: unknown): string {
  if (typeof message !== 'object' || message === null) return 'is not a JSON-RPC message';
  const { jsonrpc, id, result, error } = message as Message;
  if (jsonrpc !== '2.0') return 'is not a JSON-RPC message: it lacks "jsonrpc": "2.0"';
  if ('method' in message) return '';
  if (id === undefined) return 'is not a JSON-RPC message: it has neither "method" nor "id"';
  return (result === undefined) === (error === undefined)
    ? 'is not a JSON-RPC message: it must have either "result" or "error"'
    : '';
}

function errorOf(error: unknown): RpcError | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, message, data } = error as { code?: unknown; message?: unknown; data?: unknown };
  return Number.isInteger(code) && typeof message === 'string' ? rpcError(code as number, message, data) : undefined;
}

function resultReply(id: Id, result: unknown): string {
  const text = JSON.stringify(result ?? null) as string | undefined;
  if (text === undefined) throw new InternalError(`the result is a ${typeof result}, which JSON cannot hold`);
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${text}}`;
}

/** The response to a request whose handler returned; undefined for a notification. */
function succeeded(id: Id | undefined, result: unknown): string | undefined {
  if (id === undefined) return undefined;
  try {
    return resultReply(id, result);
  } catch (error) {
    return errorReply(id, error);
  }
}

/** The response to a request whose handler threw. A notification has no response, so the error is reported in the page. */
function failed(id: Id | undefined, error: unknown): string | undefined {
  if (id !== undefined) return errorReply(id, error);
  uncaught(error);
  return undefined;
}

/** Returns the message of any thrown value, because the plugin must get an answer. */
function wordsOf(thrown: unknown): string {
  try {
    return `${asError(thrown).message}`;
  } catch {
    return `the handler threw ${kindOf(thrown)}`;
  }
}

function errorReply(id: Id, thrown: unknown): string {
  const fits = thrown instanceof RpcError && Number.isInteger(thrown.code);
  const { code, message, data } = fits ? thrown : new InternalError(wordsOf(thrown));
  try {
    return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, data } });
  } catch {
    return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } }); // JSON cannot hold `data`
  }
}
