import { report } from './use.js';

report('/guests/');
