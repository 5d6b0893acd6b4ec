export interface Scenario {
  run(tools: unknown): Promise<unknown>;
  gives: unknown;
  browserOnly?: boolean;
}
export const scenarios: Record<string, Scenario>;
export function tools(given: { hf: unknown; guest: (name: string) => unknown }): unknown;
