// Writes plans (native/component/plan.def) by hand.
export class Words {
  #words = [];
  #names = [];

  /** `numbers`: build/generated/layouts.ts. */
  constructor(numbers) {
    this.numbers = numbers;
  }

  /** The operand for a name. */
  name(text) {
    const bytes = new TextEncoder().encode(text);
    const offset = this.#names.length;
    this.#names.push(...bytes);
    return [offset, bytes.length];
  }

  step(op, ...operands) {
    const flat = operands.flat();
    this.#words.push(op | ((flat.length + 1) << this.numbers.PLAN_OP_BITS), ...flat);
  }

  get words() {
    return Uint32Array.from(this.#words);
  }

  get names() {
    return Uint8Array.from(this.#names);
  }
}
