/**
 * holdfast/vite: the plugin that a Vite project needs to use holdfast.
 *
 * @packageDocumentation
 */

/** The parts of the Vite (7 or newer) plugin interface that this plugin implements. */
export interface HoldfastPlugin {
  name: string;
  config(): { optimizeDeps: { exclude: string[] } };
  configureServer(server: Server): void;
  configurePreviewServer(server: Server): void;
}

interface Server {
  middlewares: {
    use(handle: (request: unknown, response: Response, next: () => void) => void): unknown;
  };
}

interface Response {
  setHeader(name: string, value: string): unknown;
}

/** Runs first, so that other middleware can override the headers; frameworks send their pages themselves. */
function isolate({ middlewares }: Server): void {
  middlewares.use((_, response, next) => {
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    next();
  });
}

/**
 * A Vite plugin. The servers of `vite dev` and `vite preview` send the two headers that a page needs for shared memory,
 * and `vite dev` serves this package unbundled, because Vite's pre-bundling loses the files beside it. Your production
 * server must send the headers itself.
 *
 * @returns The plugin.
 *
 * @example
 * ```ts
 * // vite.config.js
 * import { holdfast } from 'holdfast/vite';
 *
 * export default { plugins: [holdfast()] };
 * ```
 */
export const holdfast = (): HoldfastPlugin => ({
  name: 'holdfast',
  config: () => ({ optimizeDeps: { exclude: ['holdfast'] } }),
  configureServer: isolate,
  configurePreviewServer: isolate,
});
