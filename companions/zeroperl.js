/**
 * A companion for the package @6over3/zeroperl-ts: Perl. The guest is its zeroperl.wasm. It needs `serial: true`, because it handles one call at a time.
 *
 *     const companion = { module: new URL('holdfast/companions/zeroperl', import.meta.url), serial: true };
 *     const q = await hf.instantiate(wasm, { companion });
 *     await q.call('eval', '$answer = 6 * 7');
 *     await q.call('get', 'answer');             // "42"
 */
// Without these the glue code takes every worker for Node.
globalThis.window ??= globalThis;
globalThis.document ??= {};

const companion = async ({ bytes, wasi }) => {
  wasi.override = true; // the kernel provides files and output
  const { ZeroPerl } = await import('@6over3/zeroperl-ts');
  const perl = await ZeroPerl.create({ fetch: async () => ({ arrayBuffer: async () => bytes }) });
  return {
    calls: {
      async eval(code) {
        const { success, error } = await perl.eval(code);
        perl.flush();
        if (!success) throw new Error(error);
      },
      get: (name) => perl.getVariable(name)?.toString(),
    },
  };
};

export { companion as default };
