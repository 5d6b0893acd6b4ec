/** For pages that require Trusted Types: passes the URLs of worker scripts through a policy named "holdfast". */

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
    return rules; // the policy may not be created here; if it is needed, `new Worker` reports that
  }
}

/** Call this only for URLs of the runtime's scripts. */
export const trusted = (url: string): string => (policy ??= makePolicy()).createScriptURL(url) as string;
