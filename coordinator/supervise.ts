/**
 * Supervisors: carries out the decisions of the policy (native/supervisor/wasm.c). This file ends processes, and learns immediately when they end; the page
 * starts them. It is a separate script that contains the policy, loaded for the first supervisor.
 */
import policy from '../build/wasm/supervise.wasm';
import { ERRNO_TEXT, EXIT_REASON, SUPERVISOR } from '../build/generated/abi.ts';
import {
  CODE_KILLED,
  ERRNO_ECANCELED,
  ERRNO_ENOMEM,
  EXIT_REASON_KILLED,
  SIZEOF_SUP_STEP,
  SUP_STEP_CODE,
  SUP_STEP_DELAY,
  SUP_STEP_FORGOTTEN,
  SUP_STEP_GENERATION,
  SUP_STEP_KEY,
  SUP_STEP_REASON,
  SUP_STEP_RESTARTS,
} from '../build/generated/layouts.ts';
import type { SupervisorCalls } from '../build/generated/exports.ts';
import { toPointer, type Pointer } from '../common/pointer.ts';
import type {
  CallMessage,
  ChildMessage,
  ChildReason,
  FromCoordinator,
  SupervisorAction,
  ToSupervisor,
} from '../common/protocol.ts';
import { leave } from '../common/parts.ts';
import { LONGEST_TIMER } from '../common/timers.ts';

const strategies = {
  'one-for-one': SUPERVISOR.ONE_FOR_ONE,
  'one-for-all': SUPERVISOR.ONE_FOR_ALL,
  'rest-for-one': SUPERVISOR.REST_FOR_ONE,
};

const restarts = {
  permanent: SUPERVISOR.PERMANENT,
  transient: SUPERVISOR.TRANSIENT,
  temporary: SUPERVISOR.TEMPORARY,
};

const reasons = new Map<ChildReason, number>([
  ...Object.entries(EXIT_REASON).map(([name, value]) => [name.toLowerCase() as ChildReason, value] as const),
  ['start-failed', SUPERVISOR.END_START_FAILED],
  ['restart-limit', SUPERVISOR.END_RESTART_LIMIT],
]);

const reasonNames = new Map([...reasons].map(([name, value]) => [value, name]));

/** A generation of a child: the process or supervisor that runs as this child. */
interface Run {
  sup: Supervision;
  key: number;
  generation: number;
  process: number;
  supervisor: number;
}

interface Supervision {
  id: number;
  pointer: Pointer;
  /** The page's names of the children, by key. */
  ids: Map<number, string>;
  /** The running children, by key. */
  runs: Map<number, Run>;
  /** The run of this supervisor as a child of another one. */
  parent: Run | null;
  timer: ReturnType<typeof setTimeout> | undefined;
  busy: boolean;
  /** Set if no child runs or waits to be started. */
  completed: boolean;
}

class Policy {
  readonly call: SupervisorCalls;
  private readonly memory: WebAssembly.Memory;
  private readonly out: Pointer;

  constructor() {
    const hf = { now: () => performance.now(), random: () => crypto.getRandomValues(new Int32Array(1))[0]! };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(policy), {
      hf,
      env: { emscripten_notify_memory_growth: () => undefined },
    });
    const { memory, _initialize } = exports as unknown as { memory: WebAssembly.Memory; _initialize(): void };
    this.call = exports as unknown as SupervisorCalls;
    this.memory = memory;
    _initialize();
    this.out = toPointer(this.call.sup_out());
  }

  /** The next action's kind, or 0, with its struct. */
  next(pointer: Pointer): { kind: number; step: DataView } {
    const kind = this.call.sup_next(pointer, this.out);
    return { kind, step: new DataView(this.memory.buffer, this.out, SIZEOF_SUP_STEP) };
  }
}

/** What supervisors need of the processes. */
interface Session {
  readonly running: boolean;
  endInput(): void;
  end(reason: number, code: number, message: string): void;
}
interface Programs {
  session(process: number): Session | undefined;
}

export class Supervisors {
  private readonly all = new Map<number, Supervision>();
  private readonly byProcess = new Map<number, Run>();
  private closed = false;

  private readonly policy = new Policy();

  constructor(
    private readonly post: (message: FromCoordinator) => void,
    private readonly programs: Programs,
    private readonly kernel: { error(errno: number, what: string): Error },
  ) {}

