import type { Companion } from '../dist/types/web/index.js';

declare const companion: Companion;
export { companion as default };
