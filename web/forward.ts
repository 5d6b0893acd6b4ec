/** Handles that have the members of their process. */
import type { Process } from './process.js';

/** Every member except those that use up the handle. */
export const OF_PROCESS = [
  'id',
  'pid',
  'name',
  'ports',
  'stdin',
  'stdout',
  'stderr',
  'exited',
  'released',
  'terminal',
  'write',
  'kill',
  'pause',
  'resume',
  'trace',
] as const satisfies (keyof Process)[];

/** Gives a class these members of its instances' `process`. */
export function forward(prototype: { readonly process: Process }, keys: readonly (keyof Process)[]): void {
  for (const key of keys) {
    Object.defineProperty(prototype, key, {
      configurable: true,
      get(this: { readonly process: Process }) {
        const value: unknown = this.process[key];
        return typeof value === 'function' ? value.bind(this.process) : value;
      },
    });
  }
}
