/** Handles of resources. */
import type { Codec } from './codec.ts';
import type { Wit } from './records.ts';
import { VALUE_COST, type Side } from './side.ts';
import { refuse } from './trap.ts';

/** A handle that owns its resource, or is borrowed for the duration of a call. */
export function handle(resource: number, own: boolean, wit: Wit): Codec {
  /** Returns the representation of the handle's resource. */
  const take = (side: Side, index: number): number => {
    if (own) return side.handles.liftOwn(resource, index);
    side.countLend();
    return side.handles.liftBorrow(resource, index, side.scope);
  };
  const give = ({ handles, scope }: Side, rep: number): number =>
    own ? handles.lowerOwn(resource, rep) : handles.lowerBorrow(resource, rep, scope);
  const lift = (side: Side, index: number): unknown => {
    side.spend(VALUE_COST);
    return side.resources!.lifted(resource, take(side, index), own);
  };
  const lower = (side: Side, value: unknown): number => give(side, side.resources!.lowered(resource, value, own));
  return {
    size: 4,
    align: 4,
    flat: 'i',
    plain: false,
    borrows: !own,
    wit,
    check(value, path, side) {
      const wanted = side.resources!.check(resource, value, own);
      if (wanted) refuse(path, `${wanted}, ${wit()}`, value);
    },
    load: (side, at) => lift(side, side.view.getUint32(at, true)),
    store(side, value, at) {
      const index = lower(side, value);
      side.view.setUint32(at, index, true);
    },
    lift: (side, flat, at) => lift(side, (flat[at] as number) >>> 0),
    lower: (side, value, flat, at) => void (flat[at] = lower(side, value)),
    copy(from, source, to, target) {
      const index = give(to, take(from, from.view.getUint32(source, true)));
      to.view.setUint32(target, index, true);
    },
    pass(from, to, flat, at) {
      flat[at] = give(to, take(from, (flat[at] as number) >>> 0));
    },
  };
}
