// Lowers and lifts values of random types, and compares with the results of the specification's executable model, which are in fixtures/canonical-vectors.json.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { abi, component, HEAP, plain, revive, signatureOf } from './support/canonical.mjs';

const { callAcross, callInto, callOut, Trap } = abi;
const file = process.env.HOLDFAST_VECTORS ?? new URL('./fixtures/canonical-vectors.json', import.meta.url);
const vectors = JSON.parse(fs.readFileSync(file, 'utf8'));
const encodings = ['utf8', 'utf16', 'latin1+utf16'];

/** Converts core values to the model's form, in which integers are unsigned. */
const unsigned = (core, i, flat) =>
  typeof core === 'bigint' ? BigInt.asUintN(64, core) : flat === null || flat[i] === 'i' ? core >>> 0 : core;

/** Converts them to WebAssembly's form, in which integers are signed. */
const signed = (core, i, flat) =>
  typeof core === 'bigint' ? BigInt.asIntN(64, core) : flat === null || flat[i] === 'i' ? core | 0 : core;

const fail = (error) => {
  throw error;
};

/** Lifts them as the parameters of an import. */
function lifts({ side }, signature, core) {
  let values;
  const lower = callOut({ name: 'f', signature, side, fail }, (args) => void (values = args));
  lower(...core);
  return values;
}

vectors.forEach(({ types, params, encoding, flat, args, core, memory, lifts: mutated }, number) => {
  const signature = signatureOf(types, params);
  const values = revive(args);
  const bytes = Buffer.from(memory, 'hex');
  const what = `vector ${number}: ${signature.params.map((codec) => codec.wit()).join(', ')}`;

  const lowered = () => {
    const it = component({ encoding });
    let passed;
    callInto({ name: 'f', signature, side: it.side, callee: (...all) => void (passed = all), postReturn: null })(
      values,
    );
    return { ...it, passed };
  };

  test(`lowers ${what}`, () => {
    assert.equal(signature.flatParams, flat);
    const { passed, memory: written, heap } = lowered();
    assert.deepEqual(
      passed.map((each, i) => unsigned(each, i, flat)),
      core.map((each) => revive(each)),
    );
    assert.equal(heap.next, HEAP + bytes.length);
    assert.equal(Buffer.from(written.buffer, HEAP, bytes.length).toString('hex'), memory);
  });

  test(`lifts ${what}`, () => {
    const it = lowered();
    assert.deepEqual(plain(lifts(it, signature, it.passed)), values);
    for (const { core: flatValues, bytes: changes, values: wanted } of mutated) {
      const other = component({ encoding });
      const view = new Uint8Array(other.memory.buffer);
      view.set(bytes, HEAP);
      for (const [at, byte] of changes) view[at] = byte;
      const given = revive(flatValues).map((each, i) => signed(each, i, flat));
      if (wanted === null) assert.throws(() => lifts(other, signature, given), Trap);
      else assert.deepEqual(plain(lifts(other, signature, given)), revive(wanted));
    }
  });

  test(`passes ${what}`, () => {
    for (const target of encodings) {
      const it = lowered();
      const callee = component({ encoding: target });
      let received;
      const lift = { name: 'g', signature, side: callee.side, postReturn: null };
      lift.callee = (...all) => void (received = all);
      callAcross({ name: 'f', signature, side: it.side, fail }, lift)(...it.passed);
      assert.deepEqual(plain(lifts(callee, signature, received)), values);
    }
  });
});
