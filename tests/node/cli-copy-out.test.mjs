// What `--dir` may do to the host, whatever the program does and whatever else changes there: it never writes outside its directory, and loses
// nothing. The page's own file system calls take the program's part.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { runtime } from './support/runtime.mjs';
import { load } from './support/load.mjs';

const { Directories, openHostDirectory } = await load('web/cli/cli-directories.ts', 'web/cli/host-directory.ts');
const root = process.getuid?.() === 0;
const linux = process.platform === 'linux';
const needsRoot = { skip: !(root && linux) && 'this test must run as root on Linux' };
const patience = { timeout: 300_000 };

function folder(t) {
  const made = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-out-')));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A host directory with the contents that `make` creates, copied in. `guest` is the runtime's file system at the copy. */
async function copied(t, make, host = path.join(folder(t), 'host')) {
  fs.mkdirSync(host, { recursive: true });
  make?.(host);
  const hf = await runtime(t);
  const warnings = [];
  const directories = new Directories(hf.fs, (text) => warnings.push(text));
  t.after(() => directories.close());
  const [{ path: top }] = await directories.copyIn([{ host, guest: '/' }]);
  const guest = new Proxy(hf.fs, {
    get:
      (target, name) =>
      (...args) =>
        target[name](...args.map((arg) => (typeof arg === 'string' && arg.startsWith('/') ? top + arg : arg))),
  });
  const read = (name) => fs.readFileSync(path.join(host, name), 'utf8');
  const list = (name = '') => fs.readdirSync(path.join(host, name)).sort();
  return { host, guest, directories, warnings, read, list, out: () => directories.copyOut() };
}

const write = (host, name, data = name) => {
  fs.mkdirSync(path.dirname(path.join(host, name)), { recursive: true });
  fs.writeFileSync(path.join(host, name), data);
};
const inode = (...names) => fs.lstatSync(path.join(...names)).ino;

// ---- it stays in its directory ----

test('a link that cannot be removed is not followed: nothing is written outside', patience, async (t) => {
  const { host, guest, warnings, out } = await copied(t, (host) => {
    fs.mkdirSync(path.join(host, 'sub'), { recursive: true });
    fs.mkdirSync(path.join(host, '../outside'));
    fs.symlinkSync('../../outside', path.join(host, 'sub/link'));
  });
  await guest.unlink('/sub/link');
  await guest.mkdir('/sub/link');
  await guest.mkdir('/sub/link/deep');
  await guest.writeFile('/sub/link/evil', 'x');
  await guest.writeFile('/sub/link/deep/evil', 'x');
  // Acts as if the directory belonged to another user, and we were not root.
  const { rename, unlink, mkdir } = fs.promises;
  const refuse =
    (call) =>
    (at, ...rest) =>
      /\/link$|\.holdfast-/.test(`${at} ${rest[0]}`) || String(at).endsWith('/link')
        ? Promise.reject(Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' }))
        : call(at, ...rest);
  Object.assign(fs.promises, { rename: refuse(rename), unlink: refuse(unlink), mkdir: refuse(mkdir) });
  syncBuiltinESMExports();
  try {
    assert.equal(await out(), false);
  } finally {
    Object.assign(fs.promises, { rename, unlink, mkdir });
    syncBuiltinESMExports();
  }
  assert.deepEqual(fs.readdirSync(path.join(host, '../outside')), []);
  assert.equal(warnings.length, 2, 'one warning for the link, whatever is below it, and one for the removals');
  assert.match(warnings[0], /sub\/link cannot be updated: EACCES/);
  assert.match(warnings[1], /nothing is removed/);
});

test('a directory that was replaced by a link is not entered, and this is reported once', patience, async (t) => {
  const { host, guest, warnings, out } = await copied(t, (host) => {
    write(host, 'sub/deep/a');
    write(host, 'sub/b');
  });
  for (const name of ['/sub/deep/a', '/sub/b', '/sub/new']) await guest.writeFile(name, 'of the program');
  fs.renameSync(path.join(host, 'sub'), path.join(host, '../outside'));
  fs.symlinkSync('../outside', path.join(host, 'sub'));
  assert.equal(await out(), false);
  assert.equal(fs.readFileSync(path.join(host, '../outside/deep/a'), 'utf8'), 'sub/deep/a');
  assert.deepEqual(fs.readdirSync(path.join(host, '../outside')).sort(), ['b', 'deep']);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /sub cannot be entered: ENOTDIR/);
});

test(
  'the directory may be moved while the program runs: the same directory is updated',
  { ...patience, skip: !linux },
  async (t) => {
    const { host, guest, out } = await copied(t, (host) => write(host, 'a'));
    await guest.writeFile('/a', 'new');
    fs.renameSync(host, `${host}-moved`);
    fs.mkdirSync(host);
    write(host, 'a', 'of another');
    assert.equal(await out(), true);
    assert.equal(fs.readFileSync(path.join(host, 'a'), 'utf8'), 'of another');
    assert.equal(fs.readFileSync(path.join(`${host}-moved`, 'a'), 'utf8'), 'new');
  },
);

test('without /proc, a directory is checked before each call', async (t) => {
  const host = folder(t);
  for (const name of ['top/sub/deep', 'outside']) fs.mkdirSync(path.join(host, name), { recursive: true });
  const top = await openHostDirectory(path.join(host, 'top'), 'elsewhere');
  const deep = await (await top.enter('sub')).enter('deep');
  assert.equal(await deep.at('x'), path.join(host, 'top/sub/deep/x'));
  fs.symlinkSync('../outside', path.join(host, 'top/link'));
  await assert.rejects(top.enter('link'), { code: 'ENOTDIR' });
  await assert.rejects(top.enter('..'), /replaced/);
  fs.renameSync(path.join(host, 'top/sub'), path.join(host, 'outside/sub'));
  fs.symlinkSync('../outside/sub', path.join(host, 'top/sub'));
  await assert.rejects(deep.at('x'), /replaced/);
  fs.unlinkSync(path.join(host, 'top/sub'));
  fs.mkdirSync(path.join(host, 'top/sub/deep'), { recursive: true });
  await assert.rejects(deep.at('x'), /replaced/, 'another directory');
});

// ---- files, directories and links only ----

test(
  'pipes, sockets and devices are neither opened nor copied, and warnings name them',
  { ...patience, ...needsRoot },
  async (t) => {
    const { host, guest, warnings, out, list, read } = await copied(t, (host) => {
      for (let i = 0; i < 9; i++) execFileSync('mkfifo', [path.join(host, `pipe${i}`)]);
      execFileSync('mknod', [path.join(host, 'device'), 'c', '1', '3']);
      write(host, 'file');
    });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /pipes, sockets and devices are not copied: skipped .*\/device, .*\/pipe6, and 2 more$/);
    assert.deepEqual(await guest.readdir('/'), ['file']);
    const before = ['pipe0', 'device'].map((name) => inode(host, name));
    await guest.writeFile('/pipe0', 'of the program');
    await guest.writeFile('/device', 'too');
    assert.equal(await out(), false);
    assert.deepEqual(
      ['pipe0', 'device'].map((name) => inode(host, name)),
      before,
    );
    assert.equal(read('pipe0.holdfast'), 'of the program');
    assert.equal(read('device.holdfast'), 'too');
    assert.equal(list().length, 13);
    assert.match(
      warnings.slice(1).join('\n'),
      /device has changed since it was copied in: it stays, and the program's version is device\.holdfast/,
    );
  },
);

