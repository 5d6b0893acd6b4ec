/** The style sheet of the HTML report, light and dark. */
export const STYLE = `
:root, :host { color-scheme: light dark; --ground: #fbfcfc; --card: #fff; --ink: #16211f; --quiet: #55636f; --rule: #d9e0e0; --slow: #b3261e; --fast: #116b39;
  --c0: #0b7a63; --c1: #6b7280; --c2: #9a4d00; --c3: #2757c4; --c4: #8a2f97; --c5: #b0254f; --c6: #5a6b00; --c7: #00697f; }
@media (prefers-color-scheme: dark) { :root, :host { --ground: #0d1315; --card: #141c1f; --ink: #e4ecec; --quiet: #9fb0b5; --rule: #2b383c; --slow: #ff9b92; --fast: #79d49b;
  --c0: #3fd0ad; --c1: #a3adb8; --c2: #f0a35b; --c3: #8fb0ff; --c4: #dd95e8; --c5: #ff8fb0; --c6: #c3d46a; --c7: #6fd0e6; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 80rem; padding: 1.5rem 1rem 4rem; background: var(--ground); color: var(--ink); font: 14px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; } h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p, ul { color: var(--quiet); margin: .25rem 0; max-width: 60rem; } ul { padding-left: 1.2rem; } code { font-size: .92em; }
nav { margin: 1rem 0; } nav a { display: inline-block; margin: 0 .9rem .3rem 0; } a { color: var(--c3); }
.card { position: relative; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: .25rem 1rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: left; padding: .18rem .8rem .18rem 0; vertical-align: top; } thead th { color: var(--quiet); font-weight: 500; border-bottom: 1px solid var(--rule); }
tbody + tbody { border-top: 1px solid var(--rule); } tbody th { font-weight: 400; white-space: nowrap; } th.row { font-weight: 600; white-space: normal; min-width: 8rem; }
th.row small { display: block; font-weight: 400; color: var(--quiet); } td.n { font-variant-numeric: tabular-nums; white-space: nowrap; } td.why { color: var(--quiet); }
td.n b { font-weight: 600; } .slower { color: var(--slow); } .faster { color: var(--fast); }
.strip { width: 170px; height: 20px; display: block; } .curve { width: 100%; max-width: 800px; height: auto; display: block; }
svg text { font: 12px system-ui, sans-serif; fill: var(--quiet); } svg .label { fill: var(--c); font-weight: 600; }
.axis, .grid { stroke: var(--rule); fill: none; } .floor { stroke: var(--quiet); stroke-dasharray: 3 2; fill: none; }
.range { stroke: var(--c); stroke-width: 2; stroke-opacity: .45; fill: none; } .line { stroke: var(--c); stroke-width: 2; fill: none; } .dashed .line { stroke-dasharray: 6 4; }
circle { fill: var(--c); } .dot { color: var(--c); }
${[0, 1, 2, 3, 4, 5, 6, 7].map((n) => `.s${n} { --c: var(--c${n}); }`).join(' ')}
@media (max-width: 50rem) { .strip { width: 120px; } }
@media (max-width: 40rem) { thead { display: none; } tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; padding: .2rem 0; } th.row { grid-column: 1 / -1; }
  tbody th { white-space: normal; } th, td { padding-right: 0; } td.n { text-align: right; } td.n + td.n { text-align: left; color: var(--quiet); } td.why { grid-column: 1 / -1; }
  .curve { width: 36rem; } }`;
