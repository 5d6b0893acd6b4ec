// Logarithmic axes.

/** Maps a value to a position between `from` and `to`. The domain covers at least one decade, so that small differences look small. */
export function logScale(values, from, to) {
  const positive = values.filter((value) => value > 0);
  let [low, high] = [Math.min(...positive), Math.max(...positive)].map(Math.log10);
  const missing = 1 - (high - low);
  if (missing > 0) [low, high] = [low - missing / 2, high + missing / 2];
  const clamp = (value) => Math.min(high, Math.max(low, value > 0 ? Math.log10(value) : low));
  return { low, high, at: (value) => from + ((clamp(value) - low) / (high - low)) * (to - from) };
}

/** The powers of ten within the scale; with fewer than two, also their halves and doubles. */
export function ticks({ low, high }) {
  const within = (steps) => {
    const found = [];
    for (let power = Math.floor(low); power <= Math.ceil(high); power++)
      for (const step of steps) found.push(step * 10 ** power);
    return found.filter((value) => Math.log10(value) >= low - 1e-9 && Math.log10(value) <= high + 1e-9);
  };
  const decades = within([1]);
  if (decades.length < 2) return within([1, 2, 5]);
  const every = Math.ceil(decades.length / 7);
  return decades.filter((_, i) => i % every === 0);
}
