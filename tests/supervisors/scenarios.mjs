// What hf.supervise() does with real guests: each scenario runs on Node (tests/node/supervisors.test.mjs) and in the browser
// (tests/browser/supervisors.spec.ts). `run` is sent to a page as text, so it must refer only to its argument, the result of `tools`. It returns what `gives` says.

/** @param {{ hf: any, guest: (name: string) => any }} given */
export function tools({ hf, guest }) {
  const trapping = { source: guest('traps-end-the-process-and-say-why'), args: ['unreachable'] };
  const kit = {
    hf,
    guest,
    /** Waits for its standard input to end; then it ends normally. */
    waiting: { source: guest('cat') },
    trapping,
    /** Ends normally at once. */
    ending: { source: guest('hello') },
    /** Ignores all requests to stop. */
    spinning: { source: guest('spins-forever') },
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    /** A supervisor, with its events recorded as words. No test depends on the machine's speed: all restarts count, however slow they are. */
    async supervise(options) {
      const sup = await hf.supervise({ within: null, ...options });
      const events = [];
      sup.on('event', (event) => {
        const { type, id = '', reason = '', how = '' } = event;
        events.push([type, id, reason || how].filter(Boolean).join(' '));
      });
      return { sup, events };
    },
    /** Resolves when `right()` is true, which is checked at each event. */
    until: (sup, right) =>
      new Promise((resolve) => {
        const look = () => right() && (off(), resolve());
        const off = sup.on('event', look);
        look();
      }),
    running: (sup) => kit.until(sup, () => sup.children().every(({ state }) => state === 'running')),
    states: (sup) => sup.children().map(({ id, state }) => `${id} ${state}`),
    /** The error that a promise was rejected with. */
    failure: (promise) =>
      promise.then(
        (value) => `it gave ${JSON.stringify(value)}`,
        (error) => `${error.name}: ${error.message}`,
      ),
    /** The runtime's state once nothing runs. */
    async idle() {
      for (;;) {
        const { processes, workers } = await hf.stats();
        if (processes.length === 0 && workers.zombies === 0) return processes.length;
        await kit.sleep(10);
      }
    },
  };
  return kit;
}

const times = (count, ...words) => Array.from({ length: count }, () => words).flat();

