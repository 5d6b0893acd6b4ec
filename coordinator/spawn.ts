/** Encodes the block that c_spawn reads: struct hf_spawn_header (layouts.def) and the data that follows it. */
import {
  OUTPUTS_END_UNREAD,
  OUTPUTS_INHERITED,
  OUTPUTS_SHARED,
  SPAWN_HEADER_ARG_COUNT,
  SPAWN_HEADER_ARG_SIZE,
  SPAWN_HEADER_CREDIT,
  SPAWN_HEADER_ENV_COUNT,
  SPAWN_HEADER_ENV_SIZE,
  SPAWN_HEADER_FDS,
  SPAWN_HEADER_FILE_BYTES,
  SPAWN_HEADER_FILE_BYTES_HIGH,
  SPAWN_HEADER_ID,
  SPAWN_HEADER_INTERRUPTIBLE,
  SPAWN_HEADER_LENGTH,
  SPAWN_HEADER_OUTPUT,
  SPAWN_HEADER_OUTPUT_HIGH,
  SPAWN_HEADER_OUTPUTS,
  SPAWN_HEADER_PIPED,
  SPAWN_HEADER_PREOPEN_COUNT,
  SIZEOF_SPAWN_HEADER,
  SPAWN_HEADER_SOCKET_COUNT,
  SPAWN_HEADER_THREADS,
  SPAWN_HEADER_TTY,
  SPAWN_PREOPEN_END,
  SPAWN_PREOPEN_GUEST_SIZE,
  SPAWN_PREOPEN_LENGTH,
  SPAWN_PREOPEN_PATH_SIZE,
  SPAWN_PREOPEN_PIPE,
  SPAWN_PREOPEN_PIPE_HIGH,
  SPAWN_PREOPEN_READ_ONLY,
  SPAWN_SOCKET_LENGTH,
  SPAWN_SOCKET_LISTENS,
  SPAWN_SOCKET_NONBLOCKING,
  SPAWN_SOCKET_PORT,
  SIZEOF_SPAWN_SOCKET,
  TRACE_FD,
  TTY_KIND_DISCIPLINE,
  TTY_KIND_IN_NAME,
  TTY_KIND_NONE,
  type SpawnHeader,
  type SpawnPreopen,
  type SpawnSocket,
} from '../build/generated/layouts.ts';
import { after, type Pointer } from '../common/pointer.ts';
import type { SpawnMessage } from '../common/protocol.ts';
import type { Kernel } from './kernel.ts';

const encoder = new TextEncoder();

function join(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Encodes a struct of words. The type checker reports missing fields. */
const words = <Struct extends number[]>(fields: Pick<Struct, 'length' | (keyof Struct & `${number}`)>): Uint8Array =>
  new Uint8Array(Uint32Array.from(fields as ArrayLike<number>).buffer);
/** The upper half of a 64-bit number. */
const high = (value: number): number => Math.floor(value / 2 ** 32);
/** Encodes NUL-terminated strings. The page has checked that they contain no NUL. */
const strings = (list: string[]): Uint8Array => encoder.encode(list.map((text) => `${text}\0`).join(''));

/** `interruptible`: whether the module was rewritten to be interruptible. */
export function encodeSpawn(message: SpawnMessage, interruptible: boolean): Uint8Array {
  const args = strings(message.args);
  const env = strings(message.env.map(([key, value]) => `${key}=${value}`));
  const preopens = message.preopens.flatMap(({ guest, path, readOnly, pipe = [0, 0] }) => {
    const [name, target] = [encoder.encode(guest), encoder.encode(path)];
    const head = words<SpawnPreopen>({
      length: SPAWN_PREOPEN_LENGTH,
      [SPAWN_PREOPEN_GUEST_SIZE]: name.length,
      [SPAWN_PREOPEN_PATH_SIZE]: target.length,
      [SPAWN_PREOPEN_READ_ONLY]: Number(readOnly),
      [SPAWN_PREOPEN_END]: pipe[1],
      [SPAWN_PREOPEN_PIPE]: pipe[0],
      [SPAWN_PREOPEN_PIPE_HIGH]: 0,
    });
    return [head, name, target];
  });
  const piped = [message.stdin, message.stdout, message.stderr].reduce<number>(
    (bits, mode, fd) => bits | (mode === 'pipe' ? 1 << fd : 0),
    message.trace ? 1 << TRACE_FD : 0,
  );
  const { sockets, limits } = message;
  const header = words<SpawnHeader>({
    length: SPAWN_HEADER_LENGTH,
    [SPAWN_HEADER_ID]: message.id,
    [SPAWN_HEADER_CREDIT]: message.credit,
    [SPAWN_HEADER_ARG_COUNT]: message.args.length,
    [SPAWN_HEADER_ARG_SIZE]: args.length,
    [SPAWN_HEADER_ENV_COUNT]: message.env.length,
    [SPAWN_HEADER_ENV_SIZE]: env.length,
    [SPAWN_HEADER_PREOPEN_COUNT]: message.preopens.length,
    [SPAWN_HEADER_PIPED]: piped,
    [SPAWN_HEADER_TTY]: message.terminal ? TTY_KIND_DISCIPLINE : message.tty ? TTY_KIND_IN_NAME : TTY_KIND_NONE,
    [SPAWN_HEADER_SOCKET_COUNT]: sockets.length,
    [SPAWN_HEADER_FDS]: limits.descriptors,
    [SPAWN_HEADER_THREADS]: limits.threads,
    [SPAWN_HEADER_FILE_BYTES]: limits.fileBytes,
    [SPAWN_HEADER_FILE_BYTES_HIGH]: high(limits.fileBytes),
    [SPAWN_HEADER_OUTPUT]: limits.output,
    [SPAWN_HEADER_OUTPUT_HIGH]: high(limits.output),
    [SPAWN_HEADER_INTERRUPTIBLE]: Number(interruptible),
    [SPAWN_HEADER_OUTPUTS]:
      (message.stderr === 'stdout' ? OUTPUTS_SHARED : 0) |
      (message.brokenPipe === 'end' ? OUTPUTS_END_UNREAD : 0) |
      (message.parent && OUTPUTS_INHERITED),
  });
  const listed = sockets.map(({ listens, port, nonblocking }) =>
    words<SpawnSocket>({
      length: SPAWN_SOCKET_LENGTH,
      [SPAWN_SOCKET_LISTENS]: Number(listens),
      [SPAWN_SOCKET_PORT]: port,
      [SPAWN_SOCKET_NONBLOCKING]: Number(nonblocking),
    }),
  );
  return join([header, ...listed, args, env, ...preopens]);
}

/** Returns the ports that the kernel wrote into the block for listening sockets. */
export function listeningPorts({ sockets }: SpawnMessage, kernel: Kernel, block: Pointer): number[] {
  return sockets.flatMap(({ listens }, i) => {
    const at = after(block, SIZEOF_SPAWN_HEADER + SIZEOF_SPAWN_SOCKET * i);
    return listens ? [kernel.words<SpawnSocket>(at, SPAWN_SOCKET_LENGTH)[SPAWN_SOCKET_PORT]] : [];
  });
}