test(
  'a file that was replaced by a pipe is not opened',
  { ...patience, skip: process.platform === 'win32' },
  async (t) => {
    const { host, guest, read, out } = await copied(t, (host) => write(host, 'a'));
    await guest.writeFile('/a', 'of the program');
    fs.unlinkSync(path.join(host, 'a'));
    execFileSync('mkfifo', [path.join(host, 'a')]);
    assert.equal(await out(), false);
    assert.ok(fs.lstatSync(path.join(host, 'a')).isFIFO());
    assert.equal(read('a.holdfast'), 'of the program');
  },
);

// ---- a rename is a rename ----

test(
  'after a rename it is the same file or directory on the host, including contents that the program never saw',
  patience,
  async (t) => {
    const { host, guest, list, out, warnings } = await copied(t, (host) => {
      write(host, 'dir/sub/file');
      write(host, 'a');
      fs.symlinkSync('a', path.join(host, 'link'));
      execFileSync('mkfifo', [path.join(host, 'dir/sub/pipe')]);
    });
    const [dir, sub, file, a, link] = ['dir', 'dir/sub', 'dir/sub/file', 'a', 'link'].map((name) => inode(host, name));
    await guest.rename('/dir/sub', '/sub2');
    await guest.rename('/dir', '/sub2/dir'); // swaps parent and child
    await guest.rename('/sub2/file', '/sub2/dir/file2');
    await guest.rename('/a', '/sub2/a');
    await guest.rename('/link', '/a');
    assert.equal(await out(), true, warnings.join('\n'));
    assert.deepEqual(list(), ['a', 'sub2']);
    assert.deepEqual(list('sub2'), ['a', 'dir', 'pipe']);
    assert.deepEqual(
      ['sub2/dir', 'sub2', 'sub2/dir/file2', 'sub2/a', 'a'].map((name) => inode(host, name)),
      [dir, sub, file, a, link],
    );
  },
);

