// Everything that the canonical ABI calls a trap is an error that names the function and says what was wrong.
import assert from 'node:assert/strict';
import test from 'node:test';
import { abi, component, HEAP, signatureOf, Table } from './support/canonical.mjs';

const { callAcross, callInto, callOut, PRIMITIVES, Trap } = abi;
const T = Object.fromEntries(PRIMITIVES.map((kind, index) => [kind, index]));
const D = PRIMITIVES.length;

const fail = (error) => {
  throw error;
};

const trap = (message) => (error) => {
  assert.ok(error instanceof Trap, error);
  assert.equal(error.message, message);
  return true;
};

/** An import whose parameter has this type, called with these core values. */
function pass(types, type, core, { memory, ...options } = {}) {
  const it = component(options);
  if (memory) new Uint8Array(it.memory.buffer).set(memory, HEAP);
  let value;
  const signature = signatureOf(types, [type]);
  callOut({ name: 'ns:p/i.f', signature, side: it.side, fail }, ([given]) => void (value = given))(...core);
  return value;
}

/** The same for a call to another component. */
function across(types, type, core, { memory, to = {}, ...options } = {}) {
  const it = component(options);
  if (memory) new Uint8Array(it.memory.buffer).set(memory, HEAP);
  const signature = signatureOf(types, [type]);
  const lift = { name: 'g', signature, side: component(to).side, callee: () => undefined, postReturn: null };
  callAcross({ name: 'ns:p/i.f', signature, side: it.side, fail }, lift)(...core);
}

function traps(message, ...call) {
  assert.throws(() => pass(...call), trap(`ns:p/i.f: ${message}`));
  assert.throws(() => across(...call), trap(`ns:p/i.f: ${message}`));
}

const list = (type) => [{ kind: 'list', type }];

test('pointers are checked', () => {
  traps('the address of a list, 66, is not a multiple of 4', list(T.u32), D, [66, 1]);
  traps('a list, 65536 bytes at 1, is not inside the memory of 65536 bytes', list(T.u8), D, [1, 65536]);
  traps('a list, 2 bytes at 4294967295, is not inside the memory of 65536 bytes', list(T.u8), D, [-1, 2]);
  traps('a list has 268435456 bytes, more than 268435455', list(T.u64), D, [0, 2 ** 25]);
  traps('a list has 34359738360 bytes, more than 268435455', list(T.u64), D, [0, -1]);
  traps('a string, 65536 bytes at 1, is not inside the memory of 65536 bytes', [], T.string, [1, 65536]);
  traps('a string has 268435456 bytes, more than 268435455', [], T.string, [0, 2 ** 28]);
  const utf16 = { encoding: 'utf16' };
  traps('the address of a string, 65, is not a multiple of 2', [], T.string, [65, 1], utf16);
  traps('a string has 536870910 bytes, more than 268435455', [], T.string, [0, 2 ** 28 - 1], utf16);
  const compact = { encoding: 'latin1+utf16' };
  traps('the address of a string, 65, is not a multiple of 2', [], T.string, [65, 1], compact);
  traps(
    'a string, 65536 bytes at 2, is not inside the memory of 65536 bytes',
    [],
    T.string,
    [2, 0x80008000 | 0],
    compact,
  );
  const many = [{ kind: 'tuple', types: Array(17).fill(T.u32) }];
  traps('the address of the parameters, 65, is not a multiple of 4', many, D, [65]);
  traps('the parameters, 68 bytes at 65472, is not inside the memory of 65536 bytes', many, D, [65472]);
});

test('an empty list or string needs an address inside the memory, its end included', () => {
  assert.deepEqual(pass(list(T.u8), D, [65536, 0]), new Uint8Array());
  assert.equal(pass([], T.string, [65536, 0]), '');
  traps('a string, 0 bytes at 65537, is not inside the memory of 65536 bytes', [], T.string, [65537, 0]);
});

test('text is checked', () => {
  const bytes = (...memory) => ({ memory });
  traps('a string, 2 bytes at 64, is not valid UTF-8', [], T.string, [HEAP, 2], bytes(0x61, 0xff));
  traps('a string, 3 bytes at 64, is not valid UTF-8', [], T.string, [HEAP, 3], bytes(0xed, 0xa0, 0x80)); // a surrogate
  traps('a string, 2 bytes at 64, is not valid UTF-8', [], T.string, [HEAP, 2], bytes(0xc0, 0x80)); // overlong
  const lone = { memory: [0x00, 0xd8, 0x61, 0x00] };
  traps('a string, 4 bytes at 64, is not valid UTF-16', [], T.string, [HEAP, 2], { encoding: 'utf16', ...lone });
  const tagged = [HEAP, 0x80000002 | 0];
  traps('a string, 4 bytes at 64, is not valid UTF-16', [], T.string, tagged, { encoding: 'latin1+utf16', ...lone });
  traps('0xd800 is not a char', [], T.char, [0xd800]);
  traps('0x110000 is not a char', [], T.char, [0x110000]);
  traps('0xffffffff is not a char', [], T.char, [-1]);
});

