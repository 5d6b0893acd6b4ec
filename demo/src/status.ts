/** Describes what a run is doing, for the status line and for screen readers. */
import { bytes, duration, endOf, killedBy } from './format.ts';
import type { Program } from './manifest.ts';
import type { Run } from './run.ts';

export type Tone = 'idle' | 'busy' | 'running' | 'good' | 'warn' | 'bad';

export interface Status {
  tone: Tone;
  /** Two or three words. */
  short: string;
  /** A sentence without the program's name; it changes only when the state does. */
  text: string;
}

export function statusOf(run: Run | undefined): Status {
  const state = run?.state;
  switch (state?.kind) {
    case undefined:
      return { tone: 'idle', short: 'not started', text: 'Not started' };
    case 'starting':
      return { tone: 'busy', short: 'starting', text: 'Starting' };
    case 'running':
      return { tone: 'running', short: 'running', text: 'Running' };
    case 'stopping':
      return { tone: 'busy', short: 'stopping', text: 'Stopping' };
    case 'refused':
      return state.cancelled
        ? { tone: 'warn', short: 'stopped', text: 'Stopped before it began' }
        : { tone: 'bad', short: 'refused', text: 'It cannot run' };
    case 'ended': {
      const after = `after ${duration(state.took)}`;
      const { reason, code } = state.exit;
      if (reason === 'exit') {
        const tone = code === 0 ? 'good' : 'warn';
        return { tone, short: `exit ${code}`, text: `Exited with code ${code} ${after}` };
      }
      if (reason === 'killed') {
        const text = `${killedBy(state.exit).replace('k', 'K')} ${after}`;
        return { tone: 'warn', short: endOf(state.exit), text };
      }
      return { tone: 'bad', short: reason, text: `Ended by ${reason} (code ${code}) ${after}` };
    }
  }
}

export interface Loading {
  text: string;
  /** From 0 to 1; undefined if unknown. */
  part: number | undefined;
}

/** The progress of a program that is being started. */
export function loadingOf(run: Run | undefined, program: Program): Loading | undefined {
  if (run?.state.kind !== 'starting') return undefined;
  const { progress } = run.state;
  if (!progress) return { text: `Starting ${program.title}`, part: undefined };
  switch (progress.phase) {
    case 'download': {
      // A compressed response does not report its size, but the build recorded it.
      const total = Math.max(progress.total, program.bytes);
      const done = `${bytes(progress.loaded)} of ${bytes(total)}`;
      return { text: `Downloading and compiling: ${done}`, part: Math.min(progress.loaded / total, 1) };
    }
    case 'compile':
      return { text: 'Compiling', part: undefined };
    case 'start':
      return { text: 'Starting', part: undefined };
  }
}
