/** Workers in pages that require Trusted Types: their scripts' URLs pass through a policy named "holdfast". */

interface Policy {
  createScriptURL(url: string): unknown;
}
interface Factory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): Policy;
}

let policy: Policy | undefined;

function makePolicy(): Policy {
  const rules = { createScriptURL: (url: string): string => url };
  try {
    const { trustedTypes } = globalThis as { trustedTypes?: Factory };
    return trustedTypes?.createPolicy('holdfast', rules) ?? rules;
  } catch {
    return rules; // it may not be made here; if it is needed, `new Worker` says so
  }
}

/** Only the runtime's own scripts are passed here. */
export const trusted = (url: string): string => (policy ??= makePolicy()).createScriptURL(url) as string;
