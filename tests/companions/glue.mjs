// A companion that instantiates the module itself, in the way that its options name, without providing WASI imports.
const made = {
  instantiate: async ({ module }, imports) => WebAssembly.instantiate(module, imports),
  bytes: async ({ bytes }, imports) => (await WebAssembly.instantiate(bytes, imports)).instance,
  view: async ({ bytes }, imports) => (await WebAssembly.instantiate(new Uint8Array(bytes).slice(), imports)).instance,
  compile: async ({ bytes }, imports) => WebAssembly.instantiate(await WebAssembly.compile(bytes), imports),
  constructor: ({ module }, imports) => new WebAssembly.Instance(module, imports),
  both: ({ bytes }, imports) => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports),
  streaming: async ({ bytes }, imports) =>
    (await WebAssembly.instantiateStreaming(new Response(bytes), imports)).instance,
  subclass({ module }, imports) {
    class Own extends WebAssembly.Instance {
      get exports() {
        return { ...super.exports, own: true };
      }
    }
    return new Own(module, imports);
  },
};

const companion = async (context) => {
  const { options, wasi, module } = context;
  const imports = { env: { hook: (value) => value + 1 }, ...(options.wasi ? wasi.getImportObject() : {}) };
  const instance = await made[options.how](context, imports);
  wasi.initialize(instance);
  return {
    calls: {
      exports: () => Object.keys(instance.exports),
      hook: (value) => instance.exports.call_hook(value),
      hello: () => instance.exports.say_hello(),
      isInstance: () => instance instanceof WebAssembly.Instance,
      isModule: () => module instanceof WebAssembly.Module,
      own: () => instance.exports.own,
      again: () => WebAssembly.instantiate(module, imports),
    },
  };
};

export { companion as default };
