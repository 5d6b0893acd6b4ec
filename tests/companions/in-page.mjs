// Runs in a page of any browser: makes the calls of one case, and provides the files that some guests read.
export async function callAll(start, { wasm, companion, calls }) {
  const hf = await start();
  for (const folder of ['/doc/dev', '/src']) await hf.fs.mkdir(folder, { recursive: true });
  for (const name of ['stdout', 'stderr', 'warnings', 'dev/null']) await hf.fs.writeFile(`/doc/${name}`, '');
  await hf.fs.writeFile('/doc/stdin', '# Title');
  await hf.fs.writeFile('/src/a.html', '<p class="flex p-4">');
  const q = await hf.instantiate(wasm, { companion, preopens: { '/': '/doc', '/src': '/src' } });
  const results = [];
  for (const [name, ...args] of calls) results.push(await q.call(name, ...args));
  const stdout = await hf.fs.readFile('/doc/stdout', 'utf-8');
  await hf.close();
  return { results, stdout };
}
