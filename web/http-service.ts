/**
 * HTTP for components: the page makes their requests with fetch (the option `http`), and passes them requests to answer (serve.ts). Part of http.js.
 *
 * A component speaks to the page over connections to a port of its own (native/wasi/p2/http.h). Each request is an exchange: a connection on which the
 * component sends the request, and gets the response. A body that it sends has its own connection. When the component drops a response, or ends, the
 * connection ends, and the fetch is aborted.
 */
import { HTTP_ACCEPT, HTTP_FIELDS_MAX, HTTP_REQUEST, HTTP_RESPONSE, HTTP_UPLOAD } from '../build/generated/layouts.js';
import type { HttpMessage } from '../common/protocol.js';
import { tagOf, wrong } from './bytes.js';
import { array, callback, nothingMore, object, oneOf, text } from './check.js';
import { deferred, type Deferred } from './deferred.js';
import { errorMessage, failureOf, HttpFailure, internal } from './http-errors.js';
import { Exchange, limited, Upload } from './http-exchange.js';
import { encode, Incoming, type Message } from './http-message.js';
import type { SpawnPlan } from './options.js';
import type { Process } from './process.js';
import type { ConnectionEnd, ListenerEnd, Sockets } from './sockets.js';

/** How a component may make HTTP requests. */
export interface HttpOptions {
  /**
   * The origins that it may reach, such as "https://api.example.com", or a function that decides for each URL. A browser follows redirects itself:
   * the component does not get a response from an origin that is not allowed. Default: all.
   */
  allow?: readonly string[] | ((url: URL) => boolean);
  /**
   * Makes the requests instead of the page's `fetch`: it can send cookies, which are otherwise omitted, use a proxy, or answer requests itself.
   *
   * @example
   * const http = { fetch: (request: Request) => fetch(request, { credentials: 'include' }) };
   */
  fetch?: (request: Request) => Response | PromiseLike<Response>;
  /**
   * How a request's body is sent. "collect": when it is complete; until then it is in the page's memory. "stream": as the component writes it; of the
   * browsers only Chromium can, and only over HTTP/2 or later. Default: "collect" in browsers, otherwise "stream".
   */
  uploads?: 'collect' | 'stream';
}

/** Whether a component may make HTTP requests: none, any, or as the object says. */
export type HttpOption = boolean | HttpOptions;

interface HttpPlan {
  allows(url: URL): boolean;
  fetch(request: Request): Promise<Response>;
  collects: boolean;
}

/** Whether this is a page of a browser, or one of its workers. */
const inBrowser = (): boolean => globalThis.location !== undefined;

/** Validates the option. Throws `TypeError`. */
function planHttp(option: HttpOption): HttpPlan {
  if (typeof option !== 'boolean' && typeof option !== 'object')
    throw wrong('http', 'true, false or an object', option);
  const given: HttpOptions = typeof option === 'boolean' ? {} : object(option, 'http');
  const { allow, fetch: own, uploads = inBrowser() ? 'collect' : 'stream', ...rest } = given;
  nothingMore('http', rest);
  callback(own, 'http.fetch');
  return {
    allows: option === false ? () => false : planAllow(allow),
    fetch: async (request) => (own ? responseOf(await own(request)) : fetch(request)),
    collects: oneOf(uploads, ['collect', 'stream'], 'http.uploads') === 'collect',
  };
}

function responseOf(value: Response): Response {
  if (tagOf(value) !== 'Response') throw wrong('the result of http.fetch', 'a Response', value);
  return value;
}

function planAllow(allow: HttpOptions['allow']): (url: URL) => boolean {
  if (allow === undefined) return () => true;
  if (typeof allow === 'function') return (url) => allow(new URL(url));
  const origins = array(allow, 'http.allow', 'an array of origins, or a function').map((entry, i) =>
    originOf(text(entry, `http.allow[${i}]`), `http.allow[${i}]`),
  );
  return ({ origin }) => origins.includes(origin);
}

