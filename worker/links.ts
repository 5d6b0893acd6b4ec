/**
 * Calls from guest to guest: an import of one is an export of another, in another worker. A call is a record in a pipe of the kernel's, and so is its
 * answer, so neither the page nor the coordinator is on the path, and whoever waits is asleep in the kernel.
 *
 * A record has LINK_RECORD bytes: words (the header), then up to VALUES_MAX values of 8 bytes. Text and bytes follow a call in a pipe of the caller's, and
 * an answer in that of the answers; a value is then their size.
 */
import { ERRNO_EPIPE, LINK_RECORD, TEXT_STACK } from '../build/generated/layouts.ts';
import type { HostMessage, Kind, LinkMessage, SignatureMessage } from '../common/guest-protocol.ts';
import { NULL, toPointer, type Pointer } from '../common/pointer.ts';
import type { Answer, Value } from '../common/values.ts';
import { CallFailed, hostFunction, type Caller } from './host-functions.ts';
import type { KernelExports } from './kernel.ts';

/** The words of a call's header; 0 for the function: a nudge. */
const FN = 0;
const REPLY = 1;
const ARGS = 2;
const RESULT = 3;
const COUNT = 4;
/** Two bits for each value. */
const TAGS = 5;
/** How many bytes follow. */
const MORE = 6;
/** Of an answer, in place of the function: whether the call failed; then what follows is why. */
const FAILED = FN;

const VALUES_AT = 4;
const VALUES_MAX = LINK_RECORD / 8 - VALUES_AT;
const BIGINT = 1;
const TEXT = 2;
const BYTES = 3;

/** What RESULT says: 0 for a call without a signature, else one more than the place here. */
const RESULTS: (Kind | null)[] = [null, 'i32', 'i64', 'f32', 'f64', 'string', 'bytes'];

/** The thread's own room for a vector, which no call of ours uses. */
const ROOM = 8192;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

interface Place {
  readonly kernel: KernelExports;
  readonly kernelMemory: WebAssembly.Memory;
}

/** A worker's place for records: one, because what is in it is read before anything else happens. */
export class Desk {
  private readonly kernel: KernelExports;
  private readonly at: Pointer;
  private readonly words: Int32Array;
  private readonly numbers: Float64Array;
  private readonly bigints: BigInt64Array;
  private readonly bytes: Uint8Array;
  /** The pipe of an answer that is in the record and not yet sent: it is sent in the call of the kernel that waits for the next one. */
  private owed: Pointer = NULL;

  constructor({ kernel, kernelMemory }: Place) {
    this.kernel = kernel;
    this.at = toPointer(kernel.w_text(TEXT_STACK));
    const { buffer } = kernelMemory;
    // Views of shared memory stay valid when it grows.
    this.words = new Int32Array(buffer, this.at, 2 * VALUES_AT);
    this.numbers = new Float64Array(buffer, this.at, LINK_RECORD / 8);
    this.bigints = new BigInt64Array(buffer, this.at, LINK_RECORD / 8);
    this.bytes = new Uint8Array(buffer, this.at, ROOM);
  }

  private exchange(out: number, size: number, from: number, room: number): number {
    return this.kernel.w_exchange(out as Pointer, size, from as Pointer, room, this.at);
  }

