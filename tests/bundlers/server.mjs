/** Serves folders with the two headers, and with the headers that resources on another origin then need. */
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Access-Control-Allow-Origin': '*',
  'Cache-Control': 'no-store',
};

/**
 * `folders`: URL path (with a trailing slash) → folder; the longest match counts. `words`: replacements in pages. Resolves to {origin, stop}.
 */
export async function serveFolders(folders, words = {}) {
  const prefixes = Object.keys(folders).sort((a, b) => b.length - a.length);
  const server = createServer(async (request, response) => {
    const pathname = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    const prefix = prefixes.find((name) => pathname.startsWith(name));
    const file = path.join(folders[prefix], pathname.endsWith('/') ? 'index.html' : pathname.slice(prefix.length));
    const type = types[path.extname(file)] ?? 'application/octet-stream';
    try {
      let body = await readFile(
        pathname.endsWith('/') ? path.join(folders[prefix], pathname.slice(prefix.length), 'index.html') : file,
      );
      if (type.startsWith('text/html'))
        body = Object.entries(words).reduce((text, [word, value]) => text.replaceAll(word, value), body.toString());
      response.writeHead(200, { ...headers, 'Content-Type': type }).end(body);
    } catch {
      response.writeHead(404, headers).end('not found');
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://localhost:${server.address().port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
