/**
 * Messages between components and the page about HTTP: struct http_message (native/include/holdfast/layouts.def), followed by names and values.
 * native/wasi/p2/http.h describes the connections on which they travel. Part of http.js.
 */
import {
  HTTP_MESSAGE_BYTES_TIMEOUT,
  HTTP_MESSAGE_HAS_NUMBER,
  HTTP_MESSAGE_HEAD_TIMEOUT,
  HTTP_MESSAGE_KIND,
  HTTP_MESSAGE_LENGTH,
  HTTP_MESSAGE_NUMBER,
  HTTP_MESSAGE_NUMBER_HIGH,
  HTTP_MESSAGE_SIZE,
  HTTP_MESSAGE_STATUS,
  HTTP_MESSAGE_UPLOAD,
  SIZEOF_HTTP_MESSAGE,
  type HttpMessage,
} from '../build/generated/layouts.js';
import { concat } from './bytes.js';

export interface Message {
  /** HTTP_REQUEST and so on. */
  kind: number;
  /** The number of the body that belongs to it; 0: it has none. */
  upload: number;
  status: number;
  /** Milliseconds; 0: no limit. */
  headTimeout: number;
  bytesTimeout: number;
  number: number | null;
  /** What is not a header field, such as the method, by name without the colon. */
  texts: Record<string, string>;
  fields: [name: string, value: string][];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The value of a header field consists of bytes; fetch represents each as one character. */
const binary = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
const fromBinary = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

const words = (...numbers: number[]): Uint8Array => new Uint8Array(Uint32Array.from(numbers).buffer);

export function encode(message: Partial<Message> & Pick<Message, 'kind'>): Uint8Array {
  const { kind, upload = 0, status = 0, number = null, texts = {}, fields = [] } = message;
  const pairs = [
    ...Object.entries(texts).map(([name, text]) => [encoder.encode(`:${name}`), encoder.encode(text)] as const),
    ...fields.map(([name, value]) => [encoder.encode(name.toLowerCase()), fromBinary(value)] as const),
  ];
  const rest = concat(pairs.flatMap(([name, value]) => [words(name.length, value.length), name, value]));
  const head = Array<number>(HTTP_MESSAGE_LENGTH).fill(0) as HttpMessage;
  head[HTTP_MESSAGE_KIND] = kind;
  head[HTTP_MESSAGE_SIZE] = rest.length;
  head[HTTP_MESSAGE_UPLOAD] = upload;
  head[HTTP_MESSAGE_STATUS] = status;
  head[HTTP_MESSAGE_NUMBER] = number ?? 0;
  head[HTTP_MESSAGE_HAS_NUMBER] = Number(number !== null);
  return concat([words(...head), rest]);
}

function decode(head: HttpMessage, rest: Uint8Array): Message {
  const message: Message = {
    kind: head[HTTP_MESSAGE_KIND],
    upload: head[HTTP_MESSAGE_UPLOAD],
    status: head[HTTP_MESSAGE_STATUS],
    headTimeout: head[HTTP_MESSAGE_HEAD_TIMEOUT],
    bytesTimeout: head[HTTP_MESSAGE_BYTES_TIMEOUT],
    number: head[HTTP_MESSAGE_HAS_NUMBER] ? head[HTTP_MESSAGE_NUMBER] + 2 ** 32 * head[HTTP_MESSAGE_NUMBER_HIGH] : null,
    texts: {},
    fields: [],
  };
  const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
  for (let at = 0; at < rest.length;) {
    const [name, value] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    const middle = at + 8 + name;
    const key = decoder.decode(rest.subarray(at + 8, middle));
    at = middle + value;
    if (key.startsWith(':')) message.texts[key.slice(1)] = decoder.decode(rest.subarray(middle, at));
    else message.fields.push([key, binary(rest.subarray(middle, at))]);
  }
  return message;
}

/** What arrives on a connection: messages, and then, if the last one announces it, the bytes of a body. */
export class Incoming {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Bytes that were received, but not taken yet. */
  #rest: Uint8Array = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** Resolves to null when the connection has ended, for whatever reason. */
  async message(): Promise<Message | null> {
    const head = await this.#take(SIZEOF_HTTP_MESSAGE);
    if (!head) return null;
    const numbers = [...new Uint32Array(head.slice().buffer)] as HttpMessage;
    const rest = await this.#take(numbers[HTTP_MESSAGE_SIZE]);
    return rest && decode(numbers, rest);
  }

  /** The next bytes of the body; null at the end of the connection. */
  async chunk(): Promise<Uint8Array | null> {
    const rest = this.#rest;
    this.#rest = new Uint8Array();
    if (rest.length > 0) return rest;
    const { value } = await this.#reader.read().catch(() => ({ value: undefined }));
    return value ?? null;
  }

  cancel(): void {
    this.#reader.cancel().catch(() => undefined);
  }

  async #take(size: number): Promise<Uint8Array | null> {
    const parts: Uint8Array[] = [];
    let missing = size;
    while (missing > 0) {
      const chunk = await this.chunk();
      if (!chunk) return null;
      parts.push(chunk.subarray(0, missing));
      this.#rest = chunk.subarray(missing);
      missing -= parts.at(-1)!.length;
    }
    return concat(parts);
  }
}
