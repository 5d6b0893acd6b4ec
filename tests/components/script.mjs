// Performs the commands of a .wast script about components: definitions with the parser, instances and calls with the runtime.
import fs from 'node:fs';
import { parse } from './jco.mjs';
import { coreModules } from './parser.mjs';
import { same, toJs } from './values.mjs';
import { commands } from './wast.mjs';

/** The command needs a feature that holdfast does not support. */
class Unsupported extends Error {}
/** The parser of component text refuses the component, so the command tests nothing of holdfast. */
class NotText extends Error {}

/** The reason for commands that depend on an unsupported component. */
const ORPHAN = 'it depends on a component that is not supported';

const lowerCamel = (name) => name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());

async function bytesOf(component) {
  if (component.kind === 'binary') return component.bytes;
  try {
    return await parse(component.text);
  } catch (error) {
    throw new NotText(error.message.slice(0, 300), { cause: error });
  }
}

/** One script: its definitions and instances by name, and the newest instance. */
class Script {
  #definitions = new Map();
  #instances = new Map();
  #open = [];

  constructor(parser, runtime) {
    this.parser = parser;
    this.runtime = runtime;
  }

  /** Returns if the command behaves as the script says, else throws an error that says what is wrong. */
  perform(command) {
    const perform = {
      component: () => this.#component(command.component),
      invoke: () => this.#invoke(command.invoke),
      assert_return: () => this.#assertReturn(command),
      assert_trap: () => this.#assertTrap(command),
      assert_invalid: () => this.#assertRefused(command, ['invalid', 'malformed']),
      assert_malformed: () => this.#assertRefused(command, ['malformed', 'invalid']),
      assert_unlinkable: () => this.#assertRefused(command, ['invalid']),
    }[command.command];
    if (!perform || command.unknown) throw new NotText(`unknown command: ${command.unknown ?? command.command}`);
    return perform();
  }

  async close() {
    for (const instance of this.#open) instance.kill();
    for (const instance of this.#open) await instance.released;
  }

  async #component(component) {
    if (component.kind === 'instance') return this.#instantiate(component.name, this.#definitions.get(component.of));
    // The next commands refer to this component, even if it fails.
    this.#set(component.name, null);
    const bytes = await bytesOf(component);
    this.#accept(bytes);
    this.#definitions.set(component.name, bytes);
    if (!component.definition) await this.#instantiate(component.name, bytes);
  }

  #set(name, instance) {
    this.#instances.set(undefined, instance);
    if (name) this.#instances.set(name, instance);
  }

  #accept(bytes) {
    const refusal = this.#check(bytes);
    if (refusal) throw new Error(`it is refused (${refusal.fault}): ${refusal.text}`);
  }

  /** The reason why the parser refuses the component or the engine one of its core modules; undefined if neither does. */
  #check(bytes) {
    const refusal = this.parser.check(bytes);
    if (refusal?.fault === 'unsupported') throw new Unsupported(refusal.text);
    if (refusal) return refusal;
    const wrong = coreModules(bytes).find((module) => !WebAssembly.validate(module));
    return wrong && { fault: 'invalid', text: 'the engine refuses a core module' };
  }

  async #instantiate(name, bytes) {
    this.#set(name, null);
    if (!bytes) throw new Unsupported(ORPHAN);
    const instance = await this.runtime.instantiate(bytes).catch((error) => {
      if (/it contains no code$/.test(error.message)) return undefined; // nothing can be called: the definition alone was the test
      throw error;
    });
    if (!instance) return;
    this.#open.push(instance);
    this.#set(name, instance);
  }

  #invoke({ instance, name, args }) {
    const found = this.#instances.get(instance);
    if (!found) throw new Unsupported(ORPHAN);
    return found.exports[lowerCamel(name)](...args.map(toJs));
  }

  async #assertReturn({ invoke, results }) {
    const [expected] = results;
    let got;
    try {
      got = await this.#invoke(invoke);
      if (expected?.type === 'result') got = { tag: 'ok', val: got };
    } catch (error) {
      if (expected?.type !== 'result' || error.name !== 'ComponentError') throw error;
      got = { tag: 'err', val: error.payload };
    }
    if (!expected && got !== undefined) throw new Error(`it returns ${show(got)}, not nothing`);
    if (expected && !same(expected, got)) throw new Error(`it returns ${show(got)}, not ${show(expected)}`);
  }

  async #assertTrap({ invoke, component, message }) {
    let returned;
    try {
      returned = await (component ? this.#component(component) : this.#invoke(invoke));
    } catch (error) {
      if (error instanceof Unsupported || error instanceof NotText) throw error;
      if (error.exit?.reason === 'trap' || component) return;
      throw error;
    }
    throw new Error(`it does not trap (${message}), and returns ${show(returned)}`);
  }

  /** Any refusal counts, whatever its message, because messages differ; and a malformed component is also invalid. */
  async #assertRefused({ component, message }, faults) {
    if (!component) throw new NotText('unknown subject of the assertion');
    if (component.kind === 'quote') return; // it tests parsers of text
    const refusal = this.#check(await bytesOf(component));
    if (!refusal) throw new Error(`it is accepted, but: ${message}`);
    if (!faults.includes(refusal.fault)) throw new Error(`it is refused as "${refusal.fault}": ${refusal.text}`);
  }
}

const show = (value) =>
  JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}n` : item))?.slice(0, 300) ?? 'nothing';

/** Runs one file. Returns { passed, failed, unsupported, text: counts, failures: lines }. */
export async function runFile(file, parser, runtime, skips = {}) {
  const counts = { passed: 0, failed: 0, skipped: 0, unsupported: 0, text: 0, failures: [], reasons: new Map() };
  const script = new Script(parser, runtime);
  const fail = (line, why) => {
    counts.failed++;
    counts.failures.push(`${line}: ${why}`);
  };
  for (const command of commands(fs.readFileSync(file, 'utf8'))) {
    const reason = skips[command.line];
    const error = await Promise.resolve()
      .then(() => script.perform(command))
      .then(
        () => undefined,
        (thrown) => thrown,
      );
    if (error instanceof NotText || error instanceof Unsupported) {
      counts[error instanceof NotText ? 'text' : 'unsupported']++;
      counts.reasons.set(error.message, (counts.reasons.get(error.message) ?? 0) + 1);
    } else if (error && reason) counts.skipped++;
    else if (error) fail(command.line, `${command.command}: ${error.message}`);
    else if (reason) fail(command.line, `it passes: remove it from skip.json ("${reason}")`);
    else counts.passed++;
  }
  await script.close();
  return counts;
}
