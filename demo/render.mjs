// The parts of index.html that are known at build time. They are written into the page so that nothing moves when
// scripts load.

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text) => String(text).replace(/[&<>"]/g, (character) => escapes[character]);

const size = (bytes) =>
  bytes < 1e5
    ? `${(bytes / 1e3).toFixed(1)} kB`
    : bytes < 1e6
      ? `${Math.round(bytes / 1e3)} kB`
      : `${(bytes / 1e6).toFixed(1)} MB`;

const join = (parts) => parts.join('\n');

export const tabs = (programs) =>
  join(
    programs.map(
      ({ id, title, kind, gzip }, index) =>
        `<button type="button" role="tab" id="tab-${id}" aria-controls="panel" aria-selected="${index === 0}" tabindex="${index === 0 ? 0 : -1}" data-tone="idle">` +
        `<span class="title">${escape(title)}</span> <span class="state">not started</span>` +
        `<span class="kind">${escape(kind)}</span> <span class="download">${size(gzip)}</span></button>`,
    ),
  );

export const terminals = (programs) =>
  join(programs.map(({ id }, index) => `<div class="host" id="terminal-${id}"${index === 0 ? '' : ' hidden'}></div>`));

/** Commands that a visitor can click instead of typing. */
export const suggestions = (programs) =>
  join(
    programs.map(({ id, try: lines }, index) => {
      const buttons = lines.map(
        (line) => `<button type="button" class="key" data-type="${escape(line)}" disabled>${escape(line)}</button>`,
      );
      const none = '<span class="none">nothing: it reads no input. Stop or Ctrl-C ends it.</span>';
      return `<span data-program="${id}"${index === 0 ? '' : ' hidden'}>${buttons.join(' ') || none}</span>`;
    }),
  );

/** The children of the supervisor's playground; demo/src/playground.ts starts them. */
export const children = (ids) => {
  const acts = [
    ['trap', 'Trap'],
    ['exit 0', 'Exit 0'],
    ['kill', 'Kill'],
    ['sleep 60', 'Hang'],
  ];
  return join(
    ids.map((id) => {
      const buttons = acts.map(
        ([act, title]) =>
          `<button type="button" class="small" data-act="${act}" aria-label="${title}: ${id}" disabled>${title}</button>`,
      );
      return (
        `<li class="child" id="child-${id}" data-tone="idle"><h3>${id}</h3> <span class="state">not started</span>` +
        `<dl><div><dt>pid</dt><dd>–</dd></div><div><dt>restarts</dt><dd>0</dd></div><div><dt>last end</dt><dd>none</dd></div></dl>` +
        `<div class="buttons">${buttons.join(' ')}</div></li>`
      );
    }),
  );
};

export const runtimeSize = (files) => size(sum(files));
export const pageSize = (bytes) => size(bytes);

/** A bar that shows the files of the runtime's download, with its legend. */
export const sizes = (files) => {
  const total = sum(files);
  const parts = files.map(
    ({ gzip }, index) =>
      `<rect class="part-${index}" ${place(files, index, total)} height="8"><title>${size(gzip)}</title></rect>`,
  );
  const legend = files.map(
    ({ name, gzip }, index) =>
      `<li><span class="swatch part-${index}"></span>${escape(name)} <b>${size(gzip)}</b></li>`,
  );
  return (
    `<svg class="bar" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">${parts.join('')}</svg>\n` +
    `<ul class="legend">\n${join(legend)}\n</ul>`
  );
};

const sum = (files) => files.reduce((total, { gzip }) => total + gzip, 0);

function place(files, index, total) {
  const scale = 1000 / total;
  const x = sum(files.slice(0, index)) * scale;
  return `x="${x.toFixed(1)}" width="${Math.max(files[index].gzip * scale - 3, 1).toFixed(1)}"`;
}