export const scenarios = {
  'the golden case: a transient child that traps, maxRestarts 2': {
    async run({ supervise, trapping }) {
      const { sup, events } = await supervise({
        maxRestarts: 2,
        within: null,
        children: [{ id: 'trap_worker', start: trapping, restart: 'transient' }],
      });
      const { kind, id, restarts, reason, code, message, exit } = await sup.wait();
      await sup.close();
      return { kind, id, restarts, reason, code, says: message !== '' && message === exit.message, events };
    },
    gives: {
      kind: 'restart-limit',
      id: 'trap_worker',
      restarts: 2,
      reason: 'trap',
      code: 134,
      says: true,
      events: [
        ...times(2, 'started trap_worker', 'ended trap_worker trap', 'restarting trap_worker'),
        'started trap_worker',
        'ended trap_worker trap',
        'limit trap_worker trap',
        'closed',
      ],
    },
  },

  'a permanent child with normal ends is restarted up to the limit; a temporary one never; a transient one that ends normally is done; no children':
    {
      async run({ supervise, ending, trapping }) {
        const one = async (...children) => {
          const { sup } = await supervise({ maxRestarts: 1, children });
          const { kind, restarts, id, reason } = await sup.wait();
          const left = sup.children().map((child) => `${child.id} ${child.state} ${child.lastEnd?.reason}`);
          await sup.close();
          return [kind, restarts, id ?? '', reason ?? '', ...left];
        };
        return [
          await one({ id: 'p', start: ending }),
          await one({ id: 't', start: trapping, restart: 'temporary' }),
          await one({ id: 'n', start: ending, restart: 'transient' }),
          await one({ id: 'e', start: { ...ending, source: trapping.source, args: ['bounds'] }, restart: 'transient' }),
          await one(),
        ];
      },
      gives: [
        ['restart-limit', 1, 'p', 'exit', 'p stopped exit'],
        ['completed', 0, '', ''],
        ['completed', 0, '', '', 'n stopped exit'],
        ['restart-limit', 1, 'e', 'trap', 'e stopped trap'],
        ['completed', 0, '', ''],
      ],
    },

  'one-for-all stops the others in reverse order, and starts all in order': {
    async run({ supervise, waiting, running, until }) {
      const children = ['a', 'b', 'c'].map((id) => ({ id, start: waiting, shutdown: 60_000 }));
      const { sup, events } = await supervise({ strategy: 'one-for-all', children });
      await running(sup);
      sup.children()[1].process.kill();
      await until(sup, () => events.length === 12);
      await sup.close();
      return events;
    },
    gives: [
      'started a',
      'started b',
      'started c',
      'ended b killed',
      'restarting b',
      'stopping c ask',
      'stopped c exit',
      'stopping a ask',
      'stopped a exit',
      'started a',
      'started b',
      'started c',
      ...['c', 'b', 'a'].flatMap((id) => [`stopping ${id} ask`, `stopped ${id} exit`]),
      'closed',
    ],
  },

  'rest-for-one also restarts the children after it, and a child that ignores the request to stop is killed': {
    async run({ supervise, waiting, spinning, running, until, idle }) {
      const { sup, events } = await supervise({
        strategy: 'rest-for-one',
        children: [
          { id: 'a', start: waiting },
          { id: 'b', start: waiting },
          { id: 'deaf', start: spinning, shutdown: 30 },
          { id: 'doomed', start: spinning, shutdown: 'kill' },
        ],
      });
      await running(sup);
      sup.children()[1].process.kill();
      await until(sup, () => events.filter((event) => event === 'started doomed').length === 2);
      const before = [...events];
      await sup.close();
      return { before, left: await idle() };
    },
    gives: {
      before: [
        'started a',
        'started b',
        'started deaf',
        'started doomed',
        'ended b killed',
        'restarting b',
        'stopping doomed kill',
        'stopped doomed killed',
        'stopping deaf ask',
        'stopping deaf kill',
        'stopped deaf killed',
        'started b',
        'started deaf',
        'started doomed',
      ],
      left: 0,
    },
  },

  'ends are handled at once and in any order': {
    async run({ supervise, waiting, ending, trapping, until }) {
      const { sup, events } = await supervise({
        children: [
          { id: 'stays', start: waiting },
          { id: 'ends', start: ending, restart: 'transient' },
          { id: 'traps', start: trapping, restart: 'temporary' },
        ],
      });
      await until(sup, () => events.includes('ended ends exit') && events.includes('ended traps trap'));
      const { kind, pending } = await sup.wait({ timeout: 0 });
      const first = sup.children()[0];
      await sup.close();
      return [kind, pending.length, pending[0] === first.process, first.state];
    },
    gives: ['timeout', 1, true, 'running'],
  },

  'a start that throws, rejects or returns no process counts as an abnormal end': {
    async run({ hf, guest, supervise, failure }) {
      const given = [];
      for (const start of [
        () => {
          throw new Error('no luck');
        },
        async () => {
          throw new Error('no luck later');
        },
        () => 'a string',
        () => hf.spawn(guest('no-such-guest')),
      ]) {
        const { sup, events } = await supervise({ maxRestarts: 1, children: [{ id: 'x', start }] });
        const { kind, restarts, reason, message, error } = await sup.wait();
        given.push([kind, restarts, reason, error.message === message, events.length]);
      }
      const { sup } = await supervise({ maxRestarts: 0, children: [] });
      given.push(/will not|gone|ended/.test(await failure(sup.add({ id: 'y', start: () => null }))));
      return given;
    },
    gives: [...times(4, ['restart-limit', 1, 'start-failed', true, 5]), true],
  },

  'supervisors nest: reaching the limit of one is an abnormal end for its parent, and closing closes the whole tree': {
    async run({ hf, supervise, waiting, trapping, ending, running, until, idle }) {
      const below = () =>
        hf.supervise({
          maxRestarts: 1,
          within: null,
          children: [
            { id: 'stays', start: waiting },
            { id: 'traps', start: trapping },
          ],
        });
      const { sup } = await supervise({
        maxRestarts: 2,
        children: [{ id: 'below', start: below, restart: 'transient' }],
      });
      const { kind, id, restarts, reason, outcome } = await sup.wait();
      const complete = await supervise({
        children: [
          {
            id: 'done',
            start: () => hf.supervise({ children: [{ id: 'n', start: ending, restart: 'transient' }] }),
            restart: 'transient',
          },
          { id: 'empty', start: () => hf.supervise({}), restart: 'transient' },
        ],
      });
      const completed = await complete.sup.wait();
      const quiet = await supervise({
        children: [
          { id: 'q', start: () => hf.supervise({ children: [{ id: 'stays', start: waiting, shutdown: 60_000 }] }) },
        ],
      });
      await running(quiet.sup);
      const [{ supervisor }] = quiet.sup.children();
      await until(supervisor, () => supervisor.children()[0].state === 'running');
      await quiet.sup.close();
      const inner = supervisor.children()[0];
      return {
        limit: [kind, id, restarts, reason, outcome.kind, outcome.id],
        completed: [completed.kind, ...complete.sup.children().map(({ lastEnd }) => lastEnd.reason)],
        closed: [inner.state, inner.lastEnd.reason, (await supervisor.wait()).kind],
        left: await idle(),
      };
    },
    gives: {
      limit: ['restart-limit', 'below', 2, 'restart-limit', 'restart-limit', 'traps'],
      completed: ['completed', 'exit', 'exit'],
      closed: ['stopped', 'exit', 'completed'],
      left: 0,
    },
  },

  'a supervisor that takes longer than its shutdown is killed, with everything below it': {
    async run({ hf, supervise, spinning, running, until, idle }) {
      const deep = () => hf.supervise({ children: [{ id: 'deaf', start: spinning, shutdown: 600_000 }] });
      const below = () => hf.supervise({ children: [{ id: 'deep', start: deep }] });
      const { sup, events } = await supervise({ children: [{ id: 'below', start: below, shutdown: 30 }] });
      await running(sup);
      const middle = sup.children()[0].supervisor;
      await running(middle);
      const lowest = middle.children()[0].supervisor;
      await until(lowest, () => lowest.children()[0].state === 'running');
      await sup.close();
      return { events, deaf: lowest.children()[0].lastEnd.reason, left: await idle() };
    },
    gives: {
      events: ['started below', 'stopping below ask', 'stopping below kill', 'stopped below exit', 'closed'],
      deaf: 'killed',
      left: 0,
    },
  },

  'a timeout stops nothing; a handle can be joined, detached or killed once': {
    async run({ hf, guest, supervise, spinning, running, failure }) {
      const waiting = () => hf.spawn(guest('cat'), { stdout: 'null' });
      const child = (id, start) => ({ id, start, restart: 'temporary' });
      const { sup } = await supervise({
        children: [child('joined', waiting), child('detached', waiting), child('killed', spinning)],
      });
      await running(sup);
      const { kind, restarts, pending } = await sup.wait({ timeout: 20 });
      const [joined, detached, killed] = pending;
      const before = [await joined.join({ timeout: 10 }), joined.tryJoin()];
      const join = joined.join();
      const again = [await failure(joined.join())];
      await joined.stdin.close();
      const { reason, code } = await join;
      again.push(await failure(joined.join()));
      try {
        joined.tryJoin();
      } catch (error) {
        again.push(`${error.name}: ${error.message}`);
      }
      detached.detach();
      again.push(await failure(detached.join()));
      killed.kill();
      await killed.exited;
      const tried = killed.tryJoin().reason;
      await detached.stdin.close();
      const after = await sup.wait();
      return {
        first: [kind, restarts, pending.length],
        before,
        joined: [reason, code],
        tried,
        after,
        names: again.map((text) => text.replace(/process \d+ \(.*?\)/, 'p')),
      };
    },
    gives: {
      first: ['timeout', 0, 3],
      before: [undefined, undefined],
      joined: ['exit', 0],
      tried: 'killed',
      after: { kind: 'completed', restarts: 0 },
      names: [
        'HandleError: the handle of p is spent: it was joined already, and has not ended',
        'HandleError: the handle of p is spent: it was joined before',
        'HandleError: the handle of p is spent: it was joined before',
        'HandleError: the handle of p is spent: it was detached',
      ],
    },
  },

  'a storm of crashes is counted exactly, and leaves nothing behind': {
    async run({ supervise, trapping, waiting, idle }) {
      const children = Array.from({ length: 8 }, (_, i) => ({ id: `c${i}`, start: i % 4 ? trapping : waiting }));
      const { sup, events } = await supervise({ maxRestarts: 60, within: null, children });
      const { kind, restarts, reason } = await sup.wait();
      const count = (word) => events.filter((event) => event.startsWith(word)).length;
      const failed = events.filter((event) => event.endsWith('start-failed')).length;
      return {
        outcome: [kind, restarts, reason],
        restarting: count('restarting'),
        // An abandoned start is reported only as failed.
        even: count('started') === count('ended') + count('stopped') - failed,
        states: [...new Set(sup.children().map(({ state }) => state))],
        left: await idle(),
      };
    },
    gives: { outcome: ['restart-limit', 60, 'trap'], restarting: 60, even: true, states: ['stopped'], left: 0 },
  },

  'a response that is not a program is reported as such': {
    async run({ supervise }) {
      const source = Promise.resolve(new Response('<!doctype html>', { status: 404 }));
      const { sup } = await supervise({ maxRestarts: 1, children: [{ id: 'page', start: { source } }] });
      const { kind, restarts, reason, message } = await sup.wait();
      return [kind, restarts, reason, message];
    },
    gives: ['restart-limit', 1, 'start-failed', 'the response answered HTTP 404: is the path right?'],
  },

  'a supervisor can be closed during a restart delay and during a start': {
    async run({ hf, guest, supervise, trapping, waiting, until, failure, idle, sleep }) {
      const { sup, events } = await supervise({
        backoff: { min: 60_000 },
        children: [
          { id: 'w', start: waiting },
          { id: 't', start: trapping },
        ],
      });
      await until(sup, () => events.includes('restarting t'));
      const states = sup.children().map(({ state }) => state);
      await Promise.all([sup.close(), sup.close()]);
      await sup.close();
      const late = [
        await failure(sup.add({ id: 'x', start: waiting })),
        await failure(sup.stop('w')),
        (await sup.wait()).kind,
      ];

      let aborted = false;
      let turnUp;
      const never = await supervise({
        children: [
          {
            id: 'slow',
            shutdown: 20,
            start: ({ signal }) => {
              signal.addEventListener('abort', () => (aborted = true));
              return new Promise((resolve) => (turnUp = resolve));
            },
          },
        ],
      });
      while (!turnUp) await sleep(1);
      await never.sup.close();
      // The process starts after all, but is no longer wanted.
      const process = await hf.spawn(guest('cat'));
      turnUp(process);
      const { reason } = await process.exited;
      void process.stdout.cancel();
      void process.stderr.cancel();
      return { states, late, aborted, reason, events: never.events, left: await idle() };
    },
    gives: {
      states: ['running', 'waiting'],
      late: times(2, 'SupervisorError: ECANCELED: the supervisor has ended').concat('completed'),
      aborted: true,
      reason: 'killed',
      events: ['stopping slow ask', 'stopping slow kill', 'stopped slow start-failed', 'closed'],
      left: 0,
    },
  },

  'stop(), restart() and add() do not count as restarts': {
    async run({ hf, guest, supervise, waiting, running, states, failure, spinning }) {
      let asked = 0;
      const { sup, events } = await supervise({
        maxRestarts: 0,
        children: [
          { id: 'a', start: waiting },
          { id: 'b', start: spinning, shutdown: 1000, stop: (process) => (asked++, process.kill()) },
        ],
      });
      await running(sup);
      const first = sup.children()[0].process;
      await sup.stop('a');
      await sup.stop('a');
      const stopped = states(sup);
      await sup.restart('a');
      await sup.restart('a');
      const second = sup.children()[0].process;
      await sup.restart('b');
      await sup.add({ id: 'c', start: () => hf.spawn(guest('cat'), { stdout: 'null' }), restart: 'temporary' });
      const added = states(sup);
      const refused = [
        await failure(sup.add({ id: 'c', start: waiting })),
        await failure(sup.stop('nobody')),
        await failure(sup.restart('nobody')),
        await failure(sup.add({ id: '', start: waiting })),
      ];
      await sup.stop('c');
      const gone = states(sup);
      const { restarts } = await sup.wait({ timeout: 0 });
      await sup.close();
      return {
        stopped,
        added,
        refused,
        gone,
        restarts,
        asked,
        fresh: first !== second,
        ended: events.filter((event) => event.startsWith('ended')),
      };
    },
    gives: {
      stopped: ['a stopped', 'b running'],
      added: ['a running', 'b running', 'c running'],
      refused: [
        'SupervisorError: EEXIST: a child "c" already exists',
        'SupervisorError: ENOENT: there is no child "nobody"',
        'SupervisorError: ENOENT: there is no child "nobody"',
        'TypeError: child.id is empty',
      ],
      gone: ['a running', 'b running'],
      restarts: 0,
      asked: 2,
      fresh: true,
      ended: [],
    },
  },

  'a start may return a process that has already ended, and the same one again': {
    async run({ hf, guest, supervise }) {
      const old = await hf.spawn(guest('hello'), { stdout: 'null', stderr: 'null' });
      await old.exited;
      const { sup, events } = await supervise({ maxRestarts: 1, children: [{ id: 'old', start: () => old }] });
      const { kind, reason } = await sup.wait();
      return { kind, reason, events };
    },
    gives: {
      kind: 'restart-limit',
      reason: 'exit',
      events: [
        'started old',
        'ended old exit',
        'restarting old',
        'started old',
        'ended old exit',
        'limit old exit',
        'closed',
      ],
    },
  },

  'a Response can be used for every start': {
    async run({ guest, supervise }) {
      const source = Promise.resolve(fetch(guest('hello')));
      const { sup, events } = await supervise({ maxRestarts: 2, children: [{ id: 'h', start: { source } }] });
      await sup.wait();
      return events.filter((event) => event.startsWith('ended'));
    },
    gives: times(3, 'ended h exit'),
    browserOnly: true,
  },

  'when the runtime is closed everything rejects, and nothing hangs': {
    async run({ hf, supervise, waiting, trapping, running, failure, until }) {
      const { sup } = await supervise({ children: [{ id: 'w', start: waiting }] });
      const storm = await supervise({ maxRestarts: -1, children: [{ id: 't', start: trapping }] });
      let count = 0;
      storm.sup.on('restarting', () => count++);
      await running(sup);
      await until(storm.sup, () => count > 5);
      const never = { id: 's', start: () => new Promise(() => undefined) };
      const stuck = await supervise({ children: [never] });
      const other = await supervise({ children: [never] });
      const open = [
        sup.wait(),
        sup.wait({ timeout: 60_000 }),
        storm.sup.wait(),
        stuck.sup.close(),
        other.sup.restart('s'),
      ];
      const failures = Promise.all(open.map(failure));
      await hf.close();
      return [
        ...new Set([
          ...(await failures),
          await failure(sup.wait()),
          await failure(sup.close()),
          await failure(sup.stop('w')),
        ]),
      ];
    },
    gives: ['Closed: the runtime was closed'],
  },

  'restart() right after stop(), which is still in progress, starts the child again; earlier pending calls get an answer':
    {
      async run({ supervise, waiting, running, states }) {
        const { sup } = await supervise({ children: [{ id: 'a', start: waiting }] });
        await running(sup);
        const settled = await Promise.allSettled([sup.restart('a'), sup.stop('a'), sup.restart('a')]);
        const then = states(sup);
        await sup.close();
        return [...settled.map(({ status, reason }) => reason?.code ?? status), ...then];
      },
      gives: ['ECANCELED', 'fulfilled', 'fulfilled', 'a running'],
    },

  'ps() names the supervisor and the child, and says when each started': {
    async run({ hf, guest, supervise, waiting, running }) {
      const before = Date.now();
      const own = await hf.spawn(guest('cat'));
      const { sup } = await supervise({
        children: [
          { id: 'one', start: waiting },
          { id: 'two', start: () => hf.spawn(guest('cat')) },
        ],
      });
      await running(sup);
      const list = await hf.ps();
      const now = Date.now();
      own.kill();
      await sup.close();
      return list.map(({ parent, started }) => [
        parent?.supervisor === sup.id ? parent.child : parent,
        before <= started && started <= now,
      ]);
    },
    gives: [
      [null, true],
      ['one', true],
      ['two', true],
    ],
  },

  'signals: wait() and join() give up and stop nothing; a supervisor’s own signal closes it': {
    async run({ supervise, waiting, running, states, failure }) {
      const [life, patience] = [new AbortController(), new AbortController()];
      const { sup, events } = await supervise({ children: [{ id: 'a', start: waiting }], signal: life.signal });
      await running(sup);
      const [{ process }] = sup.children();
      const { signal } = patience;
      const waits = Promise.all([failure(sup.wait({ signal })), failure(process.join({ signal }))]);
      patience.abort(new Error('enough'));
      const seen = [...(await waits), await failure(sup.wait({ signal })), await failure(process.join({ signal }))];
      seen.push(...states(sup));
      life.abort(new Error('over'));
      seen.push((await sup.wait({ signal: new AbortController().signal })).kind);
      seen.push((await process.join({ signal: new AbortController().signal })).reason);
      await sup.close();
      seen.push(events.at(-1), await failure(supervise({ signal: life.signal })));
      seen.push((await failure(sup.wait({ signal: 'no' }))).split(',')[0]);
      return seen;
    },
    gives: [
      ...times(4, 'Error: enough'),
      'a running',
      'completed',
      'exit',
      'closed',
      'Error: over',
      'TypeError: signal must be an AbortSignal',
    ],
  },

  'listeners can be added and removed': {
    async run({ hf, ending }) {
      const sup = await hf.supervise({ children: [{ id: 'n', start: ending, restart: 'transient' }] });
      const seen = [];
      const off = sup.on('started', () => seen.push('never'));
      off();
      const gone = () => seen.push('never');
      sup.on('event', gone);
      sup.off('event', gone);
      sup.on('started', ({ id, process }) => seen.push(`started ${id} ${process.name}`));
      sup.on('ended', ({ reason, exit }) => seen.push(`ended ${reason} ${exit.code}`));
      sup.on('completed', ({ restarts }) => seen.push(`completed ${restarts}`));
      await sup.wait();
      let error;
      try {
        sup.on('strated', () => undefined);
      } catch (thrown) {
        error = thrown.name;
      }
      await sup.close();
      return [...seen, error];
    },
    gives: ['started n n', 'ended exit 0', 'completed 0', 'TypeError'],
  },
};
