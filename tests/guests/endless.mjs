/** Programs that compute for ever, each in another way, and what they write before: for the tests of what is interruptible. */
export const endless = [
  ['spins-forever', 'spinning\n'],
  ['recurses-without-a-loop', 'on\n'],
  ['calls-itself-in-tail-position', 'on\n'],
  ['calls-itself-through-a-table', 'on\n'],
  ['doubles-its-calls', 'on\n'],
];
