// Host "native": guests translated to C (native/host/wasm2c.mjs) on the native kernel, under AddressSanitizer with UBSan; those that start threads
// under ThreadSanitizer. The host itself is native/host, built by `node tools/build.mjs native-host`.
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { translate, Refused } from '../../../native/host/wasm2c.mjs';
import { moduleOf } from '../cases.mjs';
import { execute, fromStatus, prepare } from './process.mjs';

/** A sanitizer that finds an error ends the process with this status, and prints a report. */
const FOUND = 117;
export const sanitizers = {
  ...{ ASAN_OPTIONS: `detect_leaks=1:detect_stack_use_after_return=1:exitcode=${FOUND}:abort_on_error=0` },
  ...{ LSAN_OPTIONS: `exitcode=${FOUND}`, UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1' },
  ...{ TSAN_OPTIONS: `halt_on_error=1:second_deadlock_stack=1:exitcode=${FOUND}` },
};

/** The sanitizers of older clangs cannot cope with the amount of address randomization in newer kernels. */
export const unscattered = () => {
  const prefix = ['setarch', process.arch === 'x64' ? 'x86_64' : 'aarch64', '-R'];
  return spawnSync(prefix[0], [...prefix.slice(1), 'true']).status === 0 ? prefix : [];
};

const startsThreads = (wasm) => fs.readFileSync(wasm).includes('thread-spawn');

/**
 * Returns the native command for a program, which is translated if necessary; the host must have been built. Throws Refused for a module that cannot run.
 * @param {string} root     the repository
 * @param {string} wasm
 * @param {{ arg0?: string, args?: string[], env?: Record<string, string>, dirs?: { host: string, guest: string, readOnly?: boolean }[],
 *   sockets?: string[], memory?: number, timeout?: number }} [how]   `dirs` are copied in and never changed; `sockets` are options of
 * native/host/main.c; `memory` is the kernel's limit in bytes; `timeout` is in seconds
 * @returns {Promise<{ command: string[], env: NodeJS.ProcessEnv }>}
 */
export async function nativeCommand(
  root,
  wasm,
  { arg0, args = [], env = {}, dirs = [], sockets = [], memory, timeout = 0 } = {},
) {
  const program = await translate(wasm);
  const host = path.join(root, 'build', startsThreads(wasm) ? 'native-tsan' : 'native-asan', 'holdfast-guest');
  if (!fs.existsSync(host)) throw new Error(`${host} is missing: run node tools/build.mjs native-host`);
  const command = [
    ...unscattered(),
    host,
    ...(memory === undefined ? [] : ['--memory', String(memory)]),
    ...['--arg0', arg0 ?? path.basename(wasm)],
    ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...dirs.flatMap((dir) => ['--dir', `${dir.host}::${dir.guest}${dir.readOnly ? '::ro' : ''}`]),
    ...sockets,
    ...(timeout > 0 ? ['--timeout', String(timeout)] : []),
    program,
    ...args,
  ];
  return { command, env: { ...process.env, ...sanitizers } };
}

/** Throws if a sanitizer has found an error, which is our failure and not the guest's. */
function withoutFindings(ran) {
  const said = new TextDecoder().decode(ran.stderr);
  if (ran.code === FOUND && /Sanitizer|runtime error:/.test(said)) throw new Error(`a sanitizer complains:\n${said}`);
  return ran;
}

/**
 * Runs a program to its end, for the conformance tests. Throws Refused for a module that cannot run.
 * @param {string} root     the repository
 * @param {string} wasm
 * @param {{ args?: string[], env?: Record<string, string>, dir?: string, stdin?: string, timeout?: number }} [how]   `dir` becomes "/"
 *   (a copy: the folder itself is never changed); `stdin` has one character per byte; without it, stdin is a pipe that stays open; after
 *   `timeout` milliseconds (300,000) the process is killed
 * @returns {Promise<{ code: number, signal: string | null, hung: boolean, stdout: Uint8Array, stderr: Uint8Array }>}
 */
export async function runNative(root, wasm, { args, env, dir, stdin, timeout = 300_000 } = {}) {
  const dirs = dir === undefined ? [] : [{ host: dir, guest: '/' }];
  const native = await nativeCommand(root, wasm, { args, env, dirs });
  const steps = stdin === undefined ? [{ hold: true }] : [{ text: stdin }];
  return withoutFindings(await execute(native.command, { stdin: steps }, timeout, native.env));
}

/** Returns the sockets as options. A port with clients is a real TCP port. */
function socketOptions({ sockets, clients }) {
  const first = sockets.findIndex(({ listen }) => listen !== undefined);
  return sockets.flatMap(({ listen, connect, nonblocking }, i) => {
    const option = listen === undefined ? '--connect' : clients.length > 0 && i === first ? '--tcplisten' : '--listen';
    return [option, `${listen ?? connect}${nonblocking ? '::nonblock' : ''}`];
  });
}

export async function open({ root, built }) {
  return {
    cannot: () => undefined,
    async run(guest, limit) {
      const { dirs, clean } = prepare(guest);
      try {
        const native = await nativeCommand(root, moduleOf(guest, built), {
          arg0: guest.argv0 ?? `${guest.program}.wasm`,
          args: guest.args,
          env: guest.env,
          dirs: dirs.map((dir, i) => ({ ...dir, readOnly: guest.dirs[i].readOnly })),
          sockets: socketOptions(guest),
          memory: guest.memory,
          timeout: (guest.expect.timeout ?? 0) / 1000,
        });
        return fromStatus(withoutFindings(await execute(native.command, guest, limit, native.env)), guest, limit);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        const nothing = new Uint8Array();
        return { reason: 'refused', code: 1, message: error.message, stdout: nothing, stderr: nothing };
      } finally {
        clean();
      }
    },
    async close() {},
  };
}
