/** What a page knows about the browser and the machine of its visitor. */

export interface Visitor {
  browser: string;
  machine: string;
}

/** In the order in which they must be tried: most user agents name others as well. */
const browsers: readonly [string, RegExp][] = [
  ['Edge', /Edg\/(\d+)/],
  ['Opera', /OPR\/(\d+)/],
  ['Firefox', /Firefox\/(\d+)/],
  ['Chrome', /Chrome\/(\d+)/],
  ['Safari', /Version\/(\d+(?:\.\d+)?).* Safari/],
];

const platforms = /Windows|Android|iPhone|iPad|Mac OS X|CrOS|Linux/;

export function visitor({ userAgent, hardwareConcurrency }: Navigator = navigator): Visitor {
  const known = browsers.flatMap(([name, pattern]) => {
    const version = pattern.exec(userAgent)?.[1];
    return version ? [`${name} ${version}`] : [];
  });
  const platform = platforms.exec(userAgent)?.[0] ?? 'an unknown system';
  return { browser: known[0] ?? userAgent, machine: `${hardwareConcurrency} cores, ${platform}` };
}
