/** The option `companion`. Part of instance.js. */
import { tagOf, wrong } from './bytes.js';
import { address, flag, nothingMore } from './check.js';
import type { CompanionMessage } from '../common/guest-protocol.js';
import type { CompanionOption } from './host-options.js';

/** Validates it. Throws `TypeError`. */
export function planCompanion(option: CompanionOption | undefined): CompanionMessage | null {
  if (option === undefined) return null;
  const isUrl = (value: unknown): value is string | URL => typeof value === 'string' || tagOf(value) === 'URL';
  if (!isUrl(option) && (typeof option !== 'object' || option === null))
    throw wrong('companion', 'the URL of an ES module, or an object with its `module`', option);
  const { module, options, serial, ...rest } = isUrl(option) ? { module: option } : option;
  nothingMore('companion', rest);
  if (!isUrl(module)) throw wrong('companion.module', 'the URL of an ES module', module);
  return {
    url: address(module, base(), 'companion').href,
    options: cloned(options),
    serial: flag(serial, 'companion.serial'),
    channel: crypto.randomUUID(),
  };
}

/** The page's address; on Node the working directory. */
function base(): string {
  const { document, location, process } = globalThis as {
    document?: { baseURI: string };
    location?: { href: string };
    process?: { cwd(): string };
  };
  if (!process?.cwd || document) return document?.baseURI ?? location!.href;
  const folder = process.cwd().replaceAll('\\', '/').replace(/^\/*/, '/');
  return `file://${encodeURI(folder).replace(/[?#]/g, encodeURIComponent)}/`;
}

function cloned(options: unknown): unknown {
  try {
    return structuredClone(options);
  } catch (error) {
    throw new TypeError(`companion.options cannot be sent to its worker: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
