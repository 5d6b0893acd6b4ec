// The two kinds of parts of a group, for tests/bench/runner.js. A part has
//   rows()                its rows, as definitions for addRow() of report/model.js
//   open(context)         { round() → [[row, subject, value, at]…], close() }. `context.wanted` has the names of the rows to
//                         measure, and "NAME@AT" for each point of a curve
// For a page, a module has `rows` and `open({ lib, guest, wanted, peers })` → { round(record), close() }; nothing goes through Node while it measures.

const guest = '/build/guests/NAME.wasm';

/** A part that a module of tests/bench/parts measures in the page. `prepare` runs first, in Node. */
export function inPage(name, { prepare = () => {}, options = {} } = {}) {
  const file = `parts/${name}.js`;
  const url = `/tests/bench/${file}`;
  return {
    rows: async () => (await import(`./${file}`)).rows,
    async open({ page, wanted, peers }) {
      await prepare();
      await page.evaluate(openInPage, { url, guest, wanted: [...wanted], peers, options });
      return { round: () => page.evaluate(roundInPage, url), close: () => page.evaluate(closeInPage, url) };
    },
  };
}

async function openInPage({ url, guest: pattern, wanted, peers, options }) {
  const lib = await import('/dist/index.js');
  const { open } = await import(url);
  const guestUrl = (name) => pattern.replace('NAME', name);
  window.parts ??= {};
  window.parts[url] = await open({ lib, guest: guestUrl, wanted: new Set(wanted), peers, ...options });
}

async function roundInPage(url) {
  const records = [];
  await window.parts[url].round((...record) => records.push(record));
  return records;
}

const closeInPage = (url) => window.parts[url].close();

/** A part that the runner's own realm measures, Node or a page: `open(context)` → { round(record), close() }. */
export const direct = (rows, open) => ({
  rows: () => rows,
  async open(context) {
    const { round, close = () => {} } = await open(context);
    return {
      async round() {
        const records = [];
        await round((...record) => records.push(record));
        return records;
      },
      close,
    };
  },
});
