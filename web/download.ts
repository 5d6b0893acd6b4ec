/** A separate script, which the page loads for the first `Response`. */
import { downloadModule, IsComponent } from '../common/download.js';
import type { PreparedSource } from './source.js';

export { BadDownload, compiled, downloadBytes, isComponent, unreachable } from '../common/download.js';

/** The response as a source: a module that is compiled here, or a component, which the coordinator compiles. Throws `BadDownload`. */
export async function downloadSource(
  ...[response, where, ...rest]: Parameters<typeof downloadModule>
): Promise<Omit<PreparedSource, 'name'>> {
  try {
    return { message: { kind: 'module', ...(await downloadModule(response, where, ...rest)) }, transfer: [] };
  } catch (error) {
    if (!(error instanceof IsComponent)) throw error;
    const { bytes } = error;
    return { message: { kind: 'bytes', bytes, where }, transfer: [bytes.buffer] };
  }
}
