// A classic script does not know its own URL.
import { report } from './use.js';

report('/guests/', { assets: '/holdfast/' });
