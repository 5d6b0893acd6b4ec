// Runs beside the guest, in its worker. Vite drops a worker's exports.
import { factor } from './factor.js';

globalThis.holdfastCompanion = () => {
  let guest;
  return {
    imports: { env: { hook: (value) => value * factor } },
    ready: (instance) => (guest = instance.exports),
    calls: { hook: (value) => guest.call_hook(value) },
  };
};
