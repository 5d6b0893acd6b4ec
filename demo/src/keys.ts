/** What a terminal sends for its keys, as words. */

export type Key =
  | { kind: 'text'; text: string }
  | { kind: 'enter' }
  | { kind: 'end-of-input' }
  | { kind: 'interrupt' }
  | { kind: 'clear' }
  | { kind: 'edit'; edit: Edit };

export type Edit =
  | 'backspace'
  | 'delete'
  | 'kill-to-start'
  | 'kill-to-end'
  | 'kill-word'
  | 'left'
  | 'right'
  | 'home'
  | 'end'
  | 'older'
  | 'newer';

const controls: Readonly<Record<string, Key>> = {
  '\r': { kind: 'enter' },
  '\n': { kind: 'enter' },
  '\t': { kind: 'text', text: '    ' },
  '\x03': { kind: 'interrupt' },
  '\x04': { kind: 'end-of-input' },
  '\x0c': { kind: 'clear' },
  '\x7f': { kind: 'edit', edit: 'backspace' },
  '\b': { kind: 'edit', edit: 'backspace' },
  '\x15': { kind: 'edit', edit: 'kill-to-start' },
  '\x0b': { kind: 'edit', edit: 'kill-to-end' },
  '\x17': { kind: 'edit', edit: 'kill-word' },
  '\x01': { kind: 'edit', edit: 'home' },
  '\x05': { kind: 'edit', edit: 'end' },
  '\x02': { kind: 'edit', edit: 'left' },
  '\x06': { kind: 'edit', edit: 'right' },
  '\x10': { kind: 'edit', edit: 'older' },
  '\x0e': { kind: 'edit', edit: 'newer' },
};

/** What follows ESC [ or ESC O. */
const sequences: Readonly<Record<string, Edit>> = {
  A: 'older',
  B: 'newer',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  '1~': 'home',
  '3~': 'delete',
  '4~': 'end',
};

const ESCAPE = 0x1b;
const isControl = (code: number): boolean => code < 0x20 || code === 0x7f;

/** Takes what `Terminal.onData` gives, which may be a key, a paste, or what an input method composed. Unknown keys are left out. */
export function* keysOf(data: string): Generator<Key> {
  for (let at = 0; at < data.length;) {
    const code = data.charCodeAt(at);
    if (code === ESCAPE) {
      const length = escapeLength(data, at);
      const edit = sequences[data.slice(at + 2, at + length)];
      if (edit) yield { kind: 'edit', edit };
      at += length;
    } else if (isControl(code)) {
      const key = controls[data.charAt(at)];
      // The end of a pasted line may be two characters.
      if (key && !(data.charAt(at) === '\n' && data.charAt(at - 1) === '\r')) yield key;
      at++;
    } else {
      let end = at + 1;
      while (end < data.length && !isControl(data.charCodeAt(end))) end++;
      yield { kind: 'text', text: data.slice(at, end) };
      at = end;
    }
  }
}

/** ESC, or ESC and a character, or ESC [ … up to its final letter. */
function escapeLength(data: string, at: number): number {
  const introducer = data.charAt(at + 1);
  if (introducer !== '[' && introducer !== 'O') return introducer === '' ? 1 : 2;
  let end = at + 2;
  while (end < data.length && !/[@-~]/.test(data.charAt(end))) end++;
  return end + 1 - at;
}
