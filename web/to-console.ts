/** A program's output on the console. */

/** Longer lines are printed in pieces, because a guest that never ends a line must not fill the page's memory. */
const LONGEST_LINE = 65_536;

/** Prints whole lines. */
export function toConsole(how: 'log' | 'error'): (bytes: Uint8Array) => void {
  const decoder = new TextDecoder();
  let rest = '';
  return (bytes) => {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop()!;
    if (rest.length > LONGEST_LINE) {
      lines.push(rest);
      rest = '';
    }
    for (const line of lines) console[how](line);
  };
}