test('discriminants are checked', () => {
  const variant = [
    {
      kind: 'variant',
      cases: [
        { name: 'a', type: null },
        { name: 'b', type: T.u8 },
      ],
    },
  ];
  traps('2 is not a case of variant { a, b(u8) }', variant, D, [2, 0]);
  traps('4294967295 is not a case of enum { a, b }', [{ kind: 'enum', names: ['a', 'b'] }], D, [-1]);
  traps('2 is not a case of option<u8>', [{ kind: 'option', type: T.u8 }], D, [2, 0]);
  traps('7 is not a case of result', [{ kind: 'result', ok: null, err: null }], D, [7]);
  const nested = [...variant, { kind: 'list', type: D }];
  traps('9 is not a case of variant { a, b(u8) }', nested, D + 1, [HEAP, 1], { memory: [9, 0] });
});

test('unused bits are dropped', () => {
  assert.equal(pass([], T.u8, [0x1ff]), 0xff);
  assert.equal(pass([], T.s8, [0x180]), -128);
  assert.equal(pass([], T.u16, [-1]), 0xffff);
  assert.equal(pass([], T.bool, [2]), true);
  const flags = [{ kind: 'flags', names: ['a', 'b'] }];
  assert.deepEqual(pass(flags, D, [-1]), { a: true, b: true });
  assert.deepEqual(pass(flags, D, [4]), { a: false, b: false });
  const option = [{ kind: 'option', type: T.u8 }];
  assert.equal(pass(option, D, [0, 99]), undefined);
  let received;
  const signature = signatureOf([...flags, ...option], [T.bool, T.s8, D, D + 1]);
  const lift = {
    name: 'g',
    signature,
    side: component().side,
    postReturn: null,
    callee: (...all) => void (received = all),
  };
  callAcross({ name: 'f', signature, side: component().side, fail }, lift)(2, 0x180, -1, 0, 99);
  assert.deepEqual(received, [1, -128, 3, 0, 0]);
});

test('what realloc returns is checked', () => {
  const call = (type, value, realloc, types = []) => {
    const { side } = component({ realloc });
    const signature = signatureOf(types, [type]);
    callInto({ name: 'f', signature, side, callee: () => undefined, postReturn: null })([value]);
  };
  const told = 'f: the address of the memory from its realloc function';
  assert.throws(() => call(D, [1n], () => 4, list(T.u64)), trap(`${told}, 4, is not a multiple of 8`));
  const outside = 'f: the memory from its realloc function, 3 bytes at 65534, is not inside the memory of 65536 bytes';
  assert.throws(() => call(T.string, 'abc', () => 65534), trap(outside));
  assert.throws(() => call(T.string, 'abc', () => -1), Trap);
  const none = component();
  const side = new none.side.constructor({ ...none, realloc: null, encoding: 'utf8' });
  const signature = signatureOf([], [T.string]);
  const lift = { name: 'f', signature, side, callee: () => undefined, postReturn: null };
  assert.throws(() => callInto(lift)(['x']), trap('f: there is no realloc function for a value that needs memory'));
});

test('the memory may grow in realloc', () => {
  for (const shared of [false, true]) {
    const types = [{ kind: 'list', type: T.string }];
    const value = Array.from({ length: 50 }, (_, i) => `${i}`.repeat(5000));
    const it = component({ shared });
    const signature = signatureOf(types, [D], D);
    let passed;
    const callee = (...core) => {
      passed = core;
      // Store the result, which is the list that was passed.
      new Uint32Array(it.memory.buffer, 0, 2).set(core);
      return 0;
    };
    const result = callInto({ name: 'f', signature, side: it.side, callee, postReturn: null })([value]);
    assert.deepEqual(result, value);
    assert.ok(it.memory.buffer.byteLength > 65536);
    assert.equal(passed.length, 2);
  }
});

