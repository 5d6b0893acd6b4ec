/** Why a component's HTTP request failed, as a case of wasi:http's error-code. Part of http.js. */
import { HTTP_ERROR } from '../build/generated/layouts.js';
import { HTTP_ERRORS } from '../build/generated/http.js';
import { kindOf } from './bytes.js';
import { encode, type Message } from './http-message.js';

export type HttpErrorName = (typeof HTTP_ERRORS)[number];

/** An error that the component gets. */
export class HttpFailure extends Error {
  constructor(
    readonly code: HttpErrorName,
    readonly text?: string,
    readonly number: number | null = null,
  ) {
    super(text ?? code);
  }
}

export const internal = (text: string): HttpFailure => new HttpFailure('internal-error', text);

/** The codes of errors of Node's and Bun's fetch. Browsers do not say why a fetch failed. */
const CODES: Readonly<Record<string, HttpErrorName>> = {
  ECONNREFUSED: 'connection-refused',
  ConnectionRefused: 'connection-refused',
  ENOTFOUND: 'DNS-error',
  EAI_AGAIN: 'DNS-timeout',
  ECONNRESET: 'connection-terminated',
  EPIPE: 'connection-terminated',
  UND_ERR_SOCKET: 'connection-terminated',
  ConnectionClosed: 'connection-terminated',
  ETIMEDOUT: 'connection-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connection-timeout',
  UND_ERR_HEADERS_TIMEOUT: 'connection-read-timeout',
  UND_ERR_BODY_TIMEOUT: 'connection-read-timeout',
  UND_ERR_HEADERS_OVERFLOW: 'HTTP-response-header-section-size',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'HTTP-request-body-size',
  EHOSTUNREACH: 'destination-unavailable',
  ENETUNREACH: 'destination-IP-unroutable',
};

function nameOf(error: Error): HttpErrorName | undefined {
  const { code = '' } = error as { code?: string };
  if (/CERT|SELF_SIGNED|VERIFY_LEAF/.test(code)) return 'TLS-certificate-error';
  if (/SSL|TLS/.test(code)) return 'TLS-protocol-error';
  if (/^HPE_/.test(code)) return 'HTTP-protocol-error';
  return CODES[code];
}

const MOST_CAUSES = 16;

/** Finds out why a fetch failed, from anything that the page's function may throw. */
export function failureOf(error: unknown): HttpFailure {
  if (error instanceof HttpFailure) return error;
  try {
    // Limited, because a cause may be its own cause.
    for (let at = error, depth = 0; at instanceof Error && depth < MOST_CAUSES; at = at.cause, depth++) {
      const name = nameOf(at);
      if (name) return new HttpFailure(name);
    }
    return internal(`fetch failed: ${error instanceof Error ? error.message : String(error)}`);
  } catch {
    return internal(`fetch failed: it threw ${kindOf(error)}`);
  }
}

export const errorMessage = ({ code, text, number }: HttpFailure): Uint8Array =>
  encode({
    kind: HTTP_ERROR,
    status: HTTP_ERRORS.indexOf(code),
    number,
    texts: text === undefined ? {} : { text },
  });

/** Describes an error that a component has sent. */
export function described({ status, texts: { text } }: Message): string {
  const name = HTTP_ERRORS[status] ?? 'internal-error';
  return text ? `${name}: ${text}` : name;
}
