/**
 * The HTTP server for a browser's page: it serves the runtime and the program, and carries the messages. It listens
 * only on 127.0.0.1, and everything is below a secret path, which the page gets in exchange for a ticket. All users of
 * the machine can read command lines, so the browser is started on a local file that only we can read (the entrance);
 * it posts the ticket, which is valid for one page.
 *
 * - POST /: the page, for the ticket
 * - GET /SECRET/dist/NAME: the runtime's files
 * - GET /SECRET/file/N/NAME: a published file
 * - GET /SECRET/down: messages to the page, as one response that does not end
 * - POST /SECRET/up: messages from the page, in order: it sends the next after the response to this one
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { encodeFrame, FrameReader } from './wire.js';

const ISOLATING_HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const HEADERS = {
  // As strict as possible: programs that run here also run on strict pages.
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'",
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
};

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.map': 'application/json',
};

const page = (base: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>holdfast</title>
<base href="${base}">
<script type="module" src="dist/cli-page.js"></script>
</html>
`;

const entrance = (url: string, ticket: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>holdfast</title>
<form method="post" action="${url}"><input type="hidden" name="ticket" value="${ticket}"></form>
<script>document.forms[0].submit()</script>
</html>
`;

/** Larger than a ticket. */
const TICKET_ROOM = 256;

/** Carries messages down to the page and up from it. */
export class PageServer<Down extends object, Up> {
  onmessage: ((message: Up) => void) | null = null;
  /** The page has connected for the first time. */
  oncall: (() => void) | null = null;
  /** The page has gone away. */
  ongone: (() => void) | null = null;
  /** Two clients know a secret, so neither can be trusted. */
  onintruder: (() => void) | null = null;

  readonly #secret = randomBytes(16).toString('hex');
  readonly #ticket = randomBytes(16).toString('hex');
  #ticketUsed = false;
  readonly #dist: string;
  readonly #server: Server;
  readonly #published: string[] = [];
  readonly #reader = new FrameReader<Up>();
  /** Messages from before the page requested them. */
  #early: Uint8Array[] = [];
  #down: ServerResponse | undefined;

  readonly #headers: [string, string][];

  /** `dist`: the folder with the runtime's files. `isolates`: whether the page is cross-origin isolated. */
  constructor(dist: string, isolates = true) {
    this.#dist = dist;
    this.#headers = Object.entries({ ...HEADERS, ...(isolates && ISOLATING_HEADERS) });
    this.#server = createServer((request, response) => void this.#answer(request, response));
    // A page that runs a program for hours is not a slow client.
    this.#server.requestTimeout = 0;
    this.#server.keepAliveTimeout = 0;
  }

  /** Resolves to the base URL, which is secret. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return this.#url('');
  }

  /** The contents of a file that leads a browser to the page. It is secret until the page has loaded. */
  get entrance(): string {
    return entrance(new URL('/', this.#url('')).href, this.#ticket);
  }

  /** Publishes a file to the page, at the URL that it returns. */
  publish(file: string): string {
    const number = this.#published.push(path.resolve(file)) - 1;
    return this.#url(`file/${number}/${encodeURIComponent(path.basename(file))}`);
  }

  post(message: Down): void {
    const pieces = encodeFrame(message);
    if (!this.#down) this.#early.push(...pieces);
    else for (const piece of pieces) this.#down.write(piece);
  }

  async close(): Promise<void> {
    this.ongone = null;
    this.#down?.end();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #url(below: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${this.#secret}/${below}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of this.#headers) response.setHeader(name, value);
    const parts = (request.url ?? '').split('?', 1).join('').split('/').slice(1);
    const [secret, first = '', second = ''] = parts;
    try {
      if (request.method === 'POST' && request.url === '/') return await this.#admit(request, response);
      if (!same(secret ?? '', this.#secret)) return refuse(response, 404);
      if (request.method === 'POST' && first === 'up') return await this.#takeUp(request, response);
      if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405);
      if (first === 'down') return this.#openDown(response);
      if (first === 'dist' && /^[\w.-]+$/.test(second))
        return await sendFile(request, response, path.join(this.#dist, second));
      const published = first === 'file' ? this.#published[Number(second)] : undefined;
      if (published !== undefined) return await sendFile(request, response, published);
      refuse(response, 404);
    } catch {
      response.destroy(); // the connection or a file failed: the page sees its request fail
    }
  }

  async #admit(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!(Number(request.headers['content-length']) <= TICKET_ROOM)) {
      response.setHeader('Connection', 'close');
      return refuse(response, 403);
    }
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (!same(body, `ticket=${this.#ticket}`)) return refuse(response, 403);
    if (this.#ticketUsed) {
      refuse(response, 403);
      return this.onintruder?.();
    }
    this.#ticketUsed = true;
    response.setHeader('Content-Type', 'text/html').end(page(`/${this.#secret}/`));
  }

  #openDown(response: ServerResponse): void {
    if (this.#down) {
      refuse(response, 409);
      return this.onintruder?.();
    }
    this.#down = response;
    response.setHeader('Content-Type', 'application/octet-stream');
    response.flushHeaders();
    this.oncall?.();
    response.once('close', () => this.ongone?.());
    for (const piece of this.#early.splice(0)) response.write(piece);
  }

  async #takeUp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for await (const chunk of request) {
      for (const message of this.#reader.push(chunk as Buffer)) this.onmessage?.(message);
    }
    response.writeHead(204).end();
  }
}

/** Compares in constant time. */
function same(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.byteLength === other.byteLength && timingSafeEqual(one, other);
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}

async function sendFile(request: IncomingMessage, response: ServerResponse, file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return refuse(response, 404);
  response.setHeader('Content-Type', TYPES[path.extname(file)] ?? 'application/octet-stream');
  response.setHeader('Content-Length', found.size);
  if (request.method === 'HEAD') return void response.end();
  await pipeline(createReadStream(file), response);
}