test('a component must not call out from realloc and post-return functions', () => {
  const signature = signatureOf([], [T.string], T.u8);
  let out;
  const it = component({
    realloc: () => {
      out();
      return 0;
    },
  });
  const nothing = signatureOf([], []);
  out = callOut({ name: 'host', signature: nothing, side: it.side, fail }, () => undefined);
  const forbidden = 'host: it was called by a realloc or post-return function, which must not call out';
  const lift = { name: 'f', signature, side: it.side, callee: () => 1, postReturn: null };
  assert.throws(() => callInto(lift)(['x']), trap(forbidden));

  const other = component();
  out = callOut({ name: 'host', signature: nothing, side: other.side, fail }, () => undefined);
  const after = {
    name: 'f',
    signature: signatureOf([], [], T.u8),
    side: other.side,
    callee: () => 1,
    postReturn: () => out(),
  };
  assert.throws(() => callInto(after)([]), trap(forbidden));

  const third = component();
  const returned = [];
  const fine = { ...after, side: third.side, postReturn: (...args) => void returned.push(args) };
  assert.equal(callInto(fine)([]), 1);
  assert.deepEqual(returned, [[1]]);
  assert.equal(third.instance.mayLeave, true);
});

test('a component cannot be called while a call into it is under way, except from inside', () => {
  const nothing = signatureOf([], []);
  const parent = component();
  const child = component({ parent: parent.instance });
  const stranger = component();
  const lifted = (name, it, callee) => ({ name, signature: nothing, side: it.side, callee, postReturn: null });
  const lowering = (name, it) => ({ name, signature: nothing, side: it.side, fail });
  // The stranger calls its caller.
  let back = () => undefined;
  const toStranger = callAcross(
    lowering('across', parent),
    lifted('s', stranger, () => back()),
  );
  back = callAcross(
    lowering('back', stranger),
    lifted('p', parent, () => undefined),
  );
  const again = 'back: the component is called while a call into it is under way';
  assert.throws(() => callInto(lifted('p', parent, () => toStranger()))([]), trap(again));
  // A child calls a function of its parent, during a call from the parent.
  const other = component();
  const inner = component({ parent: other.instance });
  let called = 0;
  const toParent = callAcross(
    lowering('up', inner),
    lifted('p', other, () => void called++),
  );
  const toChild = callAcross(
    lowering('down', other),
    lifted('c', inner, () => toParent()),
  );
  callInto(lifted('p', other, () => toChild()))([]);
  assert.equal(called, 1);
  assert.ok(other.instance.mayEnter && inner.instance.mayEnter && child.instance.mayEnter);
});

test('orders are checked while many values pass', () => {
  const stopped = new Error('stopped');
  const stop = () => {
    throw stopped;
  };
  const options = { pages: 64, checkOrders: stop };
  const types = { bytes: T.u8, bools: T.bool, chars: T.char };
  for (const [name, type] of Object.entries(types)) {
    // The trap is the one that unwinds a component.
    const enough = type === T.u8 ? 2 ** 21 : 2 ** 16;
    assert.throws(() => pass(list(type), D, [HEAP, enough], options), stopped, name);
    assert.throws(() => across(list(type), D, [HEAP, enough], { pages: 64, to: options }), stopped, name);
    pass(list(type), D, [HEAP, 100], options);
    across(list(type), D, [HEAP, 100], { pages: 64, to: options });
  }
  assert.throws(() => across([], T.string, [HEAP, 2 ** 21], { pages: 64, to: options }), stopped);
});

test('a call lends a limited number of handles', () => {
  const table = new Table();
  const index = table.lowerOwn(0, 7);
  const borrows = [
    { kind: 'borrow', resource: 0 },
    { kind: 'list', type: D },
  ];
  const memory = (count) => new Uint8Array(new Uint32Array(count).fill(index).buffer);
  const most = 2 ** 16;
  const given = { pages: 64, table };
  // The callee defines the resource, so it gets no handles.
  const to = { pages: 64, table: new Table([0]) };
  across(borrows, D + 1, [HEAP, most], { ...given, memory: memory(most), to });
  across(borrows, D + 1, [HEAP, most], { ...given, memory: memory(most), to });
  const more = { ...given, memory: memory(most + 1) };
  const message = `ns:p/i.f: a call lends more than ${most} handles`;
  assert.throws(() => across(borrows, D + 1, [HEAP, most + 1], { ...more, to }), trap(message));
});

test('the place for a result is checked', () => {
  const result = [{ kind: 'tuple', types: [T.u32, T.u32] }];
  const signature = signatureOf(result, [], D);
  const it = component();
  const out = callOut({ name: 'f', signature, side: it.side, fail }, () => [1, 2]);
  out(8);
  assert.deepEqual([...new Uint32Array(it.memory.buffer, 8, 2)], [1, 2]);
  assert.throws(() => out(6), trap('f: the address of the place for the result, 6, is not a multiple of 4'));
  assert.throws(
    () => out(65532),
    trap('f: the place for the result, 8 bytes at 65532, is not inside the memory of 65536 bytes'),
  );
  const call = callInto({ name: 'f', signature, side: component().side, callee: () => 6, postReturn: null });
  assert.throws(() => call([]), trap('f: the address of the result, 6, is not a multiple of 4'));
});

