// A worker that runs the guest under a peer whose WASI is JavaScript beside the guest: as quick as it can be, with no message in between.
// `{ peer, url, microseconds }` → `{ stdout }` or `{ error }`. Each run has fresh files; the worker, and so the compiled JavaScript, stays.

const modules = {
  bjorn3: () => import('/node_modules/@bjorn3/browser_wasi_shim/dist/index.js'),
  runno: () => import('/node_modules/@runno/wasi/dist/main.js'),
};

const runs = {
  async bjorn3({ WASI, Directory, File, OpenFile, ConsoleStdout, PreopenDirectory }, module, args) {
    let stdout = '';
    const write = (bytes) => (stdout += new TextDecoder().decode(bytes));
    const files = new PreopenDirectory('/', new Map());
    if (!(files.dir instanceof Directory)) throw new Error('not the version of the shim that this was written for');
    const fds = [new OpenFile(new File([])), new ConsoleStdout(write), new ConsoleStdout(write), files];
    const wasi = new WASI(args, [], fds, { debug: false }); // it logs to the console otherwise
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
};

let compiled;

onmessage = async ({ data: { peer, url, microseconds } }) => {
  try {
    compiled ??= await WebAssembly.compileStreaming(fetch(url));
    const { code, stdout } = await runs[peer](await modules[peer](), compiled, ['bench-peers', String(microseconds)]);
    if (code !== 0) throw new Error(`it ended with ${code}: ${stdout}`);
    postMessage({ stdout });
  } catch (error) {
    postMessage({ error: String(error?.stack ?? error) });
  }
};
