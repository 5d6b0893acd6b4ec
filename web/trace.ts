/**
 * Turns the kernel's records (native/wasi/trace.h) into the system calls of a traced process. Loaded when a process is
 * first traced.
 */
import { ERRNO, TRACE } from '../build/generated/abi.js';
import {
  P2_CALLS,
  SIZEOF_TRACE_RECORD,
  TRACE_RECORD_ARGUMENT_COUNT,
  TRACE_RECORD_CALL,
  TRACE_RECORD_DURATION,
  TRACE_RECORD_ERROR,
  TRACE_RECORD_RESULT,
  TRACE_RECORD_SIZE,
  TRACE_RECORD_TID,
  TRACE_SHOWN,
} from '../build/generated/layouts.js';
import type { TraceEvent, TraceOption } from './tracing.ts';
import { uncaught } from './uncaught.ts';

const calls = Object.entries(TRACE).map(([name, [kinds, names]]) => ({ name, kinds, names: names.split(' ') }));
const errors = new Map<number, string>(Object.entries(ERRNO).map(([name, value]) => [value, name]));
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A C string literal, with escapes for bytes that are not text. */
function quoted(bytes: Uint8Array, size: number): string {
  const letters: Record<number, string> = { 9: '\\t', 10: '\\n', 13: '\\r', 34: '\\"', 92: '\\\\' };
  const text = decoder
    .decode(bytes)
    .replace(/["\\\p{Cc}]/gu, (c) => letters[c.charCodeAt(0)] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${text}"${size > bytes.length ? `... ${size} bytes` : ''}`;
}

/**
 * Reads records from the pipe until it ends, and passes each event to the current `sink()`. If that throws, the error
 * is reported as uncaught, `silence` is called, and the process continues untraced. Rejects when the runtime ends.
 */
export async function readTrace(
  pid: number,
  pipe: ReadableStream<Uint8Array>,
  sink: () => TraceOption,
  silence: () => void,
  host: readonly { module: string; name: string }[] = [],
): Promise<void> {
  const stream = pipe.getReader();
  const reader = new TraceReader(pid, host);
  const tell = async (event: TraceEvent): Promise<void> => {
    const to = sink();
    if (typeof to === 'function') await to(event);
    else if (to) console.debug(event.text);
  };
  for (;;) {
    const { done, value } = await stream.read();
    if (done) return;
    // Reading continues after an error: the process may be traced again.
    for (const event of reader.push(value)) {
      await tell(event).catch((error: unknown) => {
        uncaught(error);
        silence();
      });
    }
  }
}

/**
 * Splits the stream of records into events. `push` takes bytes as they arrive; its result must be iterated to the end.
 */
class TraceReader {
  private rest = new Uint8Array(0);
  /** The directories whose names the guest has requested, as it sees them. */
  private readonly preopened: string[] = [];

  constructor(
    private readonly pid: number,
    /** Its host functions, in the order of their numbers. */
    private readonly host: readonly { module: string; name: string }[],
  ) {}

  *push(bytes: Uint8Array): Iterable<TraceEvent> {
    const all = new Uint8Array(this.rest.length + bytes.length);
    all.set(this.rest);
    all.set(bytes, this.rest.length);
    const view = new DataView(all.buffer);
    let at = 0;
    const size = () => view.getUint32(at + TRACE_RECORD_SIZE, true);
    while (all.length - at >= SIZEOF_TRACE_RECORD && all.length - at >= size()) {
      yield this.event(view, at);
      at += size();
    }
    this.rest = all.slice(at);
  }

  private event(view: DataView, start: number): TraceEvent {
    const number = view.getUint8(start + TRACE_RECORD_CALL);
    if (number >= P2_CALLS) return this.componentCall(view, start);
    const call = calls[number - 1]!;
    const count = view.getUint8(start + TRACE_RECORD_ARGUMENT_COUNT);
    const error = view.getUint16(start + TRACE_RECORD_ERROR, true);
    const result = view.getInt32(start + TRACE_RECORD_RESULT, true);
    let shown = start + SIZEOF_TRACE_RECORD + 8 * count;
    /** The next piece of the memory behind an argument, as recorded by the kernel. */
    const next = (): [Uint8Array, number] => {
      const size = view.getUint32(shown, true);
      const bytes = new Uint8Array(view.buffer, shown + 4, Math.min(size, TRACE_SHOWN));
      shown += 4 + bytes.length;
      return [bytes, size];
    };
    const args: string[] = [];
    const results: string[] = [];
    for (let i = 0; i < count; i++) {
      const kind = call.kinds[i]!;
      const value = view.getBigUint64(start + SIZEOF_TRACE_RECORD + 8 * i, true);
      const name = call.names[i]!;
      if (kind === 'd' || kind === 'f') args.push(`${name}=${BigInt.asIntN(64, value)}`);
      else if (kind === 'x') args.push(`${name}=0x${value.toString(16)}`);
      else if (kind === '4' || kind === '8') {
        const [bytes] = next();
        if (bytes.length > 0) results.push(`${name}=${littleEndian(bytes)}`);
      } else if (kind !== 'z') args.push(`${name}=${quoted(...next())}`);
    }
    if (call.name === 'host_call') return this.hostCall(view, start);
    const failure = error ? (errors.get(error) ?? String(error)) : '';
    const tid = view.getUint32(start + TRACE_RECORD_TID, true);
    const duration = Number(view.getBigUint64(start + TRACE_RECORD_DURATION, true)) / 1e6;
    const outcome = failure || (results.length > 0 ? results.join(' ') : String(result));
    const hint = this.hint(call.name, failure, args);
    const text = `${this.pid}.${tid} ${call.name}(${args.join(', ')}) = ${outcome} <${duration.toFixed(3)} ms>${hint}`;
    return { pid: this.pid, tid, call: call.name, args, results, error: failure, duration, text };
  }

  /** A call of preview 2: the record has its name, and its flat arguments as numbers. */
  private componentCall(view: DataView, start: number): TraceEvent {
    const count = view.getUint8(start + TRACE_RECORD_ARGUMENT_COUNT);
    const number = (i: number) => BigInt.asIntN(64, view.getBigUint64(start + SIZEOF_TRACE_RECORD + 8 * i, true));
    const args = Array.from({ length: count }, (_, i) => String(number(i)));
    const name = start + SIZEOF_TRACE_RECORD + 8 * count;
    const recorded = decoder.decode(new Uint8Array(view.buffer, name + 4, view.getUint32(name, true)));
    const call = recorded.replace(/^(\S+:\S+) /, '$1.'); // INTERFACE.FUNCTION
    const tid = view.getUint32(start + TRACE_RECORD_TID, true);
    const duration = Number(view.getBigUint64(start + TRACE_RECORD_DURATION, true)) / 1e6;
    const result = view.getInt32(start + TRACE_RECORD_RESULT, true);
    const text = `${this.pid}.${tid} ${call}(${args.join(', ')}) = ${result} <${duration.toFixed(3)} ms>`;
    return { pid: this.pid, tid, call, args, results: [], error: '', duration, text };
  }

  /** Its arguments and its result are in the worker's memory, not in the kernel's. */
  private hostCall(view: DataView, start: number): TraceEvent {
    const { module, name } = this.host[view.getUint32(start + SIZEOF_TRACE_RECORD, true)] ?? {
      module: 'host',
      name: 'call',
    };
    const tid = view.getUint32(start + TRACE_RECORD_TID, true);
    const duration = Number(view.getBigUint64(start + TRACE_RECORD_DURATION, true)) / 1e6;
    const call = `${module}.${name}`;
    const text = `${this.pid}.${tid} ${call}(…) <${duration.toFixed(3)} ms>`;
    return { pid: this.pid, tid, call, args: [], results: [], error: '', duration, text };
  }

  /**
   * Explains why a file was not found. A C library first enumerates the preopened directories, and fails without
   * another call for a path below none of them.
   */
  private hint(call: string, error: string, args: string[]): string {
    const path = args.find((arg) => arg.startsWith('path='));
    if (call === 'fd_prestat_dir_name' && !error && path) this.preopened.push(path.slice('path='.length));
    if (call === 'fd_prestat_get' && error === 'EBADF')
      return this.preopened.length > 0
        ? ` (only paths below ${this.preopened.join(', ')} can be opened: these are the preopens)`
        : ' (no path can be opened: there are no preopens)';
    return error === 'EPERM' && args.some((arg) => LEAVES.test(arg))
      ? ' (the path leaves the preopened directory)'
      : '';
  }
}

/** An absolute path, or one that goes up. */
const LEAVES = /^(path|new)="(\/|(.*\/)?\.\.["/])/;

function littleEndian(bytes: Uint8Array): bigint {
  return [...bytes].reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