  /** The values of a call or an answer, as far as they are in the record; returns what follows them. */
  private put(values: readonly unknown[]): Uint8Array[] {
    const { words } = this;
    let tags = 0;
    let size = 0;
    const more: Uint8Array[] = [];
    if (values.length > VALUES_MAX)
      throw new CallFailed(`more than ${VALUES_MAX} values cannot pass between guests`, 'TypeError');
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value === 'number') this.numbers[VALUES_AT + i] = value;
      else if (typeof value === 'bigint') {
        this.bigints[VALUES_AT + i] = value;
        tags |= BIGINT << (2 * i);
      } else {
        const bytes = typeof value === 'string' ? encoder.encode(value) : (value as Uint8Array);
        this.numbers[VALUES_AT + i] = bytes.length;
        tags |= (typeof value === 'string' ? TEXT : BYTES) << (2 * i);
        size += bytes.length;
        more.push(bytes);
      }
    }
    words[COUNT] = values.length;
    words[TAGS] = tags;
    words[MORE] = size;
    return more;
  }

  /** `pipe`: where the bytes are that follow. Null: they ended too early. */
  private take(pipe: number): unknown[] | null {
    const count = this.words[COUNT]!;
    const tags = this.words[TAGS]!;
    const values: unknown[] = [];
    for (let i = 0; i < count; i++)
      values.push(((tags >> (2 * i)) & 3) === BIGINT ? this.bigints[VALUES_AT + i] : this.numbers[VALUES_AT + i]);
    if (!(tags & 0xaaaaaaaa)) return values;
    for (let i = 0; i < count; i++) {
      const tag = (tags >> (2 * i)) & 3;
      if (tag < TEXT) continue;
      const bytes = this.read(pipe, values[i] as number);
      if (!bytes) return null;
      values[i] = tag === TEXT ? decoder.decode(bytes) : bytes;
    }
    return values;
  }

  private read(pipe: number, size: number): Uint8Array | null {
    const bytes = new Uint8Array(size);
    for (let done = 0; done < size;) {
      const part = this.exchange(NULL, 0, pipe, Math.min(ROOM, size - done));
      if (part <= 0) return null;
      bytes.set(this.bytes.subarray(0, part), done);
      done += part;
    }
    return bytes;
  }

  /** False: nobody reads it any more. */
  private write(pipe: number, more: readonly Uint8Array[]): boolean {
    for (const bytes of more) {
      for (let done = 0; done < bytes.length; done += ROOM) {
        const part = bytes.subarray(done, done + ROOM);
        this.bytes.set(part);
        if (this.exchange(pipe, part.length, NULL, 0) < 0) return false;
      }
    }
    return true;
  }

  // --- the caller ---

  call(link: LinkMessage, result: number, values: readonly unknown[]): Answer {
    const { words } = this;
    if (values.length > VALUES_MAX) return { failed: `more than ${VALUES_MAX} values cannot pass between guests` };
    const more = this.put(values);
    words[FN] = link.fn + 1;
    words[REPLY] = link.reply;
    words[ARGS] = link.args;
    words[RESULT] = result;
    let got;
    if (more.length === 0) got = this.exchange(link.request, LINK_RECORD, link.reply, LINK_RECORD);
    else {
      const sent = this.exchange(link.request, LINK_RECORD, NULL, 0) >= 0 && this.write(link.args, more);
      got = sent ? this.exchange(NULL, 0, link.reply, LINK_RECORD) : 0;
    }
    if (got !== LINK_RECORD) return { failed: `${link.to} has ended` };
    const failed = words[FAILED];
    const results = this.take(link.reply);
    if (!results) return { failed: `${link.to} has ended` };
    if (failed) return { failed: results[0] as string };
    return { value: (results.length < 2 ? results[0] : results) as Value };
  }

  /** Only one thread of a process at a time uses a link: the others wait for its token. */
  inTurn<T>(link: LinkMessage, threaded: boolean, work: () => T): T {
    if (!threaded) return work();
    this.exchange(NULL, 0, link.token, LINK_RECORD);
    try {
      return work();
    } finally {
      this.exchange(link.token, LINK_RECORD, NULL, 0);
    }
  }

  // --- the one that is called ---

  /** Sends the answer that is still owed, and waits for a call. False: there will be none. */
  next(request: number): boolean {
    const out = this.owed;
    this.owed = NULL;
    let got = this.exchange(out, LINK_RECORD, request, LINK_RECORD);
    if (got === -ERRNO_EPIPE) got = this.exchange(NULL, 0, request, LINK_RECORD); // the caller has ended
    return got === LINK_RECORD;
  }

  get isNudge(): boolean {
    return this.words[FN] === 0;
  }

  serve(run: (fn: number, signature: SignatureMessage | null, args: unknown[]) => unknown): void {
    const { words } = this;
    const fn = words[FN]! - 1;
    const reply = words[REPLY]! >>> 0;
    const kind = words[RESULT]!;
    const tags = words[TAGS]!;
    const args = this.take(words[ARGS]! >>> 0);
    if (!args) return; // its caller has ended
    let more: Uint8Array[];
    let failed = 0;
    try {
      const value = run(
        fn,
        kind === 0 ? null : { params: kindsOf(tags, args.length), result: RESULTS[kind - 1]! },
        args,
      );
      more = this.put(value === undefined ? [] : Array.isArray(value) ? value : [value]);
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      failed = 1;
      more = this.put([error.message]);
    }
    words[FAILED] = failed;
    if (more.length === 0) this.owed = reply as Pointer;
    else if (this.exchange(reply, LINK_RECORD, NULL, 0) >= 0) this.write(reply, more);
  }
}

/** A number passes as it is, whichever it is. */
const kindsOf = (tags: number, count: number): Kind[] =>
  Array.from({ length: count }, (_, i) =>
    ((tags >> (2 * i)) & 3) === TEXT ? 'string' : ((tags >> (2 * i)) & 3) === BYTES ? 'bytes' : 'f64',
  );

/** What the guest imports as `entry`, which is an export of another guest. */
export function linkedFunction(desk: Desk, caller: Caller, entry: HostMessage, link: LinkMessage, threaded: boolean) {
  const { signature } = entry;
  if (!signature) {
    const what = `${entry.module}.${entry.name}`;
    const ask = (args: unknown[]): unknown => {
      const answer = desk.call(link, 0, args);
      if (!('failed' in answer)) return answer.value;
      caller.fail(`${what}: ${answer.failed}`); // does not return
      return undefined;
    };
    return threaded
      ? (...args: unknown[]) => desk.inTurn(link, true, () => ask(args))
      : (...args: unknown[]) => ask(args);
  }
  const result = RESULTS.indexOf(signature.result === 'json' ? 'string' : signature.result) + 1;
  const ask = (_: number, args: unknown[]): Answer => desk.inTurn(link, threaded, () => desk.call(link, result, args));
  return hostFunction({ ...caller, ask, failed: '' }, entry, 0);
}
