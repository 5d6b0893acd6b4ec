import { expect, test } from './support/test.ts';

test('messages pass between programs while the page stays free, and a sender that waits can be killed', async ({
  page,
  start,
}) => {
  await start();
  const result = await page.evaluate(async () => {
    const { hf } = window;
    const channel = lab.guest('channel');
    const jobs = await hf.channel({ messages: 4, bytes: 100_000 });
    let done = false;
    const all = Promise.all([
      hf.run(channel, { args: ['receive', '/dev/jobs'], preopens: { '/dev/jobs': jobs.reader } }),
      hf.run(channel, { args: ['receive', '/dev/jobs'], preopens: { '/dev/jobs': jobs.reader } }),
      hf.run(channel, { args: ['send', '/dev/jobs', 'a', '500', '9000'], preopens: { '/dev/jobs': jobs.writer } }),
      hf.run(channel, { args: ['send', '/dev/jobs', 'b', '500'], preopens: { '/dev/jobs': jobs.writer } }),
    ]).finally(() => (done = true));
    let frames = 0;
    for (; !done; frames++) await lab.frames(1);
    const lines = (await all).slice(0, 2).flatMap(({ stdout }) => stdout.split('\n').slice(0, -2));

    const kept = await hf.channel({ messages: 2, keep: true });
    const sender = await hf.spawn(channel, {
      args: ['send', '/dev/jobs', 'job', '9'],
      preopens: { '/dev/jobs': kept.writer },
    });
    for (let asleep = false; !asleep; await lab.frames(1)) {
      const info = (await hf.ps()).find(({ id }) => id === sender.id);
      asleep = info?.call === 'fd_write' && info.asleepFor > 0;
    }
    sender.kill();
    const { reason } = await sender.exited;
    kept.close();
    const late = hf.run(channel, { args: ['receive', '/dev/jobs'], preopens: { '/dev/jobs': kept.reader } });
    const refused = await late.catch((error: Error) => error.message);
    return {
      frames,
      count: lines.length,
      distinct: new Set(lines).size,
      sizes: [...new Set(lines.map((l) => l.length))],
      reason,
      refused,
    };
  });
  expect(result.frames).toBeGreaterThan(0);
  expect(result.count).toBe(1000);
  expect(result.distinct).toBe(1000);
  expect(result.sizes).toContain(9000);
  expect(result.reason).toBe('killed');
  expect(result.refused).toBe("the channel's reader is closed");
});
