// Hosts "chromium", "firefox" and "webkit": a browser as `holdfast run --host` starts it, one for all cases. The public API runs here, and
// the coordinator and its workers in the browser.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { moduleOf } from '../cases.mjs';
import { about, apiHost } from './api.mjs';
import { copyIn } from './copy.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** How many milliseconds a terminated worker may take to end, in engines that do end it. */
const BURIAL = 200;

async function leftLoopRunning(hf) {
  if ((await hf.stats()).workers.zombies === 0) return false;
  await sleep(BURIAL);
  return (await hf.stats()).workers.zombies > 0;
}

async function open(name, { root, built, options, single = false }) {
  if (single) options = { ...options, isolation: 'none' };
  const { openHost, SpawnRefused } = await import(pathToFileURL(path.join(root, 'dist/cli.js')).href);
  const { hf, source, close } = await openHost(name, new AbortController().signal, options);
  const sources = new Map();
  const sourceOf = (guest) => {
    const file = moduleOf(guest, built);
    if (!sources.has(file)) sources.set(file, source(file));
    return sources.get(file);
  };
  const host = apiHost(hf, sourceOf, SpawnRefused, copyIn);
  const run = async (guest, limit) => {
    if (guest.memory === undefined || guest.memory === options?.memory?.maximum) return host.run(guest, limit);
    const memory = { initial: guest.memory, maximum: guest.memory };
    const small = await open(name, { root, built, options: { ...options, memory }, single });
    try {
      return await small.run(guest, limit);
    } finally {
      await small.close();
    }
  };
  return { hf, cannot: () => undefined, run, about: () => about(hf, name), close, running: 0, left: false };
}

/** One browser for all programs. */
export const shared = open;

/**
 * Like `shared`, for an engine that never ends a terminated worker whose guest loops (WebKit). Such a loop would occupy a core during all later
 * cases, so a new browser takes over, and the old one is closed after the last case that runs in it.
 */
export async function replaced(name, setting) {
  const first = await open(name, setting);
  let current = Promise.resolve(first);
  const enter = async () => {
    for (;;) {
      const browser = await current;
      if (browser.left) continue; // it was replaced while this waited
      browser.running++;
      return browser;
    }
  };
  const leave = async (browser) => {
    if (!browser.left && (await leftLoopRunning(browser.hf)) && !browser.left) {
      browser.left = true;
      current = open(name, setting);
    }
    if (--browser.running === 0 && browser.left) await browser.close();
  };
  return {
    cannot: () => undefined,
    async run(guest, limit) {
      const browser = await enter();
      try {
        return await browser.run(guest, limit);
      } finally {
        await leave(browser);
      }
    },
    about: first.about,
    close: async () => (await current).close(),
  };
}
