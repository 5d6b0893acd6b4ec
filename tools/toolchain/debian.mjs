// Downloads Debian packages and their dependencies with a private apt state, without changing the system.
import fs from 'node:fs';
import path from 'node:path';
import {
  Complaint,
  exists,
  filesBelow,
  inParallel,
  machine,
  megabytes,
  endsWithUs,
  progress,
  run,
  say,
  sha256File,
  sizeOf,
} from '../lib.mjs';
import { architecture, folder, recipe } from './recipe.mjs';

/** This machine's Debian mirror, read from its apt sources: {uris, signedBy}. */
function debianMirror() {
  const { codename } = machine();
  const ours = (suites) =>
    suites.split(/\s+/).some((suite) => suite === codename || /^(stable|testing|unstable|sid)$/.test(suite));
  const found = [];
  for (const file of [
    '/etc/apt/sources.list',
    ...filesBelow('/etc/apt/sources.list.d').map((name) => `/etc/apt/sources.list.d/${name}`),
  ]) {
    if (!exists(file)) continue;
    const text = fs.readFileSync(file, 'utf8').replace(/^\s*#.*\n?/gm, '');
    if (file.endsWith('.sources')) {
      for (const stanza of text.split(/\n\s*\n/)) {
        const field = (name) => new RegExp(`^${name}:[ \t]*(.*(?:\n[ \t].*)*)`, 'im').exec(stanza)?.[1].trim();
        if (/^no$/i.test(field('Enabled') ?? 'yes') || !/\bdeb\b/.test(field('Types') ?? '')) continue;
        if (/\bmain\b/.test(field('Components') ?? '') && ours(field('Suites') ?? '')) {
          found.push({ uris: field('URIs'), signedBy: field('Signed-By') });
        }
      }
    } else if (file.endsWith('.list')) {
      for (const line of text.split('\n')) {
        const [, options, uri, suite, components] =
          /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)/.exec(line) ?? [];
        if (!uri || uri.startsWith('cdrom:') || !ours(suite) || !/\bmain\b/.test(components)) continue;
        found.push({ uris: uri, signedBy: /signed-by=(\S+)/.exec(options ?? '')?.[1] });
      }
    }
  }
  if (found.length === 0)
    throw new Complaint(`no entry for Debian ${codename} main in /etc/apt/sources.list or sources.list.d`);
  return { uris: found[0].uris, signedBy: found[0].signedBy ?? '/usr/share/keyrings/debian-archive-keyring.gpg' };
}

