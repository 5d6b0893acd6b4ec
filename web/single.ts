/**
 * Lets a runtime start without cross-origin isolation: all programs then run in the coordinator's worker, by turns (worker/platform-single.ts). It is a
 * separate file that is loaded only for that.
 */
import { CODE_CRASH } from '../build/generated/layouts.js';
import type { Endpoint } from '../common/endpoint.js';
import { SINGLE_FILES } from '../common/files.js';
import type { FromCoordinator, PulseMessage, ToCoordinator } from '../common/protocol.js';
import type { Located } from './assets.js';
import { oneOf } from './check.js';
import type { StartOptions, StartSettings } from './options.js';

type Coordinator = Endpoint<ToCoordinator, FromCoordinator>;

/** Literal URLs, as in endpoint-web.ts. */
const here = {
  coordinator: () => new URL('./coordinator-single.js', import.meta.url),
  kernel: () => new URL('./kernel-single.wasm', import.meta.url),
};

export const NO_JSPI =
  'it cannot suspend WebAssembly (JSPI), which programs that share a worker need: Chrome 137, Firefox 153, Safari 27 and Node 24 can';

/** Throws `TypeError` for an invalid option. */
export function checkIsolation({ isolation = 'auto' }: StartOptions): 'auto' | 'required' | 'none' {
  return oneOf(isolation, ['auto', 'required', 'none'] as const, 'isolation');
}

/**
 * If programs are to share a worker, starts it and returns its endpoint; `located` and the settings are changed accordingly.
 *
 * Returns false if the page must be isolated: because the caller or the engine requires it. Throws an `Error` if the caller asks in vain in an isolated page.
 */
export function endpoint(
  options: StartOptions,
  isolated: boolean,
  located: Located,
  settings: Pick<StartSettings, 'force'>,
  startCoordinator: (located: Located) => Coordinator,
): Coordinator | false {
  if (!prepare(options, isolated, located, settings)) return false;
  return watched(startCoordinator(located));
}

/** The same without starting it: returns whether programs will share a worker. */
export function prepare(
  options: StartOptions,
  isolated: boolean,
  located: Located,
  { force }: Pick<StartSettings, 'force'>,
): boolean {
  const isolation = checkIsolation(options);
  if (isolation === 'required' || (isolated && isolation === 'auto')) return false;
  if (!('Suspending' in WebAssembly)) {
    if (isolated) throw new Error(`this engine refuses isolation "none": ${NO_JSPI}`);
    return false;
  }
  for (const name of ['coordinator', 'kernel'] as const)
    located[name] = options.assets === undefined ? here[name]() : new URL(SINGLE_FILES[name], located[name]);
  force.messageDoorbell = true;
  return true;
}

/** How often the worker is asked for a sign of life while programs run, and after how many questions without an answer it is given up. */
const PULSE = 1000;
const MISSED = 10;

const STUCK =
  'a program did not let the others run for ten seconds: it computes and cannot be interrupted (it was a compiled module, or interruptible was false)';

/**
 * Ends the worker if a program occupies it: nothing else can, because the page's messages no longer arrive. The programs then end with the reason "crash".
 * Questions are counted and not milliseconds, so a computer that slept is not taken for a program that hangs.
 */
export function watched(coordinator: Coordinator): Coordinator {
  const worker = coordinator as Endpoint<ToCoordinator | PulseMessage, FromCoordinator | PulseMessage>;
  /** The programs, and whether they have started. */
  const running = new Map<number, boolean>();
  let missed = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const rest = (): void => {
    clearInterval(timer);
    timer = undefined;
    missed = 0;
  };
  const giveUp = (): void => {
    rest();
    worker.terminate();
    const exit = { reason: 'crash', code: CODE_CRASH, message: STUCK, stack: '' } as const;
    for (const [id, started] of running) {
      if (!started) continue; // the end of the runtime rejects its start
      for (const fd of [1, 2] as const) outer.onmessage?.({ t: 'end', id, fd });
      outer.onmessage?.({ t: 'exited', id, exit });
      outer.onmessage?.({ t: 'released', id });
    }
    outer.onerror?.(new Error(STUCK), true);
  };
  const ask = (): void => {
    if (missed++ === MISSED) giveUp();
    else worker.post({ t: 'pulse' });
  };
  const outer: Coordinator = {
    ...coordinator,
    post(message, transfer) {
      if (message.t === 'spawn') {
        running.set(message.id, false);
        if (message.interruptible === false || message.source.kind === 'module')
          console.warn(
            `${message.name} cannot be interrupted (it is a compiled module, or \`interruptible\` is false): no other program runs while it computes, because this page is not cross-origin isolated`,
          );
        timer ??= setInterval(ask, PULSE);
      }
      worker.post(message, transfer);
    },
    onmessage: null,
    onerror: null,
    terminate() {
      rest();
      worker.terminate();
    },
  };
  worker.onmessage = (message) => {
    missed = 0;
    if (message.t === 'pulse') return;
    if (message.t === 'spawned') running.set(message.id, true);
    if ((message.t === 'released' || message.t === 'refused') && running.delete(message.id) && running.size === 0)
      rest();
    outer.onmessage?.(message);
  };
  worker.onerror = (error, gone) => {
    rest();
    outer.onerror?.(error, gone);
  };
  return outer;
}
