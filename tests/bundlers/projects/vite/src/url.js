// The kernel by an import of its own.
import kernel from 'holdfast/kernel.wasm?url';
import glue from './glue.js?worker&url';
import { report } from './use.js';

report('/guests/', { assets: { kernel } }, glue);