/** Writes the private apt state; returns the arguments that make apt use it. */
function privateApt() {
  const apt = path.join(folder, 'apt');
  for (const part of ['state/lists/partial', 'cache/archives/partial'])
    fs.mkdirSync(path.join(apt, part), { recursive: true });
  const { uris, signedBy } = debianMirror();
  const key = signedBy.includes('\n') ? `Signed-By:\n ${signedBy}` : `Signed-By: ${signedBy}`;
  fs.writeFileSync(path.join(apt, 'status'), '');
  fs.writeFileSync(
    path.join(apt, 'debian.sources'),
    `Types: deb\nURIs: ${uris}\nSuites: ${recipe.suite}\nComponents: main\n${key}\n`,
  );
  const settings = {
    'Dir::State': `${apt}/state`,
    'Dir::State::status': `${apt}/status`,
    'Dir::Cache': `${apt}/cache`,
    'Dir::Etc::sourcelist': `${apt}/debian.sources`,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'APT::Architecture': architecture.debian,
    'APT::Architectures': architecture.debian,
    'APT::Sandbox::User': 'root', // the folder may be private to its owner
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`);
  // Clear the machine's update hooks, which concern only the machine's own lists.
  lines.push(
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
  );
  fs.writeFileSync(path.join(apt, 'apt.conf'), `${lines.join('\n')}\n`);
  return ['-c', path.join(apt, 'apt.conf')];
}

const inEnglish = { env: { LC_ALL: 'C' }, quiet: true };

/** The packages to fetch: the seeds and their dependencies, with size and hash: [{name, file, size, sha256}]. */
export async function choosePackages(seeds) {
  const apt = privateApt();
  say(`toolchain: reading Debian ${recipe.suite}'s list of packages (10 MB)`);
  const update = await run('apt-get', [...apt, 'update', '-o', 'APT::Update::Error-Mode=any'], {
    ...inEnglish,
    allowFailure: true,
  });
  if (update.code !== 0) throw new Complaint(`apt cannot read Debian ${recipe.suite}:\n${update.output}`);
  const edges = '--no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances'.split(' ');
  const { output } = await run('apt-cache', [...apt, 'depends', '--recurse', ...edges, ...seeds], inEnglish);
  const names = closure(seeds, dependencyGraph(output)).filter((name) => !recipe.throughOnly.includes(name));
  const uris = await run('apt-get', [...apt, 'download', '--print-uris', ...names], inEnglish);
  const packages = [...uris.output.matchAll(/^'[^']+' (\S+) (\d+) SHA256:([0-9a-f]{64})/gm)].map(
    ([, file, size, hash]) => ({
      name: file.split('_')[0],
      file,
      size: Number(size),
      sha256: hash,
    }),
  );
  if (packages.length !== names.length)
    throw new Complaint(`apt knows ${packages.length} of the ${names.length} packages: ${names.join(' ')}`);
  return packages;
}

/**
 * Parses `apt-cache depends --recurse`. Takes the first of several alternatives, and the first provider of a virtual
 * package.
 */
function dependencyGraph(text) {
  const graph = new Map();
  let edges = [];
  let inAlternative = false;
  let wantsProvider = false;
  for (const line of text.split('\n')) {
    const [, alternative, name] = /^ ([ |])(?:Pre)?Depends: (\S+)/.exec(line) ?? [];
    if (/^\S/.test(line)) {
      edges = [];
      graph.set(line.trim(), edges);
      inAlternative = wantsProvider = false;
    } else if (name) {
      if (!inAlternative && !name.startsWith('<')) edges.push(name);
      wantsProvider = !inAlternative && name.startsWith('<');
      inAlternative = alternative === '|';
    } else if (wantsProvider && /^ {4}\S/.test(line)) {
      edges.push(line.trim());
      wantsProvider = false;
    }
  }
  return graph;
}

function closure(seeds, graph) {
  const left = (name) =>
    recipe.without.some((pattern) => (pattern instanceof RegExp ? pattern.test(name) : pattern === name));
  const seen = new Set();
  const queue = [...seeds];
  for (let name; (name = queue.shift()?.replace(/:any$/, ''));) {
    if (seen.has(name) || left(name)) continue;
    seen.add(name);
    queue.push(...(graph.get(name) ?? []));
  }
  return [...seen];
}

export const debFile = (entry) => path.join(folder, 'debs', entry.file);

/**
 * Fetches every package that is missing or incomplete. The size or hash reveals an interrupted download, which is
 * deleted and fetched again.
 */
export async function download(packages) {
  const debs = path.join(folder, 'debs');
  fs.mkdirSync(debs, { recursive: true });
  const whole = async (entry) =>
    sizeOf(debFile(entry)) === entry.size && (await sha256File(debFile(entry))) === entry.sha256;
  const total = packages.reduce((sum, entry) => sum + entry.size, 0);
  let missing = packages;
  for (let attempt = 0; ; attempt++) {
    const bad = [];
    await inParallel(missing, async (entry) => (await whole(entry)) || bad.push(entry));
    missing = bad;
    if (missing.length === 0) break;
    if (attempt === 3)
      throw new Complaint(
        `could not download ${missing.map((entry) => entry.name).join(', ')}; run this again to continue`,
      );
    for (const entry of missing) fs.rmSync(debFile(entry), { force: true });
    await fetchAll(missing, packages, total);
  }
}

async function fetchAll(missing, packages, total) {
  const apt = ['-c', path.join(folder, 'apt', 'apt.conf')];
  const meter = progress(`toolchain: downloading ${missing.length} packages`);
  const have = () => packages.reduce((sum, entry) => sum + (sizeOf(debFile(entry)) ?? 0), 0);
  const timer = setInterval(
    () => meter.update(`${megabytes(have())} of ${megabytes(total)}, ${Math.floor((100 * have()) / total)} %`),
    250,
  );
  // Three at a time, distributed by size; the hashes reveal failures afterwards.
  const hands = [[], [], []];
  [...missing].sort((a, b) => b.size - a.size).forEach((entry, index) => hands[index % hands.length].push(entry.name));
  const options = { ...inEnglish, allowFailure: true, cwd: path.join(folder, 'debs') };
  const fetchSome = (names) => {
    const [command, ...args] = endsWithUs(['apt-get', ...apt, 'download', ...names]); // otherwise it would continue writing during a later run
    return run(command, args, options);
  };
  await Promise.all(hands.filter((names) => names.length > 0).map(fetchSome));
  clearInterval(timer);
  meter.done(`${megabytes(have())} of ${megabytes(total)}`);
}
