import glue from './glue.js?worker&url';
import { report } from './use.js';

report('/guests/', undefined, glue);
