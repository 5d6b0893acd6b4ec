/** Formats numbers, and the ends of programs, for people. */
import type { Exit } from '../../web/index.js';

export const integer = (value: number): string => Math.round(value).toLocaleString('en-US');

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(count < 1e5 ? 1 : 0)} kB`;
  return `${(count / 1e6).toFixed(count < 1e8 ? 1 : 0)} MB`;
}

/** Memory sizes are powers of two. */
export function memory(count: number): string {
  if (count < 1024) return `${count} B`;
  if (count < 1 << 20) return `${integer(count / 1024)} KiB`;
  return `${(count / (1 << 20)).toFixed(count < 10 << 20 ? 1 : 0)} MiB`;
}

export const milliseconds = (value: number | undefined): string =>
  value === undefined ? '–' : value.toFixed(value < 99.95 ? 1 : 0);

export function duration(elapsed: number): string {
  const seconds = elapsed / 1000;
  if (seconds < 1) return `${Math.round(elapsed)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** Formats CPU time. */
export const seconds = (time: number): string => `${(time / 1000).toFixed(time < 100_000 ? 2 : 0)} s`;

/** Formats the signal that a key of the terminal sent, if any. */
export const killedBy = ({ code, message }: Exit): string =>
  message.startsWith('SIG') ? `killed by ${message} (code ${code})` : 'killed';

/** In two words. */
export function endOf(exit: Exit): string {
  if (exit.reason === 'exit') return `exit ${exit.code}`;
  return exit.reason === 'killed' && exit.message.startsWith('SIG') ? exit.message : exit.reason;
}