test('a handle must exist, have the right type, and not be lent', () => {
  const own = [
    { kind: 'own', resource: 1 },
    { kind: 'borrow', resource: 1 },
  ];
  const table = new Table();
  const it = component({ table });
  const mine = table.lowerOwn(1, 77);
  const theirs = table.lowerOwn(2, 88);
  const takes = (type) =>
    callOut({ name: 'f', signature: signatureOf(own, [type]), side: it.side, fail }, ([value]) => {
      seen = value;
      locked?.();
    });
  let seen;
  let locked = null;
  assert.throws(() => takes(D)(99), trap('f: there is no handle 99'));
  assert.throws(() => takes(D)(theirs), trap(`f: handle ${theirs} is of another resource type`));
  // A handle that is lent for a call cannot be given away during the call.
  locked = () => assert.throws(() => takes(D)(mine), trap(`f: handle ${mine} is lent`));
  takes(D + 1)(mine);
  assert.deepEqual(seen, { resource: 1, rep: 77, own: false });
  locked = null;
  takes(D)(mine);
  assert.deepEqual(seen, { resource: 1, rep: 77, own: true });
  assert.throws(() => takes(D)(mine), trap(`f: there is no handle ${mine}`));
});

test('a borrowed handle is dropped before the call returns', () => {
  const types = [{ kind: 'borrow', resource: 1 }];
  const call = (table, callee) => {
    const { side } = component({ table });
    const value = { resource: 1, rep: 5 };
    return callInto({ name: 'f', signature: signatureOf(types, [D]), side, callee, postReturn: null })([value]);
  };
  const kept = 'f: it returned with 1 borrowed handle that it should have dropped';
  assert.throws(() => call(new Table(), () => undefined), trap(kept));
  const table = new Table();
  call(table, (index) => table.drop(index));
  // The instance that defines the resource gets the representation itself.
  let rep;
  call(new Table([1]), (given) => void (rep = given));
  assert.equal(rep, 5);
});

test('handles are moved and lent between components', () => {
  const types = [
    { kind: 'own', resource: 1 },
    { kind: 'borrow', resource: 1 },
  ];
  const signature = signatureOf(types, [D, D + 1], D);
  const [from, to] = [component(), component()];
  const given = from.table.lowerOwn(1, 10);
  const lent = from.table.lowerOwn(1, 20);
  const callee = (own, borrowed) => {
    assert.equal(to.table.entries[own].rep, 10);
    assert.equal(to.table.entries[borrowed].rep, 20);
    assert.equal(from.table.entries[lent].lends, 1);
    to.table.drop(borrowed);
    return own;
  };
  const lift = { name: 'g', signature, side: to.side, callee, postReturn: null };
  const back = callAcross({ name: 'f', signature, side: from.side, fail }, lift)(given, lent);
  assert.equal(from.table.entries[back].rep, 10);
  assert.equal(from.table.entries[lent].lends, 0);
  assert.deepEqual(to.table.entries.filter(Boolean), []);
});

test('a component with little memory cannot pass unlimited amounts of values', () => {
  // A list of lists, all of which are the same bytes.
  const types = [
    { kind: 'list', type: T.u8 },
    { kind: 'list', type: D },
  ];
  const count = 100;
  const it = component({ pages: 2 });
  new Uint32Array(it.memory.buffer, 0, 2 * count).fill(65536);
  let seen = 0;
  const signature = signatureOf(types, [D + 1]);
  const out = callOut({ name: 'f', signature, side: it.side, fail }, ([lists]) => void (seen = lists.length));
  out(0, count);
  assert.equal(seen, count);
  it.side.limit = 2 ** 20;
  out(0, 15);
  assert.throws(() => out(0, 16), trap('f: the values that it passes are too large'));
});

test('a WebAssembly exception does not leave a component', () => {
  const tag = new WebAssembly.Tag({ parameters: [] });
  const callee = () => {
    throw new WebAssembly.Exception(tag, []);
  };
  const lift = { name: 'f', signature: signatureOf([], []), side: component().side, callee, postReturn: null };
  assert.throws(() => callInto(lift)([]), trap('f: it threw an exception of WebAssembly'));
  const lowering = { name: 'across', signature: lift.signature, side: component().side, fail };
  assert.throws(
    () => callAcross(lowering, { ...lift, side: component().side })(),
    trap('across: it threw an exception of WebAssembly'),
  );
});
