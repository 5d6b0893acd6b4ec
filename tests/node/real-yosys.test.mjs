// Yosys, the synthesis suite, unmodified: the core module of npm @yowasp/yosys is a preview 1 command.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { host, PATIENCE, run, scratch } from '../real/support.mjs';
import { prepareYosys, yosysModule } from '../real/yosys.mjs';

const counter = `
module counter(input clk, input reset, output reg [7:0] count);
  always @(posedge clk)
    if (reset) count <= 0;
    else count <= count + 1;
endmodule
`;

test(`yosys (${host}): synthesises a counter from a directory`, { timeout: PATIENCE }, async (t) => {
  const folder = scratch(t);
  await prepareYosys(folder);
  fs.writeFileSync(path.join(folder, 'counter.v'), counter);
  const script = 'read_verilog counter.v; synth -top counter; write_json out.json; write_verilog -noattr out.v';
  const { code, stderr } = await run(t, yosysModule, ['-q', '-p', script], { argv0: 'yosys', dirs: { '/': folder } });
  assert.equal(code, 0, stderr);

  const { modules } = JSON.parse(fs.readFileSync(path.join(folder, 'out.json'), 'utf8'));
  assert.deepEqual(Object.keys(modules), ['counter']);
  assert.deepEqual(Object.keys(modules.counter.ports).sort(), ['clk', 'count', 'reset']);
  assert.equal(modules.counter.ports.count.bits.length, 8);
  const types = Object.values(modules.counter.cells).map((cell) => cell.type);
  assert.equal(types.filter((type) => type === '$_SDFF_PP0_').length, 8, 'one flip-flop with reset per bit');
  assert.ok(
    types.every((type) => type.startsWith('$_')),
    'everything is mapped to gates',
  );
  const verilog = fs.readFileSync(path.join(folder, 'out.v'), 'utf8');
  assert.match(verilog, /module counter\(clk, reset, count\);/);
  assert.deepEqual(fs.readdirSync(path.join(folder, 'tmp')), [], 'its temporary files are gone');
});

test(`yosys (${host}): maps to iCE40 with its library, and reports an error`, { timeout: PATIENCE }, async (t) => {
  const folder = scratch(t);
  await prepareYosys(folder);
  fs.writeFileSync(path.join(folder, 'counter.v'), counter);
  const options = { argv0: 'yosys', dirs: { '/': folder } };
  const script = 'read_verilog counter.v; synth_ice40 -top counter; write_json ice40.json';
  const { code, stderr } = await run(t, yosysModule, ['-q', '-p', script], options);
  assert.equal(code, 0, stderr);
  const { cells } = JSON.parse(fs.readFileSync(path.join(folder, 'ice40.json'), 'utf8')).modules.counter;
  const types = Object.values(cells).map((cell) => cell.type);
  assert.equal(types.filter((type) => type === 'SB_DFFSR').length, 8);
  assert.ok(types.includes('SB_CARRY') && types.includes('SB_LUT4'));

  const wrong = await run(t, yosysModule, ['-q', '-p', 'read_verilog missing.v'], options);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /ERROR: .*`missing\.v' not found/);
});
