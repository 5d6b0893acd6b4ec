/** Components that answer HTTP requests of the page: `hf.serve()`. Part of http.js. */
import { HTTP_ERROR, HTTP_REQUEST, HTTP_RESPONSE } from '../build/generated/layouts.js';
import { offAbort, onAbort } from './aborts.js';
import { count, object } from './check.js';
import { described } from './http-errors.js';
import { streamOf, type Exchange } from './http-exchange.js';
import { encode, type Message } from './http-message.js';
import { HttpService } from './http-service.js';
import type { Inside } from './inside.js';
import type { SpawnOptions } from './options.js';
import type { Exit, Process } from './process.js';
import type { Source } from './source.js';
import { toConsole } from './to-console.js';

/** Options of `hf.serve()`: those of `spawn()`, for each instance, and the number of instances. */
export interface ServeOptions extends Omit<SpawnOptions, 'stdin' | 'terminal' | 'whenBusy'> {
  /** How many requests are answered at a time, each by an instance of its own; further ones wait. Default: 16. */
  max?: number;
}

/** A component that answers HTTP requests. */
export interface Server extends AsyncDisposable {
  /**
   * Gives a request to a new instance of the component. The bodies of both are streamed.
   *
   * Aborting the request's signal kills the instance; cancelling the response's body makes its writes fail.
   *
   * @param input - The request, or its URL.
   * @param init - As for the page's `fetch`.
   * @returns The response, when the component has sent its head. Its body fails if the instance ends before the body is complete.
   * @throws `CallFailed` when the instance answers with an error, or ends without a response; `exit` says how it ended.
   * @throws `SpawnRefused` when the component cannot start.
   * @throws `HoldfastError` when the server is closed; `Closed` or `Fatal` when the runtime has ended.
   * @throws `TypeError` for an invalid URL.
   * @throws The signal's reason when aborted.
   *
   * @example
   * const response = await server.fetch('http://localhost/greet?name=Ada');
   */
  fetch(input: Request | string | URL, init?: RequestInit): Promise<Response>;
  /** The number of instances. */
  readonly running: number;
  /** Takes no more requests, and kills the instances. Resolves when they have ended. May be called again. */
  close(): Promise<void>;
}

/** What a server needs from the runtime. */
type ServeTools = Pick<Inside, 'planSpawn' | 'spawn' | 'failed' | 'HoldfastError'>;

const MOST = 16;
/** The statuses of responses without a body (fetch.spec.whatwg.org, "null body status"). */
const BODILESS: readonly number[] = [101, 204, 205, 304];

/** Throws `TypeError` and `RangeError`. */
export function serve(tools: ServeTools, source: Source, options: ServeOptions): Server {
  const { max = MOST, ...rest } = object(options, 'serve options');
  const settings: SpawnOptions = {
    ...rest,
    stdin: 'null',
    stdout: rest.stdout ?? toConsole('log'),
    stderr: rest.stderr ?? toConsole('error'),
    whenBusy: 'wait',
  };
  // Invalid options are reported now, not by the first request.
  tools.planSpawn(settings, 'serve');
  new HttpService(rest.http ?? false);
  return new ServerHandle(tools, source, settings, count(max, 'max', 1));
}

class ServerHandle implements Server {
  static readonly name = 'Server';
  readonly #tools: ServeTools;
  readonly #source: Source;
  readonly #settings: SpawnOptions;
  /** How many more requests may be answered now. */
  #free: number;
  /** The requests that are being answered. */
  readonly #answers = new Set<Answer>();
  /** Those that wait for their turn. */
  readonly #waiting: (() => void)[] = [];
  #closed: Error | undefined;

  constructor(tools: ServeTools, source: Source, settings: SpawnOptions, max: number) {
    this.#tools = tools;
    this.#source = source;
    this.#settings = settings;
    this.#free = max;
  }

  get running(): number {
    return this.#answers.size;
  }

  async fetch(input: Request | string | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    try {
      return await this.#answer(request);
    } catch (error) {
      // As fetch does. One that is being sent is locked, and is cancelled when its component has left. Firefox has no `body` of a request.
      (request.body as Request['body'] | undefined)?.cancel(error).catch(() => undefined);
      throw error;
    }
  }

