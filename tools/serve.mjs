// nginx with serve.conf over a folder, in the foreground, for the demo and for the browser tests.
//   node tools/serve.mjs [FOLDER]      with PORT (8080) and HOST (127.0.0.1) from the environment
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Complaint, exists, fromRoot, isMain, machine, main, endsWithUs } from './lib.mjs';
import { nginxPath } from './setup.mjs';

/** A port that is free now on `host`: `port` itself, or any if it is 0. */
export function freePort(port, host = '127.0.0.1') {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', (error) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        new Complaint(
          taken
            ? `port ${port} is taken; choose another with PORT=…`
            : `cannot listen on ${host}:${port}: ${error.message}`,
        ),
      );
    });
    probe.listen(port, host, () => {
      const { port: found } = probe.address();
      probe.close(() => resolve(found));
    });
  });
}

/**
 * Starts nginx over `top`. Once it answers, resolves to {url, stop, ended}: `stop()` ends it and removes its files;
 * `ended` resolves when it has ended for any reason. `policy`: with serve.conf's Content-Security-Policy. `isolated`: with the headers that make a page
 * cross-origin isolated.
 */
export async function serve(top, { port = 8080, host = '127.0.0.1', policy = true, isolated = true } = {}) {
  const nginx = nginxPath();
  if (!nginx) throw new Complaint('nginx is missing');
  if (!exists(top)) throw new Complaint(`nothing to serve: ${top} does not exist`);
  port = await freePort(port, host);
  // A separate prefix for each server, so that several can run.
  const prefix = fromRoot('build/nginx', String(port));
  fs.rmSync(prefix, { recursive: true, force: true });
  fs.mkdirSync(prefix, { recursive: true });
  const settings = fs
    .readFileSync(fromRoot('serve.conf'), 'utf8')
    .replace(/^(\s*listen) .*;$/m, `$1 ${host.includes(':') ? `[${host}]` : host}:${port};`)
    .replace(/^(\s*root) .*;$/m, (_, name) => `${name} ${JSON.stringify(path.resolve(top))};`)
    .replace(/^\s*add_header Content-Security-Policy .*;$/m, (line) => (policy ? line : ''))
    .replace(/^\s*add_header Cross-Origin-.*;$/gm, (line) => (isolated ? line : ''))
    // Otherwise root's nginx would read files as the user nobody, which may not enter the clone.
    .replace(/^daemon off;$/m, machine().root ? '$&\nuser root;' : '$&');
  const config = path.join(prefix, 'nginx.conf');
  fs.writeFileSync(config, settings);
  const log = path.join(prefix, 'error.log');
  const command = endsWithUs([nginx, '-p', `${prefix}/`, '-c', config, '-e', log]);
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'inherit', 'inherit'] });
  let running = true;
  const ended = new Promise((resolve) => {
    const end = (why) => {
      running = false;
      resolve(why);
    };
    child.on('error', end);
    child.on('exit', (code, signal) => end(signal ?? code));
  });
  const killNow = () => child.kill('SIGTERM');
  process.on('exit', killNow);
  const stop = async () => {
    if (running) child.kill('SIGTERM');
    await ended;
    process.off('exit', killNow);
    fs.rmSync(prefix, { recursive: true, force: true });
  };
  while (running && !(await answers(port, host))) await new Promise((resolve) => setTimeout(resolve, 20));
  if (!running) {
    const text = exists(log) ? fs.readFileSync(log, 'utf8').trim() : '';
    await stop();
    throw new Complaint(`nginx did not start${text && `:\n${text}`}`);
  }
  return { url: `http://${host === '127.0.0.1' ? 'localhost' : host}:${port}/`, port, stop, ended };
}

function answers(port, host) {
  return new Promise((resolve) => {
    const socket = net.connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** Serves until Ctrl-C, SIGTERM, the end of nginx or of our parent (npm does not pass on a signal that kills it). */
export async function serveUntilStopped(top, announce) {
  // Installed before nginx starts, so that no signal is lost in between.
  let askToStop;
  const asked = new Promise((resolve) => (askToStop = resolve));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => askToStop(signal));
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && askToStop('SIGHUP'), 500).unref();
  const port = process.env.PORT === undefined || process.env.PORT === '' ? 8080 : Number(process.env.PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Complaint(`PORT is ${process.env.PORT}, not a port`);
  const server = await serve(top, { port, host: process.env.HOST || '127.0.0.1' });
  announce(server.url);
  const why = await Promise.race([asked, server.ended]);
  await server.stop();
  return typeof why === 'string' && why.startsWith('SIG') ? 0 : 1;
}

if (isMain(import.meta.url)) {
  await main(async ([top = fromRoot('build/demo')]) => {
    const code = await serveUntilStopped(top, (url) => console.log(`serving ${top} on ${url}`));
    process.exit(code);
  });
}
