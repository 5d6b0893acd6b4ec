/** The block that c_spawn reads (struct spawn_header in session.c, and the strings after it). */
import type { SpawnMessage } from '../web/protocol.ts';

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

const words = (...values: number[]): Uint8Array => new Uint8Array(new Uint32Array(values).buffer);
/** Each string with its NUL; the page has seen to it that none is inside. */
const strings = (list: string[]): Uint8Array => encoder.encode(list.map((text) => `${text}\0`).join(''));

export function encodeSpawn(message: SpawnMessage): Uint8Array {
  const args = strings(message.args);
  const env = strings(message.env.map(([key, value]) => `${key}=${value}`));
  const preopens = message.preopens.flatMap(({ guest, path, readOnly }) => {
    const [name, target] = [encoder.encode(guest), encoder.encode(path)];
    return [words(name.length, target.length, Number(readOnly)), name, target];
  });
  const piped = [message.stdin, message.stdout, message.stderr].reduce(
    (bits, mode, fd) => bits | (mode === 'pipe' ? 1 << fd : 0),
    0,
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
    Number(message.tty),
  );
  return join([header, args, env, ...preopens]);
}
