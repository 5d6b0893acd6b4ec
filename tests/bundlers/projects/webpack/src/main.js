import { report } from './use.js';

report('/guests/', undefined, '/glue.js');
