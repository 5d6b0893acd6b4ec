/**
 * Parts of the coordinator and of the compute workers are files of their own, imported by a URL that the page knows. A bundler that bundles every script that a URL names (Parcel) drops
 * what they export: they leave it here as well.
 */
const scope = globalThis as { holdfastParts?: object };

export const leave = (part: object): object => Object.assign((scope.holdfastParts ??= {}), part);

/** Of all parts that were imported. */
export const left = <T>(): T => scope.holdfastParts as T;