  async #answer(request: Request): Promise<Response> {
    await this.#turn(request.signal);
    if (this.#closed) throw this.#closed;
    const answer = new Answer(this.#tools, request, this.#settings);
    this.#answers.add(answer);
    void answer.ended.then(() => {
      this.#answers.delete(answer);
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    });
    return answer.begin(this.#source);
  }

  /** Waits until another instance may start. */
  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#closed) return;
    if (this.#free > 0) return void this.#free--;
    let giveUp!: () => void;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push(resolve);
      giveUp = () => {
        if (!this.#waiting.includes(resolve)) return;
        this.#waiting.splice(this.#waiting.indexOf(resolve), 1);
        reject(signal.reason as Error);
      };
      onAbort(signal, giveUp);
    }).finally(() => offAbort(signal, giveUp));
  }

  async close(): Promise<void> {
    this.#closed ??= new this.#tools.HoldfastError('the server was closed');
    for (const next of this.#waiting.splice(0)) next();
    for (const answer of this.#answers) answer.abort(this.#closed);
    await Promise.all([...this.#answers].map(({ ended }) => ended));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** How a process ended, for a message. */
const how = ({ reason, code, message }: Exit): string =>
  reason === 'exit' ? `it exited with code ${code}` : message || reason;

/** The request's body. Firefox has no `body` of a request. */
const bodyOf = async (request: Request): Promise<ReadableStream<Uint8Array> | null> =>
  (request.body as Request['body'] | undefined) === undefined
    ? new Response(await request.arrayBuffer()).body
    : request.body;

/** One request, and the instance that answers it. */
class Answer {
  /** Resolves when the instance has ended, or could not start. */
  readonly ended: Promise<void>;
  readonly #tools: ServeTools;
  readonly #request: Request;
  readonly #service: HttpService;
  readonly #settings: SpawnOptions;
  readonly #abort = new AbortController();
  #end!: () => void;

  constructor(tools: ServeTools, request: Request, settings: SpawnOptions) {
    this.#tools = tools;
    this.#request = request;
    this.#settings = settings;
    this.#service = new HttpService(settings.http ?? false, true);
    this.ended = new Promise((resolve) => (this.#end = resolve));
    for (const signal of [request.signal, settings.signal]) this.#follow(signal);
  }

  #follow(signal: AbortSignal | undefined): void {
    const abort = (): void => this.abort(signal?.reason);
    onAbort(signal, abort);
    if (signal?.aborted) abort();
    void this.ended.then(() => offAbort(signal, abort));
  }

  /** Kills the instance. */
  abort(reason: unknown): void {
    this.#abort.abort(reason);
  }

  async begin(source: Source): Promise<Response> {
    try {
      const plan = this.#tools.planSpawn({ ...this.#settings, signal: this.#abort.signal }, 'serve');
      const process = await this.#tools.spawn(source, { ...plan, http: this.#service });
      process.exited.then(this.#end, this.#end);
      return await this.#respond(process);
    } catch (error) {
      this.abort(error);
      this.#end();
      throw error;
    } finally {
      this.#service.answered();
    }
  }

  async #respond(process: Process): Promise<Response> {
    const unasked = process.exited.then((exit) => {
      const why = exit.reason === 'exit' ? ': only a component that exports wasi:http/incoming-handler can serve' : '';
      throw this.#failure(exit, `the program took no request: ${how(exit)}${why}`);
    });
    const exchange = await Promise.race([this.#service.asked, unasked]);
    const leave = (): void => exchange.leave();
    process.exited.then(leave, leave);
    await this.#ask(exchange);
    const message = await exchange.message();
    if (!message) {
      const exit = await process.exited;
      throw this.#failure(exit, `the component ended without a response: ${how(exit)}`);
    }
    if (message.kind === HTTP_RESPONSE) return this.#response(exchange, message, process);
    const error =
      message.kind === HTTP_ERROR
        ? `answered with the error ${described(message)}`
        : 'sent no response: it dropped its response-outparam';
    throw this.#tools.failed(`the component ${error}`, undefined);
  }

  /** Sends the request; the body follows. */
  async #ask(exchange: Exchange): Promise<void> {
    const { method, url, headers } = this.#request;
    const { protocol, host, pathname, search } = new URL(url);
    const texts = { method, scheme: protocol.slice(0, -1), authority: host, path: pathname + search };
    const message = encode({ kind: HTTP_REQUEST, texts, fields: [...headers] });
    void exchange.send(message, await bodyOf(this.#request));
  }

  #response(exchange: Exchange, { status, fields, upload: number }: Message, process: Process): Response {
    const upload = number ? this.#service.upload(number) : undefined;
    void exchange.watch(upload, async (last) => {
      if (last) return this.#tools.failed('the component did not finish the body', undefined);
      const exit = await process.exited;
      return this.#failure(exit, `the component ended before the body was complete: ${how(exit)}`);
    });
    const bodiless = BODILESS.includes(status);
    if (bodiless) upload?.then((body) => body.cancel()).catch(() => undefined);
    return new Response(bodiless || !upload ? null : streamOf(upload), { status, headers: fields });
  }

  /** The error for an instance that has ended; if it was aborted, that is the reason. */
  #failure(exit: Exit, message: string): unknown {
    const { signal } = this.#abort;
    return signal.aborted ? signal.reason : this.#tools.failed(message, exit);
  }
}
