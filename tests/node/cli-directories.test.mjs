// `--dir` copies directories in and out again, and touches nothing that the guest did not change. A folder of the host takes the part of the
// runtime's file system, because it has real inodes and times.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { load } from './support/load.mjs';

const { Directories, DirectoryError } = await load('web/cli/cli-directories.ts');

/** A `FileSystem` on a folder. */
class FolderFileSystem {
  reads = [];
  modes = [];
  constructor(top) {
    this.top = top;
  }
  at(name) {
    return path.join(this.top, name);
  }
  async readFile(name) {
    this.reads.push(name);
    return new Uint8Array(await fs.promises.readFile(this.at(name)));
  }
  readable(name, { start, end }) {
    return fs.createReadStream(this.at(name), { start, end: end - 1 });
  }
  async writeFile(name, data) {
    if (!(data instanceof ReadableStream)) return fs.promises.writeFile(this.at(name), data);
    for await (const chunk of data) fs.appendFileSync(this.at(name), chunk);
  }
  async mkdir(name, options) {
    await fs.promises.mkdir(this.at(name), options);
  }
  readdir(name) {
    return fs.promises.readdir(this.at(name));
  }
  async lstat(name) {
    const s = await fs.promises.lstat(this.at(name));
    const type = s.isDirectory() ? 'directory' : s.isFile() ? 'file' : s.isSymbolicLink() ? 'symlink' : 'unknown';
    return { type, ino: s.ino, nlink: s.nlink, size: s.size, atime: s.atimeMs, mtime: s.mtimeMs, ctime: s.ctimeMs };
  }
  symlink(target, name) {
    return fs.promises.symlink(target, this.at(name));
  }
  readlink(name) {
    return fs.promises.readlink(this.at(name));
  }
  link(from, to) {
    return fs.promises.link(this.at(from), this.at(to));
  }
  async chmod(name, mode) {
    this.modes.push([name, mode]);
  }
  async utimes(name, atime, mtime, { follow }) {
    await fs.promises[follow ? 'utimes' : 'lutimes'](this.at(name), atime / 1000, mtime / 1000);
  }
}

/** A host directory with the contents that `make` creates, the runtime's copy of it, and tools to compare them. */
async function copied(t, make, options = {}) {
  const top = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-dir-')));
  t.after(() => fs.rmSync(top, { recursive: true, force: true }));
  const [host, runtime] = [path.join(top, 'host'), path.join(top, 'runtime')];
  fs.mkdirSync(host);
  fs.mkdirSync(runtime);
  make(host);
  const warnings = [];
  const files = new FolderFileSystem(runtime);
  const directories = new Directories(files, (text) => warnings.push(text));
  t.after(() => directories.close());
  const preopens = await directories.copyIn(options.dirs?.(host) ?? [{ host, guest: '/' }]);
  return { host, guest: path.join(runtime, preopens[0].path), runtime, preopens, directories, files, warnings };
}

const write = (folder, name, data = name) => {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  fs.writeFileSync(path.join(folder, name), data);
};

/** A description of everything below a folder, to check that nothing changes. */
function describe(folder) {
  const all = {};
  for (const at of execFileSync('find', [folder, '-mindepth', '1'], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)
    .sort()) {
    const name = path.relative(folder, at);
    const { mode, ino, mtimeMs, ctimeMs, size } = fs.lstatSync(at);
    const target = fs.lstatSync(at).isSymbolicLink() ? fs.readlinkSync(at) : undefined;
    all[name] = { mode, ino, mtimeMs, ctimeMs, size, target };
  }
  return all;
}

const tree = (host) => {
  write(host, 'a.txt', 'aaa');
  write(host, 'bin/tool', Buffer.from([0, 255, 10, 13, 128]));
  fs.chmodSync(path.join(host, 'bin/tool'), 0o755);
  write(host, 'deep/er/est/file', 'deep');
  fs.mkdirSync(path.join(host, 'empty'));
  fs.symlinkSync('a.txt', path.join(host, 'link'));
  fs.symlinkSync('/nowhere', path.join(host, 'dangling'));
  for (const name of ['a.txt', 'deep/er', 'deep']) fs.utimesSync(path.join(host, name), 1000.5, 1234.25);
  fs.lutimesSync(path.join(host, 'link'), 5, 6);
};