test('names can be exchanged, in a cycle and between a file and a directory', patience, async (t) => {
  const names = ['a', 'b', 'c', 'dir', 'file'];
  const { host, guest, list, read, out, warnings } = await copied(t, (host) => {
    for (const name of ['a', 'b', 'c', 'dir/in', 'file']) write(host, name);
  });
  const before = names.map((name) => inode(host, name));
  for (const [from, to] of ['a t', 'c a', 'b c', 't b', 'dir t', 'file dir', 't file'].map((pair) => pair.split(' ')))
    await guest.rename(`/${from}`, `/${to}`);
  assert.equal(await out(), true, warnings.join('\n'));
  assert.deepEqual(list(), names);
  assert.deepEqual(
    ['b', 'c', 'a', 'file', 'dir'].map((name) => inode(host, name)),
    before,
  );
  assert.equal(read('file/in'), 'dir/in');
});

test(
  'a rename over another file replaces it at once, and leaves that file’s other names alone',
  patience,
  async (t) => {
    const { host, guest, list, read, out } = await copied(t, (host) => {
      for (const name of ['new', 'old', 'third']) write(host, name);
      fs.linkSync(path.join(host, 'old'), path.join(host, 'old2'));
    });
    const before = inode(host, 'new');
    await guest.rename('/new', '/old');
    await guest.writeFile('/tmp', 'saved');
    await guest.rename('/tmp', '/third');
    assert.equal(await out(), true);
    assert.deepEqual(list(), ['old', 'old2', 'third']);
    assert.deepEqual([inode(host, 'old'), read('old2'), read('third')], [before, 'old', 'saved']);
  },
);

test(
  'every name of a changed file shows the new contents, and new names are names of the same file',
  patience,
  async (t) => {
    const { host, guest, read, out } = await copied(t, (host) => {
      write(host, 'one');
      fs.linkSync(path.join(host, 'one'), path.join(host, 'two'));
      fs.linkSync(path.join(host, 'one'), path.join(host, '../outside'));
    });
    const before = inode(host, 'one');
    await guest.writeFile('/two', 'longer than it was');
    await guest.link('/two', '/three');
    assert.equal(await out(), true);
    for (const name of ['one', 'two', 'three', '../outside']) {
      assert.deepEqual([inode(host, name), read(name)], [before, 'longer than it was'], name);
    }
  },
);

// ---- a failure makes nothing worse ----

let mounts = 0;

/** Mounts a small in-memory file system. */
function mounted(t, size) {
  const at = path.join(fs.realpathSync(os.tmpdir()), `holdfast-mounted-${process.pid}-${++mounts}`);
  fs.mkdirSync(at);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', at]);
  t.after(() => {
    execFileSync('umount', ['--recursive', '--lazy', at]);
    fs.rmdirSync(at);
  });
  return at;
}
const canMount = () => {
  if (!root || !linux) return false;
  const at = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'none', at], { stdio: 'ignore' });
    execFileSync('umount', [at]);
    return true;
  } catch {
    return false;
  } finally {
    fs.rmdirSync(at);
  }
};
const needsMount = { ...patience, skip: !canMount() && 'this test must be able to mount a file system' };

