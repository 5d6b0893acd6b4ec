/**
 * Calls into a component (lift), calls out of it (lower), and calls from one component to another, which are both at once
 * (CanonicalABI.md, "canon lift" and "canon lower").
 */
import { isException } from '../failures.ts';
import { lowerCamel } from '../../common/component-names.ts';
import { direct, type Calling } from '../calling.ts';
import { runNow, valueOf, type Steps } from '../steps.ts';
import type { Core } from './codec.ts';
import type { Signature } from './compile.ts';
import type { Scalar } from './scalars.ts';
import type { ComponentInstance, Side } from './side.ts';
import { Trap, WrongValue } from './trap.ts';

export type CoreFunction = (...args: Core[]) => Core | void;
/** A function of a component, as JavaScript calls it (../calling.ts). */
export type Callee = (...args: Core[]) => Core | void | Promise<Core | void>;

/** A function that a component exports or passes to another one. */
export interface LiftedFunction {
  /** In messages, such as "wasi:cli/run.run". */
  readonly name: string;
  readonly signature: Signature;
  readonly side: Side;
  readonly callee: Callee;
  readonly postReturn: Callee | null;
}

/** How a component calls an import. */
export interface Lowering {
  readonly name: string;
  readonly signature: Signature;
  readonly side: Side;
  /**
   * Ends the process with this error. It must unwind the component in a way that its code cannot catch, as an engine's trap does; a JavaScript
   * exception is not enough.
   */
  fail(error: Error): never;
}

/** The instances that a call enters: the callee and those that contain it, except those that the caller is in already. */
function entered(callee: ComponentInstance, caller: ComponentInstance | null): ComponentInstance[] {
  const around = new Set<ComponentInstance>();
  for (let each = caller; each; each = each.parent) around.add(each);
  const set: ComponentInstance[] = [];
  for (let each: ComponentInstance | null = callee; each; each = each.parent) if (!around.has(each)) set.push(each);
  return set;
}

function enter(set: readonly ComponentInstance[]): void {
  for (const instance of set)
    if (!instance.mayEnter) throw new Trap('the component is called while a call into it is under way');
  for (const instance of set) instance.mayEnter = false;
}

function leave(set: readonly ComponentInstance[]): void {
  for (const instance of set) instance.mayEnter = true;
}

const leaveForbidden = (): Trap =>
  new Trap('it was called by a realloc or post-return function, which must not call out');

/** Adds the function's name to a trap's message. */
function named(error: unknown, name: string): unknown {
  if (error instanceof WrongValue || (error instanceof Trap && !error.named)) {
    error.message = `${name}: ${error.message}`;
    if (error instanceof Trap) error.named = true;
  }
  return error;
}

/** An exception of WebAssembly must not leave a component. */
const asTrap = (error: unknown): unknown =>
  isException(error) ? new Trap('it threw an exception of WebAssembly') : error;

function startPhase(side: Side): void {
  side.refresh();
  side.left = side.limit;
}

function closeBorrows({ handles, scope }: Side): void {
  const held = handles.closeScope(scope);
  if (held > 0)
    throw new Trap(`it returned with ${held} borrowed handle${held === 1 ? '' : 's'} that it should have dropped`);
}

function* afterReturn({ side, postReturn }: LiftedFunction, result: Core | void): Steps<void> {
  if (!postReturn) return;
  side.instance.mayLeave = false;
  yield result === undefined ? postReturn() : postReturn(result);
  side.instance.mayLeave = true;
}

// --- calls into a component ---

/** Throws WrongValue unless the arguments have the parameters' types. */
function checker({ signature, side }: LiftedFunction): (args: readonly unknown[]) => void {
  const { params } = signature;
  const paths = signature.names.map((name) => ({ up: null, key: lowerCamel(name) }));
  return (args) => {
    if (args.length > params.length)
      throw new WrongValue(`it takes ${params.length} argument${params.length === 1 ? '' : 's'}, not ${args.length}`);
    for (let i = 0; i < params.length; i++) params[i]!.check(args[i], paths[i]!, side);
  };
}

function lowerParams(side: Side, { params, layout, flatParams }: Signature, args: readonly unknown[]): Core[] {
  if (flatParams === null) {
    const at = side.allocate(layout.size, layout.align);
    layout.parts.forEach((part, i) => part.codec.store(side, args[i], at + part.at));
    return [at];
  }
  const flat: Core[] = [];
  for (let i = 0; i < params.length; i++) params[i]!.lower(side, args[i], flat, layout.parts[i]!.slot);
  return flat;
}

