// What `npm test` prints when suites run side by side (tools/side-by-side.mjs).
import assert from 'node:assert/strict';
import test from 'node:test';
import { print, run } from '../../tools/lib.mjs';
import { sideBySide } from '../../tools/side-by-side.mjs';

function gate() {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { open, opened };
}

/** The printed lines, without those that say what else is running. */
function lines(t) {
  const seen = [];
  t.mock.method(console, 'log', (line) => {
    if (!/\] beside this/.test(line)) seen.push(line);
  });
  return seen;
}

test('two at a time, started in order; results in order', async () => {
  const started = [];
  const gates = [gate(), gate(), gate()];
  const tasks = gates.map(({ opened }, i) => ({
    title: `${i}`,
    async run() {
      started.push(i);
      await opened;
      return i * 10;
    },
  }));
  const results = sideBySide(tasks, 2);
  assert.deepEqual(started, [0, 1]);
  gates[1].open();
  while (started.length < 3) await new Promise(setImmediate);
  gates[2].open();
  gates[0].open();
  assert.deepEqual(await results, [0, 10, 20]);
});

test('the first prints at once, others when it is their turn; this includes the programs that they run', async (t) => {
  const seen = lines(t);
  const first = gate();
  const second = gate();
  const say = async (words) => {
    print(words);
    await run(process.execPath, ['-e', `console.log('a program: ${words}')`]);
  };
  const tasks = [
    {
      title: 'first',
      async run() {
        await say('one');
        assert.deepEqual(seen, ['one', 'a program: one'], 'as it comes');
        await first.opened;
        await say('two');
      },
    },
    {
      title: 'second',
      async run() {
        await say('three');
        first.open();
        await second.opened;
        await say('four');
      },
    },
    {
      title: 'third',
      async run() {
        await say('five');
        second.open();
      },
    },
  ];
  await sideBySide(tasks, 2);
  assert.deepEqual(
    seen,
    ['one', 'two', 'three', 'four', 'five'].flatMap((words) => [words, `a program: ${words}`]),
  );
});

test('a task that fails is not waited for', async (t) => {
  lines(t);
  const tasks = [
    { title: 'hangs', run: () => gate().opened },
    { title: 'fails', run: () => Promise.reject(new Error('no')) },
  ];
  await assert.rejects(sideBySide(tasks, 2), /^Error: no$/);
});
