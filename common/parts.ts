/**
 * Some parts of the coordinator and the compute workers are separate files, imported by a URL from the page. Parcel bundles scripts that are referenced by URL
 * and drops their exports, so each part also stores its exports in a global with `leave`.
 */
const scope = globalThis as { holdfastParts?: object };

export const leave = (part: object): object => Object.assign((scope.holdfastParts ??= {}), part);

/** The exports of all parts imported so far. */
export const left = <T>(): T => scope.holdfastParts as T;
