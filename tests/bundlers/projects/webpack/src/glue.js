// Runs beside the guest, in its worker.
import { factor } from './factor.js';

export default function companion() {
  let guest;
  return {
    imports: { env: { hook: (value) => value * factor } },
    ready: (instance) => (guest = instance.exports),
    calls: { hook: (value) => guest.call_hook(value) },
  };
}
