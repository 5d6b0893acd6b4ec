/**
 * How many columns a character takes, as the kernel's line editing counts them (native/kernel/tty.c): were the terminal of another
 * opinion, then Backspace would take too much or too little away. xterm.js itself takes an emoji for one column.
 */
import type { IUnicodeVersionProvider, Terminal } from '@xterm/xterm';

const WIDE = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
] as const;
/** What joins the character before it. */
const JOINS = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const FIRST_THAT_JOINS = 0x300;

function wcwidth(character: number): 0 | 1 | 2 {
  if (character < FIRST_THAT_JOINS) return character < 0x20 || (character >= 0x7f && character < 0xa0) ? 0 : 1;
  if (WIDE.some(([first, last]) => character >= first && character <= last)) return 2;
  return JOINS.test(String.fromCodePoint(character)) ? 0 : 1;
}

/** As xterm.js packs them: whether it joins the one before, and the columns. */
const properties = (width: number, joins: boolean): number => (width << 1) | Number(joins);
const widthOf = (packed: number): number => (packed >> 1) & 3;

const provider: IUnicodeVersionProvider = {
  version: 'holdfast',
  wcwidth,
  charProperties(character, before) {
    const width = wcwidth(character);
    const joins = width === 0 && widthOf(before) > 0;
    return properties(joins ? widthOf(before) : width, joins);
  },
};

/** The terminal needs `allowProposedApi`. */
export function countAsTheKernel({ unicode }: Terminal): void {
  unicode.register(provider);
  unicode.activeVersion = provider.version;
}
