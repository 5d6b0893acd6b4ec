/** Colors that CSS cannot set: the terminal's cells and the meter's bars. */
import type { ITheme } from '@xterm/xterm';

const dark: ITheme = {
  background: '#0d1417',
  foreground: '#dbe6e6',
  cursor: '#45d0b1',
  cursorAccent: '#0d1417',
  selectionBackground: '#2b4d4e',
  black: '#1c272b',
  red: '#ff7a70',
  green: '#5fd38d',
  yellow: '#f2b84b',
  blue: '#6cb2ff',
  magenta: '#d79bff',
  cyan: '#45d0d0',
  white: '#c9d4d4',
  brightBlack: '#7c9095',
  brightRed: '#ff9d95',
  brightGreen: '#86e3aa',
  brightYellow: '#ffd27d',
  brightBlue: '#98c9ff',
  brightMagenta: '#e5bdff',
  brightCyan: '#7fe3e3',
  brightWhite: '#f5fafa',
  scrollbarSliderBackground: '#ffffff24',
  scrollbarSliderHoverBackground: '#ffffff3c',
  scrollbarSliderActiveBackground: '#ffffff50',
};

const light: ITheme = {
  background: '#fbfcfc',
  foreground: '#172423',
  cursor: '#0b7a68',
  cursorAccent: '#fbfcfc',
  selectionBackground: '#bfe3dc',
  black: '#172423',
  red: '#b3261e',
  green: '#1b7a3e',
  yellow: '#8a5a00',
  blue: '#1a5fb4',
  magenta: '#8330a8',
  cyan: '#0c7080',
  white: '#5f6f70',
  brightBlack: '#5f7175',
  brightRed: '#c0362c',
  brightGreen: '#1f8a47',
  brightYellow: '#9a6700',
  brightBlue: '#2a6fc4',
  brightMagenta: '#9340b8',
  brightCyan: '#0f8092',
  brightWhite: '#3f4f50',
  scrollbarSliderBackground: '#00000024',
  scrollbarSliderHoverBackground: '#0000003c',
  scrollbarSliderActiveBackground: '#00000050',
};

const query = matchMedia('(prefers-color-scheme: dark)');

export const terminalTheme = (): ITheme => (query.matches ? dark : light);

export const onSchemeChange = (listener: () => void): void => query.addEventListener('change', listener);

const still = matchMedia('(prefers-reduced-motion: reduce)');

export const reducedMotion = (): boolean => still.matches;
