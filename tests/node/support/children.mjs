/** The same child; what is left of it when the test is over is killed. */
export function endsWith(t, child) {
  t.after(() => child.kill('SIGKILL'));
  return child;
}
