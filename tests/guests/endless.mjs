/** Programs that compute forever, each in a different way, and what they write before that; for the tests of interruptible programs. */
export const endless = [
  ['spins-forever', 'spinning\n'],
  ['recurses-without-a-loop', 'on\n'],
  ['calls-itself-in-tail-position', 'on\n'],
  ['calls-itself-through-a-table', 'on\n'],
  ['doubles-its-calls', 'on\n'],
];