test('files, directories, links and their times are copied in', async (t) => {
  const { guest, warnings } = await copied(t, tree);
  assert.equal(fs.readFileSync(path.join(guest, 'a.txt'), 'utf8'), 'aaa');
  assert.deepEqual(fs.readFileSync(path.join(guest, 'bin/tool')), Buffer.from([0, 255, 10, 13, 128]));
  assert.deepEqual(fs.readdirSync(path.join(guest, 'empty')), []);
  assert.equal(fs.readlinkSync(path.join(guest, 'link')), 'a.txt');
  assert.equal(fs.readlinkSync(path.join(guest, 'dangling')), '/nowhere');
  for (const name of ['a.txt', 'deep/er', 'deep']) assert.equal(fs.statSync(path.join(guest, name)).mtimeMs, 1234250);
  assert.equal(fs.lstatSync(path.join(guest, 'link')).mtimeMs, 6000);
  assert.deepEqual(warnings, []);
});

test('if nothing has changed, nothing is read, and nothing on the host is touched', async (t) => {
  const { host, guest, directories, files } = await copied(t, tree);
  const before = describe(host);
  fs.readFileSync(path.join(guest, 'a.txt')); // a guest that only reads
  assert.equal(await directories.copyOut(), true);
  assert.deepEqual(describe(host), before);
  assert.deepEqual(files.reads, []);
});

test('created, changed, removed and renamed: files, directories and links', async (t) => {
  const { host, guest, directories, warnings } = await copied(t, tree);
  const untouched = describe(host)['dangling'];
  write(guest, 'new/dir/file', Buffer.from([1, 2, 0, 3]));
  fs.appendFileSync(path.join(guest, 'a.txt'), 'more');
  fs.rmSync(path.join(guest, 'deep'), { recursive: true });
  fs.renameSync(path.join(guest, 'bin'), path.join(guest, 'sbin'));
  fs.rmdirSync(path.join(guest, 'empty'));
  fs.unlinkSync(path.join(guest, 'link'));
  fs.symlinkSync('new/dir', path.join(guest, 'link'));
  fs.symlinkSync('x', path.join(guest, 'fresh'));
  assert.equal(await directories.copyOut(), true, warnings.join('\n'));
  assert.deepEqual(Object.keys(describe(host)), [
    'a.txt',
    'dangling',
    'fresh',
    'link',
    'new',
    'new/dir',
    'new/dir/file',
    'sbin',
    'sbin/tool',
  ]);
  assert.equal(fs.readFileSync(path.join(host, 'a.txt'), 'utf8'), 'aaamore');
  assert.deepEqual(fs.readFileSync(path.join(host, 'new/dir/file')), Buffer.from([1, 2, 0, 3]));
  assert.equal(fs.statSync(path.join(host, 'sbin/tool')).mode & 0o777, 0o755, 'a renamed file keeps its permissions');
  assert.equal(fs.readlinkSync(path.join(host, 'link')), 'new/dir');
  assert.equal(fs.readlinkSync(path.join(host, 'fresh')), 'x');
  assert.deepEqual(describe(host)['dangling'], untouched);
});

test("a changed file keeps its permissions, and gets the guest's time", async (t) => {
  const { host, guest, directories } = await copied(t, tree);
  fs.writeFileSync(path.join(guest, 'bin/tool'), 'new');
  fs.utimesSync(path.join(guest, 'bin/tool'), 50, 60.5);
  await directories.copyOut();
  const stat = fs.statSync(path.join(host, 'bin/tool'));
  assert.deepEqual([stat.mode & 0o7777, stat.mtimeMs, stat.size], [0o755, 60500, 3]);
  assert.deepEqual(fs.readdirSync(path.join(host, 'bin')), ['tool'], 'nothing is left beside it');
});

test('a file that was only touched gets the new time, and is not written', async (t) => {
  const { host, guest, directories } = await copied(t, tree);
  fs.chmodSync(path.join(host, 'a.txt'), 0o444);
  fs.utimesSync(path.join(guest, 'a.txt'), 7, 8);
  await directories.copyOut();
  assert.equal(fs.statSync(path.join(host, 'a.txt')).mtimeMs, 8000);
  assert.equal(fs.readFileSync(path.join(host, 'a.txt'), 'utf8'), 'aaa');
});

test('replacing a file does not change other files with the same contents', async (t) => {
  const { host, guest, directories } = await copied(t, (host) => {
    write(host, 'one', 'shared');
    fs.linkSync(path.join(host, 'one'), path.join(host, 'two'));
  });
  assert.equal(
    fs.statSync(path.join(guest, 'one')).ino,
    fs.statSync(path.join(guest, 'two')).ino,
    'one file, two names',
  );
  write(guest, 'tmp', 'saved');
  fs.renameSync(path.join(guest, 'tmp'), path.join(guest, 'two'));
  await directories.copyOut();
  assert.equal(fs.readFileSync(path.join(host, 'one'), 'utf8'), 'shared');
  assert.equal(fs.readFileSync(path.join(host, 'two'), 'utf8'), 'saved');
});