function liftResult(side: Side, { result, flatResult }: Signature, core: Core | void): unknown {
  if (!result) return undefined;
  if (flatResult !== null) return result.lift(side, [core as Core], 0);
  const at = (core as number) >>> 0;
  side.require(at, result.size, result.align, 'the result');
  return result.load(side, at);
}

/** A faster call for up to three scalars: it uses no memory, no handles, no steps and no array of core values. */
function scalarCall(fn: LiftedFunction): ((args: readonly unknown[]) => Core | void) | null {
  const { signature } = fn;
  const callee = fn.callee as CoreFunction;
  const [a, b, c] = signature.scalars ?? [];
  switch (signature.scalars?.length) {
    case 0:
      return () => callee();
    case 1:
      return (args) => callee(a!.toCore(args[0]));
    case 2:
      return (args) => callee(a!.toCore(args[0]), b!.toCore(args[1]));
    case 3:
      return (args) => callee(a!.toCore(args[0]), b!.toCore(args[1]), c!.toCore(args[2]));
    default:
      return null;
  }
}

/**
 * Returns the function by which JavaScript calls a component's function; it takes the arguments as an array, and returns a promise if stacks are
 * suspended. It throws `WrongValue` only before any code of the component has run. After a `Trap` the component must not be called again.
 */
export function callInto(fn: LiftedFunction, calling: Calling = direct): (args: readonly unknown[]) => unknown {
  const { name, signature, side, callee } = fn;
  const check = checker(fn);
  const set = entered(side.instance, null);
  const scalar = calling.suspends ? null : scalarCall(fn);
  if (scalar) {
    const result = signature.result as Scalar | null;
    return (args) => {
      try {
        check(args);
        enter(set);
        const core = scalar(args);
        const value = result ? result.fromCore(core as Core) : undefined;
        if (fn.postReturn) runNow(afterReturn(fn, core));
        leave(set);
        return value;
      } catch (error) {
        throw named(asTrap(error), name);
      }
    };
  }
  function* steps(args: readonly unknown[]): Steps<unknown> {
    try {
      side.resources?.begin();
      check(args);
      enter(set);
      startPhase(side);
      const scope = signature.borrows ? side.handles.openScope() : 0;
      const lent = signature.borrows ? side.resources!.lend() : 0;
      side.scope = scope;
      const core = yield* valueOf(callee(...lowerParams(side, signature, args)));
      startPhase(side);
      const value = liftResult(side, signature, core);
      side.scope = scope;
      if (signature.borrows) {
        closeBorrows(side);
        side.resources!.giveBack(lent);
      }
      yield* afterReturn(fn, core);
      leave(set);
      return value;
    } catch (error) {
      throw named(asTrap(error), name);
    }
  }
  return (args) => calling.run(steps(args));
}

// --- calls out of a component ---

function liftParams(side: Side, { params, layout, flatParams }: Signature, flat: Core[]): unknown[] {
  if (flatParams !== null) return params.map((codec, i) => codec.lift(side, flat, layout.parts[i]!.slot));
  const at = (flat[0] as number) >>> 0;
  side.require(at, layout.size, layout.align, 'the parameters');
  return layout.parts.map((part) => part.codec.load(side, at + part.at));
}

const resultPath = { up: null, key: 'the result' };

/** The address at which the caller wants a result that is passed in memory. */
function resultPlace(side: Side, { result, flatParams }: Signature, flat: readonly Core[]): number {
  const at = (flat[flatParams === null ? 1 : flatParams.length] as number) >>> 0;
  side.require(at, result!.size, result!.align, 'the place for the result');
  return at;
}

function lowerResult(side: Side, signature: Signature, value: unknown, flat: readonly Core[]): Core | void {
  const { result, flatResult } = signature;
  if (!result) return;
  side.resources?.begin();
  result.check(value, resultPath, side);
  if (flatResult === null) return result.store(side, value, resultPlace(side, signature, flat));
  const out: Core[] = [];
  result.lower(side, value, out, 0);
  return out[0];
}

/**
 * Returns the core function that a component imports for a JavaScript function; that function takes and returns lifted values. If stacks are suspended,
 * it may return a promise.
 */
