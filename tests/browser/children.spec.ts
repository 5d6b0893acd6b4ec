import { expect, test } from './support/test.ts';

test('a shell in a guest starts programs, and killing the shell ends them all', async ({ page, start }) => {
  await start();
  const result = await page.evaluate(async () => {
    const { hf } = window;
    await hf.fs.mkdir('/bin');
    for (const name of ['child', 'cat', 'echo-lines', 'hello']) {
      const bytes = await (await fetch(lab.guest(name))).arrayBuffer();
      await hf.fs.writeFile(`/bin/${name}.wasm`, bytes);
    }
    const options = { children: { max: 5 }, preopens: { '/bin': '/bin' } };
    const shell = (line: string, more = {}) => hf.run(lab.guest('shell'), { args: ['-c', line], ...options, ...more });
    const piped = await shell('hello | echo-lines > /bin/out ; cat < /bin/out ; child exit 3 ; status');
    const job = await shell('child spin & kill ; wait', { interruptible: true });
    const bomb = await hf.spawn(lab.guest('child'), { args: ['bomb'], ...options });
    const reader = bomb.stdout.getReader();
    const decoder = new TextDecoder();
    let told = '';
    while (told.split('\n').length < 7) told += decoder.decode((await reader.read()).value, { stream: true });
    const most = (await hf.ps()).length;
    bomb.kill();
    await bomb.exited;
    let left = 1;
    for (; left > 0; await lab.frames(1)) left = (await hf.ps()).length;
    const refused = await hf.run(lab.guest('shell')).catch((error: Error) => error.message);
    return { piped: piped.stdout + piped.stderr, job: job.stdout, most, refused };
  });
  expect(result.piped).toBe('1: hello, world\n3\n');
  expect(result.job).toMatch(/^\[\d+\]\njob killed 143\n$/);
  expect(result.most).toBe(6);
  expect(result.refused).toContain('the option children');
});
