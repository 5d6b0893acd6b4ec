// The public API in a page of each browser. (`holdfast run` and the guests' hosts use it in Node, and only a coordinator in the browser.)
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './support/load.mjs';
import { outcomeOfPage } from './support/page-server.mjs';

const { browserNames, findBrowser } = await load('web/cli/browsers.ts');

for (const name of browserNames) {
  const lacking = await findBrowser(name).then(
    () => false,
    (error) => error.message,
  );
  test(
    `programs, streams, kills, files, sockets, calls and HTTP in ${name}`,
    { skip: lacking, timeout: 300_000 },
    async (t) => {
      const { failed, run, talk, kill, ...rest } = await outcomeOfPage(t, name, 'page-api.html');
      assert.equal(failed, undefined);
      assert.deepEqual([run.reason, run.code, run.stdout], ['exit', 0, 'toolbox.wasm\0args\0ü\0A=1\0']);
      assert.deepEqual([talk.answer, talk.exit.reason, talk.exit.code], ['1: one\n', 'exit', 0]);
      assert.deepEqual(kill, { said: 'spinning\n', reason: 'killed', code: 137, zombies: 0 });
      assert.deepEqual(rest, {
        refused: 'SpawnRefused source',
        response: 'hello, world\n',
        files: { same: true, size: 9 * 1024 * 1024, missing: 'FsError ENOENT' },
        socket: 'over a socket',
        exports: { sum: 20_100, negated: '-5', text: 'hello, wörld', trap: 'CallFailed trap' },
        host: {
          numbers: '5 1099511627777 1.5\n',
          text: '5 HÖHE\n',
          fails: "env.fails: the page's function failed: not today",
        },
        plugin: ['pong', 200, 398],
        pipeline: ['1: hello, world\n', 0, 0],
        channel: 'job 0\njob 1\njob 2\nend\n',
        children: '1: hello, world\n0\n',
        link: [499_500, 'hello, wörld', 'the instance has ended: other.nap: other has ended'],
        loops: { fired: 1, state: 'finished', code: 7, sum: '499500', naps: true },
        companion: [8, 'abab', 10, 'CallFailed'],
        threads: { count: 100, trap: 'CallFailed trap', woken: true, word: 7 },
        components: {
          count: 42,
          quoted: '<wörld>',
          error: 'ComponentError division by zero',
          asked: ['hé!', 42],
          hello: 'hello from a component\n',
        },
        http: {
          answer: '0  0 component.test /hello?a=b\nmine',
          echoed: 300_000,
          fetched: '200',
          posted: ['202', 'POST wörld'],
          denied: ['error 15', ''],
        },
        closed: 'Closed',
      });
    },
  );
}