export function callOut(
  lowering: Lowering,
  host: (args: unknown[]) => unknown,
  calling: Calling = direct,
): CoreFunction {
  const { name, signature, side, fail } = lowering;
  return calling.outOf(function* (...flat: Core[]): Steps<Core | void> {
    try {
      if (!side.instance.mayLeave) throw leaveForbidden();
      startPhase(side);
      const scope = signature.borrows ? side.handles.openScope() : 0;
      side.beginLends(scope);
      const value = yield* valueOf(host(liftParams(side, signature, flat)));
      startPhase(side);
      const core = lowerResult(side, signature, value, flat);
      if (signature.borrows) side.handles.closeScope(scope);
      return core;
    } catch (error) {
      const trap = asTrap(error);
      if (trap instanceof Trap || trap instanceof WrongValue) return fail(named(trap, name) as Error);
      throw error;
    }
  });
}

// --- calls from component to component ---

function passParams(from: Side, to: Side, { params, layout, flatParams }: Signature, flat: Core[]): Core[] {
  if (flatParams === null) {
    const at = (flat[0] as number) >>> 0;
    from.require(at, layout.size, layout.align, 'the parameters');
    const target = to.allocate(layout.size, layout.align);
    from.refresh();
    layout.copy(from, at, to, target);
    return [target];
  }
  for (let i = 0; i < params.length; i++) params[i]!.pass(from, to, flat, layout.parts[i]!.slot);
  return flat.length > flatParams.length ? flat.slice(0, flatParams.length) : flat;
}

/** `flat`: the caller's core values. */
function passResult(from: Side, to: Side, signature: Signature, core: Core | void, flat: readonly Core[]): Core | void {
  const { result, flatResult } = signature;
  if (!result) return;
  if (flatResult !== null) {
    const out = [core as Core];
    result.pass(from, to, out, 0);
    return out[0];
  }
  const at = (core as number) >>> 0;
  from.require(at, result.size, result.align, 'the result');
  result.copy(from, at, to, resultPlace(to, signature, flat));
}

/** A faster call for up to three scalars. */
function scalarPass(fn: LiftedFunction): CoreFunction | null {
  const { signature } = fn;
  const callee = fn.callee as CoreFunction;
  const [a, b, c] = signature.scalars ?? [];
  switch (signature.scalars?.length) {
    case 0:
      return () => callee();
    case 1:
      return (x) => callee(a!.norm(x!));
    case 2:
      return (x, y) => callee(a!.norm(x!), b!.norm(y!));
    case 3:
      return (x, y, z) => callee(a!.norm(x!), b!.norm(y!), c!.norm(z!));
    default:
      return null;
  }
}

/** Returns the core function by which one component calls another. */
export function callAcross(lowering: Lowering, fn: LiftedFunction, calling: Calling = direct): CoreFunction {
  const { side: caller, signature, fail, name } = lowering;
  const { side: callee, callee: target } = fn;
  const set = entered(callee.instance, caller.instance);
  const scalar = calling.suspends ? null : scalarPass(fn);
  const withName = (error: unknown): unknown => {
    const trap = asTrap(error);
    if (trap instanceof Trap) return fail(named(trap, name) as Error);
    return error;
  };
  if (scalar && !fn.postReturn) {
    const { result } = signature;
    const norm = result ? (core: Core | void): Core => (result as Scalar).norm(core as Core) : null;
    return (x, y, z) => {
      try {
        if (!caller.instance.mayLeave) throw leaveForbidden();
        enter(set);
        const core = scalar(x!, y!, z!);
        leave(set);
        return norm ? norm(core) : undefined;
      } catch (error) {
        throw withName(error);
      }
    };
  }
  return calling.outOf(function* (...flat: Core[]): Steps<Core | void> {
    try {
      if (!caller.instance.mayLeave) throw leaveForbidden();
      enter(set);
      caller.refresh();
      callee.refresh();
      const lends = signature.borrows ? caller.handles.openScope() : 0;
      const scope = signature.borrows ? callee.handles.openScope() : 0;
      caller.beginLends(lends);
      callee.scope = scope;
      const core = yield* valueOf(target(...passParams(caller, callee, signature, flat)));
      caller.refresh();
      callee.refresh();
      const result = passResult(callee, caller, signature, core, flat);
      callee.scope = scope;
      if (signature.borrows) closeBorrows(callee);
      yield* afterReturn(fn, core);
      leave(set);
      if (signature.borrows) caller.handles.closeScope(lends);
      return result;
    } catch (error) {
      throw withName(error);
    }
  });
}
