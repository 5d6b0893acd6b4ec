// The examples of README.md and docs/guide.md work: each runs exactly as printed, and its output is what the comment after `console.log(…); // → …` says.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test as plain } from '@playwright/test';
import { transform } from 'esbuild';
import { isolation, root, serveSite, type Answer } from './support/site.ts';
import { expect, watch } from './support/test.ts';

/** The files that the examples fetch. */
const programs: Record<string, string> = {
  '/hello.wasm': 'hello',
  '/lines.wasm': 'echo-lines',
  '/shell.wasm': 'minishell',
  '/spin.wasm': 'spins-forever',
  '/echo-server.wasm': 'echo-server-in-libc',
  '/client.wasm': 'asks-a-server',
  '/sums.wasm': 'called',
  '/component.wasm': 'component-hello',
  '/things.wasm': 'component-exports',
  '/asks.wasm': 'component-asks',
  '/http-client.wasm': 'http-client',
  '/http-server.wasm': 'http-server',
  '/calls-its-host.wasm': 'calls-its-host',
  '/calls-a-guest.wasm': 'calls-a-guest',
  '/channel.wasm': 'channel',
  '/sh.wasm': 'shell',
  '/cat.wasm': 'cat',
  '/plugin.wasm': 'plugin-methods',
  '/reactor.wasm': 'go-reactor',
  '/qjs-wasi.wasm': 'ticks-like-quickjs',
  '/worker.wasm': 'shares-a-memory',
};

interface Example {
  title: string;
  code: string;
}

/** Examples are named after the heading above them. */
function examplesOf(text: string): Example[] {
  const found: Example[] = [];
  let title = '';
  for (const [, heading, code] of text.matchAll(/^#+ (.+)$|^```ts\n([^]*?)^```$/gm)) {
    if (heading) title = heading;
    if (code) found.push({ title, code });
  }
  return found;
}

const answer = (type: string, body: string | Uint8Array): Answer => ({
  headers: { 'Content-Type': type, ...isolation },
  body,
});
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

for (const file of ['README.md', 'docs/guide.md', 'docs/reactors.md', 'docs/threads.md']) {
  const examples = examplesOf(await readFile(path.join(root, file), 'utf8'));
  examples.forEach(({ title, code }, at) => {
    plain(`${file}, ${title}, example ${at + 1}`, async ({ page }) => {
      const wanted = [...code.matchAll(/console\.log\(.*\); \/\/ → (.*)$/gm)].map(([, text]) => text);
      expect(wanted.length).toBe(code.split('console.log(').length - 1);
      const own = /^import /m.test(code);
      const head = own ? '' : `import { start } from 'holdfast';\nconst hf = await start();\n`;
      const end = own || /hf\.close\(\)/.test(code) ? '' : 'await hf.close();\n';
      const { code: script } = await transform(head + code + end, { loader: 'ts', format: 'esm', target: 'es2022' });
      const map = JSON.stringify({
        imports: {
          holdfast: '/dist/index.js',
          'holdfast/reactor': '/dist/reactor.js',
          'holdfast/threads': '/dist/threads.js',
        },
      });
      const answers: Record<string, Answer> = {
        '/page.html': answer(
          'text/html; charset=utf-8',
          `<!doctype html><link rel="icon" href="data:,"><script type="importmap">${map}</script><script type="module" src="/example.js"></script>`,
        ),
        '/example.js': answer('text/javascript; charset=utf-8', `${script}\nglobalThis.exampleIsOver = true;`),
        '/names.txt': answer('text/plain', 'Ada\nGrace\n'),
      };
      for (const [name, guest] of Object.entries(programs)) {
        answers[name] = answer('application/wasm', await readFile(path.join(root, `build/guests/${guest}.wasm`)));
      }
      const site = await serveSite((name) => answers[name]);
      try {
        const complaints = watch(page);
        const printed: string[] = [];
        page.on('console', (message) => message.type() === 'log' && printed.push(oneLine(message.text())));
        await page.goto(`${site.url}page.html`);
        await expect
          .poll(async () => complaints.length > 0 || (await page.evaluate('globalThis.exampleIsOver === true')))
          .toBe(true);
        expect(complaints).toEqual([]);
        expect(printed).toEqual(wanted);
      } finally {
        await site.close();
      }
    });
  });
}
