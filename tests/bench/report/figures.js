// Numbers as text.

/** Three digits, with commas from 1,000 on. */
export function figure(value) {
  if (value === 0) return '0';
  const short = Number(value.toPrecision(3));
  if (Math.abs(short) < 0.001) return short.toExponential();
  return Math.abs(short) >= 1000 ? Math.round(value >= 1e6 ? short : value).toLocaleString('en') : String(short);
}

export const exact = (value) => value.toLocaleString('en');

/** `median (min–max)`. */
export const range = ({ min, median, max }) =>
  min === max ? figure(median) : `${figure(median)} (${figure(min)}–${figure(max)})`;

export const times = (ratio) => `${figure(ratio)}×`;