function originOf(entry: string, what: string): string {
  const url = URL.canParse(entry) ? new URL(entry) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`)
    throw new TypeError(`${what} must be an origin such as "https://example.com", not ${JSON.stringify(entry)}`);
  return url.origin;
}

// --- requests of a component ---

/** The reason with which a fetch is aborted when the component no longer waits for the response. It is never shown. */
const GIVEN_UP = 'the component has given up the request';
/** The error of a body whose connection can no longer be accepted. */
const LOST = 'the component ended before its body was accepted';
/** The error of a body that was given up. */
const TOO_MANY = 'the component has opened too many later bodies that it has not sent';

/** Makes a component's request. `failureOf` translates what it throws. */
async function fetchFor(
  { allows, fetch, collects }: HttpPlan,
  { texts, fields, headTimeout }: Message,
  upload: Promise<Upload> | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const { method = 'GET', scheme = 'https', authority = '', path = '' } = texts;
  const address = `${scheme}://${authority}${path}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || url.username || url.password) throw new HttpFailure('HTTP-request-URI-invalid');
  if (!allows(url)) throw new HttpFailure('HTTP-request-denied');
  const bodiless = method === 'GET' || method === 'HEAD';
  const stream = (await upload)?.stream;
  const body = stream && (bodiless || collects) ? new Uint8Array(await new Response(stream).arrayBuffer()) : stream;
  if (bodiless && body instanceof Uint8Array && body.length > 0)
    throw internal(`fetch cannot send a body with ${method}`);
  const init: RequestInit & { duplex: 'half' } = {
    method,
    headers: fields,
    body: bodiless ? null : (body ?? null),
    duplex: 'half',
    credentials: 'omit',
    // A browser does not show where a redirect leads.
    redirect: inBrowser() ? 'follow' : 'manual',
    signal,
  };
  const late = (): Error => new HttpFailure('connection-read-timeout');
  const answer = (async () => fetch(new Request(url, init)))();
  const response = await limited(answer, headTimeout, late).catch((error: unknown) => {
    answer.then(({ body }) => body?.cancel(error)).catch(() => undefined); // it may still come
    throw error;
  });
  if (response.url && !allows(new URL(response.url))) {
    response.body?.cancel().catch(() => undefined);
    throw new HttpFailure('HTTP-request-denied');
  }
  if (response.status < 200) throw internal('the response cannot be read: it is opaque, or an error');
  return response;
}

/** The response's fields as the component gets them. Fetch has decoded the body already, unless the page made the response itself. */
function fieldsOf({ headers, type }: Response): [string, string][] {
  const decoded = headers.has('content-encoding') && type !== 'default';
  return [...headers].filter(([name]) => !(decoded && /^content-(encoding|length)$/.test(name)));
}

function responseMessage(response: Response): Uint8Array {
  const message = encode({ kind: HTTP_RESPONSE, status: response.status, fields: fieldsOf(response) });
  if (message.length > HTTP_FIELDS_MAX) throw new HttpFailure('HTTP-response-header-section-size', '', message.length);
  return message;
}

// --- the page's side of a process ---

/** How many bytes of a body are buffered that the page does not read; then the component waits. */
const BUFFER = 256 * 1024;

/** How many bodies may have arrived to which no message refers yet. The page does not learn that a component has dropped one, so the oldest is given up. */
const UNCLAIMED_MOST = 64;

/** Answers one process's HTTP. */
export class HttpService {
  readonly #plan: HttpPlan;
  readonly #serves: boolean;
  /** Bodies to which a message refers, until their connection is accepted. */
  readonly #awaited = new Map<number, Deferred<Upload>>();
  /** Bodies whose connection was accepted, until a message refers to them; the oldest first. */
  readonly #unclaimed = new Map<number, Upload>();
  /** The highest number of a body that was given up. */
  #givenUp = 0;
  readonly #asked = deferred<Exchange>();
  #listener!: ListenerEnd;
  #running = true;
  /** Whether the response of a process that serves can still arrive. */
  #answering: boolean;
  /** Whether no more connections are accepted. */
  #over = false;

  /** `serves`: the process is to answer a request. */
  constructor(option: HttpOption, serves = false) {
    this.#plan = planHttp(option);
    this.#serves = this.#answering = serves;
  }

  /** Resolves when the process waits for the request that it is to answer. */
  get asked(): Promise<Exchange> {
    return this.#asked.promise;
  }

