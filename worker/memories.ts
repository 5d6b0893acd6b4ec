/** The shared memories of the page, which the coordinator holds, because the page must not. Part of compute-guest.js. */
import { WASM_PAGE, WASM_PAGES_MAX } from '../build/generated/layouts.ts';
import type { MemoryType } from '../common/module-bytes.ts';
import type { MemoryRequest, SharedMessage, SpawnMessage } from '../common/protocol.ts';
import type { Added } from '../common/worker-protocol.ts';
import type { FunctionType } from '../common/guest-protocol.ts';
import { functionsOf } from './signatures.ts';

/** The parts of the coordinator that are used here. */
interface Kernel {
  error(code: 'EBADF' | 'EFAULT' | 'ENOMEM', what: string): Error;
}
interface Programs {
  makeMemory(type: MemoryType): Promise<WebAssembly.Memory>;
}
interface Session {
  readonly running: boolean;
  memory: WebAssembly.Memory | MemoryType | null;
  readonly program: {
    module: WebAssembly.Module;
    memory: MemoryType | null;
    added: Added | null;
    head: Uint8Array | null;
    begin?: unknown;
  };
}

/** Why a module or a call does not fit the memory; becomes the `SpawnRefused` of the page. */
class Unfit extends Error {
  constructor(
    readonly kind: 'module' | 'options',
    message: string,
  ) {
    super(message);
  }
}

interface Held {
  memory: WebAssembly.Memory;
  maximum: number;
}

const memories = new Map<number, Held>();
let last = 0;

/** Performs a request of the page. Throws errors of the kernel, and `Refusal` if the engine has no memory left. */
export async function memory(
  kernel: Kernel,
  { request }: { request: MemoryRequest },
  programs: Programs,
): Promise<number | Uint8Array> {
  const { memory: id } = request;
  if (request.op === 'create') {
    const { pages, maximum } = request;
    memories.set(++last, { memory: await programs.makeMemory({ initial: pages, maximum, shared: true }), maximum });
    return last;
  }
  const held = memories.get(id);
  if (!held) throw kernel.error('EBADF', 'the memory was closed');
  switch (request.op) {
    case 'read':
      return range(kernel, held, request.pointer, request.size).slice();
    case 'write':
      range(kernel, held, request.pointer, request.bytes.length).set(request.bytes);
      break;
    case 'grow':
      grow(kernel, held, request.pages);
      break;
    case 'close':
      memories.delete(id);
  }
  return held.memory.buffer.byteLength / WASM_PAGE;
}

function range(kernel: Kernel, { memory: { buffer } }: Held, pointer: number, size: number): Uint8Array {
  if (pointer + size <= buffer.byteLength) return new Uint8Array(buffer, pointer, size);
  throw kernel.error(
    'EFAULT',
    `bytes ${pointer} to ${pointer + size} are outside the memory of ${buffer.byteLength} bytes`,
  );
}

function grow(kernel: Kernel, { memory: grown, maximum }: Held, pages: number): void {
  try {
    grown.grow(pages);
  } catch (error) {
    const size = grown.buffer.byteLength / WASM_PAGE;
    const why = size + pages > maximum ? '' : `: ${(error as Error).message}`;
    throw kernel.error('ENOMEM', `the memory of ${size} pages, at most ${maximum}, cannot grow by ${pages}${why}`);
  }
}

/**
 * Gives a thread its memory. Returns another process that has the same memory, if there is one: threads of both may wait for each other. Throws
 * `Unfit`.
 */
export function share<S extends Session>(
  { shared, guest }: SpawnMessage,
  session: S,
  all: readonly S[],
): S | undefined {
  const held = memories.get(shared!.memory);
  if (!held) throw new Unfit('options', 'the shared memory was closed');
  const { program } = session;
  if (program.begin)
    throw new Unfit('module', 'a component cannot be a thread, because it does not import a memory: pass a module');
  requireImport(program.module, shared!);
  requireSize(held, program.memory!);
  requireEntry(program, guest!.thread!);
  const peer = all.find((other) => other.running && other.memory === held.memory);
  if (peer && !peer.program.added !== !program.added) throw new Unfit('options', MIXED);
  session.memory = held.memory;
  return peer;
}

const MIXED =
  'threads that are interruptible and threads that are not cannot share a memory, because they could not wait for each other: give all of them the same `interruptible`';

function requireImport(module: WebAssembly.Module, wanted: SharedMessage): void {
  const found = WebAssembly.Module.imports(module).find(({ kind }) => kind === 'memory');
  if (found?.module === wanted.module && found.name === wanted.name) return;
  const name = `"${wanted.module}" "${wanted.name}"`;
  throw new Unfit(
    'module',
    found
      ? `the module imports its memory as "${found.module}" "${found.name}", not as ${name}: pass importAs: ${JSON.stringify([found.module, found.name])}`
      : `the module does not import its memory, as ${name}: for a C program, link it with --import-memory and --shared-memory`,
  );
}

/** The rule by which a memory matches an import (core specification, "Limits"). */
function requireSize({ memory: { buffer }, maximum }: Held, wanted: MemoryType): void {
  if (!wanted.shared)
    throw new Unfit('module', 'the module imports a memory that is not shared: declare it as shared, with a maximum');
  const pages = buffer.byteLength / WASM_PAGE;
  const most = wanted.maximum ?? WASM_PAGES_MAX;
  if (pages >= wanted.initial && maximum <= most) return;
  throw new Unfit(
    'module',
    `the module imports a memory of at least ${wanted.initial} pages, with a maximum of at most ${most}; this one has ${pages} pages and a maximum of ${maximum}`,
  );
}

function requireEntry(
  { module, head }: Session['program'],
  { entry, args }: NonNullable<NonNullable<SpawnMessage['guest']>['thread']>,
): void {
  const names = WebAssembly.Module.exports(module).flatMap(({ name, kind }) => (kind === 'function' ? [name] : []));
  if (!names.includes(entry)) {
    const list = names.length > NAMED ? `${names.slice(0, NAMED).join(', ')}, …` : names.join(', ');
    throw new Unfit('options', `the module exports no function "${entry}"; it exports ${list || 'none'}`);
  }
  const type = head && functionsOf(head).exports.get(entry);
  if (type) requireArguments(entry, type, args);
}

/** How many names an error message lists. */
const NAMED = 8;

function requireArguments(entry: string, { params, results }: FunctionType, args: readonly (number | bigint)[]): void {
  const shown = `${entry}(${params.join(', ')})`;
  if (params.includes('other') || results.includes('other'))
    throw new Unfit(
      'options',
      `${shown} cannot be the entry of a thread, because it takes or returns values that are not numbers`,
    );
  if (args.length !== params.length)
    throw new Unfit(
      'options',
      `${shown} takes ${params.length} argument${params.length === 1 ? '' : 's'}, not ${args.length}`,
    );
  params.forEach((kind, i) => {
    const wanted = kind === 'i64' ? 'bigint' : 'number';
    if (typeof args[i] !== wanted) throw new Unfit('options', `argument ${i} of ${shown} must be a ${wanted}`);
  });
}
