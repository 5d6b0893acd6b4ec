// What a user's TypeScript makes of the package's types.
import { diagnose, SpawnRefused, start, type Process, type Source } from 'holdfast';
import { holdfast } from 'holdfast/vite';

export async function run(source: Source): Promise<Process> {
  const hf = await start({ assets: { kernel: new URL('https://example.org/kernel.wasm') } });
  const { ok, problems } = await diagnose();
  if (!ok) throw new SpawnRefused('source', problems.map(({ fix }) => fix).join());
  hf.supervise({ children: [{ id: 'one', start: { source } }] });
  return hf.spawn('program.wasm', {
    args: ['one'],
    stdin: { text: 'text' },
    stdout: (chunk) => console.log(chunk.byteLength),
  });
}

export const plugins = [holdfast()];
