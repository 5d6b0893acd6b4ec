/**
 * holdfast/vite: what a Vite project needs to use holdfast, and nothing else.
 *
 * @packageDocumentation
 */

/** A plugin of Vite (7 or newer), as far as this one goes. */
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

/** First of all, so that whoever sends other values of these headers has the last word; frameworks answer for pages themselves. */
function isolate({ middlewares }: Server): void {
  middlewares.use((_, response, next) => {
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    next();
  });
}

/**
 * A Vite plugin. The servers of `vite dev` and `vite preview` send the two headers that give a page shared memory, and
 * `vite dev` serves this package as it is: what Vite bundles ahead loses the files that go with it. Your server must send the headers by itself.
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