test(
  'on a full disk existing files stay intact, renames are made, and nothing is removed or left behind',
  needsMount,
  async (t) => {
    const host = mounted(t, '1m');
    const { guest, list, read, warnings, out } = await copied(
      t,
      (host) => ['precious', 'renamed', 'gone', 'linked'].forEach((name) => write(host, name, `${name} `.repeat(1000))),
      host,
    );
    fs.linkSync(path.join(host, 'linked'), path.join(host, 'linked2')); // so it is written in place
    await guest.writeFile('/0junk', new Uint8Array(3e6));
    await guest.writeFile('/precious', new Uint8Array(3e6));
    await guest.writeFile('/linked', new Uint8Array(3e6));
    await guest.rename('/renamed', '/name');
    await guest.rm('/gone');
    assert.equal(await out(), false);
    assert.deepEqual(list(), ['gone', 'linked', 'linked2', 'name', 'precious']);
    for (const name of ['gone', 'precious', 'linked']) assert.equal(read(name), `${name} `.repeat(1000));
    assert.equal(read('name'), 'renamed '.repeat(1000));
    assert.deepEqual(warnings.map((text) => /0junk|precious|linked|nothing is removed/.exec(text)?.[0]).sort(), [
      '0junk',
      'linked',
      'nothing is removed',
      'precious',
    ]);
    assert.match(warnings[0], /ENOSPC/);
  },
);

test('a file keeps its permissions and its owner', { ...patience, ...needsRoot }, async (t) => {
  const { host, guest, read, out } = await copied(t, (host) => {
    write(host, 'a');
    fs.chownSync(path.join(host, 'a'), 65534, 65534);
    fs.chmodSync(path.join(host, 'a'), 0o4751);
  });
  await guest.writeFile('/a', 'new');
  assert.equal(await out(), true);
  const { uid, gid, mode } = fs.statSync(path.join(host, 'a'));
  assert.deepEqual([uid, gid, mode & 0o7777, read('a')], [65534, 65534, 0o4751, 'new']);
});

test('a rename between two file systems is a copy and a removal', needsMount, async (t) => {
  const top = mounted(t, '1m');
  const { guest, list, read, out, warnings } = await copied(
    t,
    (host) => {
      write(host, 'a');
      fs.mkdirSync(path.join(host, 'other'));
      execFileSync('mount', ['-t', 'tmpfs', 'none', path.join(host, 'other')]);
    },
    path.join(top, 'host'),
  );
  await guest.rename('/a', '/other/a');
  assert.equal(await out(), true, warnings.join('\n'));
  assert.deepEqual([list(), read('other/a')], [['other'], 'a']);
});

// ---- something else changed the directory, too ----

test(
  'files that have changed on the host meanwhile stay, and the program’s version is written beside them',
  patience,
  async (t) => {
    const { host, guest, list, read, warnings, out } = await copied(t, (host) => {
      for (const name of ['both', 'gone', 'renamed', 'alike', 'over']) write(host, name);
    });
    await guest.writeFile('/both', 'of the program');
    await guest.rm('/gone');
    await guest.rename('/renamed', '/name');
    await guest.writeFile('/alike', 'the same');
    await guest.writeFile('/new', 'of the program');
    await guest.writeFile('/new2', 'the same');
    await guest.writeFile('/tmp', 'of the program');
    await guest.rename('/tmp', '/over');
    for (const name of ['both', 'gone', 'renamed', 'new', 'over']) write(host, name, 'of somebody else');
    for (const name of ['alike', 'new2']) write(host, name, 'the same');
    assert.equal(await out(), false);
    assert.deepEqual(list(), [
      ...['alike', 'both', 'both.holdfast', 'gone', 'name', 'new', 'new.holdfast', 'new2', 'over', 'over.holdfast'],
    ]);
    for (const name of ['both', 'gone', 'name', 'new', 'over']) assert.equal(read(name), 'of somebody else');
    for (const name of ['both', 'new', 'over']) assert.equal(read(`${name}.holdfast`), 'of the program');
    for (const name of ['alike', 'new2']) assert.equal(read(name), 'the same');
    assert.equal(warnings.length, 4);
  },
);

