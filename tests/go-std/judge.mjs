// Compares the output of `-test.v` with the table of tests that Go skips.

/** { name: { result: 'PASS' | 'FAIL' | 'SKIP', said: [message…] } } for all tests and subtests. */
export function parse(output) {
  const tests = new Map();
  const of = (name) => {
    if (!tests.has(name)) tests.set(name, { result: undefined, said: [] });
    return tests.get(name);
  };
  let current;
  for (const line of output.split('\n')) {
    const [, started] = /^=== (?:RUN|CONT|NAME) +(\S+)/.exec(line) ?? [];
    const [, result, ended] = /^ *--- (PASS|FAIL|SKIP): (\S+)/.exec(line) ?? [];
    const [, message] = /^ +[\w.]+\.go:\d+: (.*)/.exec(line) ?? [];
    if (started) of((current = started));
    else if (result) of(ended).result = result;
    else if (message && current) of(current).said.push(message);
  }
  return tests;
}

/** "TestX/{a,b}" → "TestX/a", "TestX/b". */
export function expand(name) {
  const [, before, choices, after] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(name) ?? [];
  if (choices === undefined) return [name];
  return choices.split(',').flatMap((choice) => expand(before + choice + after));
}

/**
 * `groups`: the package's groups in skips.json, each { says: Go's message, "" for none; why: the reason; tests: [names, with {a,b}] }. Returns {
 * passed, skipped, complaints }.
 */
export function judge({ code, output }, groups) {
  const tests = parse(output);
  const expected = new Map(groups.flatMap((group) => group.tests.flatMap(expand).map((name) => [name, group])));
  const complaints = [];
  const count = { PASS: 0, SKIP: 0, FAIL: 0 };
  for (const [name, { result, said }] of tests) {
    const group = expected.get(name);
    expected.delete(name);
    count[result ?? 'FAIL']++;
    if (result === undefined) complaints.push(`${name} never ended`);
    else if (result === 'FAIL') complaints.push(`${name} failed: ${said.join('; ').slice(0, 500)}`);
    else if (result === 'PASS' && group) complaints.push(`${name} passed, and skips.json says that Go skips it`);
    else if (result === 'SKIP' && !group) complaints.push(`${name} was skipped: ${said.join('; ')}`);
    else if (group && !(group.says === '' ? said.length === 0 : said.some((message) => message.includes(group.says))))
      complaints.push(`${name} was skipped, but not for "${group.says}": ${said.join('; ')}`);
  }
  for (const name of expected.keys()) complaints.push(`${name} is in skips.json, but does not exist`);
  if (tests.size === 0) complaints.push(`no test ran: ${output.slice(-500)}`);
  if (code !== 0) complaints.push(`it ended with ${code}: ${output.trimEnd().split('\n').slice(-3).join(' | ')}`);
  return { passed: count.PASS, skipped: count.SKIP, complaints };
}
