// Imports the kernel's URL explicitly.
import kernel from 'holdfast/kernel.wasm?url';
import glue from './glue.js?worker&url';
import { report } from './use.js';

report('/guests/', { assets: { kernel } }, glue);
