// The kernel by an import of its own.
import kernel from 'holdfast/kernel.wasm?url';
import { report } from './use.js';

report('/guests/', { assets: { kernel } });