  /** Called when the runtime closes: nothing is started or reported any more. */
  close(): void {
    this.closed = true;
    for (const { timer } of this.all.values()) clearTimeout(timer);
  }

  order(message: CallMessage<'supervise' | 'sup-add' | 'sup-order'>): undefined {
    if (message.t === 'supervise') {
      this.create(message);
      return;
    }
    const sup = this.all.get(message.sup);
    if (!sup) throw this.kernel.error(ERRNO_ECANCELED, 'the supervisor has ended');
    if (message.t === 'sup-add') this.add(sup, message.child);
    else if (message.order === 'restart') this.check(this.policy.call.sup_restart(sup.pointer, message.key));
    else if (message.order === 'stop') this.check(this.policy.call.sup_stop(sup.pointer, message.key));
    else this.policy.call.sup_close(sup.pointer, Number(message.order === 'kill'));
    this.runSoon(sup);
  }

  private create(message: CallMessage<'supervise'>): void {
    const { min, max, factor, jitter } = message.backoff;
    const pointer = toPointer(
      this.policy.call.sup_create(
        strategies[message.strategy],
        message.maxRestarts,
        message.within ?? -1,
        min,
        max,
        factor,
        jitter,
      ),
    );
    if (!pointer) throw this.kernel.error(ERRNO_ENOMEM, 'there is no memory for a supervisor');
    const sup: Supervision = {
      id: message.sup,
      pointer,
      ids: new Map(),
      runs: new Map(),
      parent: null,
      timer: undefined,
      busy: false,
      completed: false,
    };
    try {
      for (const child of message.children) this.add(sup, child);
    } catch (error) {
      this.policy.call.sup_free(pointer);
      throw error;
    }
    this.all.set(sup.id, sup);
    this.runSoon(sup);
  }

  private check(result: number): void {
    if (result < 0) throw this.kernel.error(-result, ERRNO_TEXT[-result]!);
  }

  private add(sup: Supervision, { key, id, restart, shutdown }: ChildMessage): void {
    this.check(this.policy.call.sup_add(sup.pointer, key, restarts[restart], shutdown ?? -1));
    sup.ids.set(key, id);
  }

  /** The supervisor of a process, and the process's name as its child. */
  parentOf(process: number): { supervisor: number; child: string } | null {
    const run = this.byProcess.get(process);
    return run ? { supervisor: run.sup.id, child: run.sup.ids.get(run.key)! } : null;
  }

  // --- events ---

  told(message: Extract<ToSupervisor, { t: 'sup-started' | 'sup-ended' }>): void {
    const { key, generation } = message;
    const sup = this.all.get(message.sup);
    if (!sup) return;
    if (message.t === 'sup-ended') this.ended(sup, key, generation, reasons.get(message.reason)!, message.code);
    else this.started(sup, { sup, key, generation, process: message.process, supervisor: message.supervisor });
  }

  private started(sup: Supervision, run: Run): void {
    const { process, supervisor } = run;
    if (this.policy.call.sup_started(sup.pointer, run.key, run.generation, Number(supervisor > 0)) < 0) return;
    sup.runs.set(run.key, run);
    // If it is already over, the page knows and will send `sup-ended`.
    if (this.programs.session(process)?.running) this.byProcess.set(process, run);
    const nested = this.all.get(supervisor);
    if (nested) {
      nested.parent = run;
      // All its children may have ended before it became one.
      if (nested.completed) this.policy.call.sup_close(nested.pointer, 0);
      this.runSoon(nested);
    }
    this.run(sup);
  }

  /** Called during a kernel call, so the actions run after that call. */
  processEnded(process: number, reason: number, code: number): void {
    const run = this.byProcess.get(process);
    this.byProcess.delete(process);
    if (run) queueMicrotask(() => this.ended(run.sup, run.key, run.generation, reason, code));
  }

  private ended(sup: Supervision, key: number, generation: number, reason: number, code: number): void {
    if (this.closed || !this.all.has(sup.id)) return;
    if (this.policy.call.sup_ended(sup.pointer, key, generation, reason, code) < 0) return; // already reported
    const run = sup.runs.get(key);
    if (run?.generation === generation) {
      sup.runs.delete(key);
      this.byProcess.delete(run.process);
    }
    this.run(sup);
  }

