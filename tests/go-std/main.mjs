// `npm run conformance:go [-- --host HOST] [PACKAGE…]`: Go's own standard-library tests, built by the toolchain's Go (GOOS=wasip1) and run by `holdfast run`.
// Every test must pass, except for those that Go itself skips, which must be exactly those of skips.json, with Go's message.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../../tools/build.mjs';
import { fromRoot, isMain, main, say } from '../../tools/lib.mjs';
import { needs, setup } from '../../tools/setup.mjs';
import { compile, packages, runPackage, traps } from './go.mjs';
import { judge } from './judge.mjs';

/** Compiles and runs the packages one after the other, and reports each. Resolves to a list of the failures. */
export async function goTests({ host, names = packages, log = say }) {
  const skips = JSON.parse(fs.readFileSync(fromRoot('tests/go-std/skips.json'), 'utf8'));
  const wrong = [];
  for (const name of names) {
    const program = await compile(name);
    const begun = performance.now();
    const { tests = [], trap } = traps[host]?.[name] ?? {};
    const flags = tests.length > 0 ? [`-test.skip=^(${tests.join('|')})$`] : [];
    const result = await inFolder((folder) => runPackage(name, { program, folder, host, flags }));
    const { passed, skipped, complaints } = judge(result, skips[name] ?? []);
    for (const test of tests) {
      const alone = [`-test.run=^${test}$`];
      const { code, output } = await inFolder((folder) => runPackage(name, { program, folder, host, flags: alone }));
      if (code !== 134 || !output.includes(trap))
        complaints.push(`${test} should have trapped with "${trap}"; it ended with ${code}: ${output.slice(-300)}`);
    }
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const counts = `${passed} passed, ${skipped} skipped by Go, ${tests.length} too deep for the engine`;
    log(`${name} on ${host}: ${counts}, ${complaints.length} wrong, ${seconds} s`);
    wrong.push(...complaints.map((complaint) => `${name} on ${host}: ${complaint}`));
  }
  return wrong;
}

async function inFolder(use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-go-'));
  try {
    return await use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

if (isMain(import.meta.url)) {
  await main(async (args) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { host: { type: 'string', multiple: true, default: ['chromium'] } },
    });
    await setup(values.host.includes('chromium') ? needs.browser : needs.build);
    await build(['runtime']);
    const wrong = [];
    for (const host of values.host)
      wrong.push(...(await goTests({ host, names: positionals.length > 0 ? positionals : packages })));
    for (const complaint of wrong) console.log(`FAIL ${complaint}`);
    return wrong.length > 0 ? 1 : 0;
  });
}
