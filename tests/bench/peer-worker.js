// A worker that runs the guest under a runtime whose WASI is JavaScript in the same worker: the fastest way, without messages.
// `{ peer, url, args }` → `{ stdout }` or `{ error }`. Each run has new files; the worker stays, and with it the compiled JavaScript.

const modules = {
  bjorn3: () => import('/node_modules/@bjorn3/browser_wasi_shim/dist/index.js'),
  runno: () => import('/node_modules/@runno/wasi/dist/main.js'),
  plain: () => undefined,
};

const runs = {
  async bjorn3({ WASI, Directory, File, OpenFile, ConsoleStdout, PreopenDirectory }, module, args) {
    let stdout = '';
    const write = (bytes) => (stdout += new TextDecoder().decode(bytes));
    const files = new PreopenDirectory('/', new Map());
    if (!(files.dir instanceof Directory)) throw new Error('not the version of the shim that this was written for');
    const fds = [new OpenFile(new File([])), new ConsoleStdout(write), new ConsoleStdout(write), files];
    const wasi = new WASI(args, [], fds, { debug: false }); // otherwise it logs to the console
    const code = wasi.start(await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport }));
    return { code, stdout };
  },
  async runno({ WASI }, module, args) {
    let stdout = '';
    const wasi = new WASI({ args, stdout: (text) => (stdout += text), stderr: (text) => (stdout += text), fs: {} });
    const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
    const { exitCode } = wasi.start({ instance, module });
    return { code: exitCode, stdout };
  },
  /** For programs that only print: only writes succeed, and their text is discarded. */
  async plain(_, module) {
    let memory;
    const stubs = {
      fd_write(fd, iovs, count, out) {
        const view = new DataView(memory.buffer);
        let sum = 0;
        for (let i = 0; i < count; i++) sum += view.getUint32(iovs + 8 * i + 4, true);
        view.setUint32(out, sum, true);
        return 0;
      },
      proc_exit() {
        throw null;
      },
    };
    const any = new Proxy(stubs, { get: (target, name) => target[name] ?? (() => 0) });
    const { exports } = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: any });
    memory = exports.memory;
    try {
      exports._start();
    } catch (error) {
      if (error !== null) throw error;
    }
    return { code: 0, stdout: '' };
  },
};

const compiled = new Map();

async function moduleOf(url) {
  if (!compiled.has(url)) compiled.set(url, await WebAssembly.compileStreaming(fetch(url)));
  return compiled.get(url);
}

onmessage = async ({ data: { peer, url, args } }) => {
  try {
    const { code, stdout } = await runs[peer](await modules[peer](), await moduleOf(url), ['program', ...args]);
    if (code !== 0) throw new Error(`it ended with ${code}: ${stdout}`);
    postMessage({ stdout });
  } catch (error) {
    postMessage({ error: String(error?.stack ?? error) });
  }
};