  // --- actions ---

  /** Runs the next actions after the answer to an order has been sent. After an event, call `run` at once: the policy keeps the reports of only one event. */
  private runSoon(sup: Supervision): void {
    if (sup.busy) return;
    sup.busy = true;
    queueMicrotask(() => {
      sup.busy = false;
      this.run(sup);
    });
  }

  private run(sup: Supervision): void {
    if (this.closed || !this.all.has(sup.id)) return;
    const { policy } = this;
    clearTimeout(sup.timer);
    for (;;) {
      const action = policy.next(sup.pointer);
      if (action.kind === 0) break;
      this.act(sup, action);
      if (!this.all.has(sup.id)) return;
    }
    const delay = policy.call.sup_delay(sup.pointer);
    if (delay >= 0) sup.timer = setTimeout(() => this.run(sup), Math.min(Math.ceil(delay), LONGEST_TIMER));
  }

  private act(sup: Supervision, { kind, step }: ReturnType<Policy['next']>): void {
    const word = (at: number): number => step.getUint32(at, true);
    const number = (at: number): number => step.getFloat64(at, true);
    const [key, generation, forgotten] = [word(SUP_STEP_KEY), word(SUP_STEP_GENERATION), word(SUP_STEP_FORGOTTEN)];
    const [reasonNumber, code] = [word(SUP_STEP_REASON), word(SUP_STEP_CODE)];
    const [delay, count] = [number(SUP_STEP_DELAY), number(SUP_STEP_RESTARTS)];
    const reason = reasonNames.get(reasonNumber)!;
    const tell = (action: SupervisorAction): void => this.post({ t: 'sup', sup: sup.id, action });
    const end = { key, generation, reason, code, forgotten: forgotten !== 0 };
    switch (kind) {
      case SUPERVISOR.DO_START:
        sup.completed = false;
        return tell({ a: 'start', key, generation });
      case SUPERVISOR.DO_ASK:
        tell({ a: 'ask', key, generation, within: delay < 0 ? Infinity : delay });
        return this.stop(sup, key, false);
      case SUPERVISOR.DO_KILL:
        tell({ a: 'kill', key, generation, within: 0 });
        return this.stop(sup, key, true);
      case SUPERVISOR.TELL_STARTED:
        return tell({ a: 'started', key, generation });
      case SUPERVISOR.TELL_ENDED:
        if (forgotten) sup.ids.delete(key);
        return tell({ a: 'ended', ...end });
      case SUPERVISOR.TELL_STOPPED:
        if (forgotten) sup.ids.delete(key);
        return tell({ a: 'stopped', ...end });
      case SUPERVISOR.TELL_RESTARTING:
        return tell({ a: 'restarting', key, delay, restarts: count });
      case SUPERVISOR.TELL_LIMIT:
        return tell({ a: 'limit', key, reason, code, restarts: count });
      case SUPERVISOR.TELL_COMPLETED:
        sup.completed = true;
        tell({ a: 'completed', restarts: count });
        // As a child of its parent, it has ended.
        if (sup.parent) this.policy.call.sup_close(sup.pointer, 0);
        return;
      case SUPERVISOR.TELL_FINISHED:
        tell({ a: 'finished', restarts: count });
        return this.finished(sup, reasonNumber !== 0);
    }
  }

  private stop(sup: Supervision, key: number, kill: boolean): void {
    const run = sup.runs.get(key);
    if (!run) return; // it is still being started, so the page stops it
    if (this.byProcess.has(run.process)) {
      const session = this.programs.session(run.process);
      if (kill) session?.end(EXIT_REASON_KILLED, CODE_KILLED, 'killed by its supervisor');
      else session?.endInput();
    }
    const nested = this.all.get(run.supervisor);
    if (!nested) return;
    this.policy.call.sup_close(nested.pointer, Number(kill));
    this.runSoon(nested);
  }

  private finished(sup: Supervision, limit: boolean): void {
    this.all.delete(sup.id);
    this.policy.call.sup_free(sup.pointer);
    const { parent } = sup;
    if (!parent) return;
    const reason = limit ? SUPERVISOR.END_RESTART_LIMIT : SUPERVISOR.END_EXIT;
    queueMicrotask(() => this.ended(parent.sup, parent.key, parent.generation, reason, 0));
  }
}

leave({ Supervisors });
