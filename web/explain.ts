/**
 * Describes why a program was refused: what is wrong with a module that cannot run, and how to build one that can, or
 * what the kernel could not do for it. Loaded only when a program is refused.
 */
import { ERRNO_EAGAIN } from '../build/generated/layouts.js';
import { portError } from '../common/port-errors.js';
import type { ModuleFaults, SpawnFaults } from '../common/protocol.js';

const COMMAND = 'Build a WASI preview 1 command, for a target such as wasm32-wasip1';

export const explain = (faults: ModuleFaults | SpawnFaults): string =>
  'errno' in faults ? `${faults.code}: ${aboutSpawn(faults)}` : aboutModule(faults);

function aboutSpawn({ errno, socket, preopen, workers }: SpawnFaults): string {
  if (socket) {
    const full = !socket.listens && errno === ERRNO_EAGAIN;
    return full ? `the backlog of port ${socket.port} is full` : portError(errno, socket.port);
  }
  if (preopen) return `cannot preopen ${preopen.path} as ${preopen.guest}: it is not a directory of hf.fs`;
  if (errno !== ERRNO_EAGAIN) return 'the process could not be created';
  return `all ${workers} workers are busy: wait for a process to end, pass whenBusy: 'wait', or raise workers.max in start()`;
}

/** One sentence about the module, and one about what to do. */
function aboutModule(faults: ModuleFaults): string {
  const known = kinds.find(({ is }) => is(faults));
  if (known) return `the module cannot run: it was built ${known.what}. ${known.fix}`;
  return `the module cannot run: ${inWords(faults).join('; ')}. ${todo(faults)}`;
}

interface Kind {
  /** Follows "it was built". */
  what: string;
  fix: string;
  is(faults: ModuleFaults): boolean;
}

const importsFrom = ({ modules }: ModuleFaults, pattern: RegExp): boolean => modules.some((name) => pattern.test(name));
const hasExport = ({ exports }: ModuleFaults, pattern: RegExp): boolean => exports.some((name) => pattern.test(name));
const lacks = ({ missing }: ModuleFaults, pattern: RegExp): boolean => missing.some((name) => pattern.test(name));

/** The imports of AssemblyScript's output when it does not use WASI. */
const ASSEMBLYSCRIPT = /^env\.(abort|seed|trace|(console|Date|Math|performance|process|crypto)\.\w+) /;

/** The first match is used. */
const kinds: readonly Kind[] = [
  {
    what: 'for JavaScript by wasm-bindgen, which needs the script that was made with it',
    fix: 'Build the program without wasm-bindgen, as a command: cargo build --target wasm32-wasip1',
    is: (faults) => importsFrom(faults, /^(wbg|__wbindgen_.*|.*_bg\.js)$/) || hasExport(faults, /^__wbindgen_/),
  },
  {
    what: 'with GOOS=js, which needs wasm_exec.js',
    fix: 'Build it with GOOS=wasip1 GOARCH=wasm (TinyGo: -target=wasip1)',
    is: (faults) => importsFrom(faults, /^go(js)?$/),
  },
  {
    what: 'for JavaScript by Emscripten, and needs the script that was made with it',
    fix: 'Build it with wasi-sdk, or link it with -sSTANDALONE_WASM',
    is: (faults) =>
      lacks(faults, /^env\.(_?emscripten_|_abort_js|invoke_|__syscall_|__cxa_throw|_embind_|_emval_)|^a\.[a-zA-Z] /) ||
      hasExport(faults, /^_?emscripten_/),
  },
  {
    what: 'by AssemblyScript without WASI',
    fix: 'Build it with @assemblyscript/wasi-shim: asc --config ./node_modules/@assemblyscript/wasi-shim/asconfig.json',
    is: (faults) => lacks(faults, ASSEMBLYSCRIPT) || hasExport(faults, /^__(new|pin|rtti_base)$/),
  },
  {
    what: 'for WASIX, which only Wasmer runs',
    fix: COMMAND,
    is: (faults) => importsFrom(faults, /^wasix_/),
  },
  {
    what: 'as the core of a component, with imports of WASI 0.2 or later',
    fix: 'Make a component of it: wasm-tools component new, or a target such as wasm32-wasip2',
    is: (faults) => importsFrom(faults, /^wasi:|^cm32p2/),
  },
];

function todo({ unknown, modules, called, start, reactor, threads, memory }: ModuleFaults): string {
  if (unknown > 0 && modules.includes('holdfast_v1'))
    return 'Let it start programs (holdfast_v1) with the option children';
  if (unknown > 0) return `Pass the functions that it imports in the option host. ${COMMAND}`;
  if (called && start) return 'Run it with spawn(), or pass entry: null to call its exports without running it';
  if (reactor)
    return 'Call its exports with instantiate(), or link it as a command: with a main function, and without -mexec-model=reactor';
  if (!start && !called) return `${COMMAND}, with a main function`;
  return threads ? 'Build it for wasm32-wasip1-threads' : memory ? 'Export its memory under that name' : COMMAND;
}

/** Reports every fault, not only the first. */
function inWords(faults: ModuleFaults): string[] {
  const { missing, unknown, called, start, reactor, threads, memory } = faults;
  const more = unknown > missing.length ? `, … and ${unknown - missing.length} more` : '';
  return [
    unknown > 0 && `it has unknown imports: ${missing.join(', ')}${more}`,
    called && start && !reactor && 'it is a command: it exports _start',
    !called && start && reactor && 'it exports both _start and _initialize, so it is neither a command nor a reactor',
    !called &&
      !start &&
      reactor &&
      'it is a reactor, a library that exports _initialize, and not a command that exports _start',
    !called && !start && !reactor && 'it exports no function _start, so it is not a WASI command',
    threads &&
      threads.start &&
      'it imports wasi.thread-spawn but exports no function wasi_thread_start for threads to begin at',
    threads && threads.memory && 'it imports wasi.thread-spawn but not its memory, so threads could not share it',
    threads && threads.shared && 'it imports wasi.thread-spawn, but the memory that it imports is not shared',
    memory && 'it exports no memory named "memory", so system calls could not reach its data',
  ].filter((text) => text !== false);
}
