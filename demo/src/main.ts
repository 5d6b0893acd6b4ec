/** The demo: connects the parts. Everything that it does with programs uses the public API of the package. */
import { Background, chosen } from './background.ts';
import { Chooser } from './chooser.ts';
import { Console } from './console.ts';
import { element, setText } from './dom.ts';
import { integer } from './format.ts';
import { FrameClock } from './frames.ts';
import { Inside } from './inside.ts';
import { Ledger } from './ledger.ts';
import { loadManifest, type Manifest } from './manifest.ts';
import { Meter } from './meter.ts';
import { Playground } from './playground.ts';
import { showProblems } from './problems.ts';
import { ProcessList } from './processes.ts';
import { Runtime } from './runtime.ts';
import { Session } from './session.ts';
import { TracePane } from './trace-pane.ts';

function assemble(manifest: Manifest): void {
  const clock = new FrameClock();
  const runtime = new Runtime(manifest.runtime, () => update());
  const ledger = new Ledger();
  const around = { runtime, ledger, settings: () => chosen('run'), changed: () => update() };
  const sessions = manifest.programs
    .filter(({ background }) => !background)
    .map((program) => new Session(program, element(`#terminal-${program.id}`), around));
  let shown = sessions.find(({ program }) => `#${program.id}` === location.hash) ?? sessions[0]!;

  const chooser = new Chooser(sessions, (session) => show(session));
  const controls = new Console(() => shown);
  const inside = new Inside({
    runtime: () => runtime.current,
    runs: () => sessions.flatMap(({ run }) => run ?? []),
    shown: () => shown.run,
    frameRate: () => clock.rate(),
  });
  const meter = new Meter(clock, () => {
    const { program, run } = shown;
    const took = run?.state.kind === 'ended' ? run.state.took : undefined;
    return { title: program.title, frames: run?.began === undefined ? undefined : run.frames, began: run?.began, took };
  });
  clock.listen(({ took }) => {
    for (const { run } of sessions) if (run && !run.over && run.began !== undefined) run.frames.add(took);
  });

  new ProcessList(() => runtime.current, ledger, new TracePane());
  new Background(runtime, ledger, manifest.programs);
  const shell = manifest.programs.find(({ id }) => id === 'c');
  if (shell) new Playground(runtime, ledger, shell);

  function update(): void {
    chooser.update(shown);
    controls.update(runtime.state);
    showProblems(runtime.state);
    showRuntime(runtime);
    meter.refresh();
    inside.refresh();
  }

  function show(session: Session): void {
    shown.hide();
    shown = session;
    session.show();
    history.replaceState(null, '', `#${session.program.id}`);
    update();
  }

  new ResizeObserver(() => shown.fit()).observe(element('#screen'));
  shown.show();
  update();
  runtime.get().catch(() => undefined); // `update` shows the reason
}

function showRuntime({ state }: Runtime): void {
  const chip = element('#runtime-state');
  chip.dataset.tone = { starting: 'busy', ready: 'good', failed: 'bad' }[state.kind];
  const text = {
    starting: () => 'runtime starting',
    ready: () =>
      state.kind === 'ready'
        ? `runtime started in ${integer(state.took)} ms${state.mode === 'single' ? ', all programs in one worker' : ''}`
        : '',
    failed: () => 'runtime not running',
  }[state.kind]();
  setText(chip, text);
}

loadManifest().then(assemble, (error: unknown) => {
  const message = `The demo is incomplete: ${error instanceof Error ? error.message : String(error)}`;
  showProblems({ kind: 'failed', message, problems: [] });
});
