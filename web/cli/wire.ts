/**
 * Messages over HTTP, between the command and a page in a browser. A frame is
 *   u32 length of the head · u32 length of the body · head (JSON) · body (all byte arrays of the message, one after the other)
 * in little endian; where the message has a byte array, the head has its place in the body.
 */

/** A byte array in the head: its start and end in the body. */
interface Place {
  $bytes: [from: number, to: number];
}

const PREFIX = 8;

/** One frame, in pieces that are sent one after the other. */
export function encodeFrame(message: object): Uint8Array[] {
  const body: Uint8Array[] = [];
  let at = 0;
  const head = new TextEncoder().encode(
    JSON.stringify(message, (_key, value: unknown) => {
      if (!(value instanceof Uint8Array)) return value;
      body.push(value);
      const place: Place = { $bytes: [at, (at += value.byteLength)] };
      return place;
    }),
  );
  const prefix = new DataView(new ArrayBuffer(PREFIX));
  prefix.setUint32(0, head.byteLength, true);
  prefix.setUint32(4, at, true);
  return [new Uint8Array(prefix.buffer), head, ...body];
}

/** Takes bytes as they arrive, and returns complete messages. */
export class FrameReader<Message> {
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** The number of bytes needed for the next step: a prefix, then a frame. */
  #wanted = PREFIX;
  #head = 0;

  *push(chunk: Uint8Array): Iterable<Message> {
    this.#chunks.push(chunk);
    this.#length += chunk.byteLength;
    while (this.#length >= this.#wanted) {
      const bytes = this.#take(this.#wanted);
      if (this.#head === 0) {
        const prefix = new DataView(bytes.buffer);
        this.#head = prefix.getUint32(0, true);
        this.#wanted = this.#head + prefix.getUint32(4, true);
      } else {
        yield decode(bytes, this.#head) as Message;
        this.#head = 0;
        this.#wanted = PREFIX;
      }
    }
  }

  #take(count: number): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      const chunk = this.#chunks[0] as Uint8Array;
      const part = chunk.subarray(0, count - at);
      whole.set(part, at);
      at += part.byteLength;
      if (part.byteLength === chunk.byteLength) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.byteLength);
    }
    this.#length -= count;
    return whole;
  }
}

function decode(frame: Uint8Array<ArrayBuffer>, head: number): unknown {
  const text = new TextDecoder().decode(frame.subarray(0, head));
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('$bytes' in value)) return value;
    const [from, to] = (value as Place).$bytes;
    return frame.slice(head + from, head + to); // owns its buffer, so that it can be transferred
  });
}
