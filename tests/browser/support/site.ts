/** A small web server for the repository's files. A test can replace any answer by a wrong one; nginx with serve.conf sends the correct ones. */
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** The rest of the body is never sent. */
  endless?: boolean;
  /** The connection is broken once the body has been sent. */
  breaks?: boolean;
}

export interface Site {
  /** Ends with "/". */
  url: string;
  /** The paths that were requested, in order. */
  requests: string[];
  /** How many times a path was requested. */
  count(path: string): number;
  /** The paths of the requests that the client aborted, in order. */
  brokenOff: string[];
  close(): Promise<void>;
}

/** The two headers that make a page cross-origin isolated. */
export const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

/**
 * `answer` returns an answer, whose headers are sent unchanged, or undefined for the file. Files are sent with `headers`.
 */
export async function serveSite(
  answer: (path: string) => Answer | undefined | Promise<Answer | undefined> = () => undefined,
  headers: Record<string, string> = isolation,
): Promise<Site> {
  const requests: string[] = [];
  const brokenOff: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    requests.push(pathname);
    response.on('close', () => {
      if (!response.writableFinished) brokenOff.push(pathname);
    });
    void respond(pathname).then(({ status = 200, headers: own = {}, body = '', endless = false, breaks = false }) => {
      response.writeHead(status, { 'Cache-Control': 'no-store', ...own });
      if (breaks) response.write(body, () => setTimeout(() => response.destroy(), 50));
      else if (endless) response.write(body);
      else response.end(body);
    });
  });

  async function respond(pathname: string): Promise<Answer> {
    const own = await answer(pathname);
    if (own) return own;
    const type = types[path.extname(pathname)] ?? 'application/octet-stream';
    try {
      return { headers: { 'Content-Type': type, ...headers }, body: await readFile(path.join(root, pathname)) };
    } catch {
      return { status: 404, headers, body: 'not found' };
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    requests,
    brokenOff,
    count: (wanted) => requests.filter((asked) => asked === wanted).length,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
