/** A guest with its companion, and what it answers. */
export interface Case {
  /** Relative to the clone. */
  wasm: string;
  /** The text of the companion, bundled. */
  companion: () => Promise<string>;
  serial?: boolean;
  calls: [name: string, ...args: unknown[]][];
  results: unknown[];
  /** What it writes to /doc/stdout; otherwise nothing. */
  stdout?: string;
}
export const cases: Record<string, Case>;
