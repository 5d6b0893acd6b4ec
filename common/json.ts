/** JSON from guests. Part of plugin.js, instance.js and compute-guest.js. */

/**
 * In V8, a text that opens 30 million arrays takes 20 seconds to parse, in which the page does nothing else; as much text
 * with few levels takes a tenth of a second. So long texts are looked through first, which takes 1 ns a character.
 */
const MOST_NESTED = 10_000;
/** Shorter texts take a few milliseconds at most, whatever they contain. */
const LONG = 65_536;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Throws `RangeError` for a text that nests too deeply, and otherwise what `JSON.parse` throws. Texts of up to `long` characters are not looked
 * through.
 */
export function parseJson(text: string, most = MOST_NESTED, long = LONG): unknown {
  if (text.length > long && nestsTooDeeply(text, most))
    throw new RangeError(`it nests arrays and objects more than ${most} deep`);
  return JSON.parse(text);
}

function nestsTooDeeply(text: string, most: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      if (at < 0) return false; // not JSON
    } else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      if (++depth > most) return true;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth--;
  }
  return false;
}

/** Where the string that begins at `start` ends; -1 if it does not. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at;
    while (text.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((at - before) % 2 === 0) return at;
  }
  return -1;
}