test(
  'directories that were removed on the host meanwhile are created again, and new ones there are used',
  patience,
  async (t) => {
    const { host, guest, read, list, warnings, out } = await copied(t, (host) =>
      ['a', 'b'].forEach((name) => write(host, name)),
    );
    await guest.writeFile('/a', 'new');
    await guest.rm('/b');
    await guest.mkdir('/dir');
    await guest.writeFile('/dir/mine', 'new');
    fs.rmSync(path.join(host, 'a'));
    fs.rmSync(path.join(host, 'b'));
    write(host, 'dir/theirs');
    assert.equal(await out(), true, warnings.join('\n'));
    assert.deepEqual([list(), list('dir'), read('a')], [['a', 'dir'], ['mine', 'theirs'], 'new']);
  },
);

test('a directory with files that the program did not see is not replaced by a file', patience, async (t) => {
  const { host, guest, read, list, warnings, out } = await copied(t, (host) => write(host, 'dir/file'));
  write(host, 'dir/meanwhile');
  await guest.rm('/dir', { recursive: true });
  await guest.writeFile('/dir', 'a file now');
  assert.equal(await out(), false);
  assert.deepEqual(list('dir'), ['file', 'meanwhile']);
  assert.match(warnings[0], /dir cannot be updated: .*ENOTEMPTY/);
  assert.equal(read('dir/file'), 'dir/file');
});

// ---- names that differ in case only ----

/** Makes every call of fs/promises case-insensitive, as on a Mac. */
function foldCase(t) {
  const calls = ['open', 'lstat', 'mkdir', 'rename', 'unlink', 'rmdir', 'link', 'symlink', 'lutimes'];
  const originals = Object.fromEntries(calls.map((call) => [call, fs.promises[call]]));
  const fold = (at) => {
    if (typeof at !== 'string' || !path.isAbsolute(at)) return at;
    const name = path.basename(at).toLowerCase();
    try {
      const found = fs.readdirSync(path.dirname(at)).find((there) => there.toLowerCase() === name);
      return found === undefined ? at : path.join(path.dirname(at), found);
    } catch {
      return at;
    }
  };
  for (const call of calls) {
    fs.promises[call] = async (first, second, ...rest) => {
      if (call !== 'rename')
        return originals[call](fold(first), call === 'link' || call === 'symlink' ? fold(second) : second, ...rest);
      const from = fold(first);
      const to = fold(second);
      if (from === to) return originals.rename(from, second); // only the spelling changes
      await originals.rename(from, to);
    };
  }
  syncBuiltinESMExports();
  t.after(() => {
    Object.assign(fs.promises, originals);
    syncBuiltinESMExports();
  });
}

test(
  'two names that are one on the host do not overwrite each other: the second is refused and reported',
  patience,
  async (t) => {
    const { guest, list, read, warnings, out } = await copied(t, (host) => {
      write(host, 'readme');
      write(host, 'dir/file');
    });
    foldCase(t);
    await guest.writeFile('/README', 'another');
    await guest.writeFile('/Twin', 'first');
    await guest.writeFile('/twin', 'second');
    await guest.mkdir('/DIR');
    await guest.writeFile('/DIR/file', 'another');
    assert.equal(await out(), false);
    assert.deepEqual(list(), ['Twin', 'dir', 'readme']);
    assert.deepEqual([read('readme'), read('Twin'), read('dir/file')], ['readme', 'first', 'dir/file']);
    assert.equal(warnings.length, 3, warnings.join('\n'));
    for (const text of warnings) assert.match(text, /on this file system it is the same name as "(readme|Twin|dir)"/);
  },
);

test('a name can get a new spelling, or be replaced by another spelling', patience, async (t) => {
  const { guest, list, read, warnings, out } = await copied(t, (host) =>
    ['a', 'b'].forEach((name) => write(host, name)),
  );
  foldCase(t);
  await guest.rename('/a', '/A');
  await guest.writeFile('/B', 'another');
  await guest.rm('/b');
  assert.equal(await out(), true, warnings.join('\n'));
  assert.deepEqual(
    list().map((name) => name.toLowerCase()),
    ['a', 'b'],
  );
  assert.ok(list().includes('A'));
  assert.equal(read(list()[1]), 'another');
});
