// clang and wasm-ld, unmodified: one preview 1 module of 75 MB (npm @yowasp/clang), started as one or the other.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { linkArguments, llvmModule, prepareSysroot } from '../real/clang.mjs';
import { host, PATIENCE, run, scratch } from '../real/support.mjs';

const hello = `
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("hello, %s\\n", argv[i]);
	return atoi(getenv("CODE"));
}
`;

test(`clang (${host}): compiles and links a program, which then runs`, { timeout: 2 * PATIENCE }, async (t) => {
  const folder = scratch(t);
  const dirs = { '/usr': path.join(folder, 'usr'), '/tmp': path.join(folder, 'tmp'), '.': path.join(folder, 'work') };
  prepareSysroot(dirs['/usr']);
  for (const name of ['tmp', 'work']) fs.mkdirSync(path.join(folder, name));
  fs.writeFileSync(path.join(dirs['.'], 'hello.c'), hello);

  const compiled = await run(t, llvmModule, ['-O2', '-c', 'hello.c', '-o', 'hello.o'], { argv0: 'clang', dirs });
  assert.deepEqual(compiled, { code: 0, signal: null, stdout: '', stderr: '' });
  const linked = await run(t, llvmModule, linkArguments('hello.o', 'hello.wasm'), { argv0: 'wasm-ld', dirs });
  assert.deepEqual(linked, { code: 0, signal: null, stdout: '', stderr: '' });
  const program = path.join(dirs['.'], 'hello.wasm');
  assert.ok(WebAssembly.validate(fs.readFileSync(program)));
  const ran = await run(t, program, ['one', 'two'], { env: { CODE: '7' } });
  assert.deepEqual(ran, { code: 7, signal: null, stdout: 'hello, one\nhello, two\n', stderr: '' });

  fs.writeFileSync(path.join(dirs['.'], 'wrong.c'), 'int main(void) { return nothing; }\n');
  const wrong = await run(t, llvmModule, ['-c', 'wrong.c', '-o', 'wrong.o'], { argv0: 'clang', dirs });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /wrong\.c:1:25: error: use of undeclared identifier 'nothing'/);
  assert.deepEqual(fs.readdirSync(dirs['.']).sort(), ['hello.c', 'hello.o', 'hello.wasm', 'wrong.c']);
});