test('a new name of a file becomes a name of the same file on the host', async (t) => {
  const { host, guest, directories } = await copied(t, tree);
  fs.linkSync(path.join(guest, 'a.txt'), path.join(guest, 'b.txt'));
  await directories.copyOut();
  assert.equal(fs.statSync(path.join(host, 'a.txt')).ino, fs.statSync(path.join(host, 'b.txt')).ino);
});

test('a file of another kind under the same name', async (t) => {
  const { host, guest, directories, warnings } = await copied(t, tree);
  fs.rmSync(path.join(guest, 'deep'), { recursive: true });
  fs.writeFileSync(path.join(guest, 'deep'), 'file now');
  fs.unlinkSync(path.join(guest, 'a.txt'));
  fs.mkdirSync(path.join(guest, 'a.txt'));
  write(guest, 'a.txt/inside');
  fs.rmdirSync(path.join(guest, 'empty'));
  fs.symlinkSync('deep', path.join(guest, 'empty'));
  assert.equal(await directories.copyOut(), true, warnings.join('\n'));
  assert.equal(fs.readFileSync(path.join(host, 'deep'), 'utf8'), 'file now');
  assert.equal(fs.readFileSync(path.join(host, 'a.txt/inside'), 'utf8'), 'a.txt/inside');
  assert.equal(fs.readlinkSync(path.join(host, 'empty')), 'deep');
});

test('files that were not copied in are not removed: their directory stays, and this is reported', async (t) => {
  const { host, guest, directories, warnings } = await copied(t, tree);
  write(host, 'deep/er/meanwhile', 'by somebody else');
  fs.rmSync(path.join(guest, 'deep'), { recursive: true });
  assert.equal(await directories.copyOut(), false);
  assert.equal(fs.readFileSync(path.join(host, 'deep/er/meanwhile'), 'utf8'), 'by somebody else');
  assert.equal(fs.existsSync(path.join(host, 'deep/er/est')), false);
  assert.match(warnings[0], /deep\/er cannot be updated: .*ENOTEMPTY/);
});

test('nothing is written through a link that appeared on the host', async (t) => {
  const { host, guest, directories, warnings } = await copied(t, tree);
  const secret = path.join(path.dirname(host), 'secret');
  fs.writeFileSync(secret, 'secret');
  fs.unlinkSync(path.join(host, 'a.txt'));
  fs.symlinkSync(secret, path.join(host, 'a.txt'));
  fs.appendFileSync(path.join(guest, 'a.txt'), 'x');
  assert.equal(await directories.copyOut(), false);
  assert.equal(fs.readFileSync(secret, 'utf8'), 'secret');
  assert.equal(warnings.length, 1);
});

test('two directories of which one is inside the other are one tree', async (t) => {
  const { host, runtime, preopens, directories } = await copied(t, tree, {
    dirs: (host) => [
      { host, guest: '/' },
      { host: path.join(host, 'deep/er'), guest: '/er' },
      { host: `${host}/./bin/..`, guest: 'again' },
    ],
  });
  assert.deepEqual(
    preopens.map(({ guest, path }) => [guest, path.replace(/.*\/0/, '')]),
    [
      ['/', ''],
      ['/er', '/deep/er'],
      ['again', ''],
    ],
  );
  write(path.join(runtime, preopens[1].path), 'seen', 'by both');
  await directories.copyOut();
  assert.equal(fs.readFileSync(path.join(host, 'deep/er/seen'), 'utf8'), 'by both');
});

test('the order of overlapping directories does not matter', async (t) => {
  const { preopens } = await copied(t, tree, {
    dirs: (host) => [
      { host: path.join(host, 'deep/er'), guest: '/er' },
      { host, guest: '/' },
    ],
  });
  assert.equal(preopens[0].path, `${preopens[1].path}/deep/er`);
});

test('a large file is streamed, and a hundred small ones are copied', async (t) => {
  const big = Buffer.alloc(20e6, 'abcdefg');
  const { host, guest, directories, files } = await copied(t, (host) => {
    write(host, 'big', big);
    for (let i = 0; i < 100; i++) write(host, `many/${i}`);
  });
  assert.ok(fs.readFileSync(path.join(guest, 'big')).equals(big));
  big[19e6] = 0;
  fs.writeFileSync(path.join(guest, 'big'), big);
  fs.writeFileSync(path.join(guest, 'many/77'), 'changed');
  await directories.copyOut();
  assert.ok(fs.readFileSync(path.join(host, 'big')).equals(big));
  assert.equal(fs.readFileSync(path.join(host, 'many/77'), 'utf8'), 'changed');
  assert.deepEqual(
    files.reads.map((name) => path.basename(name)),
    ['77'],
  );
});

