/**
 * The canonical ABI: how values pass between components, and between components and JavaScript (WebAssembly/component-model,
 * design/mvp/CanonicalABI.md). The executor makes one `Codecs` for a component, a `Side` for each combination of instance, memory, realloc and encoding,
 * and from them a function for each step PLAN_LIFT and PLAN_LOWER of the plan.
 */
export { Codecs, type Signature } from './canonical/compile.ts';
export {
  callAcross,
  callInto,
  callOut,
  type Callee,
  type CoreFunction,
  type LiftedFunction,
  type Lowering,
} from './canonical/functions.ts';
export {
  Side,
  type ComponentInstance,
  type Handles,
  type Realloc,
  type ResourceValues,
  type SideOptions,
  type StringEncoding,
} from './canonical/side.ts';
export { Trap, WrongValue } from './canonical/trap.ts';
