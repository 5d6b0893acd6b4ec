/**
 * A companion for the package pandoc-wasm. The guest is its src/pandoc.wasm, with a directory of hf.fs preopened as "/".
 *
 *     const options = { companion: new URL('holdfast/companions/pandoc', import.meta.url), preopens: { '/': '/doc' } };
 *     const q = await hf.instantiate(wasm, options);
 *     await hf.fs.writeFile('/doc/stdin', '# Title');
 *     for (const name of ['stdout', 'stderr', 'warnings']) await hf.fs.writeFile(`/doc/${name}`, '');
 *     await q.call('convert', { from: 'markdown', to: 'html' });
 *     const html = await hf.fs.readFile('/doc/stdout', 'utf-8');
 */
const encoder = new TextEncoder();

const companion = ({ wasi }) => {
  let c;
  const put = (bytes) => {
    const pointer = c.malloc(bytes.length);
    new Uint8Array(c.memory.buffer, pointer, bytes.length).set(bytes);
    return pointer;
  };
  const words = (...values) => put(new Uint8Array(Uint32Array.from(values).buffer));
  const call = (name) => (options) => {
    const text = encoder.encode(JSON.stringify(options));
    c[name](put(text), text.length);
  };
  return {
    ready(instance) {
      c = instance.exports;
      wasi.initialize(instance);
      c.__wasm_call_ctors();
      const args = ['pandoc.wasm', '+RTS', '-H64m', '-RTS'];
      const argv = words(...args.map((arg) => put(encoder.encode(`${arg}\0`))), 0);
      c.hs_init_with_rtsopts(words(args.length), words(argv));
    },
    calls: { convert: call('convert'), query: call('query') },
  };
};

export { companion as default };
