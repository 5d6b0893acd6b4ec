// Every error that a function can return is returned to some guest program; errnos.json lists them.
//
// `given` lists the errors that the programs got, as the kernel recorded them (errnos.mjs). `elsewhere` lists errors that no guest can cause, each
// with the native test that does. The test fails if a listed pair no longer occurs, or if an unlisted one does: if that is correct, update the list
// with `node tests/guests/errnos.mjs --update`.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { build } from '../../tools/build.mjs';
import { calls, errnos, errnosSeen, listFile, root } from './errnos.mjs';

const { given, elsewhere } = JSON.parse(fs.readFileSync(listFile, 'utf8'));

test('each error of each function is returned to some guest program', { timeout: 1_200_000 }, async () => {
  await build(['wasm-errors']);
  assert.deepEqual(await errnosSeen(), given);
});

test('errors that no guest can cause have native tests', () => {
  for (const [file, pairs] of Object.entries(elsewhere)) {
    const source = fs.readFileSync(path.join(root, file), 'utf8');
    for (const [call, names] of Object.entries(pairs)) {
      assert.ok(calls.includes(call), call);
      assert.match(source, new RegExp(`\\bhf_p1_${call}\\(`), `${file} does not call ${call}`);
      for (const name of names.split(' ')) {
        assert.ok([...errnos.values()].includes(name), name);
        assert.match(source, new RegExp(`\\bHF_${name}\\b`), `${file} does not know ${name}`);
        assert.ok(
          !given[call].split(' ').includes(name),
          `a guest gets ${name} from ${call}, so it must not be listed under "elsewhere"`,
        );
      }
    }
  }
});