for (const [what, size] of Object.entries({ longer: 25e6, shorter: 12e6, 'of a new size, and small': 3, empty: 0 })) {
  test(`a large file with two names on the host is written in place: ${what}`, async (t) => {
    const { host, guest, directories, files, warnings } = await copied(t, (host) => {
      write(host, 'big', Buffer.alloc(20e6, 'abcdefg'));
      fs.linkSync(path.join(host, 'big'), path.join(host, 'other'));
    });
    const now = Buffer.alloc(size, 'xyz');
    fs.writeFileSync(path.join(guest, 'big'), now);
    assert.ok(await directories.copyOut());
    for (const name of ['big', 'other']) assert.ok(fs.readFileSync(path.join(host, name)).equals(now), name);
    assert.equal(fs.statSync(path.join(host, 'big')).nlink, 2);
    assert.deepEqual([fs.readdirSync(host), warnings], [['big', 'other'], []]);
    if (size > 8e6) assert.deepEqual(files.reads, []);
  });
}

test('a new file, and a touched file with unchanged contents, are compared and written in parts', async (t) => {
  const big = Buffer.alloc(20e6, 'abcdefg');
  const { host, guest, directories, files } = await copied(t, (host) => write(host, 'same', big));
  const { ino } = fs.statSync(path.join(host, 'same'));
  fs.writeFileSync(path.join(guest, 'same'), big);
  fs.utimesSync(path.join(guest, 'same'), 5, 8);
  fs.writeFileSync(path.join(guest, 'new'), big);
  assert.ok(await directories.copyOut());
  assert.ok(fs.readFileSync(path.join(host, 'new')).equals(big));
  assert.deepEqual(
    [fs.statSync(path.join(host, 'same')).ino, fs.statSync(path.join(host, 'same')).mtimeMs],
    [ino, 8000],
  );
  assert.deepEqual(files.reads, []);
});

test('files that cannot be copied in are skipped with a warning: odd names', async (t) => {
  const { guest, directories, host, warnings } = await copied(t, (host) => {
    write(host, 'ok');
    fs.writeFileSync(Buffer.concat([Buffer.from(`${host}/bad-`), Buffer.from([0xff])]), 'x');
  });
  assert.deepEqual(fs.readdirSync(guest), ['ok']);
  assert.match(warnings[0], /not UTF-8: skipped/);
  await directories.copyOut();
  assert.equal(fs.readdirSync(host).length, 2);
});

test('a missing directory, a file instead of one, or a name given twice is an error before anything is copied', async (t) => {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-dir-'));
  t.after(() => fs.rmSync(top, { recursive: true }));
  fs.writeFileSync(path.join(top, 'file'), '');
  const copyIn = (...dirs) => new Directories(new FolderFileSystem('/nonexistent'), assert.fail).copyIn(dirs);
  const isError = (message) => (error) => error instanceof DirectoryError && message.test(error.message);
  await assert.rejects(copyIn({ host: `${top}/none`, guest: '/' }), isError(/--dir .*none: ENOENT/));
  await assert.rejects(copyIn({ host: `${top}/file`, guest: '/' }), isError(/not a directory/));
  await assert.rejects(copyIn({ host: top, guest: '/' }, { host: '.', guest: '/' }), isError(/"\/" is listed twice/));
});

test("/dev is the runtime's own: nothing is copied in from the host, and nothing is copied out", async (t) => {
  if (!fs.existsSync('/dev')) return t.skip('this machine has no /dev');
  const { preopens, runtime, directories } = await copied(t, () => undefined, {
    dirs: () => [{ host: '/dev', guest: '/d' }],
  });
  assert.deepEqual(preopens, [{ guest: '/d', path: '/dev' }]);
  assert.deepEqual(fs.readdirSync(runtime), []);
  assert.equal(await directories.copyOut(), true);
});

test('paths that are too long are skipped with a warning, and then nothing is removed', async (t) => {
  const { host, guest, directories, files, warnings } = await copied(t, tree);
  const lstat = files.lstat.bind(files);
  files.lstat = async (name) => {
    if (name.includes('too-deep')) throw Object.assign(new Error('too long'), { code: 'ENAMETOOLONG' });
    return lstat(name);
  };
  fs.mkdirSync(path.join(guest, 'new/too-deep'), { recursive: true });
  fs.rmSync(path.join(guest, 'empty'), { recursive: true });
  fs.renameSync(path.join(guest, 'a.txt'), path.join(guest, 'new/too-deep/a.txt'));
  write(guest, 'new/file', 'seen');
  assert.equal(await directories.copyOut(), false);
  assert.equal(fs.readFileSync(path.join(host, 'new/file'), 'utf8'), 'seen');
  assert.equal(fs.readFileSync(path.join(host, 'a.txt'), 'utf8'), 'aaa'); // the guest's version is not visible
  assert.equal(fs.existsSync(path.join(host, 'empty')), true);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /new contains paths that are too long/);
});
