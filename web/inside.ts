/** What scripts of this package that are loaded separately need from a runtime. */
import type { CallFailed, HoldfastError } from './errors.js';
import type { Ask } from './holdfast.js';
import type { planSpawn, SpawnPlan } from './options.js';
import type { Exit, Process } from './process.js';
import type { Source } from './source.js';

/** The property of a runtime that holds it. Registered, because a bundler may include this file twice. */
export const INSIDE = Symbol.for('holdfast.inside');

export interface Inside {
  planSpawn: typeof planSpawn;
  spawn(source: Source, plan: SpawnPlan): Promise<Process>;
  ask: Ask;
  /** The runtime's classes, by which callers recognize errors. */
  HoldfastError: typeof HoldfastError;
  failed(message: string, exit: Exit | undefined): CallFailed;
}
