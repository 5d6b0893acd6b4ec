/** Returns the child, and kills it at the end of the test if it is still running. */
export function endsWith(t, child) {
  t.after(() => child.kill('SIGKILL'));
  return child;
}