  /** Opens the port. Returns what the process needs to know. */
  async listen(sockets: Sockets): Promise<HttpMessage> {
    this.#listener = await sockets.listenForHttp();
    void this.#acceptAll();
    return { port: this.#listener.port, serves: this.#serves };
  }

  /** Closes the port: no process was created. */
  abandon(): void {
    this.#listener.close();
  }

  /** Closes the port once the process has ended. */
  attach(process: Process): void {
    const ended = (): void => {
      this.#running = false;
      this.#closeIfIdle();
    };
    process.exited.then(ended, ended);
  }

  /** Call this when the response of the process has arrived, or never will. */
  answered(): void {
    this.#answering = false;
    this.#closeIfIdle();
  }

  /** The body with this number, once its connection is accepted. */
  upload(number: number): Promise<Upload> {
    const known = this.#unclaimed.get(number);
    if (known) {
      this.#unclaimed.delete(number);
      return Promise.resolve(known);
    }
    if (number <= this.#givenUp) return Promise.reject(new Error(TOO_MANY));
    const upload = this.#awaited.get(number) ?? deferred<Upload>();
    this.#awaited.set(number, upload);
    if (this.#over) upload.reject(new Error(LOST));
    const found = (): void => {
      this.#awaited.delete(number);
      this.#closeIfIdle();
    };
    upload.promise.then(found, found);
    return upload.promise;
  }

  /** The last connections of a process that has ended may still have to be accepted. */
  #closeIfIdle(): void {
    if (this.#running || this.#answering || this.#awaited.size > 0) return;
    this.#over = true;
    this.#listener.close();
    this.#giveUp(0);
  }

  /** Gives up the oldest bodies to which no message refers, until there are only so many. */
  #giveUp(most: number): void {
    for (const [number, upload] of this.#unclaimed) {
      if (this.#unclaimed.size <= most) return;
      this.#unclaimed.delete(number);
      this.#givenUp = Math.max(this.#givenUp, number);
      upload.cancel();
    }
  }

  #arrived(number: number, upload: Upload): void {
    const awaited = this.#awaited.get(number);
    if (awaited) return awaited.resolve(upload);
    this.#unclaimed.set(number, upload);
    this.#giveUp(this.#over ? 0 : UNCLAIMED_MOST);
  }

  async #acceptAll(): Promise<void> {
    try {
      for (;;) void this.#take(await this.#listener.accept({ buffer: BUFFER }));
    } catch {
      // The port was closed, or the runtime has ended: no more bodies can arrive.
      this.#over = true;
      for (const upload of this.#awaited.values()) upload.reject(new Error(LOST));
      this.#giveUp(0);
    }
  }

  async #take(connection: ConnectionEnd): Promise<void> {
    const incoming = new Incoming(connection.readable);
    const message = await incoming.message();
    switch (message?.kind) {
      case HTTP_UPLOAD: {
        connection.writable.close().catch(() => undefined);
        return this.#arrived(message.upload, new Upload(incoming));
      }
      case HTTP_ACCEPT:
        return this.#asked.resolve(new Exchange(connection, incoming));
      case HTTP_REQUEST:
        return this.#answer(new Exchange(connection, incoming), message);
      default: // it has ended already
        incoming.cancel();
        connection.writable.close().catch(() => undefined);
    }
  }

  async #answer(exchange: Exchange, request: Message): Promise<void> {
    const upload = request.upload ? this.upload(request.upload) : undefined;
    const abort = new AbortController();
    exchange.left.addEventListener('abort', () => abort.abort(new Error(GIVEN_UP)));
    void exchange.watch(upload, () => new Error(GIVEN_UP));
    try {
      const response = await fetchFor(this.#plan, request, upload, abort.signal);
      const late = (): Error => new HttpFailure('connection-read-timeout');
      await exchange.send(responseMessage(response), response.body, (read) =>
        limited(read, request.bytesTimeout, late),
      );
    } catch (error) {
      await exchange.send(errorMessage(failureOf(error)));
    }
    // Fetch does not read the rest of the body.
    abort.abort();
    upload?.then((body) => body.cancel()).catch(() => undefined);
  }
}

/** Opens the service of a process with this plan. */
export async function openHttp(plan: SpawnPlan, sockets: Promise<Sockets>): Promise<HttpService> {
  const { http = false } = plan;
  const service = http instanceof HttpService ? http : new HttpService(http);
  plan.settings.http = await service.listen(await sockets);
  return service;
}
