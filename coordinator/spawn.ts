/** The block that c_spawn reads (struct spawn_header in session.c, and what follows it). */
import { TRACE_FD, type SpawnMessage } from '../web/protocol.ts';

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

/** Of struct spawn_header. */
export const HEADER_WORDS = 18;
/** Of struct spawn_socket. */
export const SOCKET_WORDS = 3;

const words = (...values: number[]): Uint8Array => new Uint8Array(new Uint32Array(values).buffer);
/** A number of 64 bits, low half first. */
const halves = (value: number): [number, number] => [value % 2 ** 32, Math.floor(value / 2 ** 32)];
/** Each string with its NUL; the page has seen to it that none is inside. */
const strings = (list: string[]): Uint8Array => encoder.encode(list.map((text) => `${text}\0`).join(''));

/** `interruptible`: the module was made so. */
export function encodeSpawn(message: SpawnMessage, interruptible: boolean): Uint8Array {
  const args = strings(message.args);
  const env = strings(message.env.map(([key, value]) => `${key}=${value}`));
  const preopens = message.preopens.flatMap(({ guest, path, readOnly }) => {
    const [name, target] = [encoder.encode(guest), encoder.encode(path)];
    return [words(name.length, target.length, Number(readOnly)), name, target];
  });
  const piped = [message.stdin, message.stdout, message.stderr].reduce(
    (bits, mode, fd) => bits | (mode === 'pipe' ? 1 << fd : 0),
    message.trace ? 1 << TRACE_FD : 0,
  );
  const header = words(
    message.id,
    message.credit,
    message.args.length,
    args.length,
    message.env.length,
    env.length,
    message.preopens.length,
    piped,
    message.terminal ? 2 : Number(message.tty),
    message.sockets.length,
    message.limits.files,
    message.limits.threads,
    ...halves(message.limits.fileBytes),
    ...halves(message.limits.output),
    Number(interruptible),
    Number(message.stderr === 'stdout') | (Number(message.brokenPipe === 'end') << 1),
  );
  const sockets = words(
    ...message.sockets.flatMap(({ listens, port, nonblocking }) => [Number(listens), port, Number(nonblocking)]),
  );
  return join([header, sockets, args, env, ...preopens]);
}

/** The ports that the kernel has put into the block for those sockets that listen. */
export function listeningPorts({ sockets }: SpawnMessage, block: Int32Array): number[] {
  return sockets.flatMap(({ listens }, i) => (listens ? [block[HEADER_WORDS + SOCKET_WORDS * i + 1]!] : []));
}
