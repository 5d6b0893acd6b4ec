import type { CompanionOption, start as startRuntime } from '../../web/index.js';
export function callAll(
  start: typeof startRuntime,
  plan: { wasm: string; companion: CompanionOption; calls: [name: string, ...args: unknown[]][] },
): Promise<{ results: unknown[]; stdout: string }>;
